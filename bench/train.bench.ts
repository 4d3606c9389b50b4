// Training throughput of the configurations that ship: one update of the first stage of training/himtok-nano.json and
// training/samtok-nano.json, beside the same network's step in eager PyTorch (bench/train_torch.py), step by step in turn.
//   node --conditions=@maskwords/source --import tsx bench/train.bench.ts [config.json ...] [--threads 1,2] [--seconds N]
//     [--rounds N] [--python PATH] [--no-torch]
// One thread is judged by processor time, which other work on the machine changes least; two threads by wall time, because
// waiting threads spin. The best step counts. `--seconds` is the time for the measured steps of all cases together, but at
// least `--rounds` steps of each are measured.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { himtokBatches, samtokBatches } from '@maskwords/codec-training'
import type { Feeds } from '@maskwords/graph'
import { openTrainer, type TrainStep } from '@maskwords/train'
import { atStage, readTrainConfig, type TrainConfig } from '../packages/codec-training/src/config.ts'
import { stageStep, startWeights } from '../packages/codec-training/src/stages.ts'
import { printMachine } from './harness.ts'

/** PyTorch's time over ours that is promised. */
const WANTED_SPEEDUP = 2
const MOST_ROUNDS = 20
/** Finding the module is enough here: loading it takes seconds. */
const FIND_TORCH = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'

const root = join(import.meta.dirname, '..')
const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2' },
    seconds: { type: 'string', default: '120' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    'no-torch': { type: 'boolean', default: false },
  },
})

type Time = { readonly wallS: number; readonly cpuS: number }
type Steps = { readonly parameters: number; step(): Promise<Time>; close(): Promise<void> }
type Ours = Steps & { readonly firstLoss: () => number; readonly lastLoss: () => number }

/** One update's batches of made-up scenes in the shapes that training feeds; the decoder sees quantised vectors. */
async function fixedBatches(config: TrainConfig): Promise<Feeds[]> {
  const common = {
    sets: [],
    seed: config.seed,
    augmentation: config.augmentation,
    scenes: 1,
    leastShare: config.data.leastShare,
    quantiseAfter: { start: 0, full: 0 },
  }
  if (config.codec === 'samtok') {
    const { imagePx } = config.network.sam2
    return [await samtokBatches({ ...common, ...config.batch, imagePx }).batch(0)]
  }
  const { masks, parts } = config.batch
  const source = himtokBatches({
    ...common,
    sizePx: config.network.sizePx,
    latents: config.network.latents,
    masks: masks / parts,
    levels: config.levels,
    blur: config.blur,
  })
  return Promise.all(Array.from({ length: parts }, (_, part) => source.batch(part)))
}

function trainedWeights(step: TrainStep): number {
  return step.parameters.reduce((total, { elements }) => total + elements, 0)
}

async function openOurs(config: TrainConfig, threads: number): Promise<Ours> {
  const weights = startWeights(config, undefined)
  const step = stageStep(config, config.stages[0]!, weights)
  const trainer = await openTrainer({ step, from: { weights }, worker: false, threads })
  const batches = await fixedBatches(config)
  const losses: number[] = []
  return {
    parameters: trainedWeights(step),
    firstLoss: () => losses[0]!,
    lastLoss: () => losses.at(-1)!,
    close: () => trainer.close(),
    async step() {
      const [start, startCpu] = [performance.now(), process.cpuUsage()]
      const { loss } = await trainer.update(batches)
      const { user, system } = process.cpuUsage(startCpu)
      losses.push(loss!)
      return { wallS: (performance.now() - start) / 1e3, cpuS: (user + system) / 1e6 }
    },
  }
}

function findPython(): string | undefined {
  if (args['no-torch']) return undefined
  const candidates = args.python === undefined ? ['python3', '/usr/bin/python3'] : [args.python]
  return candidates.find((python) => spawnSync(python, ['-c', FIND_TORCH], { stdio: 'ignore' }).status === 0)
}

async function openTorch(
  python: string,
  path: string,
  threads: number,
): Promise<Steps & { version: string }> {
  const script = join(import.meta.dirname, 'train_torch.py')
  const count = String(threads)
  const child: ChildProcessWithoutNullStreams = spawn(python, [script, path, count, '--turns'], {
    env: { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count },
  })
  child.stderr.pipe(process.stderr)
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${script} ended early: its message is above`)
    return JSON.parse(value) as T
  }
  const { version, parameters } = await next<{ version: string; parameters: number }>()
  return {
    version,
    parameters,
    async step() {
      child.stdin.write('step\n')
      const { wall_s: wallS, cpu_s: cpuS } = await next<{ wall_s: number; cpu_s: number }>()
      return { wallS, cpuS }
    },
    async close() {
      child.stdin.end()
      const [status] = (await ended) as [number | null]
      if (status !== 0) throw new Error(`${script} ended with ${status}: its message is above`)
    },
  }
}

const best = (times: readonly Time[], key: keyof Time): number => Math.min(...times.map((time) => time[key]))
const milliseconds = (seconds: number): string => `${(seconds * 1e3).toFixed(0)} ms`

/** Steps of both sides in turn. */
async function inTurn(sides: readonly Steps[], seconds: number): Promise<Time[][]> {
  const times: Time[][] = sides.map(() => [])
  const end = performance.now() + seconds * 1e3
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= Number(args.rounds) && performance.now() > end) break
    for (const [i, side] of sides.entries()) times[i]!.push(await side.step())
  }
  return times
}

const paths =
  positionals.length > 0
    ? positionals
    : ['himtok-nano', 'samtok-nano'].map((name) => join(root, 'training', `${name}.json`))
const threadCounts = args.threads.split(',').map(Number)
printMachine('one training step of the shipped configurations')
console.log(`load ${loadavg()[0]!.toFixed(1)}`)
const python = findPython()
if (python === undefined && !args['no-torch']) {
  console.log('no python3 with torch: nothing to compare with (Debian: python3-torch, libopenblas0-pthread)')
}
const secondsEach = Number(args.seconds) / (paths.length * threadCounts.length)
for (const path of paths) {
  const whole = await readTrainConfig(path, new AbortController().signal)
  const config = atStage(whole, whole.stages[0]!)
  for (const threads of threadCounts) {
    const torch = python === undefined ? undefined : await openTorch(python, path, threads)
    // First steps do not count: memory is taken, optimiser state made.
    await torch?.step()
    const ours = await openOurs(config, threads)
    await ours.step()
    if (torch !== undefined && torch.parameters !== ours.parameters) {
      throw new Error(`${path}: we train ${ours.parameters} weights, PyTorch ${torch.parameters}`)
    }
    const [mine, theirs] = await inTurn(torch === undefined ? [ours] : [ours, torch], secondsEach)
    await torch?.close()
    await ours.close()
    const judged: keyof Time = threads === 1 ? 'cpuS' : 'wallS'
    console.log(
      `${basename(path, '.json')}, ${threads} thread${threads === 1 ? '' : 's'}, ${ours.parameters} weights, ` +
        `${mine!.length} rounds, our loss ${ours.firstLoss().toFixed(3)} -> ${ours.lastLoss().toFixed(3)}`,
    )
    const row = (name: string, times: readonly Time[]) =>
      console.log(
        `  ${name.padEnd(20)} processor ${milliseconds(best(times, 'cpuS')).padStart(8)}   wall ${milliseconds(best(times, 'wallS')).padStart(8)}`,
      )
    row('ours', mine!)
    if (torch === undefined || theirs === undefined) continue
    row(`PyTorch ${torch.version}`, theirs)
    const faster = best(theirs, judged) / best(mine!, judged)
    console.log(
      `  ${faster.toFixed(2)} x as fast by ${judged === 'cpuS' ? 'processor' : 'wall'} time; ` +
        `${WANTED_SPEEDUP} x is promised: ${faster >= WANTED_SPEEDUP ? 'ok' : 'MISSED'}`,
    )
  }
}
