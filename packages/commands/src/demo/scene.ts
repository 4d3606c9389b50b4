// The scene of `maskwords demo`: an evening on a lake, drawn by code, with the exact mask of each thing in it.
//
// Painter's order, four samples a pixel. A thing's mask is the pixels where it covers at least half of the samples.
import { type Mask, maskFromRowMajor } from '@maskwords/mask'

export const SCENE_WIDTH_PX = 720
export const SCENE_HEIGHT_PX = 480

export type Scene = {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
  readonly things: readonly { readonly label: string; readonly mask: Mask }[]
}

type Rgb = readonly [number, number, number]
type Shape = {
  readonly label: string
  /** Left, top, right, bottom: nothing is drawn outside. */
  readonly boxXyxyPx: readonly [number, number, number, number]
  covers(x: number, y: number): boolean
  colour(x: number, y: number): Rgb
}

const HORIZON_PX = 292
const SUN = { x: 468, y: 236, radius: 46 }

/** Draws the scene. `seed` moves the ripples, the ridge and the clouds a little; the same seed gives the same bytes. */
export function drawScene(seed = 1): Scene {
  const widthPx = SCENE_WIDTH_PX
  const heightPx = SCENE_HEIGHT_PX
  const shapes = sceneShapes(seed)
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  const label = new Uint8Array(widthPx * heightPx)
  const votes = new Uint8Array(shapes.length + 1)
  for (let y = 0; y < heightPx; y++) {
    const near = shapes
      .map((shape, i) => ({ shape, i }))
      .filter(({ shape }) => y + 1 > shape.boxXyxyPx[1] && y < shape.boxXyxyPx[3])
    for (let x = 0; x < widthPx; x++) {
      let red = 0
      let green = 0
      let blue = 0
      votes.fill(0)
      for (let sample = 0; sample < 4; sample++) {
        // A rotated grid: no two samples share a row or column, so near-level edges come out smooth.
        const sx = x + [0.125, 0.375, 0.625, 0.875][sample]!
        const sy = y + [0.625, 0.125, 0.875, 0.375][sample]!
        let top = 0
        let colour = skyOrWater(sx, sy, seed)
        for (const { shape, i } of near) {
          if (sx < shape.boxXyxyPx[0] || sx >= shape.boxXyxyPx[2] || !shape.covers(sx, sy)) continue
          colour = shape.colour(sx, sy)
          top = i + 1
        }
        votes[top]!++
        red += colour[0]
        green += colour[1]
        blue += colour[2]
      }
      const pixel = y * widthPx + x
      const grain = (noise(x, y, seed) - 0.5) * 2
      rgb[pixel * 3] = Math.max(0, Math.min(255, red / 4 + grain))
      rgb[pixel * 3 + 1] = Math.max(0, Math.min(255, green / 4 + grain))
      rgb[pixel * 3 + 2] = Math.max(0, Math.min(255, blue / 4 + grain))
      for (let i = 1; i < votes.length; i++) if (votes[i]! >= 2) label[pixel] = i
    }
  }
  const labels = [...new Set(shapes.map((shape) => shape.label))].filter((name) => !name.startsWith('('))
  const things = labels.map((name) => {
    const bytes = label.map((value) => (value > 0 && shapes[value - 1]!.label === name ? 1 : 0))
    return { label: name, mask: maskFromRowMajor({ widthPx, heightPx, bytes }) }
  })
  return { widthPx, heightPx, rgb, things }
}

function skyOrWater(x: number, y: number, seed: number): Rgb {
  if (y < HORIZON_PX) {
    const sky = blend([30, 38, 84], [250, 170, 110], (y / HORIZON_PX) ** 1.5)
    const toSun = Math.hypot(x - SUN.x, (y - SUN.y) * 1.2)
    const glow = blend(sky, [255, 214, 140], 0.7 * Math.exp(-toSun / 110))
    const cloud = smooth(x / 190, y / 26, seed + 7) - 0.58
    const strength = Math.min(0.5, cloud * 3) * Math.max(0, Math.min(1, (225 - y) / 90))
    return strength > 0 ? blend(glow, [255, 178, 160], strength) : glow
  }
  const depth = (y - HORIZON_PX) / (SCENE_HEIGHT_PX - HORIZON_PX)
  const water = blend([214, 142, 112], [22, 44, 88], Math.sqrt(depth))
  const ripple = smooth(x / (8 + 60 * depth), y / (1.5 + 6 * depth), seed + 3) - 0.5
  const path = Math.exp(-(((x - SUN.x) / (18 + 90 * depth)) ** 2)) * (0.75 - 0.5 * depth)
  const lit = blend(water, [255, 206, 140], Math.max(0, path * (0.7 + 1.5 * ripple)))
  return blend(lit, [255, 236, 214], Math.max(0, ripple) * 0.25)
}

function sceneShapes(seed: number): Shape[] {
  const ridge = (x: number) =>
    HORIZON_PX - 34 - 62 * smooth(x / 130, 0.5, seed + 11) - 16 * smooth(x / 24, 2.5, seed + 12)
  const flat = (colour: Rgb) => () => colour
  const shaded = (from: Rgb, to: Rgb, y0: number, y1: number) => (_x: number, y: number) =>
    blend(from, to, (y - y0) / (y1 - y0))
  return [
    circle('sun', SUN.x, SUN.y, SUN.radius, (_x, y) =>
      blend([255, 246, 200], [255, 176, 96], (y - 190) / 92),
    ),
    {
      label: 'mountains',
      boxXyxyPx: [0, 150, SCENE_WIDTH_PX, HORIZON_PX],
      covers: (x, y) => y >= ridge(x),
      colour: shaded([72, 62, 112], [150, 98, 116], 190, HORIZON_PX),
    },
    polygon(
      'sailboat',
      [196, 342, 352, 342, 330, 372, 218, 372],
      shaded([150, 44, 40], [74, 20, 30], 342, 372),
    ),
    polygon('sailboat', [279, 168, 283, 168, 283, 342, 279, 342], flat([70, 44, 36])),
    polygon('sailboat', [287, 176, 344, 326, 287, 330], shaded([255, 244, 226], [232, 196, 170], 176, 330)),
    polygon('sailboat', [275, 196, 275, 330, 212, 324], shaded([250, 226, 204], [214, 168, 150], 196, 330)),
    ring('lifebuoy', 566, 404, 40, 20),
    polygon('pine', [92, 400, 112, 400, 114, 470, 90, 470], flat([48, 32, 30])),
    ...[0, 1, 2, 3].map((tier) => {
      const top = 150 + 56 * tier
      const half = 44 + 15 * tier
      return polygon('pine', [102, top, 102 + half, top + 92, 102, top + 78, 102 - half, top + 92], (x, y) =>
        blend(
          [16, 44, 44],
          [44, 84, 62],
          Math.max(0, (x - 84) / 90) * 0.8 + 0.4 * smooth(x / 5, y / 4, seed + 5) - 0.1,
        ),
      )
    }),
    {
      label: '(shore)',
      boxXyxyPx: [0, 430, 320, SCENE_HEIGHT_PX],
      covers: (x, y) => y >= 444 + ((x - 60) / 74) ** 2 * 4 + 5 * smooth(x / 12, 1.5, seed + 9),
      colour: (x, y) => blend([26, 26, 40], [52, 46, 52], smooth(x / 6, y / 3, seed + 2)),
    },
  ]
}

function circle(label: string, cx: number, cy: number, radius: number, colour: Shape['colour']): Shape {
  return {
    label,
    boxXyxyPx: [cx - radius, cy - radius, cx + radius, cy + radius],
    covers: (x, y) => (x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2,
    colour,
  }
}

function ring(label: string, cx: number, cy: number, outer: number, inner: number): Shape {
  // Seen from the shore: flattened.
  const squash = 0.62
  const distance = (x: number, y: number) => Math.hypot(x - cx, (y - cy) / squash)
  return {
    label,
    boxXyxyPx: [cx - outer, cy - outer, cx + outer, cy + outer],
    covers: (x, y) => distance(x, y) <= outer && distance(x, y) >= inner,
    colour: (x, y) => {
      const turn = Math.atan2((y - cy) / squash, x - cx) / Math.PI
      const stripe = Math.floor((turn + 2.125) * 4) % 2 === 0
      const round = 1 - Math.abs((distance(x, y) - (outer + inner) / 2) / (outer - inner)) * 0.6
      return stripe ? [236 * round, 92 * round, 60 * round] : [252 * round, 244 * round, 232 * round]
    },
  }
}

function polygon(label: string, points: readonly number[], colour: Shape['colour']): Shape {
  const xs = points.filter((_, i) => i % 2 === 0)
  const ys = points.filter((_, i) => i % 2 === 1)
  return {
    label,
    boxXyxyPx: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
    covers(x, y) {
      let inside = false
      for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
        const yi = points[i + 1]!
        const yj = points[j + 1]!
        if (yi > y === yj > y) continue
        if (x < points[i]! + ((points[j]! - points[i]!) * (y - yi)) / (yj - yi)) inside = !inside
      }
      return inside
    },
    colour,
  }
}

function blend(a: Rgb, b: Rgb, share: number): Rgb {
  const t = Math.max(0, Math.min(1, share))
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

/** A number from 0 to 1 for a lattice point: an integer hash, the same on every machine. */
function noise(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

/** Value noise: lattice numbers, smoothly blended. */
function smooth(x: number, y: number, seed: number): number {
  const x0 = Math.floor(x)
  const y0 = Math.floor(y)
  const u = (x - x0) ** 2 * (3 - 2 * (x - x0))
  const v = (y - y0) ** 2 * (3 - 2 * (y - y0))
  const top = noise(x0, y0, seed) * (1 - u) + noise(x0 + 1, y0, seed) * u
  const foot = noise(x0, y0 + 1, seed) * (1 - u) + noise(x0 + 1, y0 + 1, seed) * u
  return top * (1 - v) + foot * v
}
