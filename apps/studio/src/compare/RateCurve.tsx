// The rate curve of one mask: IoU against bits, codecs beside shapes that need no network; as a chart, a table, a file.

import { saveFile } from '@maskwords/board/canvas/paint.ts'
import { notifyError } from '@maskwords/board/state/store.ts'
import { lineChartSvg } from '@maskwords/eval'
import { useMemo, useState } from 'react'
import { useChoice } from './choice.ts'
import { type Axis, FAMILIES, type Plot, type RatePoint, rateChart } from './rate.ts'
import { Scroller } from './Scroller.tsx'

const WIDTH_PX = 960
const HEIGHT_PX = 380
const PLOT: Plot = { left: 46, top: 28, width: 810, height: 296 }
/** Saved pictures are twice as large as they are shown. */
const PNG_SCALE = 2

export function RateCurve({
  points,
  name,
  waiting,
}: {
  readonly points: readonly RatePoint[]
  /** The region's. */
  readonly name: string
  /** What is still being computed, or undefined. */
  readonly waiting: string | undefined
}) {
  const axis = useChoice((choice) => choice.axis)
  const [lit, setLit] = useState<string>()
  const chart = useMemo(() => rateChart(points, PLOT, axis), [points, axis])
  const foot = PLOT.top + PLOT.height
  const title = `IoU against bits of region ${name}`
  return (
    <section className="compare-curve" aria-label="Rate curve">
      <header>
        <h3>Quality for bits</h3>
        <label>
          Bits axis{' '}
          <select value={axis} onChange={({ target }) => useChoice.setState({ axis: target.value as Axis })}>
            <option value="log">logarithmic</option>
            <option value="linear">linear</option>
          </select>
        </label>
        <button
          type="button"
          className="button outlined"
          onClick={() => saveSvg(points, title, axis)}
          disabled={points.length === 0}
        >
          Save curve as SVG
        </button>
        <button
          type="button"
          className="button outlined"
          onClick={() =>
            savePng(points, title, axis).catch((error) => notifyError(error, 'Saving the curve'))
          }
          disabled={points.length === 0}
        >
          Save curve as PNG
        </button>
      </header>
      <p className="compare-curve-state" role="status">
        {waiting ?? ''}
      </p>
      <Scroller label="Picture of the rate curve">
        <svg viewBox={`0 0 ${WIDTH_PX} ${HEIGHT_PX}`} role="img" aria-label={title}>
          <title>{title}</title>
          {chart.yTicks.map(({ y, label }) => (
            <g key={label} className="compare-grid">
              <line x1={PLOT.left} x2={PLOT.left + PLOT.width} y1={y} y2={y} />
              <text x={PLOT.left - 8} y={y + 4} textAnchor="end">
                {label}
              </text>
            </g>
          ))}
          {chart.xTicks.map(({ x, label }) => (
            <g key={label} className="compare-grid">
              <line x1={x} x2={x} y1={PLOT.top} y2={foot} />
              <text x={x} y={foot + 18} textAnchor="middle">
                {label}
              </text>
            </g>
          ))}
          <text className="compare-axis" x={PLOT.left + PLOT.width / 2} y={HEIGHT_PX - 8} textAnchor="middle">
            bits{axis === 'log' ? ' (logarithmic)' : ''}
          </text>
          <text className="compare-axis" x={PLOT.left - 8} y={14} textAnchor="end">
            IoU
          </text>
          {chart.lines.map((line) => {
            const { name: family, title: familyTitle, colour, baseline, mark } = line.family
            const faded = lit !== undefined && lit !== family
            return (
              <g
                key={family}
                className={`compare-line${faded ? ' compare-faded' : ''}`}
                onPointerEnter={() => setLit(family)}
                onPointerLeave={() => setLit(undefined)}
              >
                <polyline
                  points={line.points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
                  fill="none"
                  stroke={colour}
                  strokeWidth={baseline ? 1.25 : 2.25}
                  strokeDasharray={baseline ? '5 4' : undefined}
                />
                {line.points.map(({ x, y, point }) => (
                  <path key={point.label} d={mark} transform={`translate(${x} ${y})`} fill={colour}>
                    <title>{`${familyTitle}, ${point.label}: ${Math.round(point.bits)} bits, IoU ${point.iou.toFixed(3)}`}</title>
                  </path>
                ))}
                {lit === family &&
                  line.points.map(({ x, y, point }) => (
                    <text key={point.label} className="compare-note" x={x} y={y - 10} textAnchor="middle">
                      {`${point.label} ${point.iou.toFixed(2)}`}
                    </text>
                  ))}
                <path
                  d={mark}
                  transform={`translate(${line.nameX - 8} ${line.nameY - 4}) scale(0.8)`}
                  fill={colour}
                />
                <text className="compare-name" x={line.nameX} y={line.nameY}>
                  {familyTitle}
                </text>
              </g>
            )
          })}
        </svg>
      </Scroller>
      <details>
        <summary>The curve as a table</summary>
        <Scroller label="Table of the rate curve">
          <table aria-label="Points of the rate curve">
            <thead>
              <tr>
                <th scope="col">Method</th>
                <th scope="col">Point</th>
                <th scope="col">Bits</th>
                <th scope="col">Tokens</th>
                <th scope="col">IoU</th>
              </tr>
            </thead>
            <tbody>
              {chart.lines.flatMap(({ family, points: own }) =>
                own.map(({ point }) => (
                  <tr key={`${family.name} ${point.label}`}>
                    <th scope="row">{family.title}</th>
                    <td>{point.label}</td>
                    <td>{Math.round(point.bits)}</td>
                    <td>{point.tokens ?? ''}</td>
                    <td>{point.iou.toFixed(3)}</td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </Scroller>
      </details>
    </section>
  )
}

/** The chart of `maskwords eval`, for papers: the same points, black on white whatever the page's theme. */
function curveSvg(points: readonly RatePoint[], title: string, axis: Axis): string {
  return lineChartSvg({
    title,
    xLabel: axis === 'log' ? 'bits (logarithmic)' : 'bits',
    xScale: axis,
    panels: [
      {
        yLabel: 'IoU',
        yLow: 0,
        yHigh: 1,
        series: FAMILIES.flatMap(({ name, title: family, baseline, saved }) => {
          const own = points.filter((point) => point.family === name).sort((a, b) => a.bits - b.bits)
          if (own.length === 0) return []
          return [
            {
              name: family,
              points: own.map(({ bits, iou }) => [bits, iou] as const),
              dots: true,
              dashed: baseline,
              colour: saved,
            },
          ]
        }),
      },
    ],
    panelHeightPx: 480,
  })
}

function saveSvg(points: readonly RatePoint[], title: string, axis: Axis): void {
  saveFile('rate-curve.svg', new Blob([curveSvg(points, title, axis)], { type: 'image/svg+xml' }))
}

async function savePng(points: readonly RatePoint[], title: string, axis: Axis): Promise<void> {
  const url = URL.createObjectURL(new Blob([curveSvg(points, title, axis)], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = new OffscreenCanvas(image.width * PNG_SCALE, image.height * PNG_SCALE)
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    saveFile('rate-curve.png', await canvas.convertToBlob({ type: 'image/png' }))
  } finally {
    URL.revokeObjectURL(url)
  }
}
