import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** `npm run test:faults`: the faults of this folder and hostile input again, as often as it takes to believe the result, and those that take long. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['faults/**/*.{test,faults}.ts', 'hostile/**/*.test.ts'],
    env: { IMAGEMILL_FAULTS: '1', IMAGEMILL_FUZZ: process.env['IMAGEMILL_FUZZ'] ?? '20' },
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['verbose'],
  },
})
