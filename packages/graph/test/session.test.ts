// Sessions: in a worker thread, cancellable, with state that stays where the model runs and weights that stay in their file.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as g from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'graph-session-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const x = g.input('x', 'float32', ['n', 2])
const w = g.parameter('w', [2, 2])
const model = g.buildModel({
  inputs: [x],
  outputs: { y: g.matmul(x, w), twice: g.multiply(x, 2) },
  weights: { w: Float32Array.of(1, 2, 3, 4) },
})

/** A model that is busy for some hundred milliseconds. */
function slowModel(): g.Model {
  const start = g.input('x', 'float32', [600, 600])
  let y = start
  for (let i = 0; i < 40; i++) y = g.matmul(y, start, { scale: 0.001 })
  return g.buildModel({ outputs: { y } })
}

describe('a session in a worker thread', () => {
  let session: g.Session
  beforeAll(async () => {
    session = await g.openSession(model, { threads: 1 })
  })
  afterAll(() => session.close())

  test('gives what a session in this thread gives', async () => {
    const feeds = { x: { data: Float32Array.of(1, 1, 2, 0), shape: [2, 2] } }
    const here = await g.openSession(model, { worker: false, threads: 1 })
    expect(await session.run(feeds)).toEqual(await here.run(feeds))
    expect((await session.run(feeds, { fetch: ['y'] }))['y']).toEqual({
      data: Float32Array.of(4, 6, 2, 4),
      dtype: 'float32',
      shape: [2, 2],
    })
    await here.close()
  })

  test('takes fed arrays over only when it is told to', async () => {
    const kept = Float32Array.of(1, 2)
    await session.run({ x: { data: kept, shape: [1, 2] } })
    expect(kept.length).toBe(2)
    const given = Float32Array.of(1, 2)
    await session.run({ x: { data: given, shape: [1, 2] } }, { transfer: true })
    expect(given.length).toBe(0)
  })

  test('says what is wrong with feeds before it runs', async () => {
    const data = Float32Array.of(1, 2, 3)
    await expect(session.run({ x: { data, shape: [1, 3] } })).rejects.toThrow(
      'input "x" wants float32[n,2], got [1,3]: axis 1 is 3, not 2',
    )
    await expect(session.run({ x: { data, shape: [1, 2] } })).rejects.toThrow(
      '3 values for shape [1,2], which wants 2',
    )
    await expect(session.run({})).rejects.toThrow('input "x" float32[n,2] is not fed')
    await expect(session.run({ x: { data: Int32Array.of(1, 2), shape: [1, 2] } })).rejects.toMatchObject({
      code: 'dtype',
    })
    await expect(session.run({ z: data })).rejects.toThrow('"x" float32[n,2] is not fed')
  })
})

test('an abort signal rejects at once, and the session runs on afterwards', async () => {
  const session = await g.openSession(slowModel(), { threads: 1 })
  const feeds = { x: new Float32Array(360_000).fill(0.01) }
  const stop = new AbortController()
  const started = performance.now()
  const running = session.run(feeds, { signal: stop.signal })
  setTimeout(() => stop.abort(), 5)
  await expect(running).rejects.toMatchObject({ name: 'AbortError' })
  const waited = performance.now() - started
  const whole = performance.now()
  await session.run(feeds)
  expect(waited).toBeLessThan(performance.now() - whole)
  await session.close()
  await expect(session.run(feeds)).rejects.toMatchObject({ code: 'closed' })
})

test('the calling thread stays free while a worker runs', async () => {
  const session = await g.openSession(slowModel(), { threads: 1 })
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await session.run({ x: new Float32Array(360_000) })
  clearInterval(timer)
  await session.close()
  expect(ticks).toBeGreaterThan(5)
})

test('closing while a run is waiting lets the run end first', async () => {
  const session = await g.openSession(model, { threads: 1 })
  const run = session.run({ x: { data: Float32Array.of(1, 1), shape: [1, 2] } }, { fetch: ['twice'] })
  await session.close()
  expect((await run)['twice']!.data).toEqual(Float32Array.of(2, 2))
})

describe('state', () => {
  const rate = 0.5
  const weight = g.parameter('weight', [2])
  const target = g.input('target', 'float32', [2])
  const loss = g.meanSquaredError(weight, target, { reduction: 'sum' })
  const [gradient] = g.gradients(loss, [weight])
  const step = g.buildModel({
    outputs: { loss, 'weight.next': g.subtract(weight, g.multiply(gradient!, rate / 2)) },
    weights: () => 'input',
  })

  for (const worker of [false, true]) {
    test(`flows from each run into the next one (worker: ${worker})`, async () => {
      const session = await g.openSession(step, { worker, threads: 1, state: { weight: 'weight.next' } })
      const feeds = { target: Float32Array.of(8, 16) }
      await expect(session.run(feeds, { fetch: ['loss'] })).rejects.toThrow(
        '"weight" is neither fed nor held as state',
      )
      await session.setState({ weight: Float32Array.of(0, 0) })
      // Asked for at once, run one after another.
      const runs = [1, 2, 3].map(() => session.run(feeds, { fetch: ['loss'] }))
      const losses = (await Promise.all(runs)).map((out) => Number(out['loss']!.data[0]))
      expect(losses).toEqual([320, 80, 20])
      expect((await session.getState())['weight']!.data).toEqual(Float32Array.of(7, 14))
      await session.close()
    })
  }

  test('stays where it was after a run whose guarded output is no finite number', async () => {
    const state = { weight: 'weight.next' }
    const session = await g.openSession(step, { worker: false, threads: 1, state, guard: ['loss'] })
    await session.setState({ weight: Float32Array.of(0, 0) })
    const lossOf = async (...target: number[]) =>
      Number((await session.run({ target: Float32Array.from(target) }, { fetch: ['loss'] }))['loss']!.data[0])
    expect(await lossOf(Number.NaN, 16)).toBeNaN()
    expect(await lossOf(8, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect((await session.getState())['weight']!.data).toEqual(Float32Array.of(0, 0))
    expect(await lossOf(8, 16)).toBe(320)
    expect((await session.getState())['weight']!.data).toEqual(Float32Array.of(4, 8))
    await session.close()
    await expect(g.openSession(step, { state, guard: ['lost'] })).rejects.toThrow('no output "lost"')
  })

  test('that does not fit is refused when the session is opened', async () => {
    await expect(g.openSession(step, { state: { weight: 'loss' } })).rejects.toThrow(
      'output "loss" float32[] cannot be the next input "weight" float32[2]',
    )
  })
})

describe('weights in files', () => {
  // bfloat16 1 and 2 at an odd offset, as a safetensors header may leave them.
  const path = join(folder, 'weights.bin')
  writeFileSync(path, Uint8Array.of(9, 9, 9, 0x80, 0x3f, 0x00, 0x40))
  const small = g.parameter('small', [2])
  const build = (path: string, length = 4) =>
    g.buildModel({
      outputs: { y: g.multiply(small, 3) },
      weights: { small: { path, offset: 3, length, dtype: 'bfloat16' } },
    })

  for (const worker of [false, true]) {
    test(`are read from their place, whatever their type and alignment (worker: ${worker})`, async () => {
      const session = await g.openSession(build(path), { worker, threads: 1 })
      expect((await session.run({}))['y']!.data).toEqual(Float32Array.of(3, 6))
      await session.close()
    })
  }

  test('are refused where the file is missing, a link, or too small a part of it is named', async () => {
    await expect(g.openSession(build(join(folder, 'none.bin')))).rejects.toMatchObject({ code: 'file' })
    const link = join(folder, 'link.bin')
    symlinkSync(path, link)
    await expect(g.openSession(build(link))).rejects.toThrow('is a symbolic link')
    expect(() => build(path, 2)).toThrow('2 bytes of')
  })
})

test('a device that this machine lacks is named together with those it has', async () => {
  const devices = await g.availableDevices()
  expect(devices).toContain('cpu')
  const missing = (['dml', 'coreml', 'cuda'] as const).find((device) => !devices.includes(device))
  if (missing)
    await expect(g.openSession(model, { device: missing })).rejects.toThrow(
      `has no "${missing}"; it has ${devices.join(', ')}`,
    )
})

test('a bad model is a typed error with the reason of the runtime', async () => {
  const broken = { ...model, onnx: model.onnx.slice(0, 40) }
  await expect(g.openSession(broken)).rejects.toMatchObject({ code: 'runtime' })
})

test('an aborted opening ends the worker', async () => {
  const stop = new AbortController()
  const opening = g.openSession(slowModel(), { signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(opening).rejects.toThrow('enough')
})

describe('batches', () => {
  test('are even, in order, and fit the limit', () => {
    expect(g.planBatches({ items: 10, bytesPerItem: 10, limitBytes: 45 })).toEqual([
      { start: 0, end: 3 },
      { start: 3, end: 6 },
      { start: 6, end: 10 },
    ])
    expect(
      g.planBatches({ items: 10, bytesPerItem: 10, fixedBytes: 5, limitBytes: 55, multipleOf: 4 }),
    ).toEqual([
      { start: 0, end: 4 },
      { start: 4, end: 8 },
      { start: 8, end: 10 },
    ])
    expect(g.planBatches({ items: 0, bytesPerItem: 1, limitBytes: 1 })).toEqual([])
  })

  test('say so when one item is too much', () => {
    expect(() => g.planBatches({ items: 1, bytesPerItem: 10, limitBytes: 9 })).toThrow(
      'wants 10 bytes, the limit is 9',
    )
  })
})
