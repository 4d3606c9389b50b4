// Learning beside TRL and PEFT themselves: the same tiny models and conversations give the same losses and norms of the gradient, update
// by update; adapters go both ways.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrainProgress } from '@maskwords/train'
import type { LearnOptions, LearnResult } from '@maskwords/tuning'
import {
  checkConfig,
  grpoConfigSchema,
  learnGrpo,
  learnSft,
  openBaseModel,
  openLearner,
  sftConfigSchema,
  writeAdapter,
} from '@maskwords/tuning'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { largestDifference } from '../packages/mllm/test/recorded.ts'
import type { ToyRow } from '../packages/tuning/test/toy.ts'
import {
  ask,
  letterRows,
  pictureRows,
  toyModel,
  writePictures,
  writeRows,
} from '../packages/tuning/test/toy.ts'
import { runPython } from './python.ts'

type Told = { losses: number[]; norms: number[] }
type Logits = { logits: number[]; merged: number[]; ours: number[]; plain: number[] }
type Theirs = {
  sft: Told[]
  grpo: (Told & { advantages: number[][] })[]
  adapters: Logits[]
}
type Saved = {
  source: {
    prompts: number[]
    answers: { ids: number[]; reward: number; advantage: number }[][]
  }
}

const root = mkdtempSync(join(tmpdir(), 'interop-learning-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const LORA = { rank: 4, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] }
const OPTIMISER = { learningRate: 1e-3, schedule: 'constant', weightDecay: 0.1, clipNorm: 1 }
const theirOptimiser = { learning_rate: 1e-3, weight_decay: 0.1, max_grad_norm: 1 }
const IDS = [257, 117, 115, 101, 114, 10, 97, 258, 10, 257, 97, 115, 115, 105, 115, 116, 97, 110, 116, 10]

/** Six conversations of several lengths, some of two rounds. */
const texts: ToyRow[] = letterRows(6).map((row, i) =>
  i % 2 === 0 ? row : { ...row, messages: [...row.messages, ...ask('And then?', 'x'.repeat(3 * i))] },
)
const shown = pictureRows(2)

/** Both sides look at all conversations in one update: their orders do not matter. */
const batches = (count: number, accumulate: number) => ({ conversations: count / accumulate, accumulate })
const theirBatches = (count: number, accumulate: number, steps: number) => ({
  ...theirOptimiser,
  per_device_train_batch_size: count / accumulate,
  gradient_accumulation_steps: accumulate,
  max_steps: steps,
})

type Learned = LearnResult & Told
async function learn<Config>(
  run: (options: LearnOptions<Config>) => Promise<LearnResult>,
  name: string,
  config: Config,
): Promise<Learned> {
  const [losses, norms]: [number[], number[]] = [[], []]
  const result = await run({
    config,
    folder: join(root, name),
    threads: 2,
    worker: false,
    signal: new AbortController().signal,
    onMessage: () => {},
    onProgress: ({ metrics }: TrainProgress) => {
      losses.push(metrics['loss']!)
      norms.push(metrics['gradientNorm']!)
    },
  })
  return { ...result, losses, norms }
}

const sft = (name: string, json: object) =>
  learn(
    learnSft,
    name,
    checkConfig({ kind: 'sft', optimiser: OPTIMISER, ...json }, sftConfigSchema, {
      file: name,
      folder: root,
    }),
  )

/** What a rollout said and was paid, as the checkpoint behind it has it. */
function rolloutAt(name: string, step: number, rows: readonly ToyRow[]) {
  const path = join(root, name, 'checkpoints', `step-${String(step).padStart(9, '0')}`, 'run.json')
  const { prompts, answers } = (JSON.parse(readFileSync(path, 'utf8')) as Saved).source
  return {
    prompts: prompts.map((number) => rows[number]!.messages.slice(0, 1)),
    completions: answers.flat().map(({ ids }) => ids),
    rewards: answers.flat().map(({ reward }) => reward),
    advantages: answers.flat().map(({ advantage }) => advantage),
  }
}

async function grpo(name: string, json: object, every: number) {
  const rows = letterRows(6)
  const config = {
    kind: 'grpo',
    model: join(root, 'talking', 'model-qwen2'),
    data: { files: [writeRows(join(root, `${name}.jsonl`), rows)] },
    optimiser: OPTIMISER,
    saveEvery: every,
    ...json,
  }
  const checked = checkConfig(config, grpoConfigSchema, { file: name, folder: root })
  const learned = await learn(
    (options: LearnOptions<typeof checked>) =>
      learnGrpo({ ...options, reward: ({ response }) => ((response!.codePointAt(0) ?? 0) % 64) / 64 }),
    name,
    checked,
  )
  return { ...learned, rollouts: [every, 2 * every].map((step) => rolloutAt(name, step, rows)) }
}

const ROLLOUTS = { prompts: 4, answers: 3, maxTokens: 6 }
const theirRollouts = { ...theirOptimiser, max_completion_length: 6, epsilon: 0.2 }

let ours: {
  text: Learned
  parts: Learned
  adapter: Learned
  given: Learned
  seen: Learned
  twice: Awaited<ReturnType<typeof grpo>>
  once: Awaited<ReturnType<typeof grpo>>
}
let theirs: Theirs
beforeAll(async () => {
  const model = await toyModel(root, { kind: 'qwen2' })
  const talking = await toyModel(join(root, 'talking'), { kind: 'qwen2' })
  // A quarter of all tokens end an answer: lengths differ.
  const ends = Array.from({ length: 200 }, (_, i) => 4 * i + 2)
  writeFileSync(join(talking, 'generation_config.json'), JSON.stringify({ eos_token_id: ends }))
  const vision = await toyModel(root, { kind: 'qwen3-vl' })
  const preprocessor = join(vision, 'preprocessor_config.json')
  const half = [0.5, 0.5, 0.5]
  writeFileSync(
    preprocessor,
    JSON.stringify({ ...JSON.parse(readFileSync(preprocessor, 'utf8')), image_mean: half, image_std: half }),
  )
  writePictures(root)
  const [text, pictures] = [
    writeRows(join(root, 'texts.jsonl'), texts),
    writeRows(join(root, 'shown.jsonl'), shown),
  ]
  const first = join(root, 'first')
  const learner = await openLearner(await openBaseModel(model), { seed: 0, lora: { ...LORA, eyes: false } })
  const { config, path } = learner.base
  await writeAdapter(first, {
    settings: { ...LORA, eyes: false },
    weights: learner.start,
    shapes: learner.shapes,
    config,
    base: path,
  })
  await learner.close()
  const data = { files: [text] }
  const adapter = await sft('adapter', {
    model,
    data,
    lora: LORA,
    steps: 3,
    batch: batches(6, 1),
    output: { merge: true },
  })
  const twice = await grpo(
    'twice',
    {
      rollouts: ROLLOUTS,
      steps: 4,
      updates: { iterations: 2 },
      loss: { kind: 'grpo', beta: 0.04 },
    },
    2,
  )
  const once = await grpo(
    'once',
    { rollouts: ROLLOUTS, steps: 2, updates: { accumulate: 2 }, loss: { kind: 'dapo' } },
    1,
  )
  const made = join(root, 'made')
  const rowsOf = (rows: readonly ToyRow[]) =>
    rows.map(({ messages, images }) => ({
      messages: messages.map(({ role, content }) => ({ role, content: content.replace('<image>', '') })),
      ...(images.length > 0 && { images: images.map(({ file }) => join(root, file)) }),
    }))
  theirs = await runPython<Theirs>('learning.py', {
    output: join(root, 'trl'),
    adapters: [
      { model, make: { folder: made, ...LORA }, ids: IDS },
      { model, adapter: adapter.adapter, merged: adapter.model, ids: IDS },
    ],
    sft: [
      { model, rows: rowsOf(texts), settings: theirBatches(6, 1, 4) },
      { model, rows: rowsOf(texts), settings: theirBatches(6, 2, 2) },
      { model, rows: rowsOf(texts), adapter: first, settings: theirBatches(6, 1, 3) },
      { model, rows: rowsOf(texts), adapter: made, settings: theirBatches(6, 1, 3) },
      { model: vision, rows: rowsOf(shown), settings: theirBatches(6, 1, 3) },
    ],
    grpo: [
      {
        model: talking,
        answers: ROLLOUTS.answers,
        rollouts: twice.rollouts,
        settings: {
          ...theirRollouts,
          per_device_train_batch_size: 12,
          max_steps: 4,
          num_iterations: 2,
          loss_type: 'grpo',
          beta: 0.04,
        },
      },
      {
        model: talking,
        answers: ROLLOUTS.answers,
        rollouts: once.rollouts,
        settings: {
          ...theirRollouts,
          per_device_train_batch_size: 6,
          gradient_accumulation_steps: 2,
          max_steps: 2,
          loss_type: 'dapo',
          beta: 0,
        },
      },
    ],
  })
  ours = {
    text: await sft('text', { model, data, steps: 4, batch: batches(6, 1) }),
    parts: await sft('parts', { model, data, steps: 2, batch: batches(6, 2) }),
    adapter,
    given: await sft('given', {
      model,
      data,
      steps: 3,
      batch: batches(6, 1),
      lora: { ...LORA, from: made },
    }),
    seen: await sft('seen', {
      model: vision,
      data: { files: [pictures] },
      steps: 3,
      batch: { ...batches(6, 1), pack: 2 },
    }),
    twice,
    once,
  }
})

/** Largest distance of two lists, beside the size of each wanted number. */
function relative(found: readonly number[], wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length)
  return Math.max(...found.map((value, i) => Math.abs(value / wanted[i]! - 1)))
}

describe("TRL's SFTTrainer gives the same loss and norm of the gradient, update by update", () => {
  const RUNS = {
    text: 'all weights of a text model, answers of several rounds',
    parts: 'batches whose gradients make one update',
    adapter: 'adapters, from the first values drawn here',
    given: 'an adapter that PEFT made, gone on with',
    seen: 'a Qwen3-VL with pictures, two questions about each packed into one row here',
  } as const
  for (const [i, [name, what]] of Object.entries(RUNS).entries()) {
    it(what, () => {
      const [found, wanted] = [ours[name as keyof typeof RUNS], theirs.sft[i]!]
      expect(relative(found.losses, wanted.losses)).toBeLessThan(1e-5)
      expect(relative(found.norms, wanted.norms)).toBeLessThan(1e-5)
      expect(wanted.losses.at(-1)).toBeLessThan(wanted.losses[0]!)
    })
  }
})

describe("TRL's GRPOTrainer, given the answers that were sampled here and their rewards", () => {
  const RUNS = {
    twice: 'grpo with a distance to the reference, each rollout learned from twice',
    once: 'dapo, the gradients of two batches in an update',
  } as const
  for (const [i, [name, what]] of Object.entries(RUNS).entries()) {
    it(`gives the same advantages, loss and norm of the gradient: ${what}`, () => {
      const { losses, norms, rollouts } = ours[name as keyof typeof RUNS]
      const wanted = theirs.grpo[i]!
      const lengths = rollouts.flatMap(({ completions }) => completions.map(({ length }) => length))
      expect(new Set(lengths).size).toBeGreaterThan(1)
      wanted.advantages.forEach((advantages, r) => {
        expect(largestDifference(rollouts[r]!.advantages, advantages)).toBeLessThan(1e-5)
      })
      expect(largestDifference(losses, wanted.losses)).toBeLessThan(1e-5)
      expect(Math.max(...wanted.losses.map(Math.abs))).toBeGreaterThan(1e-2)
      expect(relative(norms, wanted.norms)).toBeLessThan(1e-4)
    })
  }
})

it('PEFT loads the adapter that a run leaves: its scores, merged or not, are those of our merged model', () => {
  const [, { logits, merged, ours: own, plain }] = theirs.adapters as [Logits, Logits]
  expect(largestDifference(own, merged)).toBeLessThan(1e-4)
  expect(largestDifference(own, logits)).toBeLessThan(1e-4)
  expect(largestDifference(own, plain)).toBeGreaterThan(0.01)
})
