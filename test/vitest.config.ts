import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Set by scripts/coverage.js: where processes that tests start write what they ran. */
const traces = process.env['IMAGEMILL_TRACES']
const root = join(import.meta.dirname, '..')

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    // Real encodes on two cores: generous, so that only a hang fails.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // `npm run coverage`: dist/ is what most tests run; its maps lead back to src/.
    ...(traces && {
      setupFiles: ['support/trace-children.ts'],
      coverage: {
        enabled: true,
        provider: 'v8',
        include: [`${root}/dist/**/*.js`, `${root}/src/**/*.ts`],
        allowExternal: true,
        reporter: ['json'],
        reportOnFailure: true,
        reportsDirectory: `${root}/coverage`,
      },
    }),
  },
})
