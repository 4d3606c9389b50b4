// Building models: shape errors in words, equal bytes for equal graphs, nothing written twice or in vain, and the ONNX checker.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../src/index.ts'
import * as g from '../src/index.ts'
import { OP_TABLE } from './op-table.ts'
import { run, seeded } from './run.ts'

const x = (shape: g.Shape, dtype: g.DType = 'float32') => g.input('x', dtype, shape)
const zeros = (_name: string, shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1))

describe('errors stand at the line that made them, in words', () => {
  const rows: readonly [() => unknown, string][] = [
    [() => g.matmul(x([2, 3]), x([4, 5])), 'matmul: [2,3] x [4,5]: inner sizes 3 and 4 differ'],
    [
      () => g.matmul(x([2, 3]), x([4, 5]), { transposeB: true }),
      'matmul: [2,3] x [4,5]ᵀ: inner sizes 3 and 5 differ',
    ],
    [
      () => x(['batch', 3]).add(x(['masks', 3])),
      'add: [batch,3] and [masks,3] do not broadcast: batch and masks differ',
    ],
    [() => x([2]).add(x([2], 'int64')), 'add: float32[2] with int64[2]'],
    [() => g.linear(x([5, 4]), g.parameter('w', [4, 8])), 'linear: x [5,4] with weight [4,8]'],
    [() => g.conv2d(x([1, 4, 8, 8]), g.parameter('w', [2, 3, 3, 3])), '4 channels, weight wants 3'],
    [
      () => g.conv2d(x([1, 3, 2, 2]), g.parameter('w', [2, 3, 5, 5])),
      'conv: a kernel of [5,5] does not fit [1,3,2,2]',
    ],
    [
      () => x(['batch', 6]).reshape(['tokens', -1]),
      'reshape: [batch,6] to [tokens,-1]: 6*batch elements do not divide by tokens',
    ],
    [() => x([2, 3]).reshape([5]), 'reshape: [2,3] to [5]: 6 and 5 elements'],
    [() => x([2, 3]).permute([0, 0]), 'permute: [0,0] is no order of 2 axes'],
    [() => x([2, 3]).sum(2), 'sum: axis 2 of a tensor with 2 axes'],
    [() => g.concat([x([2, 3]), x([2, 4])], 0), 'concat along axis 0: [2,3] and [2,4]'],
    [() => x([4]).slice({ axis: 0, start: 3, end: 9 }), 'slice: 3:9 of axis 0 of [4]'],
    [() => g.layerNorm(x([2, 3]), { weight: g.parameter('w', [4]) }), 'layerNorm: x [2,3] with weight [4]'],
    [() => g.softmax(x([2], 'int64')), 'softmax: wants a float type, got int64[2]'],
    [() => g.gradients(x([2]), [x([2])]), 'the loss float32[2] is no scalar'],
    [() => g.input('x', 'float32', ['2 batch?']), 'size "2batch?": unexpected character at 1'],
    [() => g.input('x', 'float32', [-1]), 'size -1 is not a whole number'],
    [() => g.constant([1, 2], { shape: [3] }), 'constant: 2 values for shape [3]'],
    [
      () => g.attention(x([1, 3, 4, 8]), x([1, 2, 4, 8]), x([1, 2, 4, 8])),
      'attention: q [1,3,4,8], k [1,2,4,8]',
    ],
    [() => g.buildModel({ outputs: {} }), 'buildModel: no outputs'],
    [
      () => g.buildModel({ outputs: { y: g.parameter('w', [2]) } }),
      'no values for the parameter "w" float32[2]',
    ],
    [
      () =>
        g.buildModel({ outputs: { y: g.parameter('w', [2]).mul(2) }, weights: { w: new Float32Array(3) } }),
      '"w": 3 values, shape [2] wants 2',
    ],
    [() => g.buildModel({ outputs: { x: x([2]).mul(2) } }), 'an output and an input are both called "x"'],
    [
      () => g.buildModel({ outputs: { y: g.input('a', 'float32', [1]).add(g.input('a', 'float32', [2])) } }),
      'two leaves are called "a"',
    ],
    [
      () => g.buildModel({ inputs: [], outputs: { y: x([2]).mul(2) } }),
      'the outputs read the input "x", which is not in `inputs`',
    ],
  ]
  for (const [make, message] of rows) {
    test(message, () => {
      let error: unknown
      try {
        make()
      } catch (caught) {
        error = caught
      }
      expect(error).toBeInstanceOf(g.GraphError)
      expect((error as g.GraphError).message).toContain(message)
      expect((error as g.GraphError).stack).toContain('model.test.ts')
    })
  }

  test('an op without a gradient is named only where the gradient must pass through it', () => {
    const leaf = x([1, 2, 4])
    const fused = g.fusedAttention(leaf, leaf, leaf, { heads: 2 })
    expect(() => g.gradients(fused.sum(), [leaf])).toThrow('MultiHeadAttention has no gradient')
    expect(() => g.gradients(g.stopGradient(fused).add(leaf).sum(), [leaf])).not.toThrow()
  })
})

/** A small network with its training step. */
function network(): Record<string, Tensor> {
  const image = g.input('image', 'float32', ['batch', 3, 8, 8])
  const wanted = g.input('wanted', 'int64', ['batch'])
  const filters = g.parameter('conv.weight', [4, 3, 3, 3])
  const head = g.parameter('head.weight', [5, 64])
  const scale = g.parameter('norm.weight', [64])
  const pooled = g.maxPool(g.gelu(g.conv2d(image, filters, { padding: 1 })), { kernel: 2 })
  const logits = g.linear(g.layerNorm(pooled.reshape(['batch', -1]), { weight: scale }), head)
  const loss = g.crossEntropy(logits, wanted)
  const parameters = [filters, head, scale]
  const { gradients } = g.clipByGlobalNorm(g.gradients(loss, parameters), 1)
  return {
    loss,
    logits,
    ...Object.fromEntries(
      gradients.map((gradient, i) => [`next${i}`, g.subtract(parameters[i]!, gradient.mul(0.1))]),
    ),
  }
}

describe('what is written', () => {
  test('equal graphs give equal bytes', () => {
    const first = g.buildModel({ outputs: network(), weights: zeros })
    const second = g.buildModel({ outputs: network(), weights: zeros })
    expect(first.onnx).toEqual(second.onnx)
    expect(first.inputs.map((value) => value.name)).toEqual(['image', 'wanted'])
    expect(first.parameters).toEqual(['conv.weight', 'norm.weight', 'head.weight'])
  })

  test('equal nodes are written once, unread ones and neutral arithmetic not at all', () => {
    const a = x([4])
    expect(g.buildModel({ outputs: { y: g.exp(a).add(g.exp(a)) } }).nodes).toBe(2)
    g.sin(a)
    expect(g.buildModel({ outputs: { y: g.exp(a.mul(1).add(0).div(1)) } }).nodes).toBe(1)
    expect(g.buildModel({ outputs: { y: a.reshape([2, 2]).reshape([4, 1]).permute([1, 0]) } }).nodes).toBe(1)
    expect(g.buildModel({ outputs: { y: g.constant([1, 2]).cast('int64').cast('float32') } }).nodes).toBe(1)
    expect(g.buildModel({ outputs: { y: a.mul(g.constant([1, 2, 3, 4]).mul(2).add(1).div(4)) } }).nodes).toBe(
      1,
    )
  })

  test('the same value under two names, and an input as an output, come out', async () => {
    const a = x([2])
    const y = g.exp(a)
    const out = await run({ y, again: y, same: a }, { x: Float32Array.of(0, 0) })
    expect(Object.values(out).map(({ data }) => Array.from(data as Float32Array))).toEqual([
      [1, 1],
      [1, 1],
      [0, 0],
    ])
  })

  test('target "standard" writes no op of ONNX Runtime’s own', () => {
    const has = (target: g.Target) =>
      Buffer.from(g.buildModel({ outputs: network(), weights: zeros, target }).onnx).includes('com.microsoft')
    expect(has('cpu')).toBe(true)
    expect(has('standard')).toBe(false)
  })

  test('both targets compute the same', async () => {
    const outputs = network()
    const weights = (name: string, shape: readonly number[]) => {
      const random = seeded(name.length)
      return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random(-0.5, 0.5))
    }
    const random = seeded(9)
    const feeds = {
      image: { data: Float32Array.from({ length: 384 }, () => random(-1, 1)), shape: [2, 3, 8, 8] },
      wanted: { data: BigInt64Array.of(1n, 4n), shape: [2] },
    }
    const results: Record<string, g.Value>[] = []
    for (const target of ['cpu', 'standard'] as const) {
      const session = await g.openSession(g.buildModel({ outputs, weights, target }), {
        worker: false,
        threads: 1,
      })
      results.push(await session.run(feeds))
      await session.close()
    }
    for (const name of Object.keys(outputs)) {
      const [a, b] = results.map((result) => result[name]!.data as Float32Array)
      a!.forEach((value, i) => {
        expect(value, name).toBeCloseTo(b![i]!, 5)
      })
    }
  })

  test('a rewriting replaces nodes: products in half precision stay close', async () => {
    const a = g.constant([0.5, 0.25, 1, 2], { shape: [2, 2] })
    const y = g.matmul(a.mul(x([])), a)
    const model = g.buildModel({ outputs: { y }, rewrite: g.productsInHalf(), target: 'standard' })
    expect(model.nodes).toBe(4)
    const session = await g.openSession(model, { worker: false, threads: 1 })
    expect((await session.run({ x: { data: Float32Array.of(1), shape: [] } }))['y']!.data).toEqual(
      Float32Array.of(0.5, 0.625, 2.5, 4.25),
    )
    await session.close()
  })

  test('48 transformer blocks with their gradients are written in under two seconds', () => {
    const started = performance.now()
    let y: Tensor = g.input('x', 'float32', ['batch', 64, 32])
    const parameters: Tensor[] = []
    const w = (name: string, shape: number[]) => {
      parameters.push(g.parameter(name, shape))
      return parameters[parameters.length - 1]!
    }
    for (let i = 0; i < 48; i++) {
      const [q, k, v] = g
        .split(g.linear(g.layerNorm(y, { weight: w(`${i}.n1`, [32]) }), w(`${i}.qkv`, [96, 32])), 2, 3)
        .map((t) => g.splitHeads(t, 2))
      y = y.add(g.linear(g.joinHeads(g.attention(q!, k!, v!)), w(`${i}.o`, [32, 32])))
      y = y.add(
        g.linear(
          g.gelu(g.linear(g.layerNorm(y, { weight: w(`${i}.n2`, [32]) }), w(`${i}.a`, [128, 32]))),
          w(`${i}.b`, [32, 128]),
        ),
      )
    }
    const grads = g.gradients(y.mul(y).mean(), parameters)
    const model = g.buildModel({
      outputs: Object.fromEntries(grads.map((t, i) => [`g${i}`, t])),
      weights: () => 'input',
    })
    expect(model.nodes).toBeGreaterThan(4000)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('recompute', () => {
  const build = (wrap: <T extends Tensor>(segment: () => T) => T) => {
    let y: Tensor = g.input('x', 'float64', [6, 4])
    const start = y
    const outside = g.exp(y)
    const weights: Tensor[] = []
    for (let i = 0; i < 4; i++) {
      const w = g.input(`w${i}`, 'float64', [4, 4])
      weights.push(w)
      const from = y
      y = wrap(() => g.tanh(g.matmul(g.tanh(g.matmul(from, w)), w)).add(outside))
    }
    const loss = y.mul(y).mean()
    return { loss, grads: g.gradients(loss, [start, ...weights]) }
  }
  const random = seeded(4)
  const feeds: g.Feeds = Object.fromEntries(
    ['x', 'w0', 'w1', 'w2', 'w3'].map((name) => [
      name,
      {
        data: Float64Array.from({ length: name === 'x' ? 24 : 16 }, () => random(-1, 1)),
        shape: [name === 'x' ? 6 : 4, 4],
      },
    ]),
  )
  const outputsOf = ({ loss, grads }: ReturnType<typeof build>) => ({
    loss,
    ...Object.fromEntries(grads.map((t, i) => [`g${i}`, t])),
  })

  test('gives the gradients of the plain graph to the bit', async () => {
    const plain = outputsOf(build((segment) => segment()))
    const again = outputsOf(build((segment) => g.recompute(segment)))
    expect(await run(again, feeds)).toEqual(await run(plain, feeds))
  })

  test('writes the segment twice, and neither we nor ONNX Runtime merge the copies', async () => {
    const tanhs = (model: g.Model) => Buffer.from(model.onnx).toString('latin1').split('\x04Tanh').length - 1
    const plain = g.buildModel({ outputs: outputsOf(build((segment) => segment())) })
    const again = g.buildModel({ outputs: outputsOf(build((segment) => g.recompute(segment))) })
    expect([tanhs(plain), tanhs(again)]).toEqual([8, 16])
  })

  test('holds less memory than keeping everything', async () => {
    const peak = async (wrap: <T extends Tensor>(segment: () => T) => T): Promise<number> => {
      let y: Tensor = g.input('x', 'float32', [512, 1024])
      const start = y
      for (let i = 0; i < 8; i++) {
        const from = y
        y = wrap(() => {
          let z = from
          for (let k = 0; k < 8; k++) z = g.tanh(g.sin(z))
          return z
        })
      }
      const [dx] = g.gradients(y.mul(y).mean(), [start])
      const model = g.buildModel({ outputs: { sum: dx!.sum() } })
      const code = `
        const { readFileSync } = require('node:fs')
        const ort = require(process.argv[1])
        ort.InferenceSession.create(process.argv[2], { intraOpNumThreads: 1 }).then(async (s) => {
          await s.run({ x: new ort.Tensor('float32', new Float32Array(512 * 1024), [512, 1024]) })
          console.log(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
        })`
      const folder = mkdtempSync(join(tmpdir(), 'graph-recompute-'))
      const file = join(folder, 'm.onnx')
      writeFileSync(file, model.onnx)
      try {
        const ort = createRequire(import.meta.url).resolve('maskwords-onnxruntime')
        return Number(execFileSync(process.execPath, ['-e', code, ort, file], { encoding: 'utf8' })) * 1024
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
    if (process.platform !== 'linux') return
    const plain = await peak((segment) => segment())
    const again = await peak((segment) => g.recompute(segment))
    // Two megabytes a value: 128 values are kept, or 8 plus the 16 of one segment and their gradients.
    expect(plain - again).toBeGreaterThan(150e6)
  })
})

describe('the ONNX checker', () => {
  const checked = (models: readonly g.Model[]): string => {
    const folder = mkdtempSync(join(tmpdir(), 'graph-onnx-'))
    try {
      const files = models.map((model, i) => {
        const file = join(folder, `${i}.onnx`)
        writeFileSync(file, model.onnx)
        return file
      })
      const code =
        'import sys, onnx\nfor f in sys.argv[1:]:\n    m = onnx.load(f); onnx.checker.check_model(m, full_check=True)\nprint("checked", len(sys.argv) - 1)'
      return execFileSync('/usr/bin/python3', ['-c', code, ...files], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  test('accepts a training step and every op of the table, shapes inferred', (context) => {
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import onnx'], { stdio: 'ignore' })
    } catch {
      context.skip('the ONNX checker is not installed for /usr/bin/python3 (apt-get install python3-onnx)')
      return
    }
    const models = [g.buildModel({ outputs: network(), weights: zeros, target: 'standard' })]
    for (const { leaves, call, dtype } of OP_TABLE) {
      if (!leaves || !call) continue
      const inputs = leaves.map((leaf, i) => g.input(`x${i}`, dtype!, leaf.shape))
      const y = call(...inputs)
      const grads = g.gradients(y.sum(), inputs)
      models.push(
        g.buildModel({
          outputs: { y, ...Object.fromEntries(grads.map((t, i) => [`g${i}`, t])) },
          target: 'standard',
        }),
      )
    }
    expect(checked(models)).toBe(`checked ${models.length}`)
  })
})
