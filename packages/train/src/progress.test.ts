import { describe, expect, it } from 'vitest'
import { clockText, progressRenderer, progressText, RateMeter } from './progress.ts'

const at = (step: number) => ({
  step,
  steps: 1000,
  metrics: { loss: 0.123456, gradientNorm: 2 },
  stepsPerSecond: 3.4,
  secondsLeft: (1000 - step) / 3.4,
})

function collect(isTTY: boolean, columns = 80) {
  const written: string[] = []
  let time = 0
  const stream = { isTTY, columns, write: (text: string) => written.push(text) }
  const render = progressRenderer({ stream, now: () => time })
  return {
    written,
    show: (nowMs: number, step: number) => {
      time = nowMs
      render(at(step))
    },
  }
}

describe('progress', () => {
  it('is one line of numbers', () => {
    expect(progressText(at(120))).toBe('step 120/1000  loss 0.1235  gradientNorm 2  3.4 steps/s  4:19 left')
    const slow = { ...at(1), stepsPerSecond: 0.25, secondsLeft: undefined }
    expect(progressText(slow)).toBe('step 1/1000  loss 0.1235  gradientNorm 2  4 s/step')
  })

  it('times read as clocks', () => {
    expect([0, 9, 75, 600, 3700, 360000].map(clockText)).toEqual([
      '0:00',
      '0:09',
      '1:15',
      '10:00',
      '1:01:40',
      '100:00:00',
    ])
  })

  it('on a terminal it rewrites one line ten times a second, cut to the width, and ends it', () => {
    const { written, show } = collect(true, 20)
    for (const [now, step] of [
      [0, 1],
      [50, 2],
      [120, 3],
      [130, 1000],
    ] as const) {
      show(now, step)
    }
    expect(written).toEqual([
      '\r\u001b[Kstep 1/1000  loss 0',
      '\r\u001b[Kstep 3/1000  loss 0',
      '\r\u001b[Kstep 1000/1000  los\n',
    ])
  })

  it('elsewhere it prints a line every ten seconds, and the last one, without control characters', () => {
    const { written, show } = collect(false)
    for (const [now, step] of [
      [0, 1],
      [9_999, 50],
      [10_000, 51],
      [10_001, 1000],
    ] as const) {
      show(now, step)
    }
    expect(written.map((line) => line.split('  ')[0])).toEqual([
      'step 1/1000',
      'step 51/1000',
      'step 1000/1000',
    ])
    for (const mark of ['\r', '\u001b']) expect(written.join('')).not.toContain(mark)
  })

  it('the rate is that of the last updates', () => {
    const meter = new RateMeter(2)
    expect([0, 1000, 2000, 2100, 2200].map((now) => meter.mark(now))).toEqual([undefined, 1, 1, 2 / 1.1, 10])
  })
})
