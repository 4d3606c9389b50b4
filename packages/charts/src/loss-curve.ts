// A run's metrics log as curves: training losses above, evaluations below. The log: docs/training.md, "What is on disk".
import { lineChartSvg, type Panel, type Series } from './line-chart.ts'

/** One line of metrics.jsonl: as text, or parsed. */
export type MetricsLogLine =
  | string
  | { readonly step: number; readonly kind: string; readonly [metric: string]: number | string }

/** What a curve of a training shows. */
export type LossCurveOptions = {
  /** Default `Training`. */
  readonly title?: string
  /** Numbers of the train lines to show. Default: `loss`, and every other that has "loss" in its name. */
  readonly train?: readonly string[]
  /** Numbers of the evaluation lines. Default: all. */
  readonly evaluation?: readonly string[]
}

/** Losses that fall by more than this factor are drawn on a logarithmic axis. */
const LOG_FROM = 20

/** Points a raw curve is drawn with at most; a mean over neighbours stands for more. */
const MAX_POINTS = 1000

/**
 * The curves of a run as SVG text. Lines that are no JSON (a last line that is half written) are passed over; of lines
 * with the same kind and step the last counts, as after a resumed run.
 */
export function lossCurveSvg(lines: Iterable<MetricsLogLine>, options: LossCurveOptions = {}): string {
  const rows = { train: new Map<number, Numbers>(), evaluation: new Map<number, Numbers>() }
  for (const line of lines) {
    const row = numbersOf(line)
    if (row === undefined) continue
    const list = row.kind === 'train' ? rows.train : row.kind === 'evaluation' ? rows.evaluation : undefined
    list?.set(row.step, row.numbers)
  }
  const losses = options.train ?? namesIn(rows.train).filter((name) => /loss/i.test(name))
  const scores = options.evaluation ?? namesIn(rows.evaluation)
  const panels: Panel[] = [lossPanel(losses.map((name) => curve(rows.train, name)))]
  panels.push(...evaluationPanels(scores.map((name) => curve(rows.evaluation, name))))
  const last = Math.max(0, ...rows.train.keys(), ...rows.evaluation.keys())
  return lineChartSvg({
    title: options.title ?? 'Training',
    subtitle: `${last.toLocaleString('en-US')} updates`,
    xLabel: 'updates',
    panels,
    panelHeightPx: panels.length === 1 ? 380 : 260,
  })
}

type Numbers = ReadonlyMap<string, number>
type Curve = { readonly name: string; readonly points: readonly (readonly [number, number])[] }

function numbersOf(line: MetricsLogLine): { step: number; kind: unknown; numbers: Numbers } | undefined {
  let value: unknown = line
  if (typeof line === 'string') {
    try {
      value = JSON.parse(line)
    } catch {
      return undefined
    }
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { step, kind, ...others } = value as Record<string, unknown>
  if (typeof step !== 'number' || !Number.isFinite(step)) return undefined
  const numbers = new Map<string, number>()
  for (const [name, number] of Object.entries(others)) {
    if (typeof number === 'number' && Number.isFinite(number)) numbers.set(name, number)
  }
  return { step, kind, numbers }
}

function namesIn(rows: ReadonlyMap<number, Numbers>): string[] {
  const names = new Set<string>()
  for (const numbers of rows.values()) for (const name of numbers.keys()) names.add(name)
  return [...names].sort((a, b) => (a === 'loss' ? -1 : b === 'loss' ? 1 : a < b ? -1 : 1))
}

function curve(rows: ReadonlyMap<number, Numbers>, name: string): Curve {
  const points = [...rows]
    .filter(([, numbers]) => numbers.has(name))
    .map(([step, numbers]) => [step, numbers.get(name)!] as const)
    .sort((a, b) => a[0] - b[0])
  return { name, points }
}

function lossPanel(curves: readonly Curve[]): Panel {
  const values = curves.flatMap(({ points }) => points.map(([, y]) => y))
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const series = curves.flatMap(({ name, points }, colour): Series[] => {
    const thin = thinned(points)
    if (thin.length < 20) return [{ name, points: thin, colour, dots: thin.length < 8 }]
    return [
      { name, points: thin, colour, faint: true },
      { name, points: smoothed(thin), colour },
    ]
  })
  return { yLabel: 'train loss', series, ...(low > 0 && high / low > LOG_FROM && { yScale: 'log' as const }) }
}

/** Shares (IoU, dead codes) and larger numbers (perplexity) on axes of their own: on one, shares would be a flat line. */
function evaluationPanels(curves: readonly Curve[]): Panel[] {
  const isShare = ({ points }: Curve) => points.every(([, y]) => y >= 0 && y <= 1)
  return [curves.filter(isShare), curves.filter((one) => !isShare(one))]
    .filter((group) => group.length > 0)
    .map((group) => ({
      yLabel: 'evaluation',
      series: group.map(({ name, points }) => ({ name, points: thinned(points), dots: points.length < 60 })),
    }))
}

function thinned(points: Curve['points']): Curve['points'] {
  const each = Math.ceil(points.length / MAX_POINTS)
  if (each < 2) return points
  const out: (readonly [number, number])[] = []
  for (let from = 0; from < points.length; from += each) {
    const group = points.slice(from, from + each)
    out.push([group.at(-1)![0], group.reduce((sum, [, y]) => sum + y, 0) / group.length])
  }
  return out
}

/** A centred mean over a twentieth of the curve: unlike a moving average over the past it does not lag. */
function smoothed(points: Curve['points']): Curve['points'] {
  const reach = Math.max(1, Math.round(points.length / 40))
  return points.map(([x], i) => {
    // The same reach to both sides, so that the ends are not drawn towards the middle.
    const near = Math.min(reach, i, points.length - 1 - i)
    let sum = 0
    for (let k = i - near; k <= i + near; k++) sum += points[k]![1]
    return [x, sum / (2 * near + 1)] as const
  })
}
