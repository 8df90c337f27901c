import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** Mounts something on a folder until the test is over; false where that is not allowed. */
function mount(folder: string, args: string[]): boolean {
  mkdirSync(folder, { recursive: true })
  if (spawnSync('mount', [...args, folder]).status !== 0) return false
  onTestFinished(() => void spawnSync('umount', ['-l', folder]))
  return true
}

/** A folder of its own small disk. */
export function smallDisk(folder: string, size: string): boolean {
  return mount(folder, ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs'])
}

/** Makes a folder read-only; permissions do not stop root. */
export function readOnly(folder: string): boolean {
  mkdirSync(folder, { recursive: true })
  if (process.getuid?.() === 0)
    return mount(folder, ['--bind', folder]) && spawnSync('mount', ['-o', 'remount,bind,ro', folder]).status === 0
  chmodSync(folder, 0o555)
  onTestFinished(() => chmodSync(folder, 0o755))
  return true
}
