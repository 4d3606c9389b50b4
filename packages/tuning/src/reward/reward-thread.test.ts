// Rewards of plugins, in a thread that outlives whatever they do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openRewardThread } from './reward-thread.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-rewards-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const signal = new AbortController().signal

const REWARDS = [{ name: 'odd-length' }]

const PLUGIN = `import { definePlugin, defineReward } from 'maskwords/plugin'
const odd = defineReward({
  name: 'odd-length', what: 'characters', source: 'test', range: [0, 100], needs: [], options: {},
  make: () => ({ answer }) => {
    if (answer === 'hang') for (;;);
    if (answer === 'end') process.exit(3)
    if (answer === 'throw') throw new Error('no such tree')
    if (answer === 'nan') return Number.NaN
    return answer.length
  },
})
export const plugin = definePlugin({ name: 'odd', rewards: [odd] })
`

it('a reward that hangs, ends its thread, throws or gives no number costs its own answer alone', async () => {
  const plugin = join(root, 'odd.ts')
  writeFileSync(plugin, PLUGIN)
  const judge = openRewardThread({ plugins: [plugin], rewards: REWARDS, timeoutMs: 3000 })
  const samples = ['four', 'hang', 'throw', 'end', 'nan', 'seven!!'].map((response) => ({
    response,
    truth: '',
  }))
  expect(await judge.judge(samples, signal)).toEqual([
    { overall: 4, parts: { 'odd-length': 4 } },
    { fault: 'it took more than 3 s' },
    { fault: expect.stringContaining('no such tree') },
    { fault: 'its thread ended with code 3' },
    { fault: expect.stringMatching(/NaN/) },
    { overall: 7, parts: { 'odd-length': 7 } },
  ])
  await judge.close()
})

it('a plugin that is not there is the reason of every answer', async () => {
  const judge = openRewardThread({
    plugins: [join(root, 'none.ts')],
    rewards: REWARDS,
    timeoutMs: 3000,
  })
  const [judgement] = await judge.judge([{ response: 'x', truth: '' }], signal)
  expect(judgement).toEqual({ fault: expect.stringContaining('there is no plugin') })
  await judge.close()
})
