// Draws docs/pictures/getok.png: grid, points, offsets, pools and coarse decoding of GETok on a picture made here.
//   node --conditions=@maskwords/source --import tsx docs/pictures/getok.ts

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BoxXyxyPx,
  bestOffsets,
  type Grid,
  getokCodec,
  gridOf,
  offsetField,
  type Pixels,
  POOLS,
  regionOfMask,
  regionPrompt,
} from '@maskwords/codecs'
import {
  drawDifference,
  drawMasks,
  invert,
  iou,
  type Mask,
  maskFromRings,
  type Picture,
  pictureToPng,
  type Rgb,
  sideBySide,
  subtract,
  union,
} from '@maskwords/mask'

const SIDE = 448
const size = { widthPx: SIDE, heightPx: SIDE }
const cells = 16

/** A disc or ellipse, turned by `angle`, as a mask. */
function ellipse(x: number, y: number, a: number, b: number, angle = 0): Mask {
  const ring: number[] = []
  for (let k = 0; k < 90; k++) {
    const t = (2 * Math.PI * k) / 90
    const [u, v] = [a * Math.cos(t), b * Math.sin(t)]
    ring.push(x + u * Math.cos(angle) - v * Math.sin(angle), y + u * Math.sin(angle) + v * Math.cos(angle))
  }
  return maskFromRings({ ...size, rings: [ring] })
}

function polygon(...ring: number[]): Mask {
  return maskFromRings({ ...size, rings: [ring] })
}

const joined = (...masks: Mask[]) => masks.reduce((a, b) => union(a, b))

/** A bird that floats on a pond. */
const bird = joined(
  ellipse(218, 262, 118, 62, -0.06),
  ellipse(322, 142, 42, 38),
  polygon(268, 250, 288, 150, 352, 160, 330, 270),
  polygon(104, 262, 52, 196, 150, 224),
)
const beak = subtract(polygon(352, 130, 404, 152, 350, 166), bird)
const mask = joined(bird, beak)

function scene(): Pixels {
  const rgb = new Uint8Array(SIDE * SIDE * 3)
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const shore = 238 + 6 * Math.sin(x / 40)
      const wave = 10 * Math.sin(y / 5 + 3 * Math.sin(x / 60))
      const colour: Rgb =
        y < shore
          ? [168 - y / 4, 200 - y / 4, 176 - y / 4]
          : [58 + wave + (y - shore) / 9, 112 + wave + (y - shore) / 9, 150 + wave]
      for (let c = 0; c < 3; c++) rgb[3 * (y * SIDE + x) + c] = colour[c]!
    }
  }
  const painted: [Mask, Rgb][] = [
    [bird, [236, 226, 205]],
    [ellipse(196, 258, 70, 30, -0.2), [206, 188, 158]],
    [beak, [226, 138, 46]],
    [ellipse(334, 134, 5, 5), [30, 30, 30]],
  ]
  for (const [part, colour] of painted) {
    for (let e = 0; e < part.edges.length; e += 2) {
      for (let k = part.edges[e]!; k < part.edges[e + 1]!; k++) {
        const at = 3 * ((k % SIDE) * SIDE + Math.floor(k / SIDE))
        const shade = 1 - 0.12 * ((k % SIDE) / SIDE)
        for (let c = 0; c < 3; c++) rgb[at + c] = colour[c]! * shade
      }
    }
  }
  return { ...size, rgb }
}

function discs(pointsXyPx: ArrayLike<number>, radius: number): Mask {
  const all: Mask[] = []
  for (let k = 0; k < pointsXyPx.length; k += 2)
    all.push(ellipse(pointsXyPx[k]!, pointsXyPx[k + 1]!, radius, radius))
  return joined(...all)
}

function frame([left, top, right, bottom]: BoxXyxyPx, width: number): Mask {
  const inner = [
    left + width,
    top + width,
    right - width,
    top + width,
    right - width,
    bottom - width,
    left + width,
    bottom - width,
  ]
  return maskFromRings({ ...size, rings: [[left, top, right, top, right, bottom, left, bottom], inner] })
}

function gridLines(grid: Grid): Mask {
  const lines: Mask[] = []
  const step = SIDE / grid.cells
  for (let k = 1; k < grid.cells; k++) {
    lines.push(polygon(k * step, 0, k * step + 1, 0, k * step + 1, SIDE, k * step, SIDE))
    lines.push(polygon(0, k * step, SIDE, k * step, SIDE, k * step + 1, 0, k * step + 1))
  }
  return joined(...lines)
}

function cellSquares(grid: Grid, chosen: readonly number[]): Mask | undefined {
  const step = SIDE / grid.cells
  const squares = chosen.map((cell) => {
    const [x, y] = [(cell % grid.cells) * step + 2, Math.floor(cell / grid.cells) * step + 2]
    const far = step - 4
    return polygon(x, y, x + far, y, x + far, y + far, x, y + far)
  })
  return squares.length === 0 ? undefined : joined(...squares)
}

const RED: Rgb = [226, 40, 60]
const YELLOW: Rgb = [255, 214, 30]
const DARK: Rgb = [20, 24, 32]
const WHITE: Rgb = [255, 255, 255]

const pixels = scene()
const photo: Picture = { ...size, channels: 3, bytes: pixels.rgb }
const grid = gridOf({ ...size, cells })
const region = regionOfMask(grid, mask)
const coarse = regionPrompt(grid, region)
const offsets = bestOffsets(grid, mask, region)
const refined = regionPrompt(grid, region, offsets)

const solid = (part: Mask, colour: Rgb, opacity = 1) => ({ mask: part, colour, opacity, contourPx: 0 })

const words = drawMasks(photo, [
  solid(gridLines(grid), WHITE, 0.35),
  { mask, colour: YELLOW, opacity: 0.25, contourPx: 2 },
  solid(frame(coarse.boxXyxyPx!, 3), RED),
  solid(discs(coarse.pointsXyPx, 7), DARK),
  solid(discs(coarse.pointsXyPx, 5), RED),
])

const moved = drawMasks(photo, [
  solid(gridLines(grid), WHITE, 0.35),
  { mask, colour: YELLOW, opacity: 0.25, contourPx: 2 },
  solid(frame(coarse.boxXyxyPx!, 2), RED, 0.5),
  solid(frame(refined.boxXyxyPx!, 3), [40, 210, 110]),
  solid(discs(refined.pointsXyPx, 7), DARK),
  solid(discs(refined.pointsXyPx, 5), [40, 210, 110]),
])

const field = offsetField(mask, { cells })
const POOL_COLOURS: Record<(typeof POOLS)[number], Rgb> = {
  inside: [40, 210, 110],
  rim: [180, 230, 60],
  ring: [255, 150, 20],
  far: [70, 90, 200],
  'hard-delete': RED,
}
const pools = drawMasks(drawMasks(photo, [{ mask, colour: YELLOW, opacity: 0.1, contourPx: 2 }]), [
  ...POOLS.flatMap((name, number) => {
    const chosen = [...field.pool.keys()].filter((cell) => field.pool[cell] === number)
    const part = cellSquares(grid, chosen)
    return part === undefined ? [] : [solid(part, POOL_COLOURS[name], name === 'far' ? 0.25 : 0.55)]
  }),
])

const codec = getokCodec({ cells })
const [said] = await codec.encode(await codec.encodeImage(size), [mask], { refine: true })
const [blind] = await codec.decode(await codec.encodeImage(size), [said!])
const [seen] = await codec.decode(await codec.encodeImage(pixels), [said!])
const dimmed = drawMasks(photo, [solid(invert(mask), WHITE, 0.35)])
const shown = (prediction: Mask) => drawDifference(dimmed, { truth: mask, prediction })

const share = (part: Mask) => iou(part, mask).toFixed(2)
const picture = sideBySide([words, moved, pools, shown(blind!.mask), shown(seen!.mask)], {
  titles: [
    `box and ${region.pointCells.length} points`,
    'after offset words',
    'pools of cells',
    `no picture: IoU ${share(blind!.mask)}`,
    `with colours: IoU ${share(seen!.mask)}`,
  ],
})
writeFileSync(join(import.meta.dirname, 'getok.png'), pictureToPng(picture))
console.log(said!.text)
