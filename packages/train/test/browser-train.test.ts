// The very bytes of a training step with its optimiser, checked by ONNX's checker, run in Node and by onnxruntime-web in headless
// Chromium as published, without our code: after the same steps the weights agree within 1e-4.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { crossEntropy, input } from '@maskwords/graph'
import type { Browser } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { CHROMIUM_HINT, findChromium, launchChromium } from '../../../scripts/chromium.ts'
import { adamW, buildTrainStep, initialState, openTrainer, weightsOf } from '../src/index.ts'
import { heldFromState } from '../src/state.ts'
import { initialWeights, transformerNetwork } from './digit-networks.ts'
import { digitBatch, SIDE_PX } from './digits.ts'

const WEB = join(import.meta.dirname, '../../../node_modules/onnxruntime-web/dist')
const BATCH = 4
const STEPS = 3
const chromiumPath = findChromium()

const x = input('x', 'float32', [BATCH, 1, SIDE_PX, SIDE_PX])
const step = buildTrainStep({
  loss: crossEntropy(transformerNetwork(x), input('label', 'int64', [BATCH])),
  // With its usual epsilon Adam turns gradients that are rounding noise (keys' biases have no other) into whole steps of either sign.
  optimiser: adamW({ learningRate: 1e-3, epsilon: 1e-5 }),
  clipNorm: 1,
  averageDecay: 0.9,
  target: 'standard',
})
const batches = Array.from({ length: STEPS }, (_, i) =>
  digitBatch(Array.from({ length: BATCH }, (_, j) => i * BATCH + j)),
)

type Plain = { name: string; dtype: string; shape: readonly number[]; values: string[] | number[] }

/** Everything that the page needs, as JSON. */
function pagePlan() {
  const held = heldFromState(step, initialState(step, initialWeights))
  const plain = (name: string, values: ArrayLike<number> | BigInt64Array): Plain => {
    const { dtype, shape } = step.model.inputs.find((value) => value.name === name)!
    const list = values instanceof BigInt64Array ? Array.from(values, String) : Array.from(values)
    return { name, dtype, shape: shape as readonly number[], values: list }
  }
  return {
    onnx: Buffer.from(step.model.onnx).toString('base64'),
    held: Object.entries(held).map(([name, values]) => plain(name, values)),
    runs: batches.map(({ pixels, labels }, i) => [
      plain('x', pixels),
      plain('label', labels),
      ...Object.entries(step.feeds(i)).map(([name, values]) => plain(name, values as Float32Array)),
    ]),
    next: step.state.map((tensor) => [tensor.input, tensor.output]),
    weights: step.parameters.map(({ name }) => name),
  }
}

const SCRIPT = `async (plan) => {
  const ort = await import('/ort.wasm.bundle.min.mjs')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmPaths = '/'
  const session = await ort.InferenceSession.create(Uint8Array.from(atob(plan.onnx), (c) => c.charCodeAt(0)))
  const tensor = ({ dtype, shape, values }) =>
    new ort.Tensor(dtype, dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values), shape)
  const held = Object.fromEntries(plan.held.map((value) => [value.name, tensor(value)]))
  for (const run of plan.runs) {
    const feeds = { ...held, ...Object.fromEntries(run.map((value) => [value.name, tensor(value)])) }
    const out = await session.run(feeds)
    for (const [to, from] of plan.next) held[to] = out[from]
  }
  return Object.fromEntries(plan.weights.map((name) => [name, Array.from(held[name].data)]))
}`

describe('a training step as a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'train-web-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('passes the ONNX checker', (context) => {
    const python = '/usr/bin/python3'
    try {
      execFileSync(python, ['-c', 'import onnx'], { stdio: 'ignore' })
    } catch {
      context.skip('the ONNX checker is not installed for /usr/bin/python3 (apt-get install python3-onnx)')
      return
    }
    const file = join(folder, 'step.onnx')
    writeFileSync(file, step.model.onnx)
    const code = `import onnx; m = onnx.load("${file}"); onnx.checker.check_model(m, full_check=True); print(len(m.graph.node))`
    expect(Number(execFileSync(python, ['-c', code], { encoding: 'utf8' }))).toBe(step.model.nodes)
  })

  it.skipIf(chromiumPath === undefined)(
    `trains in a browser as in Node${chromiumPath === undefined ? ` (skipped: ${CHROMIUM_HINT})` : ''}`,
    async () => {
      const trainer = await openTrainer({
        step,
        from: { weights: initialWeights },
        worker: false,
        threads: 1,
      })
      for (const { pixels, labels } of batches) await trainer.update({ x: pixels, label: labels })
      const here = weightsOf(await trainer.state())
      await trainer.close()

      let browser: Browser | undefined
      try {
        browser = await launchChromium(chromiumPath!)
        const page = await browser.newPage()
        await page.route('http://train.test/**', (route) => {
          const name = basename(new URL(route.request().url()).pathname)
          const path = join(WEB, name)
          if (name === '') return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })
          if (!existsSync(path)) return route.fulfill({ status: 404 })
          const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript'
          return route.fulfill({ contentType: type, body: readFileSync(path) })
        })
        await page.goto('http://train.test/')
        const there = await page.evaluate<Record<string, number[]>>(
          `(${SCRIPT})(${JSON.stringify(pagePlan())})`,
        )
        let worst = 0
        let moved = 0
        for (const [name, values] of here) {
          const start = initialWeights(
            name,
            step.parameters.find((parameter) => parameter.name === name)!.shape,
          )
          values.forEach((value, i) => {
            worst = Math.max(worst, Math.abs(value - there[name]![i]!))
            moved = Math.max(moved, Math.abs(value - start[i]!))
          })
        }
        expect(worst).toBeLessThan(1e-4)
        // Three steps of 1e-3: the agreement is not that of weights which stayed where they were.
        expect(moved).toBeGreaterThan(2e-3)
      } finally {
        await browser?.close()
      }
    },
  )
})
