// Choices of kernels in packages/graph beside their alternatives, in processor time of one thread (steady on a busy machine).
//   node --conditions=@maskwords/source --import tsx bench/graph-ops.bench.ts [conv|embedding|attention|resize|pool|random]
import { cpus } from 'node:os'
import type { Tensor } from '@maskwords/graph'
import * as g from '@maskwords/graph'

function numbers(shape: readonly number[]): Float32Array {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
  let state = data.length
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = (state / 2 ** 32 - 0.5) * 0.1
  }
  return data
}

/** Processor milliseconds of one run, the least of twelve; the output is reduced so that copying it does not count. */
async function time(output: Tensor): Promise<number> {
  const y = output.sum()
  const model = g.buildModel({ outputs: { y }, weights: (_name, shape) => numbers(shape) })
  const feeds = Object.fromEntries(
    model.inputs.map(({ name, shape, dtype }) => [
      name,
      {
        data: dtype === 'int64' ? BigInt64Array.of(7n) : numbers(shape as number[]),
        shape: shape as number[],
      },
    ]),
  )
  const session = await g.openSession(model, { worker: false, threads: 1 })
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 12; i++) {
    const start = process.cpuUsage()
    await session.run(feeds)
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / 1000)
  }
  await session.close()
  return best
}

async function compare(
  title: string,
  chosen: Tensor,
  others: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const base = await time(chosen)
  console.log(`${title}\n  ${'chosen'.padEnd(40)} ${base.toFixed(2).padStart(8)} ms`)
  for (const [name, tensor] of Object.entries(others)) {
    const ms = await time(tensor)
    console.log(`  ${name.padEnd(40)} ${ms.toFixed(2).padStart(8)} ms  ${(ms / base).toFixed(2)} of chosen`)
  }
}

const CONVOLUTIONS = [
  { from: 64, to: 64, size: 64, stride: 1, batch: 4 },
  { from: 3, to: 64, size: 128, stride: 2, batch: 4 },
  { from: 128, to: 128, size: 16, stride: 1, batch: 16 },
] as const

const benches: Readonly<Record<string, () => Promise<void>>> = {
  async conv() {
    for (const { from, to, size, stride, batch } of CONVOLUTIONS) {
      const x = g.input('x', 'float32', [batch, from, size, size])
      const dy = g.input('dy', 'float32', [batch, to, size / stride, size / stride])
      const w = g.parameter('w', [to, from, 3, 3])
      const y = g.conv2d(x, w, { padding: 1, stride })
      const [dw, dx] = g.gradients(y, [w, x], { seeds: [dy] }) as [Tensor, Tensor]
      const name = `3x3 ${from}->${to} at ${size}x${size}, stride ${stride}, batch ${batch}`
      await compare(`weight gradient of conv ${name}`, dw, {
        'forward pass': y,
        'conv with batch and channels exchanged': g.conv2d(x.swapAxes(0, 1), dy.swapAxes(0, 1), {
          padding: 1,
          dilation: stride,
        }),
      })
      await compare(`input gradient of conv ${name}`, dx, {
        'transposed convolution': g.convTranspose2d(dy, w, { padding: 1, stride, outputPadding: stride - 1 }),
      })
    }
  },
  async embedding() {
    const table = g.parameter('table', [1024, 512])
    const indices = g.constant(
      Array.from({ length: 2048 }, (_, i) => (i * 7919) % 1024),
      { dtype: 'int64' },
    )
    const dy = g.input('dy', 'float32', [2048, 512])
    const [chosen] = g.gradients(g.embedding(table, indices), [table], { seeds: [dy] })
    await compare('gradient of an embedding, 2048 of 1024 x 512', chosen!, {
      'one-hot product': g.matmul(g.oneHot(indices, 1024), dy, { transposeA: true }),
    })
  },
  async attention() {
    for (const [batch, tokens, heads, width] of [
      [1, 1024, 8, 64],
      [256, 64, 1, 96],
      [16, 256, 8, 32],
    ] as const) {
      const [q, k, v] = ['q', 'k', 'v'].map((name) =>
        g.input(name, 'float32', [batch, tokens, heads * width]),
      ) as [Tensor, Tensor, Tensor]
      const split = (t: Tensor) => g.splitHeads(t, heads)
      await compare(
        `attention ${batch} x ${tokens} tokens, ${heads} heads of ${width}`,
        g.joinHeads(g.attention(split(q), split(k), split(v))),
        {
          'MultiHeadAttention kernel': g.fusedAttention(q, k, v, { heads }),
        },
      )
    }
  },
  async resize() {
    const x = g.input('x', 'float32', [4, 1, 256, 256])
    const matrix = g.constant(Float32Array.from(g.resizeMatrix(256, 1024, 'bilinear')), {
      shape: [1024, 256],
    })
    await compare(
      'bilinear resize 4 x 256 x 256 to 1024 x 1024',
      g.resize(x, { size: [1024, 1024], mode: 'bilinear' }),
      {
        'two matrix products': g.matmul(matrix, g.matmul(x, matrix, { transposeB: true })),
      },
    )
  },
  async pool() {
    const x = g.input('x', 'float32', [4, 64, 64, 64])
    const dy = g.input('dy', 'float32', [4, 64, 32, 32])
    const wide = (t: Tensor) => g.resize(t, { size: [64, 64], mode: 'nearest' })
    const y = g.maxPool(x, { kernel: 2 })
    await compare('gradient of max pool 2x2, 4 x 64 x 64 x 64', g.gradients(y, [x], { seeds: [dy] })[0]!, {
      'comparison with the repeated maximum': g.where(g.equal(x, wide(y)), wide(dy), 0),
    })
  },
  async random() {
    const source = g.randomSource(g.input('seed', 'int64', []))
    await compare('a million uniform numbers', source.uniform([1024, 1024]), {
      'normal numbers': source.normal([1024, 1024]),
    })
  },
}

console.log(`${cpus()[0]?.model} x ${cpus().length}, one thread, node ${process.version}`)
for (const [name, bench] of Object.entries(benches)) {
  if (process.argv[2] === undefined || process.argv[2] === name) await bench()
}
