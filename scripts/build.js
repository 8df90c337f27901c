// tsc is the whole build; the ambient types, which tsc does not copy, are added to it.
import { copyFileSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
rmSync(new URL('dist', root), { recursive: true, force: true })
const { status } = spawnSync(
  process.execPath,
  [fileURLToPath(new URL('node_modules/typescript/bin/tsc', root)), '-p', fileURLToPath(root)],
  { stdio: 'inherit' },
)
if (status !== 0) process.exit(status ?? 1)
copyFileSync(new URL('src/client.d.ts', root), new URL('dist/client.d.ts', root))
