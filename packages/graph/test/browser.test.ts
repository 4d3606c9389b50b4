// The model that ran in Node, unchanged in headless Chromium: in a Web Worker of onnxruntime-web, within 1e-4.
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BundledPage, bundledPage, describeInBrowser } from '../../../scripts/bundled-page.ts'
import { findChromium } from '../../../scripts/chromium.ts'
import type { Tensor } from '../src/index.ts'
import * as g from '../src/index.ts'
import type { Answer, Sent } from './browser-page.ts'
import type { OpRow } from './op-table.ts'
import { OP_TABLE } from './op-table.ts'
import { seeded } from './run.ts'

/** A training step with most of what differs between runtimes: fused products, norms, erf, scatters, seeded noise. */
function step(): Record<string, Tensor> {
  const x = g.input('x', 'float32', ['batch', 3, 16, 16])
  const wanted = g.input('wanted', 'int64', ['batch'])
  const parameters = [
    g.parameter('conv', [8, 3, 3, 3]),
    g.parameter('norm', [64]),
    g.parameter('head', [5, 64]),
    g.parameter('table', [6, 5]),
  ]
  const [filters, norm, head, table] = parameters as [Tensor, Tensor, Tensor, Tensor]
  const tokens = g
    .maxPool(g.gelu(g.conv2d(x, filters, { padding: 1 })), { kernel: 2 })
    .reshape(['batch', 8, 64])
  const mixed = g.attention(
    ...([tokens, tokens, tokens].map((t) => g.splitHeads(t, 4)) as [Tensor, Tensor, Tensor]),
  )
  const noisy = g.randomSource(g.constant(3, { dtype: 'int64' })).dropout(g.joinHeads(mixed), 0.25)
  const logits = g.linear(g.layerNorm(noisy, { weight: norm }).mean(1), head).add(g.embedding(table, wanted))
  const loss = g.crossEntropy(logits, wanted)
  const { gradients, norm: length } = g.clipByGlobalNorm(g.gradients(loss, parameters), 0.5)
  return { loss, length, logits, ...Object.fromEntries(gradients.map((gradient, i) => [`g${i}`, gradient])) }
}

/** Runs the model in Node and in the page; gives the largest difference and the page's answer. */
async function inBoth(
  page: Page,
  model: g.Model,
  feeds: Record<string, Sent>,
  options: object,
): Promise<{ worst: number; where: string; answer: Answer }> {
  const here = await g.openSession(model, { worker: false, threads: 1 })
  const fed = Object.entries(feeds).map(([name, { data, shape, kind }]): [string, g.Feed] => {
    const dtype = kind === 'BigInt64Array' ? 'int64' : kind === 'Float64Array' ? 'float64' : 'float32'
    return [name, { data: g.toTensorData(data, dtype), shape }]
  })
  const wanted = await here.run(Object.fromEntries(fed))
  await here.close()
  const sent = { ...model, onnx: Buffer.from(model.onnx).toString('base64') }
  const answer = await page.evaluate<Answer>(
    `window.runModel(${JSON.stringify(sent)}, ${JSON.stringify(feeds)}, ${JSON.stringify(options)})`,
  )
  let worst = 0
  let where = ''
  for (const [name, value] of Object.entries(wanted)) {
    const got = answer.out[name]!
    expect(got.shape, name).toEqual(value.shape)
    g.toNumbers(value.data, value.dtype).forEach((number, i) => {
      const error = Math.abs(number - got.data[i]!)
      if (Number.isNaN(error) || error > worst)
        [worst, where] = [Number.isNaN(error) ? Number.POSITIVE_INFINITY : error, name]
    })
  }
  return { worst, where, answer }
}

/** As the shared browser, with WebGPU computed by the CPU (SwiftShader). */
const WEBGPU_FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader',
]

const random = seeded(5)
const list = (shape: readonly number[], low = -1, high = 1) =>
  Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random(low, high))

/** One model with every row of the table, forward and backward, and what to feed it. */
function wholeTable(
  rows: readonly OpRow[],
  target: g.Target,
  only?: g.DType,
): { model: g.Model; feeds: Record<string, Sent> } {
  const outputs: Record<string, Tensor> = {}
  const feeds: Record<string, Sent> = {}
  for (const row of rows) {
    if (!row.call) continue
    const dtype = only ?? row.dtype!
    const inputs = row.leaves!.map(({ shape, low, high }, i) => {
      const name = `${row.name}:${i}`
      feeds[name] = {
        data: list(shape, low, high),
        shape,
        kind: dtype === 'float64' ? 'Float64Array' : 'Float32Array',
      }
      return g.input(name, dtype, shape)
    })
    const y = row.call(...inputs)
    outputs[row.name] = y
    g.gradients(g.sum(g.multiply(y, y)), inputs).forEach((gradient, i) => {
      outputs[`${row.name} gradient ${i}`] = gradient
    })
  }
  return { model: g.buildModel({ outputs, target }), feeds }
}

const stepFeeds: Record<string, Sent> = {
  x: { data: list([2, 3, 16, 16]), shape: [2, 3, 16, 16], kind: 'Float32Array' },
  wanted: { data: [1, 4], shape: [2], kind: 'BigInt64Array' },
}
const stepModel = (target: g.Target) =>
  g.buildModel({ outputs: step(), weights: (_name, shape) => Float32Array.from(list(shape)), target })

describeInBrowser('in a browser', () => {
  let site: BundledPage
  let page: Page
  beforeAll(async () => {
    site = await bundledPage(join(import.meta.dirname, 'browser-page.ts'))
    page = await site.open()
  })
  afterAll(() => site?.close())

  it('a training step gives in a Web Worker what it gives in Node', async () => {
    const { worst, answer } = await inBoth(page, stepModel('web'), stepFeeds, { threads: 2 })
    expect(site.errors).toEqual([])
    expect([answer.refused, answer.batches]).toEqual(['closed', 2])
    expect(worst).toBeLessThan(1e-4)
  })

  it('so does every op of the table, with its gradient', async () => {
    const { model, feeds } = wholeTable(OP_TABLE, 'web')
    const { worst, where } = await inBoth(page, model, feeds, { worker: false })
    expect(worst, where).toBeLessThan(1e-4)
    expect(site.errors).toEqual([])
  })

  it('a browser without WebGPU is told so', async () => {
    const none = await page.evaluate(
      'navigator.gpu === undefined || navigator.gpu.requestAdapter().then((a) => a === null)',
    )
    const opening = inBoth(page, stepModel('webgpu'), stepFeeds, { device: 'webgpu' })
    if (none) await expect(opening).rejects.toThrow(/WebGPU/i)
    else await opening
  })

  /** A page with a software GPU; undefined where this Chromium has none. */
  const gpuPage = async (): Promise<Page | undefined> => {
    const gpu = await site.open(
      await chromium.launch({ executablePath: findChromium()!, args: WEBGPU_FLAGS }),
    )
    const adapter = await gpu.evaluate(
      'navigator.gpu ? navigator.gpu.requestAdapter().then((a) => a !== null) : false',
    )
    return adapter ? gpu : undefined
  }

  it('WebGPU gives the same step in float32', async (context) => {
    const gpu = await gpuPage()
    if (gpu === undefined) return context.skip('this Chromium has no software WebGPU')
    const { worst } = await inBoth(gpu, stepModel('webgpu'), stepFeeds, { device: 'webgpu' })
    expect(worst).toBeLessThan(1e-3)
    expect(site.errors).toEqual([])
  }, 180_000)

  // A GPU in software compiles a shader for every op: a quarter of a minute that only CI spends.
  it.skipIf(!process.env['CI'])(
    'WebGPU gives the same for every op of the table (with CI=1)',
    async (context) => {
      const gpu = await gpuPage()
      if (gpu === undefined) return context.skip('this Chromium has no software WebGPU')
      const rows = OP_TABLE.filter(({ name }) => name !== 'cast')
      const { model, feeds } = wholeTable(rows, 'webgpu', 'float32')
      // Shaders may compute sines and exponentials to fewer places.
      const options = { worker: false, device: 'webgpu' }
      const { worst, where } = await inBoth(gpu, model, feeds, options)
      expect(worst, where).toBeLessThan(2e-3)
      expect(site.errors).toEqual([])
    },
    180_000,
  )
})
