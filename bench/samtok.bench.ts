// SAMTok on Hiera-L, the published size, with made-up weights: picture, 20 masks to words, 20 words to masks, apart; peak
// memory; the matrix product's own speed in the same run. With torch in a python3, a plain Hiera-L trunk of ours beside it, in
// torch and, exported from there, in plain ONNX Runtime, which takes turns with our picture encoder.
//   node --conditions=@maskwords/source --import tsx bench/samtok.bench.ts [threads] [pictures] [python]
// Wall time, because two threads work; on a shared machine compare with the product's speed, which suffers as much.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSamTok, SAMTOK_PUBLISHED } from '@maskwords/codecs'
import { buildModel, input, linear, loadRuntime, openSession, parameter } from '@maskwords/graph'
import { maskFromRowMajor } from '@maskwords/mask'
import { hieraBlocks, type Sam2Config, stageSides } from '@maskwords/models'
import { recordedPicture } from '../packages/codecs/test/recorded-picture.ts'
import { formulaWeights } from '../packages/graph/test/formula-weights.ts'
import { printMachine } from './harness.ts'

const [threads, pictures] = [Number(process.argv[2] ?? 2), Number(process.argv[3] ?? 3)]
const python = process.argv[4] ?? '/usr/bin/python3'
const MASKS = 20
const session = { threads, worker: false } as const

/** Floating-point operations of the trunk's products. */
function trunkFlop({ trunk, imagePx, ...config }: Sam2Config): number {
  const sides = stageSides({ trunk, imagePx, ...config })
  let flop = 2 * sides[0]! ** 2 * trunk.embedDim * 3 * 49
  let stage = 0
  for (const { from, to, pools, window, ends } of hieraBlocks(trunk)) {
    const after = sides[stage]! ** 2
    const before = pools ? sides[stage - 1]! ** 2 : after
    const keys = window === 0 ? before : window ** 2
    flop +=
      2 * before * from * (3 * to + (from === to ? 0 : to)) + 4 * after * keys * to + 2 * after * to * 9 * to
    if (ends) stage++
  }
  return flop
}

async function productSpeed(): Promise<number> {
  const [rows, from, to] = [4096, 576, 2304]
  const y = linear(input('x', 'float32', [rows, from]), parameter('w', [to, from]))
  const product = await openSession(
    buildModel({ outputs: { y: y.slice({ axis: 0, end: 1 }) }, weights: formulaWeights }),
    session,
  )
  const x = formulaWeights('x', [rows, from])
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 20; i++) {
    const start = performance.now()
    await product.run({ x })
    best = Math.min(best, performance.now() - start)
  }
  await product.close()
  return (2 * rows * from * to) / best / 1e6
}

const seconds: Record<string, number> = {}
async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const before = process.cpuUsage()
  const result = await run()
  const wall = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(before)
  const peak = process.resourceUsage().maxRSS / 2 ** 20
  console.log(
    `${what.padEnd(20)} ${wall.toFixed(2).padStart(7)} s  (${((user + system) / 1e6).toFixed(2)} s of processor, peak ${peak.toFixed(2)} GiB)`,
  )
  seconds[what] = Math.min(seconds[what] ?? Number.POSITIVE_INFINITY, wall)
  return result
}

/** ONNX Runtime as anyone would use it on an exported file. */
async function plainTrunk(path: string): Promise<{ run: () => Promise<void>; close: () => Promise<void> }> {
  const runtime = await loadRuntime()
  const inference = await runtime.InferenceSession.create(path, {
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
  const picture = new runtime.Tensor(
    'float32',
    new Float32Array(3 * 1024 * 1024).fill(0.5),
    [1, 3, 1024, 1024],
  )
  return {
    run: async () => void (await inference.run({ picture })),
    close: () => inference.release(),
  }
}

printMachine(`SAMTok on Hiera-L, ${threads} threads`)
const speeds = [await productSpeed()]
const exported = mkdtempSync(join(tmpdir(), 'hiera-'))
process.on('exit', () => rmSync(exported, { recursive: true, force: true }))
const trunkPath = join(exported, 'trunk.onnx')
// First of all: torch and our own sessions must not stand in each other's memory.
const torch = spawnSync(
  python,
  [join(import.meta.dirname, 'hiera_torch.py'), String(threads), String(Math.min(pictures, 2)), trunkPath],
  { encoding: 'utf8' },
)
const plain = existsSync(trunkPath) ? await plainTrunk(trunkPath) : undefined
const codec = await timed('open', () =>
  createSamTok({ config: SAMTOK_PUBLISHED, weights: formulaWeights, session }),
)
let image = await timed('picture', () => codec.encodeImage(recordedPicture()))
for (let i = 1; i < pictures; i++) {
  speeds.push(await productSpeed())
  if (plain !== undefined) await timed('plain trunk', plain.run)
  image = await timed('picture', () => codec.encodeImage(recordedPicture()))
}
const held = { ...image, widthPx: 480, heightPx: 360 }
const masks = Array.from({ length: MASKS }, (_, m) =>
  maskFromRowMajor({
    widthPx: 480,
    heightPx: 360,
    bytes: Uint8Array.from({ length: 480 * 360 }, (_, i) =>
      Math.hypot((i % 480) - 40 - 20 * m, Math.floor(i / 480) - 60 - 12 * m) < 30 + 4 * m ? 1 : 0,
    ),
  }),
)
for (let i = 0; i < 3; i++) {
  const words = await timed('encode 20 masks', () => codec.encode(held, masks))
  await timed('decode 20 masks', () => codec.decode(held, words))
}
await codec.close()
await plain?.close()
speeds.push(await productSpeed())

const flop = trunkFlop(SAMTOK_PUBLISHED.sam2)
const speed = Math.max(...speeds)
const picture = seconds['picture']!
console.log(`matrix product: ${speeds.map((one) => one.toFixed(0)).join(', ')} GFLOP/s (4096 x 576 x 2304)`)
console.log(
  `picture: ${(flop / 1e9).toFixed(0)} GFLOP at ${(flop / 1e9 / picture).toFixed(0)} GFLOP/s, ${((100 * flop) / 1e9 / picture / speed).toFixed(0)} % of the product's best`,
)
const masksApart = 2 * MASKS * picture + seconds['encode 20 masks']! + seconds['decode 20 masks']!
const together = picture + seconds['encode 20 masks']! + seconds['decode 20 masks']!
console.log(
  `20 masks there and back: ${together.toFixed(1)} s, ${(masksApart / together).toFixed(0)} x less than with the trunk once for every mask and direction (${masksApart.toFixed(0)} s)`,
)
if (torch.status === 0) {
  const { version, best_s, rss_gib } = JSON.parse(torch.stdout) as {
    version: string
    best_s: number
    rss_gib: number
  }
  console.log(
    `torch ${version}, a plain Hiera-L trunk of ours: ${best_s.toFixed(2)} s a picture, peak ${rss_gib.toFixed(2)} GiB; ${(best_s / picture).toFixed(1)} x our time`,
  )
  if (seconds['plain trunk'] !== undefined) {
    console.log(
      `the same trunk in plain ONNX Runtime: ${seconds['plain trunk'].toFixed(2)} s a picture, ours with neck and maps ${(picture / seconds['plain trunk']).toFixed(2)} x that`,
    )
  }
} else
  console.log(
    `no torch here to compare with (${torch.error?.message ?? torch.stderr.trim().split('\n').pop()})`,
  )
