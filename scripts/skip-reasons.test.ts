import { expect, it } from 'vitest'
import { CHROMIUM_HINT } from './chromium.ts'
import { skipLines } from './skip-reasons.ts'

it('what was left out is told at the end by its reason, with the files', () => {
  const lines = skipLines([
    {
      names: [`the studio in a browser (skipped: ${CHROMIUM_HINT})`, 'draws'],
      file: 'apps/studio/test/studio.test.ts',
    },
    {
      names: [`the studio in a browser (skipped: ${CHROMIUM_HINT})`, 'reads'],
      file: 'apps/studio/test/studio.test.ts',
    },
    { names: [`Ask in a browser (skipped: ${CHROMIUM_HINT})`, 'asks'], file: 'apps/studio/test/ask.test.ts' },
    {
      names: ['networks against recorded values (needs ../shared/reference/mllm)', 'one'],
      file: 'a.test.ts',
    },
    { names: ['zsh', 'completes what there is (skipped without zsh)'], file: 'b.test.ts' },
    { names: ['nothing said'], file: 'c.test.ts' },
  ])
  expect(lines).toEqual([
    `3 skipped: ${CHROMIUM_HINT} (apps/studio/test/studio.test.ts, apps/studio/test/ask.test.ts)`,
    '1 skipped: needs ../shared/reference/mllm (a.test.ts)',
    '1 skipped: without zsh (b.test.ts)',
    '1 skipped: for a reason that their names do not say (c.test.ts)',
  ])
})
