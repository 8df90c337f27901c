import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sharp } from './material.js'

const run = promisify(execFile)
const TOOL = 'butteraugli_main'

/** Says at once what is missing, not after minutes. */
export function requireButteraugli() {
  try {
    execFileSync(TOOL, [], { stdio: 'ignore' })
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${TOOL} is not installed: on Debian, apt-get install libjxl-devtools`, { cause: error })
  }
}

/** 3-norm of what can be seen between a picture and its encoding: 0 is the same, 1 is hardly seen, 2 is. */
export async function butteraugli({ file, name }, bytes, work) {
  const shown = join(work, `shown-${name}.png`)
  await sharp(bytes).removeAlpha().toColourspace('srgb').png({ compressionLevel: 1 }).toFile(shown)
  const { stdout } = await run(TOOL, [file, shown])
  return Number(/3-norm: ([\d.]+)/.exec(stdout)?.[1])
}
