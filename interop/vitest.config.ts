// The interop checks: this project's files and services against the real Python libraries. Not part of `npm test`.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { preparePython } from './venv.ts'

const found = preparePython()
if ('missing' in found) process.stderr.write(`interop checks are left out: ${found.missing}\n`)

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions: ['@maskwords/source'] },
  ssr: { resolve: { conditions: ['@maskwords/source'] } },
  test: {
    include: 'missing' in found ? [] : ['interop/**/*.test.ts'],
    passWithNoTests: 'missing' in found,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    isolate: false,
    reporters: ['default', './scripts/summary-reporter.ts'],
  },
})
