// Learning beside transformers and TRL with the same shapes, in one run and step by step in turn: a Qwen3-VL of maskwords-nano's size, eyes
// frozen, 169 tokens a picture. A step of fine-tuning, with and without packing; a step of GRPO with its rollout; and answers decoded
// together beside one question after the other.
//   node --conditions=@maskwords/source --import tsx bench/tuning.bench.ts --python PATH [--rounds 5]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { encodeSafetensors } from '@maskwords/checkpoint'
import { pictureToPng } from '@maskwords/mask'
import { readQwenConfig } from '@maskwords/models'
import { openTrainer } from '@maskwords/train'
import {
  checkConfig,
  grpoConfigSchema,
  grpoGraph,
  grpoSource,
  lossSettings,
  openAnswering,
  openBaseModel,
  openJudge,
  openLearner,
  promptSequence,
  readConversations,
  sequenceOf,
  sftBatches,
  sftGraph,
  tokenisedSet,
} from '@maskwords/tuning'
import { formulaWeights } from '../packages/graph/test/formula-weights.ts'
import { networkWeights } from '../packages/mllm/src/network-outputs.ts'
import { formulaPicture } from '../packages/mllm/test/recorded.ts'
import { TINY_IDS, writeTinyModel } from '../packages/mllm/test/tiny-model.ts'
import { learnStep } from '../packages/tuning/src/run/step.ts'
import { looker } from '../packages/tuning/src/text/looking.ts'
import { ask, mask, writeRows } from '../packages/tuning/test/toy.ts'

const { values: args } = parseArgs({
  options: { python: { type: 'string' }, rounds: { type: 'string', default: '5' } },
})
const ROUNDS = Number(args.rounds)
const THREADS = 2
const SIDE = 416
const ROLLOUT = { prompts: 4, answers: 8, maxTokens: 16 }
/** Our time over PyTorch's that is promised; tokens a second over those of one question after the other. */
const FLOORS = { step: 0.8, rollout: 4 }

const folder = mkdtempSync(join(tmpdir(), 'maskwords-bench-tuning-'))
const signal = new AbortController().signal
const none = () => {}

/** A Qwen3-VL with the sizes of maskwords-nano's text side, and a small tower of patches of 16 pixels. */
async function writeModel(): Promise<string> {
  const path = join(folder, 'model')
  await writeTinyModel(path)
  const json = {
    architectures: ['Qwen3VLForConditionalGeneration'],
    model_type: 'qwen3_vl',
    tie_word_embeddings: true,
    image_token_id: TINY_IDS['<|image_pad|>'],
    video_token_id: TINY_IDS['<|video_pad|>'],
    vision_start_token_id: TINY_IDS['<|vision_start|>'],
    vision_end_token_id: TINY_IDS['<|vision_end|>'],
    text_config: {
      model_type: 'qwen3_vl_text',
      hidden_size: 256,
      num_hidden_layers: 6,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 64,
      intermediate_size: 768,
      vocab_size: 1600,
      max_position_embeddings: 1024,
      rms_norm_eps: 1e-6,
      rope_parameters: { rope_type: 'default', rope_theta: 1e4, mrope_section: [12, 10, 10] },
    },
    vision_config: {
      depth: 2,
      hidden_size: 64,
      num_heads: 2,
      intermediate_size: 128,
      patch_size: 16,
      spatial_merge_size: 2,
      temporal_patch_size: 2,
      in_channels: 3,
      out_hidden_size: 256,
      num_position_embeddings: 676,
      deepstack_visual_indexes: [],
    },
  }
  const tensors = networkWeights(readQwenConfig(json)).map(({ name, shape }) => ({
    name,
    dtype: 'float32' as const,
    shape,
    data: formulaWeights(name, shape).map((value) => (/embed_tokens/.test(name) ? 0.25 * value : value)),
  }))
  writeFileSync(join(path, 'config.json'), JSON.stringify(json))
  writeFileSync(join(path, 'model.safetensors'), await encodeSafetensors({ tensors }))
  const half = [0.5, 0.5, 0.5]
  const limits = { min_pixels: SIDE * SIDE, max_pixels: SIDE * SIDE, image_mean: half, image_std: half }
  const cut = { patch_size: 16, temporal_patch_size: 2, merge_size: 2 }
  writeFileSync(join(path, 'preprocessor_config.json'), JSON.stringify({ ...limits, ...cut }))
  return path
}

/** Four questions about each of some pictures. */
const rows = Array.from({ length: 8 }, (_, i) => ({
  id: `${i}`,
  images: [{ file: `${i >> 2}.png`, width: SIDE, height: SIDE }],
  messages: ask(`<image>the dog ${i}`, mask(10 + i, 300 + i)),
}))
for (const variant of [0, 1]) {
  const { rgb } = formulaPicture({ width: SIDE, height: SIDE, variant })
  const bytes = pictureToPng({ widthPx: SIDE, heightPx: SIDE, channels: 3, bytes: rgb })
  writeFileSync(join(folder, `${variant}.png`), bytes)
}
const model = await writeModel()
const files = [writeRows(join(folder, 'rows.jsonl'), rows)]
const place = { file: 'bench', folder }
const optimiser = { learningRate: 1e-4, schedule: 'constant' }

type Step = { readonly ms: number; readonly loss: number; readonly tokens?: number }
type Side = {
  readonly trained: number
  readonly said?: string
  step(): Promise<Step>
  close(): Promise<void>
}

const openModel = async () =>
  openLearner(await openBaseModel(model), {
    seed: 0,
    frozen: ['eyes'],
    session: { threads: THREADS, worker: false },
  })

const setOf = async (make: typeof sequenceOf, learner: Awaited<ReturnType<typeof openModel>>) =>
  tokenisedSet(await readConversations(files, { signal }), make, {
    model: learner.base,
    maxTokens: 2048,
    onLost: none,
    signal,
  })

const settings = checkConfig(
  { kind: 'grpo', model, data: { files }, steps: 1000, rollouts: ROLLOUT, optimiser },
  grpoConfigSchema,
  place,
)
const weightsIn = (shapes: ReadonlyMap<string, readonly number[]>): number =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)

async function ourSft(packed: boolean): Promise<Side> {
  const learner = await openModel()
  const set = await setOf(sequenceOf, learner)
  const numbers = packed
    ? [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ]
    : rows.map((_, i) => [i])
  const source = { rows: () => numbers.map((row) => row.map(set.sequence)) }
  const data = sftBatches(learner, source, { accumulate: 1, onLost: none })
  const step = learnStep(learner, {
    loss: sftGraph(learner).loss,
    optimiser: settings.optimiser,
    steps: 1000,
  })
  const trainer = await openTrainer({
    step,
    from: { weights: learner.start },
    threads: THREADS,
    worker: false,
  })
  let index = 0
  return {
    trained: weightsIn(learner.shapes),
    async step() {
      const start = performance.now()
      const { loss } = await trainer.update(await data.batch(index++))
      return { ms: performance.now() - start, loss: loss! }
    },
    async close() {
      await trainer.close()
      await learner.close()
    },
  }
}

async function ourGrpo(): Promise<Side> {
  const learner = await openModel()
  const set = await setOf(promptSequence, learner)
  const loss = lossSettings(settings)
  const graph = grpoGraph(learner, loss)
  const answering = await openAnswering(learner)
  let drawn = 0
  const judge = openJudge({ rewards: () => (drawn = (5 * drawn + 3) % 7), timeoutMs: 1000 })
  const trainer = await openTrainer({
    step: learnStep(learner, {
      loss: graph.loss,
      metrics: graph.metrics,
      optimiser: settings.optimiser,
      steps: 1000,
    }),
    from: { weights: learner.start },
    threads: THREADS,
    worker: false,
  })
  const source = await grpoSource(learner, {
    config: settings,
    loss,
    set,
    look: looker(learner.eyes, none),
    judge,
    answering,
    scoring: undefined,
    folder,
    onFault: none,
  })(trainer, undefined, signal)
  let index = 0
  return {
    trained: weightsIn(learner.shapes),
    async step() {
      const start = performance.now()
      const update = await trainer.update(await source.batch(index++))
      return { ms: performance.now() - start, loss: update['loss']!, tokens: source.metrics!()['tokens']! }
    },
    async close() {
      await answering.close()
      await judge.close()
      await trainer.close()
      await learner.close()
    },
  }
}

async function theirs(kind: 'sft' | 'grpo'): Promise<Side | undefined> {
  if (args.python === undefined) return undefined
  const child = spawn(args.python, [join(import.meta.dirname, 'tuning_trl.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, OMP_NUM_THREADS: `${THREADS}`, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('tuning_trl.py ended early: run it by hand to see why')
    return JSON.parse(value) as T
  }
  const shown = rows.slice(0, kind === 'sft' ? rows.length : ROLLOUT.prompts).map(({ images, messages }) => ({
    images: images.map(({ file }) => join(folder, file)),
    messages: messages.map(({ role, content }) => ({ role, content: content.replace('<image>', '') })),
  }))
  const { answers, maxTokens } = ROLLOUT
  child.stdin.write(
    `${JSON.stringify({ kind, model, rows: shown, answers, maxTokens, rate: optimiser.learningRate })}\n`,
  )
  const { trained, version } = await next<{ trained: number; version: string }>()
  return {
    trained,
    said: version,
    async step() {
      child.stdin.write('\n')
      return next<Step>()
    },
    async close() {
      child.stdin.end()
      child.kill()
    },
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function inTurn(sides: Record<string, Side | undefined>): Promise<Record<string, Step[]>> {
  const open = Object.entries(sides).filter((one): one is [string, Side] => one[1] !== undefined)
  const found: Record<string, Step[]> = Object.fromEntries(open.map(([name]) => [name, []]))
  // First steps do not count: memory is taken, pictures are looked at.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, side] of open) {
      const step = await side.step()
      if (round >= 0) found[name]!.push(step)
    }
  }
  for (const [, side] of open) await side.close()
  return found
}

function report(what: string, found: Record<string, Step[]>): void {
  const their = found['theirs'] && median(found['theirs'].map(({ ms }) => ms))
  for (const [name, steps] of Object.entries(found)) {
    const ms = median(steps.map((step) => step.ms))
    const ratio =
      their === undefined || name === 'theirs'
        ? ''
        : `  ${(ms / their).toFixed(2)} x its time (${FLOORS.step} is promised)`
    console.log(`${what}, ${name}: ${ms.toFixed(0)} ms, loss ${steps[0]!.loss.toFixed(4)}${ratio}`)
  }
}

console.log('# learning beside transformers and TRL, and rollouts beside one question after the other')
console.log(
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${THREADS} threads, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`,
)
const sft = {
  theirs: await theirs('sft'),
  'a question a row': await ourSft(false),
  packed: await ourSft(true),
}
if (sft.theirs)
  console.log(
    `${sft.theirs.said}; ${sft.theirs.trained} weights are trained there, ${sft.packed.trained} here`,
  )
report('fine-tuning, 8 questions on 2 pictures', await inTurn(sft))
report(
  `GRPO, ${ROLLOUT.prompts} questions, ${ROLLOUT.answers} answers of at most ${ROLLOUT.maxTokens} tokens`,
  await inTurn({ theirs: await theirs('grpo'), ours: await ourGrpo() }),
)

/** Tokens a second of all answers together, of the answers to one question together, and of one answer after the other. */
async function rollouts(): Promise<void> {
  const learner = await openModel()
  const set = await setOf(promptSequence, learner)
  const answering = await openAnswering(learner)
  const prompts = Array.from({ length: rows.length }, (_, i) => set.sequence(i))
  const { looked } = await looker(learner.eyes, none)(prompts)
  const asked = { temperature: 1, seed: 1, maxTokens: 32, together: prompts.length }
  const ways = {
    together: async () => answering.answer(prompts, looked, { ...asked, count: 8 }, signal),
    'one after the other': async () => {
      const said = []
      for (const prompt of prompts)
        said.push(...(await answering.answer([prompt], looked, { ...asked, count: 1 }, signal)))
      return said
    },
  }
  const speeds: Record<string, number[]> = {}
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const start = performance.now()
      const tokens = (await way()).flat().reduce((sum, { ids }) => sum + ids.length, 0)
      if (round >= 0) (speeds[name] ??= []).push(tokens / ((performance.now() - start) / 1000))
    }
  }
  const [all, single] = [median(speeds['together']!), median(speeds['one after the other']!)]
  console.log(
    `rollouts of 8 questions, 8 answers each: ${all.toFixed(0)} tokens a second; one question after the other ${single.toFixed(0)}: ` +
      `${(all / single).toFixed(1)} x (${FLOORS.rollout} is promised)`,
  )
  await answering.close()
  await learner.close()
}
await rollouts()
rmSync(folder, { recursive: true, force: true })
