import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** `npm run test:faults`: the faults of this folder again, as often as it takes to believe the result, and those that take long. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['faults/**/*.{test,faults}.ts'],
    env: { IMAGEMILL_FAULTS: '1' },
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['verbose'],
  },
})
