import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { startService } from '../support/service.ts'

test('a flag goes before the environment, which goes before the file of settings', async () => {
  const { root, write } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  write(
    'imagemill.config.json',
    JSON.stringify({ dir: 'nowhere', 'api-key': ['of-file'], 'public-url': 'https://images.example/a/', quiet: true }),
  )
  const service = await startService(root, ['--dir', 'photos'], { IMAGEMILL_API_KEY: 'of-env', IMAGEMILL_QUIET: 'false' })
  expect(service.url).toBe('https://images.example/a')
  const { url } = service.log.find(({ message }) => message === 'listening') ?? {}
  const status = async (key: string): Promise<number> => (await fetch(`${String(url)}/v1/jobs`, { headers: { 'X-API-Key': key } })).status
  expect([await status('of-env'), await status('of-file')]).toEqual([200, 401])
})

test('what is wrong is refused with the nearest that is right', async () => {
  const { root, write } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const complaint = async (args: string[], file?: unknown): Promise<string> => {
    write('settings.json', JSON.stringify(file ?? {}))
    const { code, stderr, stdout } = await runCli(root, ['serve', '--config', 'settings.json', ...args])
    expect([code, stdout]).toEqual([2, ''])
    return stderr.split('\n')[0] ?? ''
  }
  expect(await complaint([], { porrt: 8080 })).toBe('settings.json: unknown setting "porrt": did you mean "port"?')
  expect(await complaint([], { port: 'x' })).toBe('invalid "port" in settings.json: expected a whole number from 0 to 65535, received "x"')
  expect(await complaint(['--result-ttl', '5'])).toBe('invalid --result-ttl: expected a time such as 30s or 24h, received "5"')
  expect(await complaint(['--api-kye', 'x'])).toBe('unknown option --api-kye: did you mean --api-key?')
  expect(await complaint(['--dir', 'none'])).toBe('--dir none is not a folder')
  expect(await complaint(['--public-url', 'x'])).toContain('invalid --public-url')
})
