// One test run for the whole house: every package's tests, against the sources (no build needed).
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@maskwords/source'] },
  ssr: { resolve: { conditions: ['@maskwords/source'] } },
  test: {
    include: [
      '{packages,apps}/*/src/**/*.test.ts',
      '{packages,apps}/*/test/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    globalSetup: ['./scripts/chromium.ts', './scripts/installed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // No test changes what another one sees, and loading every module again for each file takes ten seconds.
    isolate: false,
    reporters: ['default', './scripts/summary-reporter.ts'],
  },
})
