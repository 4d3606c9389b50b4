// Claims about what "compare" computes: scores, differences, frames, and the places on the chart.

import { framed, frameOf } from '@maskwords/board/canvas/frame.ts'
import { JobError, type JobMessage, type JobWorker, runJob } from '@maskwords/board/engine/job.ts'
import { emptyMask, maskFromCocoBox, maskFromRowMajor } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { formatChoice, parseChoice, useChoice } from './choice.ts'
import {
  differenceOf,
  INVENTED,
  INVENTED_RGB,
  MISSED,
  MISSED_RGB,
  paintDifference,
  RIGHT_IN,
} from './difference.ts'
import { FAMILIES, type RatePoint, rateChart } from './rate.ts'
import { scoreOf } from './score.ts'

const row = (...bytes: number[]) =>
  maskFromRowMajor({ widthPx: bytes.length, heightPx: 1, bytes: Uint8Array.from(bytes) })

const box = (x: number, y: number, width: number, height: number, side = 100) =>
  maskFromCocoBox({ box: { x, y, width, height }, widthPx: side, heightPx: side })

describe('scores', () => {
  it('two of four pixels right and one invented: IoU 0.4, precision 2/3, recall 1/2', () => {
    const score = scoreOf(row(1, 1, 1, 1, 0, 0), row(0, 0, 1, 1, 1, 0))
    expect(score.iou).toBeCloseTo(0.4)
    expect(score.precision).toBeCloseTo(2 / 3)
    expect(score.recall).toBe(0.5)
  })

  it('nothing drawn has precision 1, recall 0 and IoU 0', () => {
    expect(scoreOf(row(1, 1, 0), emptyMask(3, 1))).toEqual({ iou: 0, boundaryF: 0, precision: 1, recall: 0 })
  })
})

describe('differences', () => {
  const difference = differenceOf(row(1, 1, 1, 1, 0, 0, 0), row(0, 0, 0, 1, 1, 0, 0))

  it('missed and invented pixels are told apart, with their distance from the other mask', () => {
    expect([...difference.kind]).toEqual([MISSED, MISSED, MISSED, RIGHT_IN, INVENTED, 0, 0])
    expect([...difference.farPx]).toEqual([3, 2, 1, 0, 1, 0, 0])
    expect(difference).toMatchObject({ missedPx: 3, inventedPx: 1, farthestPx: 3 })
  })

  it('the farther a wrong pixel, the stronger it is painted; right background is not painted', () => {
    const rgba = paintDifference(difference, 3)
    expect([...rgba.subarray(0, 3)]).toEqual([...MISSED_RGB])
    expect([...rgba.subarray(16, 19)]).toEqual([...INVENTED_RGB])
    expect(rgba[3]).toBeGreaterThan(rgba[7]!)
    expect(rgba[7]).toBeGreaterThan(rgba[11]!)
    expect(rgba[23]).toBe(0)
  })

  it('against an empty mask every pixel is infinitely far, and painted in full', () => {
    const nothing = differenceOf(row(1, 1), emptyMask(2, 1))
    expect(nothing.farthestPx).toBe(Number.POSITIVE_INFINITY)
    expect(paintDifference(nothing, 5)[3]).toBe(255)
  })
})

describe('frames', () => {
  it('a region is shown with a quarter of its longer side around it, cut off at the picture', () => {
    const frame = frameOf({ widthPx: 100, heightPx: 100 }, box(0, 30, 40, 20), 300)
    expect(frame).toEqual({ box: { x: 0, y: 20, width: 50, height: 40 }, widthPx: 300, heightPx: 240 })
    expect(framed(box(0, 30, 40, 20), frame)).toMatchObject({ widthPx: 300, heightPx: 240 })
  })

  it('without a region, or with an empty one, it is the whole picture', () => {
    const whole = { box: { x: 0, y: 0, width: 200, height: 100 }, widthPx: 80, heightPx: 40 }
    expect(frameOf({ widthPx: 200, heightPx: 100 }, undefined, 80)).toEqual(whole)
    expect(frameOf({ widthPx: 200, heightPx: 100 }, emptyMask(200, 100), 80)).toEqual(whole)
  })
})

describe('the rate chart', () => {
  const points: RatePoint[] = [
    { family: 'himtok', label: '32 words', bits: 320, iou: 0.9 },
    { family: 'himtok', label: '1 word', bits: 10, iou: 0.3 },
    { family: 'samtok', label: '2 codes', bits: 16, iou: 0.9 },
    { family: 'box', label: '16 bits', bits: 16, iou: 0.5 },
  ]
  const plot = { left: 40, top: 10, width: 400, height: 200 }

  it.each(['log', 'linear'] as const)(
    'points of a line run to the right and stay in the plot (%s)',
    (axis) => {
      const chart = rateChart(points, plot, axis)
      expect(chart.lines.map(({ family }) => family.name)).toEqual(['samtok', 'himtok', 'box'])
      const himtok = chart.lines[1]!.points
      expect(himtok.map(({ point }) => point.label)).toEqual(['1 word', '32 words'])
      expect(himtok[0]!.x).toBeLessThan(himtok[1]!.x)
      for (const { x, y } of chart.lines.flatMap((line) => line.points)) {
        expect(x).toBeGreaterThanOrEqual(40)
        expect(x).toBeLessThanOrEqual(440)
        expect(y).toBeGreaterThanOrEqual(10)
        expect(y).toBeLessThanOrEqual(210)
      }
      // From 0.2, the tenth below 0.3, to 1.
      expect(himtok[1]!.y).toBeCloseTo(10 + 200 / 8)
      expect(chart.yTicks.map(({ label }) => label)).toEqual(['0.2', '0.4', '0.6', '0.8', '1.0'])
    },
  )

  it('names stand at the ends of their lines, and never on each other', () => {
    const both = points.filter(({ family }) => family !== 'himtok')
    const ends = ['ellipse', 'turned box', 'polygon'].map((family) => ({
      family,
      label: '',
      bits: 16,
      iou: 0.5,
    }))
    const { lines } = rateChart([...both, ...ends], plot, 'log')
    const heights = lines.map(({ nameY }) => nameY)
    for (const [i, a] of heights.entries()) {
      expect(heights.slice(i + 1).every((b) => Math.abs(a - b) >= 15)).toBe(true)
    }
    for (const { nameX, points: own } of lines) expect(nameX).toBe(own.at(-1)!.x + 20)
  })

  it('ticks of the logarithmic axis are powers of two', () => {
    expect(rateChart(points, plot, 'log').xTicks.map(({ label }) => label)).toEqual([
      '8',
      '16',
      '32',
      '64',
      '128',
      '256',
    ])
  })

  it('points without finite numbers are left out, and no points make an empty chart', () => {
    expect(rateChart([{ family: 'box', label: '', bits: Number.NaN, iou: 1 }], plot, 'log').lines).toEqual([])
  })

  it('every family has a mark or a dash of its own', () => {
    expect(new Set(FAMILIES.map(({ mark, baseline }) => `${mark} ${baseline}`)).size).toBe(FAMILIES.length)
  })
})

describe('jobs', () => {
  const fake = (answers: readonly JobMessage<number>[]) => {
    const worker: JobWorker & { gone: boolean } = {
      gone: false,
      onmessage: null,
      onerror: null,
      postMessage() {
        for (const data of answers) {
          queueMicrotask(() => this.onmessage?.call({} as Worker, { data } as MessageEvent))
        }
      },
      terminate() {
        this.gone = true
      },
    }
    return worker
  }

  it('parts come in order, and the worker ends with the job', async () => {
    const worker = fake([{ part: 1 }, { part: 2 }, { done: true }])
    const parts: number[] = []
    await runJob<number>(worker, 'go', { onPart: (part) => parts.push(part) })
    expect(parts).toEqual([1, 2])
    expect(worker.gone).toBe(true)
  })

  it("giving up ends the worker and rejects with the signal's reason", async () => {
    const worker = fake([])
    const giveUp = new AbortController()
    const job = runJob<number>(worker, 'go', { onPart() {}, signal: giveUp.signal })
    giveUp.abort(new Error('no longer wanted'))
    await expect(job).rejects.toThrow('no longer wanted')
    expect(worker.gone).toBe(true)
  })

  it('an error keeps its cause and what to do', async () => {
    const job = runJob<number>(fake([{ error: { message: 'too large', hint: 'shrink it' } }]), 'go', {
      onPart() {},
    })
    await expect(job).rejects.toEqual(new JobError('too large', 'shrink it'))
    await expect(job).rejects.toMatchObject({ hint: 'shrink it' })
  })

  it('a worker that never answers is ended when time is up', async () => {
    const worker = fake([])
    await expect(runJob<number>(worker, 'go', { onPart() {}, timeoutMs: 20 })).rejects.toThrow(
      'more than 0 s',
    )
    expect(worker.gone).toBe(true)
  })
})

describe('the address', () => {
  it('says what is not as at the start; words that it does not know change nothing', () => {
    expect(formatChoice(useChoice.getState())).toBeUndefined()
    expect(formatChoice({ whole: true, axis: 'linear' })).toBe('whole,linear')
    expect(parseChoice('whole,linear')).toEqual({ whole: true, axis: 'linear' })
    expect(parseChoice('linear,himtok,<b>')).toEqual({ whole: false, axis: 'linear' })
    expect(parseChoice('')).toEqual(useChoice.getState())
  })
})
