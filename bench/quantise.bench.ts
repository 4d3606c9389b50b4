// Weight-only quantisation of a language-model-sized layer: time and error of float32, float16, int8 and int4 weights, for one
// row (a decoding step, bound by reading weights) and for 256 rows (a prompt, bound by arithmetic).
//   node --conditions=@maskwords/source --import tsx bench/quantise.bench.ts [--threads N]
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { WeightScheme } from '@maskwords/graph'
import {
  buildModel,
  compareOutputs,
  gelu,
  input,
  linear,
  openSession,
  parameter,
  quantise,
} from '@maskwords/graph'

const WIDTH = 2048
const INNER = 8192
const RUNS = 15
const { values: args } = parseArgs({ options: { threads: { type: 'string', default: '2' } } })
const threads = Number(args.threads)

let seed = 1
function gauss(): number {
  let sum = 0
  for (let i = 0; i < 4; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    sum += seed / 2 ** 31 - 1
  }
  return sum * Math.sqrt(3 / 4)
}
const random = (count: number, scale: number) => Float32Array.from({ length: count }, () => gauss() * scale)
const values = new Map<string, Float32Array>()
const weights = (name: string, shape: readonly number[]) => {
  const known = values.get(name) ?? random(shape[0]! * shape[1]!, shape[1]! ** -0.5)
  values.set(name, known)
  return known
}

const x = input('x', 'float32', ['rows', WIDTH])
const y = linear(gelu(linear(x, parameter('up', [INNER, WIDTH]))), parameter('down', [WIDTH, INNER]))
const outputs = { y }
const exact = buildModel({ outputs, weights })
const rows = [1, 256]
const feeds = new Map(
  rows.map((count) => [count, { x: { data: random(count * WIDTH, 1), shape: [count, WIDTH] } }]),
)

console.log(
  `${cpus().length} x ${cpus()[0]!.model.trim()}, ${threads} threads, load ${loadavg()[0]!.toFixed(1)}`,
)
console.log(`${WIDTH} -> ${INNER} -> ${WIDTH}, weights of a normal distribution, best of ${RUNS} runs`)
for (const scheme of ['float32', 'float16', 'int8', 'int4'] satisfies WeightScheme[]) {
  const { weights: rounded, rewrite, bytesAfter } = quantise({ outputs, weights, scheme })
  const model = buildModel({ outputs, weights: rounded, rewrite })
  const session = await openSession(model, { worker: false, threads })
  const times: string[] = []
  for (const count of rows) {
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < RUNS; i++) {
      const start = performance.now()
      await session.run(feeds.get(count)!)
      best = Math.min(best, performance.now() - start)
    }
    times.push(`${best.toFixed(1).padStart(7)} ms for ${count} rows`)
  }
  await session.close()
  const [error] = await compareOutputs({
    exact,
    other: model,
    feeds: [feeds.get(256)!],
    session: { worker: false, threads },
  })
  const share = `${(error!.relativeError * 100).toFixed(3)} % off`
  console.log(
    `${scheme.padEnd(8)} ${(bytesAfter / 2 ** 20).toFixed(0).padStart(4)} MiB ${times.join(' ')}  ${share}`,
  )
}
