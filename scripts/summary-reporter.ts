// The closing line of a test run, in the one form that every reader of logs understands: `N passed, N failed, N skipped`.
// Where runs follow each other, MASKWORDS_TALLY names a file that carries the numbers on: the last line is then the sum.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    let passed = 0
    let failed = 0
    let skipped = 0
    for (const module of modules) {
      // A module that cannot be loaded has no tests to count; it must not vanish from the sum.
      if (module.state() === 'failed' && module.errors().length > 0) failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else skipped++
      }
    }
    const tally = process.env.MASKWORDS_TALLY
    if (tally !== undefined && tally !== '') {
      const before = existsSync(tally) ? readFileSync(tally, 'utf8') : ''
      const [p = 0, f = 0, s = 0] = before === '' ? [] : (JSON.parse(before) as number[])
      passed += p
      failed += f
      skipped += s
      writeFileSync(tally, JSON.stringify([passed, failed, skipped]))
    }
    // After the default reporter, which prints its own summary in the same hook.
    setImmediate(() => process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`))
  }
}
