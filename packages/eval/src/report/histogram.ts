// How the samples are spread over a share from 0 to 1, as bars.
import { element } from '@maskwords/charts'

const BINS = 20
const WIDTH = 700
const HEIGHT = 170
const FOOT = 24
const HEAD = 18

/** An SVG of how many of the values lie in each twentieth from 0 to 1; 1 itself is in the last. Empty text for no values. */
export function histogramSvg(values: readonly number[], label: string): string {
  if (values.length === 0) return ''
  const counts = histogramCounts(values, BINS)
  const most = Math.max(...counts)
  const step = WIDTH / BINS
  const tall = HEIGHT - FOOT - HEAD
  const bars = counts.map((count, k) => {
    const height = (tall * count) / most
    const title = element('title', {}, `${(k / BINS).toFixed(2)} to ${((k + 1) / BINS).toFixed(2)}: ${count}`)
    const shape = {
      class: 'bar',
      x: k * step + 1.5,
      y: HEAD + tall - height,
      width: step - 3,
      height,
    }
    const number = element(
      'text',
      { x: (k + 0.5) * step, y: HEAD + tall - height - 4, 'text-anchor': 'middle' },
      String(count),
    )
    return element('rect', shape, title) + (count > 0 ? number : '')
  })
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    element(
      'text',
      {
        x: share * WIDTH,
        y: HEIGHT - 6,
        'text-anchor': share === 0 ? 'start' : share === 1 ? 'end' : 'middle',
      },
      String(share),
    ),
  )
  const axis = element('line', { x1: 0, x2: WIDTH, y1: HEAD + tall + 0.5, y2: HEAD + tall + 0.5 })
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    bars.join('') + axis + marks.join(''),
  )
}

/** How many values lie in each of `bins` equal parts from 0 to 1. */
export function histogramCounts(values: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) {
    if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.max(0, Math.floor(value * bins)))]!++
  }
  return counts
}
