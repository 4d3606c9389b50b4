// The report of one evaluation as one HTML file: no script, nothing from outside, every text escaped.
import { escapeXml } from '@maskwords/charts'
import type { Stamp } from '../stamp.ts'
import type { Interval } from '../statistics/bootstrap.ts'
import type { Metric } from '../statistics/metric.ts'
import { histogramSvg } from './histogram.ts'
import { REPORT_STYLE } from './style.ts'

/** One sample on a page of results. */
export type ReportCard = {
  readonly id: string
  /** What was asked. */
  readonly phrase?: string
  /** 0 to 1. */
  readonly value: number
  /** A PNG; without one the card is text alone. */
  readonly png?: Uint8Array
  readonly note?: string
}

/** What a page of results shows. */
export type ReportInput = {
  readonly stamp: Stamp
  readonly metrics: readonly Metric[]
  readonly values: Readonly<Record<string, number | null>>
  readonly intervals: Readonly<Record<string, Interval | null>>
  readonly groups: Readonly<
    Record<string, { readonly samples: number; readonly metrics: Readonly<Record<string, number | null>> }>
  >
  readonly counts: {
    readonly samples: number
    readonly scored: number
    readonly missing: number
    readonly failed: number
    readonly unknown: number
  }
  /** Of each sample, for the histogram; with what it is called. */
  readonly spread?: { readonly title: string; readonly values: readonly number[] }
  readonly cards: readonly { readonly title: string; readonly cards: readonly ReportCard[] }[]
  readonly problems: readonly string[]
}

/** Problems spelled out; the rest is a number. */
const MAX_PROBLEMS = 50
const MAX_GROUPS = 200

/** The file's text. The same input gives the same bytes. */
export function reportPage(input: ReportInput): string {
  const { stamp } = input
  const title = `${stamp.benchmark}, ${stamp.mode}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>${text(title)}</h1>
<p class="soft">${text(countsInWords(input.counts))}</p>
${figures(input)}
${metricTable(input)}
${spread(input)}
${groupTable(input)}
${input.cards.map(cardRow).join('\n')}
${problemList(input.problems)}
${stampTable(stamp)}
</body>
</html>
`
}

const text = escapeXml

function countsInWords({ samples, scored, missing, failed, unknown }: ReportInput['counts']): string {
  const parts = [counted(samples, 'sample'), `${scored} scored`, `${missing} without an answer`]
  if (failed > 0) parts.push(`${failed} with an answer that cannot be used`)
  if (unknown > 0) parts.push(`${counted(unknown, 'answer')} to no sample`)
  return parts.join(', ')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** In percent; what is no share of 1 as it is. */
function shownValue(value: number | null | undefined, metric: Metric | undefined): string {
  if (value === null || value === undefined) return 'none'
  return ((metric?.isShare === false ? 1 : 100) * value).toFixed(2)
}

function rangeOf(interval: Interval | null | undefined, metric: Metric | undefined): string {
  return interval ? `${shownValue(interval[0], metric)} to ${shownValue(interval[1], metric)}` : ''
}

function figures({ metrics, values, intervals }: ReportInput): string {
  const shown = metrics.slice(0, 4).map((metric) => {
    const { name } = metric
    return `<div class="figure"><span class="soft">${text(name)}</span><b>${shownValue(values[name], metric)}</b><span class="soft">${rangeOf(intervals[name], metric)}</span></div>`
  })
  return `<div class="figures">${shown.join('')}</div>`
}

function metricTable({ metrics, values, intervals }: ReportInput): string {
  const rows = Object.keys(values).map((name) => {
    const metric = metrics.find((one) => one.name === name)
    const title = metric?.title ?? 'of all samples together'
    return `<tr><td>${text(name)}</td><td class="number">${shownValue(values[name], metric)}</td><td class="number">${rangeOf(intervals[name], metric)}</td><td class="soft">${text(title)}</td></tr>`
  })
  const unit = metrics.some(({ isShare }) => isShare === false) ? 'shares in percent' : 'in percent'
  return `<h2>Metrics, ${unit}</h2>
<div class="scroll"><table>
<tr><th>metric</th><th class="number">value</th><th class="number">95 % interval</th><th>what it is</th></tr>
${rows.join('\n')}
</table></div>`
}

function spread({ spread: shown }: ReportInput): string {
  if (shown === undefined || shown.values.length === 0) return ''
  return `<h2>${text(shown.title)}</h2>\n${histogramSvg(shown.values, shown.title)}`
}

function groupTable({ metrics, groups }: ReportInput): string {
  const names = Object.keys(groups)
  if (names.length === 0) return ''
  const shown = metrics.slice(0, 4)
  const head = shown.map(({ name }) => `<th class="number">${text(name)}</th>`).join('')
  const rows = names.slice(0, MAX_GROUPS).map((group) => {
    const { samples, metrics: values } = groups[group]!
    const cells = shown
      .map((metric) => `<td class="number">${shownValue(values[metric.name], metric)}</td>`)
      .join('')
    return `<tr><td>${text(group)}</td><td class="number">${samples}</td>${cells}</tr>`
  })
  const more = names.length - rows.length
  return `<h2>Groups</h2>
<div class="scroll"><table>
<tr><th>group</th><th class="number">samples</th>${head}</tr>
${rows.join('\n')}
</table></div>${more > 0 ? `\n<p class="soft">and ${more} more</p>` : ''}`
}

function cardRow({ title, cards }: ReportInput['cards'][number]): string {
  if (cards.length === 0) return ''
  const hasPictures = cards.some(({ png }) => png !== undefined)
  const key = hasPictures
    ? '<p class="key"><span class="both">in both</span><span class="extra">predicted only</span><span class="missing">missed</span></p>\n'
    : ''
  return `<h2>${text(title)}</h2>\n${key}<div class="cards">${cards.map(card).join('\n')}</div>`
}

function card({ id, phrase, value, png, note }: ReportCard): string {
  const picture =
    png === undefined
      ? ''
      : `<img alt="${text(`truth and prediction of ${id}`)}" src="data:image/png;base64,${base64(png)}">`
  const lines = [
    `<b>IoU ${value.toFixed(3)}</b> <span class="soft">${text(id)}</span>`,
    phrase === undefined ? '' : text(phrase),
    note === undefined ? '' : `<span class="${value < 0.5 ? 'bad' : 'soft'}">${text(note)}</span>`,
  ]
  return `<figure class="card">${picture}<figcaption>${lines.filter((line) => line !== '').join('<br>')}</figcaption></figure>`
}

function problemList(problems: readonly string[]): string {
  if (problems.length === 0) return ''
  const shown = problems.slice(0, MAX_PROBLEMS).map((problem) => `<li>${text(problem)}</li>`)
  const more = problems.length - shown.length
  return `<h2>Problems</h2>\n<ul>${shown.join('\n')}</ul>${more > 0 ? `\n<p class="soft">and ${more} more</p>` : ''}`
}

function stampTable({ benchmark, mode, dataset, codec, version, settings, asked }: Stamp): string {
  const rows = Object.entries({
    benchmark,
    mode,
    codec,
    version,
    'truth (SHA-256)': dataset,
    ...settings,
    ...asked,
  })
  return `<h2>What these numbers belong to</h2>
<div class="scroll"><table>
${rows.map(([name, value]) => `<tr><th>${text(name)}</th><td><code>${text(String(value))}</code></td></tr>`).join('\n')}
</table></div>`
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RFC 4648; browsers and Node have no common call for bytes. */
function base64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0]
    const left = bytes.length - i
    parts.push(
      ALPHABET[a >> 2]!,
      ALPHABET[((a & 3) << 4) | (b >> 4)]!,
      left > 1 ? ALPHABET[((b & 15) << 2) | (c >> 6)]! : '=',
      left > 2 ? ALPHABET[c & 63]! : '=',
    )
  }
  return parts.join('')
}
