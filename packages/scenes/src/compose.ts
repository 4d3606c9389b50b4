// Copy-paste scenes: a window of a photograph with things cut out of other photographs in front of it (arXiv 2012.07177: simple copy-paste
// augmentation), every mask known to the pixel.
import type { Pixels, Random } from '@maskwords/codecs'
import { randomInt } from '@maskwords/codecs'
import { pick } from '@maskwords/data'
import {
  area,
  crop,
  flipHorizontal,
  type Mask,
  maskFromRowMajor,
  paste,
  resizeBicubicPillow,
  resizeMaskNearest,
  rowMajorBytes,
  type SizePx,
  subtract,
  tightBox,
} from '@maskwords/mask'

/** A thing and its mask, of the size of its picture. */
export type MaskedThing = { readonly category: string; readonly mask: Mask }

/** A photograph and what is known to stand on it. */
export type Photograph = {
  readonly pixels: Pixels
  readonly things: readonly MaskedThing[]
  /** Categories of which there may be more than the things. */
  readonly unsure: ReadonlySet<string>
}

export type ScenePicture = Photograph

/** A thing cut out of a photograph: the part under its box, and the mask of that size. */
export type Cutout = { readonly category: string; readonly pixels: Pixels; readonly mask: Mask }

export type ComposeOptions = {
  /** The longer side of a scene. */
  readonly sidePx: number
  /** Smallest part of the photograph's sides that a window shows. */
  readonly leastWindow: number
  /** Shares of the scene that a pasted thing covers before others hide it. */
  readonly shares: readonly [least: number, most: number]
}

/** Parts smaller than this are no thing that anybody would speak of, and what is left of one that is hidden more is not asked about. */
const LEAST_LEFT = 0.4
/** Cut-outs are not made larger than this: what is blurred is no longer the thing. */
const MAX_ENLARGEMENT = 1.6

/** A thing of a photograph as a cut-out. */
export function cutoutOf({ pixels, things }: Photograph, index: number): Cutout {
  const { category, mask } = things[index]!
  const box = tightBox(mask)
  const window = { x: box.x, y: box.y, width: box.width, height: box.height }
  return { category, pixels: windowOf(pixels, window), mask: crop(mask, window) }
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

function windowOf({ widthPx, rgb }: Pixels, { x, y, width, height }: Box): Pixels {
  const out = new Uint8Array(width * height * 3)
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * widthPx + x) * 3
    out.set(rgb.subarray(from, from + width * 3), row * width * 3)
  }
  return { widthPx: width, heightPx: height, rgb: out }
}

function resized({ widthPx, heightPx, rgb }: Pixels, to: SizePx): Pixels {
  const { bytes } = resizeBicubicPillow({ widthPx, heightPx, channels: 3, bytes: rgb }, to)
  return { ...to, rgb: bytes }
}

function mirrored({ widthPx, heightPx, rgb }: Pixels): Pixels {
  const out = new Uint8Array(rgb.length)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const [from, to] = [(y * widthPx + x) * 3, (y * widthPx + widthPx - 1 - x) * 3]
      for (let c = 0; c < 3; c++) out[to + c] = rgb[from + c]!
    }
  }
  return { widthPx, heightPx, rgb: out }
}

const fitting = ({ width, height }: Pick<Box, 'width' | 'height'>, sidePx: number): SizePx => {
  const scale = sidePx / Math.max(width, height)
  return {
    widthPx: Math.max(1, Math.round(width * scale)),
    heightPx: Math.max(1, Math.round(height * scale)),
  }
}

/** A window of a photograph at the size of a scene, mirrored every second time. Things of which little is left make their category unsure. */
export function groundOf(photograph: Photograph, random: Random, options: ComposeOptions): ScenePicture {
  const { widthPx, heightPx } = photograph.pixels
  const part = options.leastWindow + (1 - options.leastWindow) * random()
  const [width, height] = [Math.round(widthPx * part), Math.round(heightPx * part)] as const
  const window = {
    x: randomInt(random, 0, widthPx - width),
    y: randomInt(random, 0, heightPx - height),
    width,
    height,
  }
  const size = fitting(window, options.sidePx)
  const mirror = random() < 0.5
  const seen = resized(windowOf(photograph.pixels, window), size)
  const unsure = new Set(photograph.unsure)
  const things = photograph.things.flatMap(({ category, mask }): MaskedThing[] => {
    const cut = crop(mask, window)
    if (area(cut) === 0) return []
    if (area(cut) < LEAST_LEFT * area(mask)) unsure.add(category)
    const scaled = resizeMaskNearest(cut, size)
    if (area(scaled) === 0) {
      unsure.add(category)
      return []
    }
    return [{ category, mask: mirror ? flipHorizontal(scaled) : scaled }]
  })
  return { pixels: mirror ? mirrored(seen) : seen, things, unsure }
}

/** The scene with a cut-out in front of it, somewhere, in some size; what it hides of others is taken from their masks. */
export function pasteInto(
  scene: ScenePicture,
  cutout: Cutout,
  random: Random,
  options: ComposeOptions,
): ScenePicture {
  const { widthPx, heightPx } = scene.pixels
  const [least, most] = options.shares
  // Areas spread evenly over orders of magnitude.
  const share = least * (most / least) ** random()
  const wanted = Math.sqrt((share * widthPx * heightPx) / area(cutout.mask))
  const scale = Math.min(
    wanted,
    MAX_ENLARGEMENT,
    widthPx / cutout.mask.widthPx,
    heightPx / cutout.mask.heightPx,
  )
  const size = {
    widthPx: Math.max(1, Math.round(cutout.mask.widthPx * scale)),
    heightPx: Math.max(1, Math.round(cutout.mask.heightPx * scale)),
  }
  const mirror = random() < 0.5
  const small = resized(cutout.pixels, size)
  const pixels = mirror ? mirrored(small) : small
  const smallMask = resizeMaskNearest(cutout.mask, size)
  const shape = mirror ? flipHorizontal(smallMask) : smallMask
  const x = randomInt(random, 0, widthPx - size.widthPx)
  const y = randomInt(random, 0, heightPx - size.heightPx)
  const mask = paste(shape, { x, y, widthPx, heightPx })
  if (area(mask) === 0) return scene

  const rgb = Uint8Array.from(scene.pixels.rgb)
  const inside = rowMajorBytes(shape)
  const light = 0.85 + 0.3 * random()
  for (let row = 0; row < size.heightPx; row++) {
    for (let column = 0; column < size.widthPx; column++) {
      const opacity = softened(inside, size, column, row)
      if (opacity === 0) continue
      const to = ((y + row) * widthPx + x + column) * 3
      const from = (row * size.widthPx + column) * 3
      for (let c = 0; c < 3; c++) {
        const value = Math.min(255, pixels.rgb[from + c]! * light)
        rgb[to + c] = Math.round(rgb[to + c]! * (1 - opacity) + value * opacity)
      }
    }
  }
  const unsure = new Set(scene.unsure)
  const left = scene.things.flatMap((thing): MaskedThing[] => {
    const rest = subtract(thing.mask, mask)
    const kept = area(rest) / area(thing.mask)
    if (kept < LEAST_LEFT && kept > 0) unsure.add(thing.category)
    return kept === 0 ? [] : [{ category: thing.category, mask: rest }]
  })
  return {
    pixels: { widthPx, heightPx, rgb },
    things: [...left, { category: cutout.category, mask }],
    unsure,
  }
}

/** How much of the cut-out shows at a pixel: less along its edge, so that the edge does not give it away. */
function softened(inside: Uint8Array, { widthPx, heightPx }: SizePx, x: number, y: number): number {
  if (inside[y * widthPx + x] === 0) return 0
  let sum = 0
  let count = 0
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const [column, row] = [x + dx, y + dy]
      count++
      if (column < 0 || row < 0 || column >= widthPx || row >= heightPx) continue
      sum += inside[row * widthPx + column]!
    }
  }
  return sum / count
}

/** Colours and shapes of drawn scenes; a thing's category is both, as in "red circle". */
export const COLOURS: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [214, 40, 40],
  green: [46, 160, 67],
  blue: [38, 92, 214],
  yellow: [240, 206, 40],
  orange: [243, 134, 32],
  purple: [130, 62, 180],
  pink: [240, 130, 180],
  brown: [124, 78, 44],
  black: [24, 24, 28],
  white: [244, 244, 244],
  grey: [128, 130, 134],
}

type Inside = (x: number, y: number) => boolean

/** Corners on a circle, at radii that take turns. */
const star = (corners: number, radii: readonly number[]): Inside => {
  const steps = corners * radii.length
  const points = Array.from({ length: steps }, (_, i) => {
    const angle = (2 * Math.PI * i) / steps - Math.PI / 2
    const radius = radii[i % radii.length]!
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const
  })
  return (x, y) => {
    let odd = false
    for (let i = 0, j = steps - 1; i < steps; j = i++) {
      const [[ax, ay], [bx, by]] = [points[i]!, points[j]!]
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd
    }
    return odd
  }
}

/** In a square from -1 to 1. */
export const SHAPES: Readonly<Record<string, Inside>> = {
  circle: (x, y) => x * x + y * y < 1,
  square: (x, y) => Math.abs(x) < 0.85 && Math.abs(y) < 0.85,
  triangle: star(3, [1]),
  star: star(5, [1, 0.45]),
  cross: (x, y) => (Math.abs(x) < 0.33 && Math.abs(y) < 0.95) || (Math.abs(y) < 0.33 && Math.abs(x) < 0.95),
  ring: (x, y) => x * x + y * y < 1 && x * x + y * y > 0.3,
  diamond: (x, y) => Math.abs(x) / 0.7 + Math.abs(y) < 1,
  ellipse: (x, y) => x * x + (y / 0.55) ** 2 < 1,
  hexagon: star(6, [1]),
}

/** Names of a drawn thing whose category is its colour and its shape: both, the shape alone, and the colour alone. */
export function drawnNames(category: string): string[] {
  const [colour, shape] = category.split(' ') as [string, string]
  return [category, shape, `${colour} shape`]
}

/** Shapes of plain colours on a ground that is none of them, the later ones in front. */
export function drawShapes(
  random: Random,
  { sidePx, most }: { readonly sidePx: number; readonly most: number },
): ScenePicture {
  const heightPx = Math.round(sidePx * (0.7 + 0.3 * random()))
  const size = { widthPx: sidePx, heightPx }
  const names = Object.keys(COLOURS)
  const groundName = pick(random, names)
  const ground = jittered(COLOURS[groundName]!, random)
  const slope = [(random() - 0.5) * 50, (random() - 0.5) * 50] as const
  const rgb = new Uint8Array(sidePx * heightPx * 3)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < sidePx; x++) {
      const shade = slope[0] * (x / sidePx - 0.5) + slope[1] * (y / heightPx - 0.5) + (random() - 0.5) * 12
      for (let c = 0; c < 3; c++) rgb[(y * sidePx + x) * 3 + c] = clamped(ground[c]! + shade)
    }
  }
  const colours = names.filter((name) => name !== groundName)
  let things: MaskedThing[] = []
  const unsure = new Set<string>()
  const count = randomInt(random, 1, most)
  for (let i = 0; i < count; i++) {
    // Twins in shape or colour every now and then, so that places and sizes must tell them apart.
    const twin = things.length > 0 && random() < 0.4 ? pick(random, things).category.split(' ') : undefined
    const colour = twin && random() < 0.6 ? twin[0]! : pick(random, colours)
    const shape = twin && random() < 0.6 ? twin[1]! : pick(random, Object.keys(SHAPES))
    const radius = sidePx * 0.5 * Math.sqrt(0.02 * 12 ** random())
    const [cx, cy] = [sidePx * (0.1 + 0.8 * random()), heightPx * (0.1 + 0.8 * random())]
    const turn = shape === 'square' || shape === 'ellipse' ? random() * Math.PI : (random() - 0.5) * 0.6
    const inside = SHAPES[shape]!
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
    const bytes = new Uint8Array(sidePx * heightPx)
    const paint = jittered(COLOURS[colour]!, random)
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < sidePx; x++) {
        const [dx, dy] = [(x + 0.5 - cx) / radius, (y + 0.5 - cy) / radius]
        if (!inside(dx * cos + dy * sin, dy * cos - dx * sin)) continue
        bytes[y * sidePx + x] = 1
        const shade = (random() - 0.5) * 10
        for (let c = 0; c < 3; c++) rgb[(y * sidePx + x) * 3 + c] = clamped(paint[c]! + shade)
      }
    }
    const mask = maskFromRowMajor({ ...size, bytes })
    if (area(mask) === 0) continue
    things = things.flatMap(({ category, mask: below }) => {
      const rest = subtract(below, mask)
      if (area(rest) < LEAST_LEFT * area(below)) for (const name of drawnNames(category)) unsure.add(name)
      return area(rest) === 0 ? [] : [{ category, mask: rest }]
    })
    things.push({ category: `${colour} ${shape}`, mask })
  }
  return { pixels: { ...size, rgb }, things, unsure }
}

const clamped = (value: number): number => Math.max(0, Math.min(255, Math.round(value)))
const jittered = (colour: readonly number[], random: Random): number[] =>
  colour.map((value) => value + (random() - 0.5) * 30)
