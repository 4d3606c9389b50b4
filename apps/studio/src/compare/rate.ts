// What one mask costs in bits and how much of it each language keeps: the points of the rate curve, and where they stand
// on a chart. Definitions of bits: docs/reconstruction.md.

/** One way to say the mask. */
export type RatePoint = {
  /** Points of a family are joined: `himtok`, `ellipse`. */
  readonly family: string
  /** Short, beside the point: `8 words`, `24 bits`, `6 vertices`. */
  readonly label: string
  readonly bits: number
  readonly tokens?: number
  readonly iou: number
}

/** The words of HiMTok whose prefixes the curve shows. */
export const HIMTOK_LENGTHS = [1, 2, 4, 8, 16, 24, 32] as const

export type Family = {
  readonly name: string
  readonly title: string
  /** `#rrggbb`, Okabe and Ito; grey for their black, which a dark page would hide. */
  readonly colour: string
  /** The same colour's number in the charts of @maskwords/eval, which are saved. */
  readonly saved: number
  /** Shapes that need no network are dashed. */
  readonly baseline: boolean
  /** SVG path of a mark about the origin, 4 px in radius. */
  readonly mark: string
}

const SQUARE = 'M-4-4H4V4H-4Z'
const DISC = 'M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z'
const DIAMOND = 'M0-5L5 0L0 5L-5 0Z'
const TRIANGLE = 'M0-5L5 4H-5Z'
const CROSS = 'M-4-2.5L-2.5-4L0-1.5L2.5-4L4-2.5L1.5 0L4 2.5L2.5 4L0 1.5L-2.5 4L-4 2.5L-1.5 0Z'

/** In the order of the legend; marks differ, so that colours need not be told apart. */
export const FAMILIES: readonly Family[] = [
  { name: 'samtok', saved: 1, title: 'SAMTok', colour: '#d55e00', baseline: false, mark: DISC },
  { name: 'himtok', saved: 0, title: 'HiMTok', colour: '#0072b2', baseline: false, mark: SQUARE },
  { name: 'getok', saved: 2, title: 'GETok', colour: '#009e73', baseline: false, mark: DIAMOND },
  {
    name: 'getok, offsets',
    saved: 5,
    title: 'GETok + offsets',
    colour: '#56b4e9',
    baseline: false,
    mark: TRIANGLE,
  },
  { name: 'box', saved: 6, title: 'box', colour: '#7f7f7f', baseline: true, mark: SQUARE },
  { name: 'turned box', saved: 7, title: 'turned box', colour: '#8c6d1f', baseline: true, mark: DIAMOND },
  { name: 'ellipse', saved: 3, title: 'ellipse', colour: '#cc79a7', baseline: true, mark: DISC },
  { name: 'polygon', saved: 4, title: 'polygon', colour: '#e69f00', baseline: true, mark: CROSS },
]

export type Axis = 'log' | 'linear'

export type ChartLine = {
  readonly family: Family
  readonly points: readonly { readonly x: number; readonly y: number; readonly point: RatePoint }[]
  /** Where the family's name stands. */
  readonly nameX: number
  readonly nameY: number
}

export type RateChart = {
  readonly lines: readonly ChartLine[]
  readonly xTicks: readonly { readonly x: number; readonly label: string }[]
  readonly yTicks: readonly { readonly y: number; readonly label: string }[]
}

/** The plot's inside in pixels; names of lines may stand right of it. */
export type Plot = {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

const NAME_LINE_PX = 15

/** Places of lines, ticks and names: IoU upwards to 1, bits to the right. Families without points are left out. */
export function rateChart(points: readonly RatePoint[], plot: Plot, axis: Axis): RateChart {
  const usable = points.filter(({ bits, iou }) => bits > 0 && Number.isFinite(bits) && Number.isFinite(iou))
  const [low, high] = bitRange(usable, axis)
  const share = (bits: number) =>
    axis === 'log' ? Math.log(bits / low) / Math.log(high / low) : (bits - low) / (high - low)
  const x = (bits: number) => plot.left + share(bits) * plot.width
  const floor = leastIou(usable)
  const y = (iou: number) => plot.top + ((1 - iou) / (1 - floor)) * plot.height
  const drawn = FAMILIES.flatMap((family) => {
    const own = usable.filter((point) => point.family === family.name).sort((a, b) => a.bits - b.bits)
    return own.length === 0
      ? []
      : [{ family, points: own.map((point) => ({ x: x(point.bits), y: y(point.iou), point })) }]
  })
  const names = placeNames(
    drawn.map(({ family, points: own }) => ({ ...own[own.length - 1]!, letters: family.title.length })),
    plot,
  )
  return {
    lines: drawn.map((line, i) => ({ ...line, nameX: names[i]!.x, nameY: names[i]!.y })),
    xTicks: bitTicks(low, high, axis).map((bits) => ({ x: x(bits), label: String(bits) })),
    yTicks: iouTicks(floor).map((iou) => ({ y: y(iou), label: iou.toFixed(1) })),
  }
}

/** The axis begins at the tenth below the worst point: most of it would else be empty. */
function leastIou(points: readonly RatePoint[]): number {
  const least = points.reduce((a, { iou }) => Math.min(a, iou), 0.9)
  return Math.max(0, Math.floor(least * 10 - 0.2) / 10)
}

/** Tenths, or fifths where there would be many. */
function iouTicks(floor: number): number[] {
  const tenths = Math.round((1 - floor) * 10)
  const step = tenths > 7 ? 2 : 1
  const ticks: number[] = []
  for (let down = 0; down <= tenths; down += step) ticks.push(1 - down / 10)
  return ticks.reverse()
}

function bitRange(points: readonly RatePoint[], axis: Axis): readonly [low: number, high: number] {
  const most = points.reduce((a, { bits }) => Math.max(a, bits), 16)
  if (axis === 'linear') return [0, most * 1.03]
  const least = points.reduce((a, { bits }) => Math.min(a, bits), 16)
  return [Math.min(8, least) * 0.93, most * 1.07]
}

function bitTicks(low: number, high: number, axis: Axis): number[] {
  const ticks: number[] = []
  if (axis === 'log') {
    for (let bits = 1; bits <= high; bits *= 2) if (bits >= low) ticks.push(bits)
    return ticks
  }
  const step = high > 320 ? 100 : high > 120 ? 40 : 20
  for (let bits = 0; bits <= high; bits += step) ticks.push(bits)
  return ticks
}

const LETTER_PX = 7

/** Names right of the ends of their lines, moved up or down to the nearest place where no other name is. */
function placeNames(
  ends: readonly { readonly x: number; readonly y: number; readonly letters: number }[],
  plot: Plot,
): { readonly x: number; readonly y: number }[] {
  const placed: { x: number; y: number; widthPx: number }[] = []
  for (const { x: endX, y: endY, letters } of ends) {
    const x = endX + 20
    const widthPx = letters * LETTER_PX + 16
    const free = (y: number) =>
      y >= plot.top &&
      y <= plot.top + plot.height &&
      placed.every(
        (other) =>
          Math.abs(other.y - y) >= NAME_LINE_PX || other.x > x + widthPx || x > other.x + other.widthPx,
      )
    let y = endY + 4
    for (let step = 1; !free(y) && step < 100; step++) {
      y = endY + 4 + (step % 2 === 0 ? -1 : 1) * Math.ceil(step / 2) * 4
    }
    placed.push({ x, y, widthPx })
  }
  return placed
}
