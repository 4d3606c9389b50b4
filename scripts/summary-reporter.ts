// The closing line of a test run, in the one form that every reader of logs understands: `N passed, N failed, N skipped`.
// Before it stands what was skipped and why. Where runs follow each other, MASKWORDS_TALLY names a file that carries the numbers on: the last line is then the sum.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { type SkippedTest, skipLines } from './skip-reasons.ts'

export default class SummaryReporter implements Reporter {
  private isFiltered = false

  onInit(vitest: Vitest): void {
    this.isFiltered = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    let passed = 0
    let failed = 0
    let skipped = 0
    const left: SkippedTest[] = []
    for (const module of modules) {
      // A module that cannot be loaded has no tests to count; it must not vanish from the sum.
      if (module.state() === 'failed' && module.errors().length > 0) failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else {
          skipped++
          left.push({ names: test.fullName.split(' > '), file: relative(process.cwd(), module.moduleId) })
        }
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
    // With -t most are left out because they were not asked for.
    const why = this.isFiltered ? [] : skipLines(left)
    const lines = why.map((line) => `${line}\n`).join('')
    setImmediate(() =>
      process.stdout.write(`\n${lines}${passed} passed, ${failed} failed, ${skipped} skipped\n`),
    )
  }
}
