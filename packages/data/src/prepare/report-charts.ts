// Charts of the health report: bars as SVG, usage of words as a small picture; no script, colours from the page's style. Definition: ours.
import { writePng } from '@maskwords/mask'

/** Text as it may stand anywhere in HTML: markup, control characters and marks that turn the reading direction disarmed. */
export function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this replaces.
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
  )
}

export type Bar = { readonly label: string; readonly count: number }

const CHART_WIDTH = 520
const CHART_HEIGHT = 200
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 12, 34]

/** Standing bars with a count scale at the left; labels are thinned out where they would meet. */
export function barChart(
  bars: readonly Bar[],
  options: { readonly axis: string; readonly title: string },
): string {
  const most = Math.max(1, ...bars.map(({ count }) => count))
  const width = CHART_WIDTH - LEFT - RIGHT
  const height = CHART_HEIGHT - TOP - BOTTOM
  const step = width / Math.max(1, bars.length)
  const longest = Math.max(1, ...bars.map(({ label }) => label.length))
  const every = Math.max(1, Math.ceil((longest * 6.5 + 8) / step))
  const parts: string[] = []
  for (const tick of ticks(most)) {
    const y = TOP + height * (1 - tick / most)
    parts.push(
      `<line class="tick" x1="${LEFT}" x2="${CHART_WIDTH - RIGHT}" y1="${fixed(y)}" y2="${fixed(y)}"/>`,
    )
    parts.push(`<text class="y" x="${LEFT - 6}" y="${fixed(y + 4)}">${shortCount(tick)}</text>`)
  }
  bars.forEach(({ label, count }, at) => {
    const x = LEFT + at * step
    const tall = (height * count) / most
    const title = `<title>${escaped(label)}: ${count.toLocaleString('en-US')}</title>`
    const inner = Math.max(1, step * 0.82)
    parts.push(
      `<rect class="bar" x="${fixed(x + (step - inner) / 2)}" y="${fixed(TOP + height - tall)}" width="${fixed(inner)}" height="${fixed(tall)}" rx="1.5">${title}</rect>`,
    )
    if (at % every === 0) {
      parts.push(
        `<text class="x" x="${fixed(x + step / 2)}" y="${CHART_HEIGHT - BOTTOM + 14}">${escaped(label)}</text>`,
      )
    }
  })
  parts.push(
    `<text class="axis" x="${LEFT + width / 2}" y="${CHART_HEIGHT - 3}">${escaped(options.axis)}</text>`,
  )
  return `<svg viewBox="0 0 ${CHART_WIDTH} ${CHART_HEIGHT}" role="img" aria-label="${escaped(options.title)}">${parts.join('')}</svg>`
}

/** Round values from 0 up: three to five of them. */
function ticks(most: number): number[] {
  const rough = most / 4
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)))
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 1)
  const out: number[] = []
  for (let value = 0; value <= most; value += step) out.push(value)
  return out
}

/** 1234 as 1.2k. */
export function shortCount(count: number): string {
  if (count >= 1e6) return `${trimmed(count / 1e6)}M`
  return count >= 1e4 ? `${trimmed(count / 1e3)}k` : count.toLocaleString('en-US')
}

function trimmed(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '')
}

/** Lying bars with their text before them. */
export function listChart(rows: readonly (readonly [text: string, count: number])[]): string {
  const most = Math.max(1, ...rows.map(([, count]) => count))
  const items = rows.map(([text, count]) => {
    const share = ((100 * count) / most).toFixed(1)
    return `<li><bdi>${escaped(text)}</bdi><span>${count.toLocaleString('en-US')}</span><i style="width:${share}%"></i></li>`
  })
  return `<ol class="list">${items.join('')}</ol>`
}

const HEAT = [47, 123, 214] as const

/** How often each word is used: one dot a word, the more opaque the more often, on a logarithmic scale. */
export function usagePicture(usage: readonly number[], columns: number): string {
  const rows = Math.ceil(usage.length / columns)
  const samples = new Uint8Array(columns * rows * 4)
  const most = Math.log1p(Math.max(1, ...usage))
  usage.forEach((count, at) => {
    samples.set(HEAT, at * 4)
    samples[at * 4 + 3] = count === 0 ? 0 : 40 + Math.round((215 * Math.log1p(count)) / most)
  })
  const png = writePng({ widthPx: columns, heightPx: rows, colour: 'rgba', bitDepth: 8, samples })
  return `<img class="usage" width="${columns}" height="${rows}" alt="usage of each word" src="${dataUrl(png)}">`
}

export function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100)
}
