// Forward values: by hand where a reader can check them, by PyTorch where it is installed.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../src/index.ts'
import * as g from '../src/index.ts'
import { evaluate, run, seeded } from './run.ts'

const f32 = (values: readonly number[], shape?: readonly number[]) =>
  g.constant(values, shape ? { shape } : {})
const i64 = (values: readonly number[], shape?: readonly number[]) =>
  g.constant(values, { dtype: 'int64', ...(shape ? { shape } : {}) })

/** The last places of float32 do not matter here. */
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5))

describe('values by hand', () => {
  const rows: readonly [title: string, tensor: () => Tensor, wanted: readonly number[]][] = [
    [
      'argMax and argMin take the lowest index on ties',
      () =>
        g.concat(
          [g.argMax(f32([1, 3, 3]), 0, { keepDims: true }), g.argMin(f32([2, 0, 0]), 0, { keepDims: true })],
          0,
        ),
      [1, 1],
    ],
    ['topK sorts, and takes the lowest index on ties', () => g.topK(f32([5, 7, 5, 7]), 3).indices, [1, 3, 0]],
    ['topK finds the smallest too', () => g.topK(f32([5, 1, 3]), 2, { largest: false }).values, [1, 3]],
    [
      'oneHot has zeros for what is out of range',
      () => g.oneHot(i64([1, 5, -1]), 3),
      [0, 1, 0, 0, 0, 0, 0, 0, 0],
    ],
    [
      'cumulativeSum runs from either end',
      () =>
        g.concat(
          [g.cumulativeSum(f32([1, 2, 3]), 0), g.cumulativeSum(f32([1, 2, 3]), 0, { reverse: true })],
          0,
        ),
      [1, 3, 6, 6, 5, 3],
    ],
    [
      'scatterAdd adds repeats',
      () => g.scatterAdd(f32([0, 0, 0]), i64([1, 1, 2]), f32([1, 2, 4]), 0),
      [0, 3, 4],
    ],
    [
      'scatterRows adds repeats',
      () => g.scatterRows(f32([0, 0, 0, 0], [2, 2]), i64([1, 1]), f32([1, 2, 3, 4], [2, 2])),
      [0, 0, 4, 6],
    ],
    ['roll moves along an axis and around its end', () => g.roll(f32([1, 2, 3, 4]), 0, 1), [4, 1, 2, 3]],
    ['flip reverses', () => g.flip(f32([1, 2, 3]), 0), [3, 2, 1]],
    [
      'slice with a step, and from the back',
      () =>
        g.concat(
          [
            g.slice(f32([0, 1, 2, 3, 4, 5]), { axis: 0, start: 1, step: 2 }),
            g.slice(f32([0, 1, 2, 3, 4, 5]), { axis: 0, start: -2 }),
          ],
          0,
        ),
      [1, 3, 5, 4, 5],
    ],
    [
      'repeatInterleave repeats each element, tile the whole',
      () => g.concat([g.repeatInterleave(f32([1, 2]), 0, 2), g.tile(f32([1, 2]), [2])], 0),
      [1, 1, 2, 2, 1, 2, 1, 2],
    ],
    [
      'pad by the mirror leaves out the edge',
      () => g.pad(f32([1, 2, 3]), [[2, 1]], { mode: 'reflect' }),
      [3, 2, 1, 2, 3, 2],
    ],
    ['round goes to even on halves', () => g.round(f32([0.5, 1.5, -2.5])), [0, 2, -2]],
    ['modulo has the sign of the divisor', () => g.modulo(i64([-1, 5]), 3), [2, 2]],
    ['straightThrough has the forward value', () => g.straightThrough(f32([0.2, 0.8]), f32([0, 1])), [0, 1]],
    [
      'softplus of large numbers does not overflow',
      () => g.softplus(f32([-1000, 0, 1000])),
      [0, Math.LN2, 1000],
    ],
    [
      'logSoftmax of large numbers does not overflow',
      () => g.logSoftmax(f32([1000, 1000])),
      [-Math.LN2, -Math.LN2],
    ],
    [
      'binary cross-entropy of large logits is the logit or zero',
      () => g.bceWithLogits(f32([1000, -1000, 1000]), f32([0, 0, 1]), { reduction: 'none' }),
      [1000, 0, 0],
    ],
    [
      'crossEntropy ignores rows and averages over the rest',
      () => g.crossEntropy(f32([0, 0, 9, 1, 0, 0], [2, 3]), i64([7, 1]), { ignoreIndex: 7 }),
      [Math.log(Math.E + 2)],
    ],
    [
      'crossEntropy of nothing but ignored rows is 0',
      () => g.crossEntropy(f32([0, 0], [1, 2]), i64([7]), { ignoreIndex: 7 }),
      [0],
    ],
    [
      'resize to twice the size repeats pixels (nearest)',
      () => g.resize(f32([1, 2], [1, 1, 1, 2]), { size: [2, 4], mode: 'nearest' }),
      [1, 1, 2, 2, 1, 1, 2, 2],
    ],
    [
      'resize to twice the size mixes by quarters (bilinear)',
      () => g.resize(f32([0, 4], [1, 1, 1, 2]), { size: [1, 4], mode: 'bilinear' }),
      [0, 1, 3, 4],
    ],
    [
      'causal attention lets the first query see the first key only',
      () =>
        g.attention(f32([1, 1], [1, 1, 2, 1]), f32([0, 0], [1, 1, 2, 1]), f32([10, 20], [1, 1, 2, 1]), {
          causal: true,
        }),
      [10, 15],
    ],
    [
      'causal attention with a cache puts the queries last',
      () =>
        g.attention(f32([1], [1, 1, 1, 1]), f32([0, 0], [1, 1, 2, 1]), f32([10, 20], [1, 1, 2, 1]), {
          causal: true,
        }),
      [15],
    ],
    [
      'attention sees only what a bool mask allows',
      () =>
        g.attention(f32([1], [1, 1, 1, 1]), f32([0, 0], [1, 1, 2, 1]), f32([10, 20], [1, 1, 2, 1]), {
          mask: g.constant([0, 1], { dtype: 'bool' }),
        }),
      [20],
    ],
    [
      'rotary by a quarter turn takes (x, y) to (-y, x)',
      () => g.rotary(f32([1, 2, 3, 4]), f32([0, 0, 0, 0]), f32([1, 1, 1, 1])),
      [-3, -4, 1, 2],
    ],
    [
      'interleaved rotary turns neighbours',
      () => g.rotary(f32([1, 2, 3, 4]), f32([0, 0, 0, 0]), f32([1, 1, 1, 1]), { interleaved: true }),
      [-2, 1, -4, 3],
    ],
    [
      'gridSample reads pixel centres, and zeros outside',
      () => g.gridSample(f32([1, 2, 3, 4], [1, 1, 2, 2]), f32([-0.5, -0.5, 0, 0, 3, 3], [1, 3, 1, 2])),
      [1, 2.5, 0],
    ],
    [
      'cast to whole numbers rounds towards zero',
      () =>
        f32([1.9, -1.9])
          .add(g.full([2], 0))
          .cast('int64'),
      [1, -1],
    ],
    [
      'float16 constants keep their nearest value',
      () => g.constant([0.1, 65504, 6e-8], { dtype: 'float16' }).cast('float32'),
      [0.0999755859375, 65504, 2 ** -24],
    ],
    [
      'einsum contracts the shared letter',
      () => g.einsum('ij,kj->ki', f32([1, 2], [1, 2]), f32([3, 4, 5, 6], [2, 2])),
      [11, 17],
    ],
    ['vectors multiply to a scalar', () => g.matmul(f32([1, 2]), f32([3, 4])), [11]],
  ]
  for (const [title, make, wanted] of rows) {
    test(title, async () => {
      expect(await evaluate(make())).toEqual(near(wanted))
    })
  }

  test('straightThrough sends the gradient past the step', async () => {
    const x = g.input('x', 'float32', [2])
    const y = g.straightThrough(x, g.round(x)).mul(f32([3, 4]))
    const [dx] = g.gradients(y.sum(), [x])
    const out = await run({ y, dx: dx! }, { x: Float32Array.of(0.2, 0.8) })
    expect(out['y']!.data).toEqual(Float32Array.of(0, 4))
    expect(out['dx']!.data).toEqual(Float32Array.of(3, 4))
  })

  test('stopGradient makes a constant, and a loss that does not reach a tensor gives zeros', async () => {
    const x = g.input('x', 'float32', [2])
    const z = g.input('z', 'float32', [3])
    const [dx, dz] = g.gradients(x.mul(g.stopGradient(x)).sum(), [x, z])
    const out = await run({ dx: dx!, dz: dz! }, { x: Float32Array.of(5, 7) })
    expect(out['dx']!.data).toEqual(Float32Array.of(5, 7))
    expect(out['dz']!.data).toEqual(Float32Array.of(0, 0, 0))
  })

  test('gradients of gradients: the second derivative of x³ is 6x', async () => {
    const x = g.input('x', 'float64', [])
    const [first] = g.gradients(x.mul(x).mul(x), [x])
    const [second] = g.gradients(first!, [x])
    expect(await evaluate(second!, { x: { data: Float64Array.of(2), shape: [] } })).toEqual([12])
  })

  test('clipByGlobalNorm shortens long gradients and leaves short ones', async () => {
    const long = g.clipByGlobalNorm([f32([3]), f32([4])], 1)
    const short = g.clipByGlobalNorm([f32([0.3]), f32([0.4])], 1)
    expect(
      await evaluate(g.concat([...long.gradients, long.norm.reshape([1]), ...short.gradients], 0)),
    ).toEqual(near([0.6, 0.8, 5, 0.3, 0.4]))
  })
})

describe('symbolic sizes', () => {
  test('derived sizes compute at run time: merge, repeat, average and split a batch of any size', async () => {
    const x = g.input('x', 'float32', ['batch', 'tokens', 4])
    const y = x.reshape(['batch', 'tokens', 2, 2]).permute([0, 2, 1, 3]).reshape(['2*batch', 'tokens', 2])
    expect(y.shape).toEqual(['2*batch', 'tokens', 2])
    const back = y.reshape(['batch', 2, 'tokens', 2]).permute([0, 2, 1, 3]).reshape(['batch*tokens', 4])
    const mean = back.mean(0)
    const [dx] = g.gradients(mean.mul(f32([1, 2, 3, 4])).sum(), [x])
    const out = await run(
      { back, mean, dx: dx! },
      { x: { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [3, 2, 4] } },
    )
    expect(out['back']!.shape).toEqual([6, 4])
    expect(out['mean']!.data).toEqual(Float32Array.of(10, 11, 12, 13))
    expect(Array.from(out['dx']!.data as Float32Array).slice(0, 4)).toEqual(
      near([1 / 6, 2 / 6, 3 / 6, 4 / 6]),
    )
  })

  test('strided windows over a symbolic axis know their size', async () => {
    const x = g.input('x', 'float32', [1, 1, 'h', 8])
    const y = g.conv2d(x, f32([1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 3, 3]), { stride: 2, padding: 1 })
    const z = g.full(y.shape, 1).add(y)
    expect(y.shape).toEqual([1, 1, 'floor(h+1/2)', 4])
    const out = await run({ z }, { x: { data: new Float32Array(56), shape: [1, 1, 7, 8] } })
    expect(out['z']!.shape).toEqual([1, 1, 4, 4])
    expect(g.evaluateDim(y.shape[2]!, { h: 7 })).toBe(4)
  })

  test('a size that no input carries is refused when the model is built', () => {
    const x = g.input('x', 'float32', ['2*batch'])
    expect(() => g.buildModel({ outputs: { y: g.full(['batch'], 1).add(g.sum(x)) } })).toThrow(
      '"batch", which is no axis of an input',
    )
  })
})

describe('random numbers', () => {
  const seed = g.input('seed', 'int64', [])
  const feed = (value: number) => ({ seed: { data: BigInt64Array.of(BigInt(value)), shape: [] } })
  const source = g.randomSource(seed)
  const uniform = source.uniform([1 << 16])
  const normal = source.normal([1 << 16])
  const kept = source.dropout(g.full([1 << 16], 1), 0.25)

  test('depend on the seed alone, and differ between draws and seeds', async () => {
    const fetch = { uniform, kept }
    const [a, b, c] = [await run(fetch, feed(1)), await run(fetch, feed(1)), await run(fetch, feed(2))]
    expect(a).toEqual(b)
    const same = (p: Float32Array, q: Float32Array) => p.filter((value, i) => value === q[i]).length
    expect(same(a['uniform']!.data as Float32Array, c['uniform']!.data as Float32Array)).toBeLessThan(20)
    // Recorded: the same on every runtime and at every time.
    expect(
      Array.from(a['uniform']!.data.slice(0, 3) as Float32Array, (value) => Math.round(value * 2 ** 24)),
    ).toMatchInlineSnapshot(`
      [
        5794346,
        14460650,
        6269525,
      ]
    `)
  })

  test('are uniform, without memory from one to the next, and normal where asked', async () => {
    for (const value of [0, 1, -5, 2 ** 40]) {
      const out = await run({ uniform, normal, kept }, feed(value))
      const u = out['uniform']!.data as Float32Array
      const n = u.length
      const bins = new Array<number>(64).fill(0)
      const serial = [0, 0, 0, 0]
      const lags = [1, 2, 256, 1024]
      for (let i = 0; i < n; i++) {
        bins[Math.floor(u[i]! * 64)]!++
        lags.forEach((lag, k) => {
          serial[k]! += (u[i]! - 0.5) * (u[(i + lag) % n]! - 0.5)
        })
      }
      const chi = bins.reduce((total, count) => total + (count - n / 64) ** 2 / (n / 64), 0)
      // 63 degrees of freedom: mean 63, standard deviation 11.2.
      expect(chi).toBeGreaterThan(20)
      expect(chi).toBeLessThan(120)
      for (const sum of serial) expect(Math.abs(sum / n) * 12 * Math.sqrt(n)).toBeLessThan(4)
      const z = out['normal']!.data as Float32Array
      const moment = (power: number) => z.reduce((total, x) => total + x ** power, 0) / n
      expect(Math.abs(moment(1))).toBeLessThan(0.016)
      expect(Math.abs(moment(2) - 1)).toBeLessThan(0.025)
      expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2)
      const dropped = (out['kept']!.data as Float32Array).filter((x) => x === 0).length / n
      expect(Math.abs(dropped - 0.25)).toBeLessThan(0.008)
    }
  })
})

/** Debian's PyTorch, where it is installed. */
function torch(code: string): Record<string, number[]> | undefined {
  try {
    return JSON.parse(
      execFileSync(
        '/usr/bin/python3',
        ['-c', `import json,math,torch\nimport torch.nn.functional as F\n${code}`],
        { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' },
      ),
    )
  } catch {
    return undefined
  }
}

test('resizes, losses, activations and group norm give what PyTorch gives', async (context) => {
  const random = seeded(3)
  const list = Array.from({ length: 2 * 4 * 7 * 9 }, () => Math.fround(random(-2, 2)))
  const targets = list.slice(0, 8).map((value) => (value > 0 ? 1 : 0))
  const want = torch(`
x = torch.tensor(${JSON.stringify(list)}).reshape(2,4,7,9)
t = torch.tensor(${JSON.stringify(targets)}, dtype=torch.float32)
v = x.flatten()[:8]
out = {
 'bilinear': F.interpolate(x, (5,20), mode='bilinear'),
 'bilinearPower': F.interpolate(x, (14,36), mode='bilinear'),
 'bilinearAntialias': F.interpolate(x, (4,5), mode='bilinear', antialias=True),
 'bicubic': F.interpolate(x, (5,20), mode='bicubic'),
 'bicubicAntialias': F.interpolate(x, (4,20), mode='bicubic', antialias=True),
 'nearest': F.interpolate(x, (5,20), mode='nearest'),
 'gelu': F.gelu(x), 'softplus': F.softplus(x), 'silu': F.silu(x),
 'groupNorm': F.group_norm(x, 2),
 'bce': F.binary_cross_entropy_with_logits(v, t),
 'smoothed': F.cross_entropy(v.reshape(2,4), torch.tensor([2,0]), label_smoothing=0.1),
 'grid': F.grid_sample(x, x.flatten()[:40].reshape(2,5,2,2) * 0.7, align_corners=False),
}
print(json.dumps({k: v.flatten().tolist() for k, v in out.items()}))`)
  if (!want) {
    context.skip('PyTorch is not installed for /usr/bin/python3 (apt-get install python3-torch)')
    return
  }
  const x = f32(list, [2, 4, 7, 9])
  const v = f32(list.slice(0, 8))
  const to = (h: number, w: number, mode: g.ResizeMode, antialias = false) =>
    g.resize(x, { size: [h, w], mode, antialias })
  const out = await run({
    bilinear: to(5, 20, 'bilinear'),
    bilinearPower: to(14, 36, 'bilinear'),
    bilinearAntialias: to(4, 5, 'bilinear', true),
    bicubic: to(5, 20, 'bicubic'),
    bicubicAntialias: to(4, 20, 'bicubic', true),
    nearest: to(5, 20, 'nearest'),
    gelu: g.gelu(x),
    softplus: g.softplus(x),
    silu: g.silu(x),
    groupNorm: g.groupNorm(x, 2),
    bce: g.bceWithLogits(v, f32(targets)),
    smoothed: g.crossEntropy(v.reshape([2, 4]), i64([2, 0]), { smoothing: 0.1 }),
    grid: g.gridSample(x, f32(list.slice(0, 40), [2, 5, 2, 2]).mul(0.7)),
  })
  for (const [name, values] of Object.entries(want)) {
    const got = out[name]!.data as Float32Array
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0)
    expect(got.length, name).toBe(values.length)
    expect(worst, name).toBeLessThan(2e-6)
  }
})
