// Six transformer blocks (width 256, 8 heads, batch 16 x 256 tokens, MLP 4x): forward, and forward + backward + AdamW in one
// session run, beside PyTorch's CPU build (bench/transformer_torch.py) and the machine's matrix-product peak in the same run.
//   node --conditions=@maskwords/source --import tsx bench/transformer.bench.ts [--repeats N] [--threads N] [--profile] [--no-torch]
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Tensor } from '@maskwords/graph'
import {
  buildModel,
  gelu,
  input,
  layerNorm,
  linear,
  matmul,
  openSession,
  parameter,
  softmax,
} from '@maskwords/graph'
import { adamW, buildTrainStep, initialState, openTrainer, SCALARS_INPUT } from '../packages/graph/src/train/index.ts'
import { heldFromState } from '../packages/graph/src/train/state.ts'
import { printProfile } from './profile.ts'

const WIDTH = 256
const HEADS = 8
const BLOCKS = 6
const BATCH = 16
const TOKENS = 256

const { values: args } = parseArgs({
  options: {
    repeats: { type: 'string', default: '7' },
    threads: { type: 'string', default: '2' },
    profile: { type: 'string' },
    part: { type: 'string' },
    'no-torch': { type: 'boolean', default: false },
  },
})
const repeats = Number(args.repeats)
const threads = Number(args.threads)

function block(x: Tensor, name: string): Tensor {
  const weight = (suffix: string, shape: number[]) => parameter(`${name}.${suffix}`, shape)
  const norm = (t: Tensor, suffix: string) =>
    layerNorm(t, { weight: weight(`${suffix}.weight`, [WIDTH]), bias: weight(`${suffix}.bias`, [WIDTH]) })
  const dense = (t: Tensor, suffix: string, from: number, to: number) =>
    linear(t, weight(`${suffix}.weight`, [to, from]), weight(`${suffix}.bias`, [to]))
  const h = norm(x, 'norm1')
  const heads = (suffix: string) =>
    dense(h, suffix, WIDTH, WIDTH)
      .reshape([BATCH, TOKENS, HEADS, WIDTH / HEADS])
      .permute([0, 2, 1, 3])
  const scores = matmul(heads('q'), heads('k'), { transposeB: true, scale: (WIDTH / HEADS) ** -0.5 })
  const mixed = matmul(softmax(scores), heads('v')).permute([0, 2, 1, 3]).reshape([BATCH, TOKENS, WIDTH])
  x = x.add(dense(mixed, 'proj', WIDTH, WIDTH))
  return x.add(dense(gelu(dense(norm(x, 'norm2'), 'fc1', WIDTH, 4 * WIDTH)), 'fc2', 4 * WIDTH, WIDTH))
}

const x = input('x', 'float32', [BATCH, TOKENS, WIDTH])
let y = x
for (let i = 0; i < BLOCKS; i++) y = block(y, `blocks.${i}`)
const loss = y.mul(y).mean()

let seed = 1
const uniform = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 31 - 1
}
const random = (length: number, scale: number): Float32Array => {
  const values = new Float32Array(length)
  for (let i = 0; i < length; i++) values[i] = uniform() * scale
  return values
}
const weights = (name: string, shape: readonly number[]): Float32Array => {
  const length = shape.reduce((a, b) => a * b, 1)
  if (name.endsWith('bias')) return new Float32Array(length)
  return name.includes('norm') ? new Float32Array(length).fill(1) : random(length, 0.03)
}
const feeds = { x: random(BATCH * TOKENS * WIDTH, 1) }

// Products of one forward pass: 12 width² a token for the weights, 4 tokens · width for attention; two operations each.
const forwardGflop = (BLOCKS * 2 * BATCH * TOKENS * (12 * WIDTH * WIDTH + 2 * TOKENS * WIDTH)) / 1e9

async function timed(run: () => Promise<unknown>): Promise<{ median: number; best: number }> {
  await run()
  await run()
  const times: number[] = []
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { median: times[times.length >> 1]!, best: times[0]! }
}

async function peakGflops(): Promise<number> {
  const n = 1024
  const a = input('a', 'float32', [n, n])
  const model = buildModel({
    outputs: { y: matmul(a, parameter('b', [n, n])).slice({ axis: 0, start: 0, end: 1 }) },
    weights,
  })
  const session = await openSession(model, { worker: false, threads })
  const value = random(n * n, 1)
  const { best } = await timed(() => session.run({ a: value }))
  await session.close()
  return (2 * n ** 3) / 1e6 / best
}

async function forward() {
  const model = buildModel({ outputs: { y }, weights })
  const session = await openSession(model, { worker: false, threads })
  const time = await timed(() => session.run(feeds))
  await session.close()
  return { ...time, nodes: model.nodes }
}

async function training() {
  const step = buildTrainStep({ loss, optimiser: adamW({ learningRate: 1e-3 }) })
  const trainer = await openTrainer({ step, from: { weights }, worker: false, threads })
  const losses: number[] = []
  const time = await timed(async () => losses.push((await trainer.update(feeds))['loss']!))
  await trainer.close()
  return { ...time, nodes: step.model.nodes, firstLoss: losses[0], lastLoss: losses.at(-1) }
}


async function profile(): Promise<void> {
  if (args.profile === 'forward') {
    await printProfile(buildModel({ outputs: { y }, weights }), feeds, { threads })
    return
  }
  const step = buildTrainStep({ loss, optimiser: adamW({ learningRate: 1e-3 }) })
  const held = heldFromState(step, initialState(step, weights))
  await printProfile(step.model, { ...feeds, ...held, [SCALARS_INPUT]: step.scalars(0, 0) }, { threads })
}

if (args.profile) await profile()
else if (args.part) {
  const result =
    args.part === 'peak' ? { best: await peakGflops() } : args.part === 'forward' ? await forward() : await training()
  process.stdout.write(`${JSON.stringify({ ...result, peakRssMb: process.resourceUsage().maxRSS / 1024 })}\n`)
}
