// Whole runs of learning by reward on toy models: what is learned, stopped and gone on with, and what bad rewards do.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import type { RewardSample } from '@maskwords/learn'
import { afterAll, describe, expect, it } from 'vitest'
import { ask, letterRows, mask, pictureRows, toyModel, writePictures, writeRows } from '../../test/toy.ts'
import type { RewardCall } from '../reward/rewards.ts'
import type { LearnResult } from '../run/run.ts'
import { checkConfig } from '../run/settings.ts'
import { sftConfigSchema } from '../sft/config.ts'
import { learnSft } from '../sft/run.ts'
import type { GrpoConfig } from './config.ts'
import { grpoConfigSchema } from './config.ts'
import { learnGrpo } from './run.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-grpo-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folderOf = (name: string) => join(root, name)
writePictures(root)
const letters = writeRows(join(root, 'letters.jsonl'), letterRows(6))
const pictures = writeRows(join(root, 'pictures.jsonl'), pictureRows(2))

const configOf = (json: object): GrpoConfig =>
  checkConfig({ kind: 'grpo', ...json }, grpoConfigSchema, { file: 'test.json', folder: root })

type Run = { stopAt?: number; onMessage?: (text: string) => void; reward?: RewardCall; abortIn?: number }
function learn(name: string, config: GrpoConfig, run: Run = {}): Promise<LearnResult> {
  const { stopAt = 0, onMessage = () => {}, reward, abortIn } = run
  const stop = new AbortController()
  let asked = 0
  const call: RewardCall | undefined =
    reward &&
    ((sample) => {
      if (++asked === abortIn) stop.abort()
      return reward(sample)
    })
  return learnGrpo({
    config,
    folder: folderOf(name),
    threads: 1,
    worker: false,
    signal: stop.signal,
    onMessage,
    onProgress: ({ step }) => step === stopAt && stop.abort(),
    ...(call && { reward: call }),
  })
}

const linesOf = (name: string, file: string) =>
  readFileSync(join(folderOf(name), file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)
const logOf = (name: string) => linesOf(name, 'metrics.jsonl')

/** Whether every number of a saved state is finite. */
async function finiteState(path: string): Promise<boolean> {
  const checkpoint = await openCheckpointFile(path)
  const values = [...checkpoint.tensors.keys()].map((name) => checkpoint.read(name, { as: 'float32' }))
  const finite = (await Promise.all(values)).every((one) => one.every(Number.isFinite))
  await checkpoint.close()
  return finite
}

/** Share of capital letters and of digits among the characters. */
const capitals: RewardCall = ({ response }) => {
  const said = [...response!]
  return said.filter((one) => one >= 'A' && one <= 'Z').length / Math.max(8, said.length)
}

describe('learning by reward', () => {
  it('a tiny text model comes to say what is rewarded, far beyond the noise', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const config = configOf({
      model,
      data: { files: [letters] },
      steps: 16,
      rollouts: { prompts: 4, answers: 16, maxTokens: 8, temperature: 1 },
      optimiser: { learningRate: 3e-3, schedule: 'constant' },
      loss: { kind: 'dr_grpo' },
      logEvery: 1,
      keepAnswers: 3,
      evaluation: { files: [letters], every: 16 },
    })
    const result = await learn('capitals', config, { reward: capitals })
    expect(result.finished).toBe(true)
    const log = logOf('capitals')
    const [first, last] = [log[0]!, log.findLast(({ kind }) => String(kind) === 'train')!]
    // The error of a mean over the 64 answers of a rollout.
    const error = first['rewardDeviation']! / Math.sqrt(64)
    expect(last['reward']).toBeGreaterThan(first['reward']! + Math.max(0.3, 8 * error))
    expect(log.at(-1)).toMatchObject({ kind: 'evaluation', reward: expect.any(Number) })
    for (const name of [
      'entropy',
      'clipped',
      'gradientNorm',
      'rewardDeviation',
      'equalGroups',
      'tokens',
      'cut',
      'failed',
    ]) {
      expect(log[0]![name], name).toBeTypeOf('number')
    }
    // The answers of the last three rollouts are there to be read.
    expect(readdirSync(join(folderOf('capitals'), 'answers'))).toEqual(
      [13, 14, 15].map((step) => `step-0000000${step}.jsonl`),
    )
    const [said] = linesOf('capitals', 'answers/step-000000015.jsonl') as unknown as Record<string, unknown>[]
    expect(said).toMatchObject({
      id: expect.stringMatching(/^letter-/),
      question: expect.any(String),
      text: expect.any(String),
      advantage: expect.any(Number),
    })
    expect(readFileSync(result.curves!, 'utf8')).toContain('entropy')
  })

  it('with the catalogue: what fine-tuning left half right, the reward on the words puts right', async () => {
    // Two answers are said equally often; the truth of each question is one of them.
    const model = await toyModel(root, { kind: 'qwen2' })
    const truths = ['a', 'b'].map((letter, i) => ({
      letter,
      right: mask(10 + i, 300 + i),
      wrong: mask(99, 400),
    }))
    const both = truths.flatMap(({ letter, right, wrong }) =>
      [right, wrong].map((answer, i) => ({ id: `${letter}${i}`, images: [], messages: ask(letter, answer) })),
    )
    const sft = await learnSft({
      config: checkConfig(
        {
          kind: 'sft',
          model,
          data: { files: [writeRows(join(root, 'both.jsonl'), both)] },
          steps: 30,
          optimiser: { learningRate: 5e-3, warmUp: 2 },
        },
        sftConfigSchema,
        { file: 'sft.json', folder: root },
      ),
      folder: folderOf('both'),
      threads: 1,
      worker: false,
      signal: new AbortController().signal,
      onProgress: () => {},
      onMessage: () => {},
    })
    const rows = truths.map(({ letter, right }) => ({ id: letter, images: [], messages: ask(letter, right) }))
    const config = configOf({
      model: sft.model,
      data: { files: [writeRows(join(root, 'one.jsonl'), rows)] },
      steps: 15,
      rollouts: { prompts: 2, answers: 12, maxTokens: 8 },
      optimiser: { learningRate: 1e-3, schedule: 'constant' },
      logEvery: 1,
    })
    await learn('masks', config)
    const rewards = logOf('masks').map(({ reward }) => reward!)
    expect(rewards[0]).toBeGreaterThan(0.2)
    expect(rewards[0]).toBeLessThan(0.8)
    expect(rewards.at(-1)).toBeGreaterThan(0.95)
  })

  it('stopped between updates, between parts of a rollout and while answering, it ends with the same bits', async () => {
    const model = await toyModel(root, { kind: 'qwen2.5-vl' })
    const config = configOf({
      model,
      data: { files: [pictures] },
      steps: 7,
      frozen: ['eyes'],
      rollouts: { prompts: 4, answers: 3, maxTokens: 5, together: 3 },
      updates: { perRollout: 2, iterations: 2, accumulate: 2 },
      loss: { kind: 'grpo', level: 'sequence', beta: 0.05 },
      optimiser: { learningRate: 2e-3 },
      saveEvery: 3,
      logEvery: 2,
    })
    const reward: RewardCall = ({ response }) => (response!.codePointAt(0) ?? 0) / 1000
    await learn('whole', config, { reward })
    expect((await learn('parts', config, { reward, stopAt: 2 })).step).toBe(2)
    // The second rollout is of update 5: its fifth answer is never judged to the end.
    expect((await learn('parts', config, { reward, abortIn: 5 })).step).toBe(4)
    expect((await learn('parts', config, { reward, stopAt: 5 })).step).toBe(5)
    expect((await learn('parts', config, { reward })).finished).toBe(true)
    const bytes = (name: string, file: string) => readFileSync(join(folderOf(name), file))
    for (const file of [
      'checkpoints/step-000000007/state.safetensors',
      'metrics.jsonl',
      'answers/step-000000004.jsonl',
    ]) {
      expect(bytes('parts', file).equals(bytes('whole', file)), file).toBe(true)
    }
    expect(logOf('whole')[0]).toMatchObject({ kl: expect.any(Number), clipped: expect.any(Number) })
  })

  it('rewards that are no numbers, throw or never come: their answers stand apart, and are named; where all fail, the run says so', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const json = {
      model,
      data: { files: [letters] },
      steps: 2,
      rollouts: { prompts: 2, answers: 4, maxTokens: 4 },
      optimiser: { learningRate: 1e-3 },
      rewardTimeout: 0.2,
      logEvery: 1,
    }
    let asked = 0
    const odd: RewardCall = (sample: RewardSample) => {
      switch (asked++ % 8) {
        case 0:
          return Number.NaN
        case 1:
          throw new Error('no such tree')
        case 2:
          return new Promise<number>(() => {})
        case 3:
          return { first: 1, second: Number.POSITIVE_INFINITY }
        default:
          return sample.response!.length
      }
    }
    const said: string[] = []
    await learn('odd', configOf(json), { reward: odd, onMessage: (text) => said.push(text) })
    expect(said.slice(0, 4).map((text) => text.replace(/"letter-\d"/, '"x"'))).toEqual([
      'no reward for an answer to "x": reward gave NaN',
      'no reward for an answer to "x": no such tree',
      'no reward for an answer to "x": it took more than 0.2 s',
      'no reward for an answer to "x": second gave Infinity',
    ])
    expect(logOf('odd')[0]).toMatchObject({ failed: 0.5 })
    const answers = linesOf('odd', 'answers/step-000000000.jsonl') as unknown as Record<string, unknown>[]
    expect(answers[1]).toMatchObject({ reward: null, fault: 'no such tree', advantage: 0 })
    const never = learn('never', configOf(json), { reward: () => Number.NaN })
    await expect(never).rejects.toThrow('not one of 8 answers could be judged')
    expect(readdirSync(join(folderOf('never'), 'checkpoints'))).toHaveLength(1)
    await expect(learn('unknown', configOf({ ...json, rewards: ['no-such-reward'] }))).rejects.toThrow(
      'no-such-reward',
    )
  })

  it('equal rewards move nothing, and cut answers are left out where that is asked for', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const json = {
      model,
      data: { files: [letters] },
      steps: 1,
      rollouts: { prompts: 2, answers: 4, maxTokens: 2 },
      optimiser: { learningRate: 1e-2 },
      logEvery: 1,
    }
    await learn('equal', configOf(json), { reward: () => 0.5 })
    expect(logOf('equal')[0]).toMatchObject({ loss: 0, gradientNorm: 0, equalGroups: 1, reward: 0.5 })
    const varied: RewardCall = ({ response }) => response!.length
    await learn('kept', configOf(json), { reward: varied })
    expect(logOf('kept')[0]!['gradientNorm']).toBeGreaterThan(0)
    const { cut } = logOf('kept')[0]!
    expect(cut).toBeGreaterThan(0)
    await learn('left-out', configOf({ ...json, loss: { cutAnswers: 'leave-out' } }), { reward: varied })
    expect(logOf('left-out')[0]).toMatchObject({ cut })
    expect(logOf('left-out')[0]!['gradientNorm']).not.toBe(logOf('kept')[0]!['gradientNorm'])
    expect(() => configOf({ ...json, updates: { perRollout: 3 } })).toThrow('must divide')
  })

  it('a picture that cannot be read costs its question alone; weights that run away end the run with its last good state', async () => {
    const model = await toyModel(root, { kind: 'qwen2.5-vl' })
    const lost = {
      id: 'lost',
      images: [{ file: 'none.png', width: 40, height: 32 }],
      messages: ask('<image>?', 'x'),
    }
    const rows = [...pictureRows(1), lost]
    const json = {
      model,
      frozen: ['eyes'],
      data: { files: [writeRows(join(root, 'lost.jsonl'), rows)] },
      steps: 2,
      rollouts: { prompts: 4, answers: 3, maxTokens: 3 },
      optimiser: { learningRate: 1e-3 },
      logEvery: 1,
    }
    const reward: RewardCall = ({ response }) => response!.codePointAt(0) ?? 0
    const said: string[] = []
    await learn('lost', configOf(json), { reward, onMessage: (text) => said.push(text) })
    expect(said).toEqual([expect.stringMatching(/^left out "lost" and what else shows .*none\.png: /)])
    const answers = linesOf('lost', 'answers/step-000000001.jsonl') as unknown as { id: string }[]
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(pictureRows(1).map(({ id }) => id)))

    const optimiser = { learningRate: 1e30, schedule: 'constant', clipNorm: null }
    const wild = configOf({ ...json, steps: 9, optimiser, data: { files: [pictures] } })
    await expect(learn('wild', wild, { reward })).rejects.toThrow(
      /^rollout \d gets no answers: .*scores are not numbers/,
    )
    const [kept, ...more] = readdirSync(join(folderOf('wild'), 'checkpoints'))
    expect([kept, more]).toEqual([expect.stringMatching(/^step-\d+$/), []])
    expect(await finiteState(join(folderOf('wild'), 'checkpoints', kept!, 'state.safetensors'))).toBe(true)
  })
})
