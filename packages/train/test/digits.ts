// Pictures of digits made by code, 28 x 28, in the spirit of MNIST: strokes under a random slant, turn, size, shift and
// pen width, with grey noise. Example number i is always the same picture.
import { hashWord } from '../src/order.ts'

export const SIDE_PX = 28
export const CLASSES = 10

type Point = readonly [x: number, y: number]

const arc = (cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] =>
  Array.from({ length: 13 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 12) * Math.PI) / 180
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)]
  })

// In a box from -1 to 1, y down; each stroke is a polyline.
const STROKES: readonly (readonly (readonly Point[])[])[] = [
  [arc(0, 0, 0.6, 0.95, 0, 360)],
  [
    [
      [-0.35, -0.6],
      [0.05, -0.95],
      [0.05, 0.95],
    ],
  ],
  [[...arc(0, -0.45, 0.55, 0.5, 190, 400), [-0.6, 0.95], [0.65, 0.95]]],
  [[...arc(-0.05, -0.48, 0.55, 0.47, 200, 450), ...arc(-0.05, 0.45, 0.62, 0.5, -90, 160)]],
  [
    [
      [0.3, 0.95],
      [0.3, -0.95],
      [-0.65, 0.35],
      [0.7, 0.35],
    ],
  ],
  [[[0.55, -0.95], [-0.45, -0.95], [-0.5, -0.1], ...arc(-0.05, 0.35, 0.6, 0.58, -120, 150)]],
  [[[0.35, -0.95], ...arc(0, 0.4, 0.58, 0.55, 215, 575)]],
  [
    [
      [-0.6, -0.95],
      [0.6, -0.95],
      [-0.15, 0.95],
    ],
  ],
  [arc(0, -0.48, 0.46, 0.46, 0, 360), arc(0, 0.45, 0.58, 0.5, 0, 360)],
  [[...arc(0, -0.42, 0.55, 0.52, 0, 360), [0.5, 0.1], [0.2, 0.95]]],
]

/** Numbers in [0, 1) of one example. */
function numbersOf(example: number): () => number {
  let at = 0
  return () => hashWord(example, at++) / 2 ** 32
}

function distance([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay]
  const along = Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy || 1)))
  const [x, y] = [px - ax - along * dx, py - ay - along * dy]
  return Math.sqrt(x * x + y * y)
}

/** The picture of example `example`, row-major in 0 to 1, and its class. */
export function digit(example: number): { pixels: Float32Array; label: number } {
  const next = numbersOf(example)
  const within = (low: number, high: number) => low + (high - low) * next()
  const label = Math.floor(next() * CLASSES)
  const turn = within(-0.2, 0.2)
  const slant = within(-0.25, 0.25)
  const [width, height] = [within(6, 9.5), within(7.5, 10.5)]
  const [shiftX, shiftY] = [13.5 + within(-2, 2), 13.5 + within(-2, 2)]
  const pen = within(0.8, 1.7)
  const ink = within(0.7, 1)
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const lines = STROKES[label]!.map((stroke) =>
    stroke.map(([x, y]): Point => {
      const [u, v] = [(x - slant * y) * width, y * height]
      return [shiftX + cos * u - sin * v, shiftY + sin * u + cos * v]
    }),
  )
  const pixels = new Float32Array(SIDE_PX * SIDE_PX)
  for (let y = 0; y < SIDE_PX; y++) {
    for (let x = 0; x < SIDE_PX; x++) {
      let near = Number.POSITIVE_INFINITY
      for (const line of lines) {
        for (let i = 1; i < line.length; i++) near = Math.min(near, distance([x, y], line[i - 1]!, line[i]!))
      }
      const shade = ink * Math.max(0, Math.min(1, pen + 0.5 - near))
      pixels[y * SIDE_PX + x] = Math.max(0, Math.min(1, shade + within(-0.15, 0.15)))
    }
  }
  return { pixels, label }
}

/** The examples with the numbers given, as one batch. */
export function digitBatch(examples: ArrayLike<number>): { pixels: Float32Array; labels: BigInt64Array } {
  const pixels = new Float32Array(examples.length * SIDE_PX * SIDE_PX)
  const labels = new BigInt64Array(examples.length)
  for (let i = 0; i < examples.length; i++) {
    const { pixels: picture, label } = digit(examples[i]!)
    pixels.set(picture, i * SIDE_PX * SIDE_PX)
    labels[i] = BigInt(label)
  }
  return { pixels, labels }
}
