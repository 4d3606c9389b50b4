// GETok's parts over the picture: its grid, chosen points, box, and where offset words moved or deleted points.
import type { GetokLayer } from '../state/overlay.ts'

type Frame = {
  readonly size: { readonly widthPx: number; readonly heightPx: number }
  /** Device pixels a CSS pixel. */
  readonly ratio: number
  toScreen(x: number, y: number): { readonly x: number; readonly y: number }
}

const DARK = 'rgba(0, 0, 0, 0.7)'

/** Draws a layer in device pixels. Moved points get an arrow, deleted ones a cross: shapes say it, not colours. */
export function drawGetok(context: CanvasRenderingContext2D, layer: GetokLayer, frame: Frame): void {
  context.save()
  const { ratio, toScreen } = frame
  drawGrid(context, layer, frame)
  for (const [left, top, right, foot] of layer.lit ?? []) {
    const from = toScreen(left, top)
    const to = toScreen(right, foot)
    context.fillStyle = layer.colour
    context.globalAlpha = 0.3
    context.fillRect(from.x, from.y, to.x - from.x, to.y - from.y)
    context.globalAlpha = 1
    twoTone(context, layer.colour, ratio, () =>
      context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y),
    )
  }
  if (layer.boxXyxyPx !== undefined) {
    const [left, top, right, foot] = layer.boxXyxyPx
    const from = toScreen(left, top)
    const to = toScreen(right, foot)
    twoTone(context, layer.colour, ratio, () =>
      context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y),
    )
  }
  for (const { xPx, yPx } of layer.points ?? [])
    dot(context, layer.colour, toScreen(xPx, yPx), 4 * ratio, ratio)
  for (const { fromXyPx, toXyPx } of layer.offsets ?? []) {
    const from = toScreen(fromXyPx[0], fromXyPx[1])
    if (toXyPx === undefined) cross(context, from, 5 * ratio, ratio)
    else arrow(context, layer.colour, from, toScreen(toXyPx[0], toXyPx[1]), ratio)
  }
  context.restore()
}

function drawGrid(
  context: CanvasRenderingContext2D,
  { cells }: GetokLayer,
  { size, toScreen, ratio }: Frame,
): void {
  if (cells <= 0) return
  const start = toScreen(0, 0)
  const end = toScreen(size.widthPx, size.heightPx)
  // Lines closer than this would be a veil over the picture.
  if ((end.x - start.x) / cells < 3 * ratio) return
  context.beginPath()
  for (let i = 0; i <= cells; i++) {
    const x = Math.round(start.x + ((end.x - start.x) * i) / cells) + 0.5
    const y = Math.round(start.y + ((end.y - start.y) * i) / cells) + 0.5
    context.moveTo(x, start.y)
    context.lineTo(x, end.y)
    context.moveTo(start.x, y)
    context.lineTo(end.x, y)
  }
  context.lineWidth = 1
  context.strokeStyle = 'rgba(255, 255, 255, 0.35)'
  context.stroke()
}

function twoTone(context: CanvasRenderingContext2D, colour: string, ratio: number, stroke: () => void): void {
  context.lineWidth = 4 * ratio
  context.strokeStyle = DARK
  stroke()
  context.lineWidth = 2 * ratio
  context.strokeStyle = colour
  stroke()
}

type Point = { readonly x: number; readonly y: number }

function dot(
  context: CanvasRenderingContext2D,
  colour: string,
  { x, y }: Point,
  radius: number,
  ratio: number,
): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fillStyle = colour
  context.fill()
  context.lineWidth = 1.5 * ratio
  context.strokeStyle = DARK
  context.stroke()
}

function cross(context: CanvasRenderingContext2D, { x, y }: Point, reach: number, ratio: number): void {
  twoTone(context, '#ffffff', ratio, () => {
    context.beginPath()
    context.moveTo(x - reach, y - reach)
    context.lineTo(x + reach, y + reach)
    context.moveTo(x + reach, y - reach)
    context.lineTo(x - reach, y + reach)
    context.stroke()
  })
}

function arrow(
  context: CanvasRenderingContext2D,
  colour: string,
  from: Point,
  to: Point,
  ratio: number,
): void {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  if (length > 2 * ratio) {
    const ux = (to.x - from.x) / length
    const uy = (to.y - from.y) / length
    const head = Math.min(6 * ratio, length / 2)
    twoTone(context, colour, ratio / 2, () => {
      context.beginPath()
      context.moveTo(from.x, from.y)
      context.lineTo(to.x, to.y)
      context.lineTo(to.x - head * (ux + uy / 2), to.y - head * (uy - ux / 2))
      context.moveTo(to.x, to.y)
      context.lineTo(to.x - head * (ux - uy / 2), to.y - head * (uy + ux / 2))
      context.stroke()
    })
  }
  dot(context, colour, to, 3 * ratio, ratio)
}
