// Line and scatter charts as SVG text, one or several panels on top of each other. Definition: our own; colours are Okabe
// and Ito's (2008), which people with any kind of colour vision tell apart.
import { type Scale, type ScaleKind, scaleFor } from './scale.ts'
import { element, escapeXml, pathThrough } from './svg.ts'

/** One line of a chart. */
export type Series = {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Lower and upper end for each point, drawn as a bar. */
  readonly ranges?: readonly (readonly [low: number, high: number] | undefined)[]
  /** Text beside each point. */
  readonly notes?: readonly string[]
  readonly line?: boolean
  readonly dots?: boolean
  readonly dashed?: boolean
  /** Faint: for raw values behind a smooth line. Has no entry of its own in the legend. */
  readonly faint?: boolean
  /** Number of the colour; by default the place among the series that are not faint. */
  readonly colour?: number
}

/** One set of axes of a chart, with its series. */
export type Panel = {
  readonly yLabel: string
  readonly series: readonly Series[]
  readonly yScale?: ScaleKind
  readonly yLow?: number
  readonly yHigh?: number
  /** Horizontal lines that belong to no x, with their names. */
  readonly levels?: readonly { readonly name: string; readonly y: number }[]
}

/** Size, title and panels of a chart. */
export type ChartOptions = {
  readonly title: string
  readonly subtitle?: string
  readonly xLabel: string
  readonly xScale?: ScaleKind
  readonly panels: readonly Panel[]
  /** Default 900. */
  readonly widthPx?: number
  /** Height of each panel. Default 380. */
  readonly panelHeightPx?: number
}

const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#8c6d1f']
const INK = '#222222'
const PALE = '#dddddd'
const GREY = '#767676'
const LEFT_PX = 64
const LEGEND_PX = 216
const GAP_PX = 34

/** The chart as the text of an SVG file. Points that are not finite are left out; a chart without points says so. */
export function lineChartSvg(options: ChartOptions): string {
  const { title, subtitle, xLabel, panels, widthPx = 900, panelHeightPx = 380 } = options
  const head = subtitle === undefined ? 44 : 62
  const foot = 46
  const heightPx = head + panels.length * (panelHeightPx + GAP_PX) - GAP_PX + foot
  const plotPx = widthPx - LEFT_PX - LEGEND_PX
  const xs = panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map(([x]) => x)))
  const x = scaleFor(xs, { ...(options.xScale && { kind: options.xScale }), ticks: 8 })
  const parts = [
    element('rect', { x: 0, y: 0, width: widthPx, height: heightPx, fill: '#ffffff' }),
    label(title, LEFT_PX, 24, { 'font-size': 16, 'font-weight': 'bold' }),
  ]
  if (subtitle !== undefined) parts.push(label(subtitle, LEFT_PX, 44, { fill: GREY }))
  panels.forEach((panel, i) => {
    const top = head + i * (panelHeightPx + GAP_PX)
    parts.push(
      drawPanel(
        panel,
        x,
        { left: LEFT_PX, top, width: plotPx, height: panelHeightPx },
        i === panels.length - 1,
      ),
    )
  })
  parts.push(label(xLabel, LEFT_PX + plotPx / 2, heightPx - 10, { 'text-anchor': 'middle' }))
  const style = { 'font-family': 'Helvetica, Arial, sans-serif', 'font-size': 12, fill: INK }
  const size = { width: widthPx, height: heightPx, viewBox: `0 0 ${widthPx} ${heightPx}` }
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', role: 'img', 'aria-label': title, ...size, ...style }, `\n${parts.join('\n')}\n`)}\n`
}

type Area = { readonly left: number; readonly top: number; readonly width: number; readonly height: number }

function drawPanel(panel: Panel, x: Scale, area: Area, last: boolean): string {
  const { series } = panel
  const levels = (panel.levels ?? []).filter(({ y }) => Number.isFinite(y))
  const values = [
    ...series.flatMap(({ points, ranges }) => [
      ...points.map(([, y]) => y),
      ...(ranges ?? []).flatMap((r) => r ?? []),
    ]),
    ...levels.map(({ y }) => y),
  ]
  const y = scaleFor(values, {
    ...(panel.yScale && { kind: panel.yScale }),
    ...(panel.yLow !== undefined && { low: panel.yLow }),
    ...(panel.yHigh !== undefined && { high: panel.yHigh }),
  })
  const px = (value: number) => area.left + shown(x.share(value)) * area.width
  const py = (value: number) => area.top + (1 - shown(y.share(value))) * area.height
  const parts: string[] = []
  for (const tick of x.ticks) {
    parts.push(vertical(px(tick.value), area))
    if (last)
      parts.push(label(tick.label, px(tick.value), area.top + area.height + 18, { 'text-anchor': 'middle' }))
  }
  for (const tick of y.ticks) {
    parts.push(horizontal(py(tick.value), area, { stroke: PALE }))
    parts.push(label(tick.label, area.left - 8, py(tick.value) + 4, { 'text-anchor': 'end' }))
  }
  parts.push(
    element('rect', {
      x: area.left,
      y: area.top,
      width: area.width,
      height: area.height,
      fill: 'none',
      stroke: GREY,
    }),
  )
  const middle = area.top + area.height / 2
  parts.push(
    label(panel.yLabel, 16, middle, { 'text-anchor': 'middle', transform: `rotate(-90 16 ${middle})` }),
  )
  for (const level of levels)
    parts.push(horizontal(py(level.y), area, { stroke: GREY, 'stroke-dasharray': '2 4' }))
  let next = 0
  const legend: { y: number; text: string; colour: string; dashed: boolean }[] = []
  for (const one of series) {
    const colour = COLOURS[(one.colour ?? next) % COLOURS.length]!
    if (one.faint !== true) next++
    parts.push(drawSeries(one, colour, px, py))
    const end = [...one.points].reverse().find(([a, b]) => Number.isFinite(px(a)) && Number.isFinite(py(b)))
    if (one.faint !== true && end !== undefined) {
      legend.push({ y: py(end[1]), text: one.name, colour, dashed: one.dashed === true })
    }
  }
  for (const level of levels) legend.push({ y: py(level.y), text: level.name, colour: GREY, dashed: true })
  if (legend.length === 0) {
    parts.push(
      label('nothing to show', area.left + area.width / 2, middle, { 'text-anchor': 'middle', fill: GREY }),
    )
  }
  parts.push(drawLegend(legend, area))
  return parts.join('\n')
}

/** Places far off the plot are not drawn: their coordinates need not be numbers that a viewer can read. */
function shown(share: number): number {
  return share >= -1 && share <= 2 ? share : Number.NaN
}

function drawSeries(
  series: Series,
  colour: string,
  px: (x: number) => number,
  py: (y: number) => number,
): string {
  const { points, ranges, notes, line = true, dots = false, dashed = false, faint = false } = series
  const placed = points.map(([a, b]) => [px(a), py(b)] as const)
  const parts: string[] = []
  if (line && points.length > 1) {
    parts.push(
      element('path', {
        d: pathThrough(placed),
        fill: 'none',
        stroke: colour,
        'stroke-width': faint ? 1 : 2,
        'stroke-opacity': faint ? 0.3 : undefined,
        'stroke-linejoin': 'round',
        'stroke-dasharray': dashed ? '6 4' : undefined,
      }),
    )
  }
  placed.forEach(([x, y], i) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return
    const range = ranges?.[i]
    if (range?.every((end) => Number.isFinite(py(end)))) {
      const bar = { x1: x, x2: x, y1: py(range[0]), y2: py(range[1]), stroke: colour, 'stroke-opacity': 0.6 }
      parts.push(element('line', { ...bar, 'stroke-width': 2 }))
    }
    if (dots || points.length === 1) parts.push(element('circle', { cx: x, cy: y, r: 4, fill: colour }))
    if (notes?.[i]) parts.push(label(notes[i], x + 6, y + 15, { 'font-size': 11, fill: colour }))
  })
  return parts.join('\n')
}

const LEGEND_LINE_PX = 17

/** Names at the right, each as near to the end of its line as its neighbours allow. */
function drawLegend(
  entries: readonly { y: number; text: string; colour: string; dashed: boolean }[],
  area: Area,
): string {
  const sorted = [...entries].sort((a, b) => a.y - b.y)
  const foot = area.top + area.height
  const places: number[] = []
  for (const { y } of sorted) {
    const wanted = Math.max(area.top + 8, Math.min(foot - 4, y))
    places.push(Math.max(wanted, (places.at(-1) ?? Number.NEGATIVE_INFINITY) + LEGEND_LINE_PX))
  }
  for (let i = places.length - 1, limit = foot + GAP_PX / 2; i >= 0; i--) {
    places[i] = Math.min(places[i]!, limit)
    limit = places[i]! - LEGEND_LINE_PX
  }
  const left = area.left + area.width
  return sorted
    .map(({ text, colour, dashed }, i) => {
      const y = places[i]!
      const bar = { x1: left + 8, x2: left + 26, y1: y, y2: y, stroke: colour, 'stroke-width': 3 }
      const line = element('line', { ...bar, 'stroke-dasharray': dashed ? '4 3' : undefined })
      return line + label(text.length > 30 ? `${text.slice(0, 29)}…` : text, left + 31, y + 4)
    })
    .join('\n')
}

function label(
  text: string,
  x: number,
  y: number,
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  return element('text', { x, y, ...attributes }, escapeXml(text))
}

function horizontal(y: number, area: Area, stroke: Readonly<Record<string, string>>): string {
  return element('line', { x1: area.left, x2: area.left + area.width, y1: y, y2: y, ...stroke })
}

function vertical(x: number, area: Area): string {
  return element('line', { x1: x, x2: x, y1: area.top, y2: area.top + area.height, stroke: PALE })
}
