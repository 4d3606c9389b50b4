// Made-up scenes to learn from before real pictures are seen, or beside them: a ground of a few fields and shapes in front of
// each other, every visible part of which is a region. Drawn from a seed; the recipe is ours.
import { type Random, randomInt } from '@maskwords/codecs'

export type Scene = {
  /** [side, side, 3], 8-bit. */
  readonly rgb: Uint8Array
  /** [side, side]: which region a pixel belongs to, from 0. */
  readonly labels: Uint8Array
  readonly regions: number
}

export type SceneOptions = {
  readonly side: number
  /** Shapes in front of the ground. */
  readonly shapes: readonly [least: number, most: number]
}

/** Harmonics of a blob's outline: more of them would make coasts that no region of a photograph has. */
const HARMONICS = 6

type Paint = {
  readonly colour: readonly number[]
  readonly slope: readonly [number, number]
  readonly stripes: { readonly x: number; readonly y: number; readonly depth: number } | undefined
  readonly noise: number
}

/** Draws a scene. The same stream of random numbers gives the same scene. */
export function drawScene(random: Random, options: SceneOptions): Scene {
  const { labels, regions } = drawRegions(random, options)
  const paints = Array.from({ length: regions }, () => drawPaint(random))
  return { rgb: painted(labels, options.side, paints, random), labels, regions }
}

/** The regions of a scene alone, without colours. */
export function drawRegions(
  random: Random,
  { side, shapes }: SceneOptions,
): Pick<Scene, 'labels' | 'regions'> {
  const labels = new Uint8Array(side * side)
  const fields = randomInt(random, 1, 4)
  const centres = Array.from(
    { length: fields },
    () => [random() * side, random() * side, 0.5 + random()] as const,
  )
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let best = 0
      let least = Number.POSITIVE_INFINITY
      for (let i = 0; i < fields; i++) {
        const [cx, cy, weight] = centres[i]!
        const distance = ((x - cx) ** 2 + 4 * (y - cy) ** 2) * weight
        if (distance < least) {
          least = distance
          best = i
        }
      }
      labels[y * side + x] = best
    }
  }
  const count = randomInt(random, shapes[0], shapes[1])
  for (let i = 0; i < count; i++) paintOutline(labels, side, fields + i, drawOutline(random, side))
  return { labels, regions: fields + count }
}

function drawPaint(random: Random): Paint {
  const colour = [random() * 255, random() * 255, random() * 255]
  const grey = (colour[0]! + colour[1]! + colour[2]!) / 3
  const fade = random()
  return {
    colour: colour.map((channel) => channel * fade + grey * (1 - fade)),
    slope: [(random() - 0.5) * 80, (random() - 0.5) * 80],
    stripes:
      random() < 0.35
        ? { x: (random() - 0.5) * 1.6, y: (random() - 0.5) * 1.6, depth: 10 + 40 * random() }
        : undefined,
    noise: random() < 0.5 ? random() * 30 : 4,
  }
}

/** Radius of an outline in each of a circle's directions, about a centre; corners where it is a polygon. */
type Outline = { readonly x: number; readonly y: number; readonly radii: Float64Array }

const DIRECTIONS = 256

function drawOutline(random: Random, side: number): Outline {
  const radii = new Float64Array(DIRECTIONS)
  // Areas spread evenly over orders of magnitude, as regions of photographs are.
  const size = side * 0.5 * Math.sqrt(0.01 * 60 ** random())
  const long = 1 + 2 * random() ** 2
  const turn = random() * Math.PI
  const corners = random() < 0.4 ? randomInt(random, 3, 8) : 0
  const sharp = Array.from({ length: corners }, () => 0.6 + 0.8 * random())
  const waves = Array.from({ length: HARMONICS }, (_, k) => ({
    height: (random() * 0.5) / (k + 1),
    phase: random() * 2 * Math.PI,
  }))
  for (let i = 0; i < DIRECTIONS; i++) {
    const angle = (2 * Math.PI * i) / DIRECTIONS
    const oval = 1 / Math.hypot(Math.cos(angle - turn) / long, Math.sin(angle - turn) * long)
    let radius = 1
    if (corners > 0) {
      const place = (angle / (2 * Math.PI)) * corners
      const at = Math.floor(place)
      const [a, b] = [sharp[at % corners]!, sharp[(at + 1) % corners]!]
      const step = (2 * Math.PI) / corners
      // A straight edge between corners at distances a and b.
      const t = (place - at) * step
      radius = (a * b * Math.sin(step)) / (a * Math.sin(t) + b * Math.sin(step - t))
    } else {
      for (let k = 0; k < HARMONICS; k++) {
        radius += waves[k]!.height * Math.cos((k + 1) * angle + waves[k]!.phase)
      }
    }
    radii[i] = size * oval * Math.max(radius, 0.1)
  }
  return { x: random() * side, y: random() * side, radii }
}

function paintOutline(labels: Uint8Array, side: number, label: number, outline: Outline): void {
  const { x: cx, y: cy, radii } = outline
  let reach = 0
  for (const radius of radii) if (radius > reach) reach = radius
  const [top, bottom] = [Math.max(0, Math.floor(cy - reach)), Math.min(side - 1, Math.ceil(cy + reach))]
  const [left, right] = [Math.max(0, Math.floor(cx - reach)), Math.min(side - 1, Math.ceil(cx + reach))]
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [dx, dy] = [x + 0.5 - cx, y + 0.5 - cy]
      const turns = Math.atan2(dy, dx) / (2 * Math.PI) + 1
      const direction = Math.floor(turns * DIRECTIONS) % DIRECTIONS
      if (dx * dx + dy * dy < radii[direction]! ** 2) labels[y * side + x] = label
    }
  }
}

function painted(labels: Uint8Array, side: number, paints: readonly Paint[], random: Random): Uint8Array {
  const rgb = new Uint8Array(side * side * 3)
  const light = 0.85 + 0.3 * random()
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = y * side + x
      const { colour, slope, stripes, noise } = paints[labels[at]!]!
      let shade = slope[0] * (x / side - 0.5) + slope[1] * (y / side - 0.5) + (random() - 0.5) * noise
      if (stripes !== undefined) shade += stripes.depth * Math.sin(stripes.x * x + stripes.y * y)
      for (let c = 0; c < 3; c++) {
        rgb[at * 3 + c] = Math.min(255, Math.max(0, (colour[c]! + shade) * light))
      }
    }
  }
  return rgb
}

/** Regions of a label map as rasters of 0 and 1, those of fewer than `leastPixels` left out. */
export function regionRasters(labels: Uint8Array, regions: number, leastPixels: number): Uint8Array[] {
  const sizes = new Uint32Array(regions)
  for (const label of labels) sizes[label]!++
  const rasters: Uint8Array[] = []
  for (let region = 0; region < regions; region++) {
    if (sizes[region]! < leastPixels) continue
    const raster = new Uint8Array(labels.length)
    for (let i = 0; i < labels.length; i++) if (labels[i] === region) raster[i] = 1
    rasters.push(raster)
  }
  return rasters
}
