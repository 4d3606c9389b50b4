// NanoDet as a graph: its parameters and sizes, and gradients of a tiny one against differences of its own outputs.
import { buildModel, constant, gradients, input, openSession, parameter, sumOf } from '@maskwords/graph'
import { expect, it } from 'vitest'
import { seeded } from '../../../graph/test/run.ts'
import { NANODET_G, type NanodetConfig, nanodet, nanodetProblems } from '../index.ts'

const TINY: NanodetConfig = {
  ...NANODET_G,
  imagePx: 64,
  stem: 4,
  stages: [
    { channels: 4, blocks: 1, stride: 1 },
    { channels: 8, blocks: 2, stride: 2 },
    { channels: 16, blocks: 1, stride: 2 },
    { channels: 32, blocks: 1, stride: 2 },
  ],
  width: 6,
  // Near 1, so that steps over the bends of leaky ReLUs change little.
  slope: 0.7,
  classes: 3,
  bins: 4,
}
const PICTURES = 2

const countOf = (shape: readonly unknown[]): number => (shape as number[]).reduce((a, b) => a * b, 1)

it('the gradient of every weight, and of the picture, is what small steps of it change', async () => {
  const random = seeded(7)
  const draw = (count: number, size: number) =>
    Float32Array.from({ length: count }, () => random(-size, size))
  const pixels = input('pixels', 'float32', [PICTURES, TINY.imagePx, TINY.imagePx, 3])
  const { maps, scores, distances } = nanodet(pixels, TINY)
  const outputs = Object.fromEntries([...maps, ...scores, ...distances].map((y, i) => [`y${i}`, y]))
  // Every number of the outputs has its own random weight in the loss, so that none can hide another.
  const shares = Object.values(outputs).map(({ shape }) => draw(countOf(shape), 1))
  const loss = sumOf(
    Object.values(outputs).map((y, i) => y.mul(constant(shares[i]!, { shape: y.shape as number[] })).sum()),
  )

  const shapes = new Map(
    buildModel({ outputs: { loss }, weights: () => 'input' })
      .inputs.filter(({ name }) => name !== 'pixels')
      .map(({ name, shape }) => [name, shape as number[]]),
  )
  expect(shapes.size).toBe(2 * 28)
  const wrt = [pixels, ...[...shapes].map(([name, shape]) => parameter(name, shape))]
  const names = ['pixels', ...shapes.keys()]
  const found = Object.fromEntries(gradients(loss, wrt).map((gradient, i) => [`d ${names[i]}`, gradient]))
  const model = buildModel({ outputs: { ...outputs, ...found }, weights: () => 'input' })
  const session = await openSession(model, { worker: false, threads: 1 })
  const values = new Map(
    wrt.map(({ shape }, i): [string, Float32Array] => {
      const count = countOf(shape)
      if (i === 0) return ['pixels', draw(count, 100).map((value) => value + 120)]
      return [
        names[i]!,
        draw(count, names[i]!.endsWith('bias') ? 0.3 : 2.2 / Math.sqrt(count / (shape[0] as number))),
      ]
    }),
  )
  const feeds = () =>
    Object.fromEntries(
      [...values].map(([name, data], i) => [name, { data, shape: wrt[i]!.shape as number[] }]),
    )
  /** The loss in double precision, of which small steps leave more. */
  const lossNow = async (): Promise<number> => {
    const said = await session.run(feeds(), { fetch: Object.keys(outputs) })
    return Object.keys(outputs).reduce(
      (total, name, i) =>
        total + shares[i]!.reduce((sum, share, at) => sum + share * (said[name]!.data[at] as number), 0),
      0,
    )
  }
  const gradient = await session.run(feeds())
  for (const name of names) {
    const slope = gradient[`d ${name}`]!.data as Float32Array
    const length = Math.hypot(...slope)
    expect(length, name).toBeGreaterThan(1e-6)
    const kept = values.get(name)!
    const size = Math.hypot(...kept)
    // Along the gradient, and along the gradient with a random half of its numbers left out.
    for (const half of [false, true]) {
      const way = slope.map((value) => (half && random() < 0.5 ? 0 : value))
      const wayLength = Math.hypot(...way)
      const wanted = way.reduce((sum, value, i) => sum + value * slope[i]!, 0) / wayLength
      const step = (name.endsWith('bias') ? 0.02 : 5e-4 * size) / wayLength
      const at = async (sign: number) => {
        values.set(
          name,
          kept.map((value, i) => value + sign * step * way[i]!),
        )
        return lossNow()
      }
      const measured = ((await at(1)) - (await at(-1))) / (2 * step * wayLength)
      values.set(name, kept)
      expect(
        Math.abs(measured - wanted) / Math.abs(wanted),
        `${name}: ${measured}, gradient ${wanted}`,
      ).toBeLessThan(0.04)
    }
  }
  await session.close()
})

it('a configuration that cannot be built is told by each of its faults', () => {
  expect(nanodetProblems(NANODET_G)).toEqual([])
  expect(nanodetProblems(TINY)).toEqual([])
  expect(
    nanodetProblems({ ...NANODET_G, imagePx: 400, bins: 1, slope: 1, stdBgr: [1, 0, 1], stem: 16 }),
  ).toEqual([
    'bins must be a whole number of at least 2, got 1',
    'imagePx must be a multiple of 32, got 400',
    'slope must be at least 0 and below 1, got 1',
    'stdBgr must be three numbers above 0, got [1,0,1]',
    'stages[0].channels must be the 16 that come in, got 32',
  ])
  expect(nanodetProblems({ ...NANODET_G, stages: NANODET_G.stages.slice(0, 2) })).toEqual([
    'the last three stages must have stride 2 and all before them 1, got [1,2]',
  ])
})
