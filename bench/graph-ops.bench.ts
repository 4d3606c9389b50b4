// How the graph's own choices of kernels do against their alternatives: block stack, attention, convolution and gather gradients.
import { cpus } from 'node:os'
import type { Tensor } from '@maskwords/graph'
import * as g from '@maskwords/graph'

const threads = Number(process.env['THREADS'] ?? 2)
const only = process.argv[2]

/** Milliseconds of one run: the median of several after a warm-up. */
async function time(
  outputs: Record<string, Tensor>,
  feeds: g.Feeds,
  options: Partial<g.ModelOptions> = {},
): Promise<number> {
  const built = performance.now()
  const model = g.buildModel({ outputs, weights: (_name, shape) => random(shape), ...options })
  const building = performance.now() - built
  const session = await g.openSession(model, { worker: false, threads })
  await session.run(feeds, { fetch: [] as string[] }).catch(() => undefined)
  const times: number[] = []
  const until = performance.now() + 4000
  const fetch = Object.keys(outputs)
  while (times.length < 3 || (performance.now() < until && times.length < 15)) {
    const start = performance.now()
    await session.run(feeds, { fetch })
    times.push(performance.now() - start)
  }
  await session.close()
  console.log(`    ${model.nodes} nodes, built in ${building.toFixed(0)} ms`)
  return times.sort((a, b) => a - b)[times.length >> 1]!
}

function random(shape: readonly number[]): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1)
  const data = new Float32Array(size)
  let state = size
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = (state / 2 ** 32 - 0.5) * 0.1
  }
  return data
}

function compare(title: string, rows: readonly (readonly [string, number])[]): void {
  console.log(title)
  const base = rows[0]![1]
  for (const [name, ms] of rows)
    console.log(`  ${name.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms  x${(base / ms).toFixed(2)}`)
}

export function blockStack(x: Tensor, blocks: number, heads: number): { y: Tensor; parameters: Tensor[] } {
  const width = x.shape[2] as number
  const parameters: Tensor[] = []
  const parameter = (name: string, shape: number[]) => {
    const made = g.parameter(name, shape)
    parameters.push(made)
    return made
  }
  let y = x
  for (let i = 0; i < blocks; i++) {
    const norm = (name: string) =>
      g.layerNorm(y, {
        weight: parameter(`${i}.${name}.weight`, [width]),
        bias: parameter(`${i}.${name}.bias`, [width]),
      })
    const dense = (t: Tensor, name: string, out: number) =>
      g.linear(
        t,
        parameter(`${i}.${name}.weight`, [out, t.shape[2] as number]),
        parameter(`${i}.${name}.bias`, [out]),
      )
    const [q, k, v] = g.split(dense(norm('norm1'), 'qkv', 3 * width), 2, 3).map((t) => g.splitHeads(t, heads))
    y = y.add(dense(g.joinHeads(g.attention(q!, k!, v!)), 'proj', width))
    y = y.add(dense(g.gelu(dense(norm('norm2'), 'fc1', 4 * width)), 'fc2', width))
  }
  return { y, parameters }
}

const benches: Record<string, () => Promise<void>> = {
  async blocks() {
    const x = g.input('x', 'float32', [16, 256, 256])
    const { y, parameters } = blockStack(x, 6, 8)
    const loss = y.mul(y).mean()
    const grads = g.gradients(loss, parameters)
    const norm = g.globalNorm(grads)
    const updated = Object.fromEntries(
      grads.map((gradient, i) => [`${i}.next`, g.subtract(parameters[i]!, g.multiply(gradient, 0.01))]),
    )
    const feeds = { x: random([16, 256, 256]) }
    compare('6 blocks, width 256, 8 heads, 16 x 256 tokens', [
      ['forward', await time({ loss }, feeds)],
      ['forward, backward, gradient norm', await time({ loss, norm }, feeds)],
      ['forward, backward, update', await time({ loss, ...updated }, feeds)],
    ])
  },
  async conv() {
    for (const [channels, out, size, stride, batch] of [
      [64, 64, 64, 1, 4],
      [3, 64, 128, 2, 4],
      [128, 128, 16, 1, 16],
    ] as const) {
      const x = g.input('x', 'float32', [batch, channels, size, size])
      const w = g.parameter('w', [out, channels, 3, 3])
      const y = g.conv2d(x, w, { padding: 1, stride })
      const dy = g.multiply(y, 0.5)
      const grad = (wrt: Tensor) => g.gradients(y, [wrt], { seeds: [dy] })[0]!
      const feeds = { x: random(x.shape as number[]) }
      compare(`conv 3x3 ${channels}->${out} at ${size}x${size} stride ${stride} batch ${batch}`, [
        ['forward', await time({ y: y.sum() }, feeds)],
        ['forward + weight gradient', await time({ dw: grad(w) }, feeds)],
        ['forward + input gradient', await time({ dx: grad(x).sum() }, feeds)],
      ])
    }
  },
}

if (import.meta.url === `file://${process.argv[1]}`)
  console.log(`${cpus()[0]?.model} x ${cpus().length}, ${threads} threads, node ${process.version}`)
if (import.meta.url === `file://${process.argv[1]}`)
  for (const [name, bench] of Object.entries(benches)) if (!only || only === name) await bench()
