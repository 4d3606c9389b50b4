// The Python reward files inside the trainers' own code: TRL's GRPOTrainer for a few steps, verl's and ms-swift's reward managers.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  executeExtension,
  planExtension,
  rewardShim,
  type ShimOptions,
  wordSetOfName,
} from '@maskwords/learn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFixtureDataset } from './fixture-dataset.ts'
import { maskwords, startMaskwords } from './maskwords.ts'
import { runPython } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-rewards-'))
let service: Awaited<ReturnType<typeof startMaskwords>>
beforeAll(async () => {
  const models = [
    { name: 'text', kind: 'qwen2', tied: true },
    { name: 'vision', kind: 'qwen2.5-vl', tied: true },
  ]
  await runPython('make_models.py', { folder: root, models })
  for (const { name } of models) {
    const plan = await planExtension(join(root, name), { words: wordSetOfName('samtok-256x2')! })
    await executeExtension(plan, { output: join(root, `${name}-words`) })
  }
  service = await startMaskwords(['reward'])
})
afterAll(async () => {
  await service?.close()
  rmSync(root, { recursive: true, force: true })
})

function shim(name: string, options: Pick<ShimOptions, 'trainer'> & Partial<ShimOptions>): string {
  const file = join(root, name)
  const rewards = 'samtok-thinking'
  writeFileSync(file, rewardShim({ rewards, url: service.url, ...options }))
  return file
}

type Grpo = {
  steps: number
  log: Record<string, number>[]
  called: { response: string; truth: unknown; score: number }[]
}
const MASK = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'

describe("TRL's GRPOTrainer", () => {
  it('trains a text model: every completion gets a number, parts are logged', async () => {
    const rows = [
      { prompt: [{ role: 'user', content: 'Segment the cup.' }], solution: MASK },
      { prompt: [{ role: 'user', content: 'Segment the bus.' }], solution: '' },
    ]
    const reward = shim('trl_text.py', { trainer: 'trl', tokenizer: join(root, 'text-words') })
    const found = await runPython<Grpo>('grpo.py', {
      model: join(root, 'text-words'),
      reward,
      rows,
      output: join(root, 'grpo-text'),
    })
    expect(found.steps).toBe(2)
    expect(found.called.length).toBe(4)
    for (const { score } of found.called) expect(Number.isFinite(score)).toBe(true)
    for (const row of found.log.slice(0, 2)) {
      expect(Number.isFinite(row['rewards/maskwords_reward/mean'])).toBe(true)
      expect(row).toHaveProperty('maskwords/failed')
    }
  })

  it('trains a Qwen2.5-VL on what `prepare --to trl` writes, pictures and all', async () => {
    writeFixtureDataset(join(root, 'set'))
    const prepared = await maskwords([
      ...['prepare', 'jsonl', '--root', join(root, 'set'), '--to', 'trl', '--codec', 'samtok-nano'],
      ...['--task', 'referring', '-o', join(root, 'trl')],
    ])
    expect(prepared.code, prepared.stderr).toBe(0)
    const parquet = readdirSync(join(root, 'trl')).filter((name) => name.endsWith('.parquet'))
    const found = await runPython<Grpo>('grpo.py', {
      model: join(root, 'vision-words'),
      reward: shim('trl_vision.py', { trainer: 'trl' }),
      parquet: parquet.map((name) => join(root, 'trl', name)),
      output: join(root, 'grpo-vision'),
    })
    expect(found.steps).toBe(2)
    expect(found.called.length).toBe(4)
    expect(found.called.some(({ truth }) => JSON.stringify(truth).includes('<|mt_start|>'))).toBe(true)
    expect(Number.isFinite(found.log[0]!['reward'])).toBe(true)
  })
})

describe("verl's and ms-swift's reward managers", () => {
  it('hand over whole answers and take the numbers of the service', async () => {
    const answer = (mask: string) => `<think>It is on the table.</think>\n<answer>${mask}</answer>`
    const found = await runPython<Record<string, unknown>>('reward_managers.py', {
      verl: shim('verl_reward.py', { trainer: 'verl' }),
      swift: shim('swift_reward.py', { trainer: 'ms-swift' }),
      tokenizer: join(root, 'text-words'),
      prompts: ['<|im_start|>user\nSegment the cup.<|im_end|>\n'],
      answers: [answer(MASK), answer('<|mt_start|><|mt_0012|><|mt_0348|><|mt_end|>'), 'nothing'],
      truths: [MASK, MASK, MASK],
    })
    const scores = found['verl naive'] as number[]
    expect(scores[0]).toBeGreaterThan(scores[1]!)
    expect(scores[1]).toBeGreaterThan(scores[2]!)
    for (const manager of ['verl batch', 'verl loop', 'ms-swift']) {
      ;(found[manager] as number[]).forEach((score, k) => {
        expect(score, manager).toBeCloseTo(scores[k]!, 5)
      })
    }
    expect(found['verl naive parts']).toContain('failed')
  })
})
