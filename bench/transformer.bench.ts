// Six transformer blocks (width 256, 8 heads, batch 16 x 256 tokens, MLP 4x): forward, and forward + backward + AdamW in one
// session run, beside PyTorch's CPU build (bench/transformer_torch.py) and the machine's matrix-product peak in the same run.
//   node --conditions=@maskwords/source --import tsx bench/transformer.bench.ts [--rounds N] [--repeats N] [--threads N] [--profile forward|train] [--no-torch]
import { execFileSync, spawnSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Tensor } from '@maskwords/graph'
import {
  attention,
  buildModel,
  fusedAttention,
  gelu,
  input,
  joinHeads,
  layerNorm,
  linear,
  matmul,
  openSession,
  parameter,
  split,
} from '@maskwords/graph'
import { adamW, buildTrainStep, initialState, openTrainer } from '@maskwords/train'
import { heldFromState } from '../packages/train/src/state.ts'
import { printProfile } from './profile.ts'

const WIDTH = 256
const HEADS = 8
const BLOCKS = 6
const BATCH = 16
const TOKENS = 256

const { values: args } = parseArgs({
  options: {
    repeats: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
    profile: { type: 'string' },
    part: { type: 'string' },
    'no-torch': { type: 'boolean', default: false },
  },
})
const repeats = Number(args.repeats)
const threads = Number(args.threads)

/** Attention of ops that have gradients. */
function mix(qkv: Tensor): Tensor {
  const heads = qkv.reshape([BATCH, TOKENS, 3, HEADS, WIDTH / HEADS]).permute([2, 0, 3, 1, 4])
  const [q, k, v] = split(heads, 0, 3).map((part) => part.squeeze(0))
  return joinHeads(attention(q!, k!, v!))
}

/** Attention in ONNX Runtime's one kernel, which has no gradient. */
function fusedMix(qkv: Tensor): Tensor {
  const [q, k, v] = split(qkv, 2, 3)
  return fusedAttention(q!, k!, v!, { heads: HEADS })
}

function block(x: Tensor, name: string, inference: boolean): Tensor {
  const weight = (suffix: string, shape: number[]) => parameter(`${name}.${suffix}`, shape)
  const norm = (t: Tensor, suffix: string) =>
    layerNorm(t, { weight: weight(`${suffix}.weight`, [WIDTH]), bias: weight(`${suffix}.bias`, [WIDTH]) })
  const dense = (t: Tensor, suffix: string, from: number, to: number) =>
    linear(t, weight(`${suffix}.weight`, [to, from]), weight(`${suffix}.bias`, [to]))
  const h = norm(x, 'norm1')
  const qkv = dense(h, 'qkv', WIDTH, 3 * WIDTH)
  const mixed = inference ? fusedMix(qkv) : mix(qkv)
  x = x.add(dense(mixed, 'proj', WIDTH, WIDTH))
  return x.add(dense(gelu(dense(norm(x, 'norm2'), 'fc1', WIDTH, 4 * WIDTH)), 'fc2', 4 * WIDTH, WIDTH))
}

const x = input('x', 'float32', [BATCH, TOKENS, WIDTH])
function stack(inference: boolean): Tensor {
  let y = x
  for (let i = 0; i < BLOCKS; i++) y = block(y, `blocks.${i}`, inference)
  return y
}
const trained = stack(false)
const loss = trained.mul(trained).mean()

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

async function peak(): Promise<Time> {
  const n = 1024
  const a = input('a', 'float32', [n, n])
  const model = buildModel({
    outputs: { y: matmul(a, parameter('b', [n, n])).slice({ axis: 0, start: 0, end: 1 }) },
    weights,
  })
  const session = await openSession(model, { worker: false, threads })
  const value = random(n * n, 1)
  const time = await timed(() => session.run({ a: value }))
  await session.close()
  return time
}

async function forward() {
  const model = buildModel({ outputs: { y: stack(true) }, weights })
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

async function profile(part: string): Promise<void> {
  if (part === 'forward') {
    await printProfile(buildModel({ outputs: { y: stack(true) }, weights }), feeds, { threads })
    return
  }
  const step = buildTrainStep({ loss, optimiser: adamW({ learningRate: 1e-3 }) })
  const held = heldFromState(step, initialState(step, weights))
  await printProfile(step.model, { ...feeds, ...held, ...step.feeds(0) }, { threads })
}

type Time = { median: number; best: number }
type Part = Time & { peakRssMb: number }
type Torch = { version: string; peakGflops: number; forward: Time; step: Time; peakRssMb: number }

/** One part in a process of its own, so that its peak of memory is its own. */
function child(part: string): Part {
  const flags = ['--conditions=@maskwords/source', '--import', 'tsx', import.meta.filename]
  const given = ['--part', part, '--repeats', String(repeats), '--threads', String(threads)]
  return JSON.parse(execFileSync(process.execPath, [...flags, ...given], { encoding: 'utf8' })) as Part
}

function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  )
}

function torch(python: string): Torch {
  const script = join(import.meta.dirname, 'transformer_torch.py')
  return JSON.parse(
    execFileSync(python, [script, String(repeats), String(threads)], {
      encoding: 'utf8',
      env: { ...process.env, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads) },
    }),
  ) as Torch
}

const best = (values: readonly number[]) => Math.min(...values)

/** Rounds of all parts in turn, so that other work on the machine meets all of them alike; the best of each counts. */
function compare(rounds: number): void {
  const python = args['no-torch'] ? undefined : findPython()
  console.log(
    `${cpus().length} x ${cpus()[0]!.model.trim()}, Node ${process.version}, ${threads} threads, load ${loadavg()[0]!.toFixed(1)}`,
  )
  const seen = { peak: [] as Part[], forward: [] as Part[], train: [] as Part[], torch: [] as Torch[] }
  for (let round = 0; round < rounds; round++) {
    for (const part of ['peak', 'forward', 'train'] as const) seen[part].push(child(part))
    if (python) seen.torch.push(torch(python))
  }
  const peak = 2.147483648e3 / best(seen.peak.map((part) => part.best))
  const row = (name: string, ms: number, gflop: number, rss: number) => {
    const rate = (gflop / ms) * 1e3
    const share = `${((rate / peak) * 100).toFixed(0)} % of peak`
    console.log(
      `${name.padEnd(28)} ${ms.toFixed(0).padStart(6)} ms ${rate.toFixed(0).padStart(5)} GFLOP/s  ${share.padEnd(14)} ${rss.toFixed(0).padStart(5)} MB`,
    )
  }
  console.log(`matrix product 1024³: ${peak.toFixed(0)} GFLOP/s here`)
  const ours = {
    forward: best(seen.forward.map((part) => part.best)),
    step: best(seen.train.map((part) => part.best)),
  }
  row('forward', ours.forward, forwardGflop, best(seen.forward.map((part) => part.peakRssMb)))
  row('training step', ours.step, 3 * forwardGflop, best(seen.train.map((part) => part.peakRssMb)))
  if (!python) {
    console.log('no python3 with torch: nothing to compare with')
    return
  }
  const theirs = {
    peak: Math.max(...seen.torch.map((run) => run.peakGflops)),
    forward: best(seen.torch.map((run) => run.forward.best)),
    step: best(seen.torch.map((run) => run.step.best)),
    rss: best(seen.torch.map((run) => run.peakRssMb)),
  }
  console.log(
    `PyTorch ${seen.torch[0]!.version}: its matrix product reaches ${theirs.peak.toFixed(0)} GFLOP/s`,
  )
  if (theirs.peak < peak / 4) {
    console.log(
      "  (a PyTorch on Debian's reference BLAS; apt-get install libopenblas0 makes it a fair comparison)",
    )
  }
  row('PyTorch forward', theirs.forward, forwardGflop, theirs.rss)
  row('PyTorch training step', theirs.step, 3 * forwardGflop, theirs.rss)
  console.log(
    `forward ${(ours.forward / theirs.forward).toFixed(2)} x, step ${(ours.step / theirs.step).toFixed(2)} x of PyTorch's time`,
  )
}

if (args.profile) await profile(args.profile)
else if (args.part) {
  const result =
    args.part === 'peak' ? await peak() : args.part === 'forward' ? await forward() : await training()
  process.stdout.write(`${JSON.stringify({ ...result, peakRssMb: process.resourceUsage().maxRSS / 1024 })}\n`)
} else compare(Number(args.rounds))
