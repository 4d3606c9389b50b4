// What the charts promise: well-formed SVG for any numbers and names, ticks at round numbers, lines where they belong.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateCurveSvg } from '../../eval/src/reconstruction/rate-curve.ts'
import { lineChartSvg } from './line-chart.ts'
import { lossCurveSvg } from './loss-curve.ts'
import { scaleFor } from './scale.ts'

/** Throws unless tags are balanced and no bare & or < stands in the text: enough of XML for what is written here. */
function checkXml(text: string): void {
  const open: string[] = []
  for (const [, close, name, rest] of text.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
    if (close) expect(open.pop()).toBe(name)
    else if (!rest!.endsWith('/')) open.push(name!)
    if (!close) expect(rest).toMatch(/^(?: [a-zA-Z0-9-]+="[^"<]*")*\/?$/)
  }
  expect(open).toEqual([])
  expect(text.replace(/&(?:amp|lt|gt|quot);/g, '').replace(/<\/?[a-z]+[^<>]*>/g, '')).not.toMatch(/[<&]/)
  expect(text).not.toMatch(/NaN|Infinity|undefined/)
}

describe('scales', () => {
  it('have ticks at 1, 2 or 5 times a power of ten', () => {
    const labels = (values: number[], kind: 'linear' | 'log' = 'linear') =>
      scaleFor(values, { kind }).ticks.map(({ label }) => label)
    expect(labels([0, 1])).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'])
    expect(labels([0.51, 0.97])).toEqual(['0.5', '0.6', '0.7', '0.8', '0.9', '1.0'])
    expect(labels([0, 23000])).toEqual(['0', '5000', '10k', '15k', '20k', '25k'])
    expect(labels([16, 320], 'log')).toEqual(['20', '50', '100', '200'])
  })

  it('put the ends at 0 and 1, for one value and for none as well', () => {
    for (const kind of ['linear', 'log'] as const) {
      for (const values of [[5], [], [0, -1], [Number.NaN], [1e-9, 1e9]]) {
        const scale = scaleFor(values, { kind })
        expect(scale.low).toBeLessThan(scale.high)
        expect([scale.share(scale.low), scale.share(scale.high)]).toEqual([0, expect.closeTo(1, 9)])
        expect(scale.ticks.length).toBeLessThan(40)
      }
    }
  })
})

describe('a line chart', () => {
  it('is well-formed whatever the names and numbers are', () => {
    const number = fc.oneof(
      fc.double(),
      fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e308, 5e-324),
    )
    const series = fc.record({
      name: fc.string({ unit: 'binary' }),
      points: fc.array(fc.tuple(number, number), { maxLength: 5 }),
      dots: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(series, { maxLength: 4 }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('linear' as const, 'log' as const),
        (all, text, kind) => {
          checkXml(
            lineChartSvg({
              title: text,
              xLabel: text,
              xScale: kind,
              panels: [{ yLabel: text, yScale: kind, series: all }],
            }),
          )
        },
      ),
      { numRuns: 150 },
    )
  })

  it('draws a point where it belongs: the middle of both axes in the middle of the plot', () => {
    const svg = lineChartSvg({
      title: 't',
      xLabel: 'x',
      panels: [
        {
          yLabel: 'y',
          yLow: 0,
          yHigh: 1,
          series: [
            {
              name: 's',
              points: [
                [0, 0.5],
                [5, 0.5],
                [10, 0.5],
              ],
              dots: true,
            },
          ],
        },
      ],
    })
    // The plot is 900 - 64 - 216 = 620 wide from 64, and 380 high from 44.
    expect(svg).toContain(`cx="${64 + 310}" cy="${44 + 190}"`)
    expect(svg).toContain('M64 234L374 234L684 234')
  })
})

describe('the curve of a run', () => {
  const lines = [
    '{"step":10,"kind":"train","loss":2,"gradientNorm":9}',
    '{"step":20,"kind":"train","loss":1}',
    '{"step":20,"kind":"train","loss":1.5}',
    '{"step":20,"kind":"evaluation","meanIou":0.5}',
    { step: 30, kind: 'train', loss: 0.5 },
    '{"step":30,"kind":"tra',
    'null',
  ]

  it('has losses above and evaluations below; of a step that is there twice the last counts', () => {
    const svg = lossCurveSvg(lines, { title: 'nano' })
    checkXml(svg)
    for (const text of ['nano', 'loss', 'meanIou', '30 updates', 'train loss', 'evaluation'])
      expect(svg).toContain(text)
    expect(svg).not.toContain('gradientNorm')
    // Steps 10, 20, 30 on an axis from 10 to 30; losses 2, 1.5, 0.5 on one from 0.5 to 2 of 260 pixels.
    expect(svg).toContain('M64 62L374 148.67L684 322')
  })

  it('of a run without lines says that there is nothing to show', () => {
    checkXml(lossCurveSvg([]))
    expect(lossCurveSvg([])).toContain('nothing to show')
  })

  it('of a long run stays small, and falls on a logarithmic axis', () => {
    const many = Array.from({ length: 20_000 }, (_, step) => ({
      step: step + 1,
      kind: 'train',
      loss: 100 / (step + 1),
    }))
    const svg = lossCurveSvg(many)
    checkXml(svg)
    expect(svg.length).toBeLessThan(60_000)
  })
})

it('a rate curve joins the points of a family by their bits, and draws exact shapes as levels', () => {
  const summary = (method: string, meanIou: number, bits?: number) => ({
    summary: {
      method,
      meanIou,
      medianIou: meanIou,
      masks: 10,
      pictures: 2,
      failed: 0,
      perBucket: [],
      ...(bits !== undefined && { bits, interval: [meanIou - 0.01, meanIou + 0.01] as const }),
    },
    family: method.split(/[@,]/)[0]!,
  })
  const svg = rateCurveSvg([
    summary('him', 0.9, 320),
    summary('him@4', 0.6, 40),
    summary('ellipse, 16 bits', 0.65, 16),
    summary('ellipse, best, exact', 0.77),
  ])
  checkXml(svg)
  expect(svg.match(/<circle/g)).toHaveLength(3)
  expect(svg).toContain('ellipse, best, exact')
  expect(svg.match(/>him</g)).toHaveLength(1)
})
