// The pictures that commands write: a mask, a label map, masks laid over the picture, and truth beside reconstruction.
import {
  area,
  drawMasks,
  drawText,
  intersect,
  iou,
  labelMapFromMasks,
  labelMapToPng,
  type Mask,
  maskColour,
  type Picture,
  pictureToPng,
  type Rgb,
  resizeBicubicPillow,
  resizeMaskNearest,
  resizeNearest,
  sideBySide,
  subtract,
  textSize,
  tightBox,
  unionAll,
} from '@maskwords/mask'

/** 8-bit RGB, interleaved. */
export type RgbPicture = { readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array }

/** Masks as a grey PNG of labels 1, 2, ... in order, 8 bits up to 255 of them, else 16. Later masks lie on top. */
export function labelMapPng(masks: readonly Mask[]): { bytes: Uint8Array; overlapPx: number } {
  const { widthPx, heightPx } = masks[0]!
  const map = labelMapFromMasks(
    masks.map((mask, i) => ({ label: i + 1, mask })),
    { widthPx, heightPx },
  )
  const sum = masks.reduce((total, mask) => total + area(mask), 0)
  let covered = 0
  for (let i = 0; i < map.values.length; i++) if (map.values[i] !== 0) covered++
  return { bytes: labelMapToPng(map), overlapPx: sum - covered }
}

/** The picture with its masks: translucent, outlined, each in its own colour. */
export function overlayPng(picture: RgbPicture, masks: readonly Mask[]): Uint8Array {
  const contourPx = Math.max(2, Math.round(Math.hypot(picture.widthPx, picture.heightPx) / 450))
  const styles = masks.map((mask, i) => ({ mask, colour: maskColour(i), opacity: 0.42, contourPx }))
  return pictureToPng(drawMasks(toPicture(picture), styles))
}

export type ComparedMask = { readonly label: string; readonly truth: Mask; readonly decoded: Mask }

/** Longer side of a panel: pictures beyond are made smaller, tiny ones larger by whole factors. */
const MAX_PANEL_PX = 960
const MIN_PANEL_PX = 320

/** Names written on the masks; more would cover the picture. */
const MAX_NAMES = 24

const GROUND: Rgb = [22, 24, 30]
/** Told apart by people who do not see red and green apart, too. */
const BOTH: Rgb = [46, 196, 160]
const EXTRA: Rgb = [255, 122, 60]
const MISSING: Rgb = [96, 150, 255]

/** Three panels: the picture with the true masks, with those that the words say, and where the two differ. */
export function sideBySidePng(picture: RgbPicture, pairs: readonly ComparedMask[]): Uint8Array {
  const panel = panelSize(picture)
  const ground = resizedPicture(picture, panel)
  const truths = pairs.map((pair) => resizedMask(pair.truth, panel))
  const decoded = pairs.map((pair) => resizedMask(pair.decoded, panel))
  const names = pairs.map((pair) => pair.label)
  const mean = pairs.reduce((sum, pair) => sum + iou(pair.truth, pair.decoded), 0) / pairs.length
  const counted = `${pairs.length} mask${pairs.length === 1 ? '' : 's'}`
  const scale = panel.widthPx >= 600 ? 3 : 2
  const row = sideBySide(
    [labelled(ground, truths, names), labelled(ground, decoded, names), difference(ground, truths, decoded)],
    {
      titles: [
        `Truth: ${counted}`,
        `From words: ${pairs.length === 1 ? '' : 'mean '}IoU ${mean.toFixed(3)}`,
        'Difference',
      ],
      background: GROUND,
      gapPx: 12,
      scale,
    },
  )
  return pictureToPng(row)
}

function labelled(ground: Picture, masks: readonly Mask[], names: readonly string[]): Picture {
  let out = drawMasks(
    ground,
    masks.map((mask, i) => ({ mask, colour: maskColour(i), opacity: 0.42, contourPx: 2 })),
  )
  if (names.length < 2) return out
  const scale = ground.widthPx >= 600 ? 2 : 1
  const placed: Box[] = []
  const biggest = masks
    .map((mask, i) => ({ mask, i, pixels: area(mask) }))
    .filter(({ pixels }) => pixels > 0)
    .sort((a, b) => b.pixels - a.pixels || a.i - b.i)
    .slice(0, MAX_NAMES)
  for (const { mask, i } of biggest) {
    const text = plainName(names[i]!)
    const { widthPx, heightPx } = textSize(text, scale)
    const box = { width: widthPx + 4 * scale, height: heightPx + 4 * scale }
    const { x, y } = namePlace(mask, box, ground, placed)
    placed.push({ x, y, ...box })
    out = drawText(out, text, {
      x: x + 2 * scale,
      y: y + 2 * scale,
      scale,
      colour: [255, 255, 255],
      background: darker(maskColour(i)),
    })
  }
  return out
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** Where a name goes: on the middle of a long vertical run, so inside the mask, near its middle, off other names. */
function namePlace(
  mask: Mask,
  { width, height }: Pick<Box, 'width' | 'height'>,
  ground: PanelSize,
  placed: readonly Box[],
): { x: number; y: number } {
  const { edges, heightPx } = mask
  const whole = tightBox(mask)
  const clamp = (value: number, most: number) => Math.round(Math.max(0, Math.min(value, most)))
  let best = Number.NEGATIVE_INFINITY
  let place = { x: 0, y: 0 }
  for (let i = 0; i < edges.length; i += 2) {
    const column = Math.floor(edges[i]! / heightPx)
    const top = edges[i]! - column * heightPx
    const rows = Math.min(edges[i + 1]! - edges[i]!, heightPx - top)
    const x = clamp(column - width / 2, ground.widthPx - width)
    const y = clamp(top + rows / 2 - height / 2, ground.heightPx - height)
    const covers = placed.some(
      (other) =>
        x < other.x + other.width &&
        other.x < x + width &&
        y < other.y + other.height &&
        other.y < y + height,
    )
    const score =
      Math.min(rows, 3 * height) - 0.3 * Math.abs(column - (whole.x + whole.width / 2)) - (covers ? 1e6 : 0)
    if (score <= best) continue
    best = score
    place = { x, y }
  }
  return place
}

function difference(ground: Picture, truths: readonly Mask[], decoded: readonly Mask[]): Picture {
  const missing = unionAll(truths.map((truth, i) => subtract(truth, decoded[i]!)))
  const extra = subtract(unionAll(decoded.map((mask, i) => subtract(mask, truths[i]!))), missing)
  const both = subtract(
    subtract(unionAll(truths.map((truth, i) => intersect(truth, decoded[i]!))), missing),
    extra,
  )
  let out = drawMasks(dimmed(ground), [
    { mask: both, colour: BOTH, opacity: 0.4, contourPx: 0 },
    { mask: extra, colour: EXTRA, opacity: 0.85, contourPx: 0 },
    { mask: missing, colour: MISSING, opacity: 0.85, contourPx: 0 },
  ])
  const scale = ground.widthPx >= 600 ? 2 : 1
  let x = 4 * scale
  const { heightPx } = textSize('x', scale)
  for (const [text, colour] of [
    ['both', BOTH],
    ['extra', EXTRA],
    ['missing', MISSING],
  ] as const) {
    out = drawText(out, text, {
      x,
      y: ground.heightPx - heightPx - 4 * scale,
      scale,
      colour: [0, 0, 0],
      background: colour,
    })
    x += textSize(text, scale).widthPx + 6 * scale
  }
  return out
}

/** The picture in dark grey, so that colours on it speak. */
function dimmed(picture: Picture): Picture {
  const bytes = new Uint8Array(picture.bytes.length)
  for (let i = 0; i < bytes.length; i += 3) {
    const light = 0.299 * picture.bytes[i]! + 0.587 * picture.bytes[i + 1]! + 0.114 * picture.bytes[i + 2]!
    bytes.fill(Math.round(16 + light * 0.5), i, i + 3)
  }
  return { ...picture, bytes }
}

function darker([red, green, blue]: Rgb): Rgb {
  return [Math.round(red * 0.45), Math.round(green * 0.45), Math.round(blue * 0.45)]
}

/** What the font has: printable ASCII; other characters become a question mark. */
function plainName(name: string): string {
  const ascii = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\x20-\x7e]/g, '?')
  return ascii.length > 24 ? `${ascii.slice(0, 23)}~` : ascii
}

function toPicture({ widthPx, heightPx, rgb }: RgbPicture): Picture {
  return { widthPx, heightPx, channels: 3, bytes: rgb }
}

type PanelSize = { readonly widthPx: number; readonly heightPx: number }

function panelSize({ widthPx, heightPx }: RgbPicture): PanelSize {
  const longest = Math.max(widthPx, heightPx)
  const factor =
    longest > MAX_PANEL_PX ? MAX_PANEL_PX / longest : Math.max(1, Math.round(MIN_PANEL_PX / longest))
  return {
    widthPx: Math.max(1, Math.round(widthPx * factor)),
    heightPx: Math.max(1, Math.round(heightPx * factor)),
  }
}

function resizedPicture(picture: RgbPicture, to: PanelSize): Picture {
  if (to.widthPx === picture.widthPx) return toPicture(picture)
  if (to.widthPx < picture.widthPx) return { ...resizeBicubicPillow(toPicture(picture), to), channels: 3 }
  // Larger by a whole factor: the pixels stay visible as squares.
  const { values } = resizeNearest({ ...picture, channels: 3, values: picture.rgb }, to)
  return { ...to, channels: 3, bytes: values }
}

function resizedMask(mask: Mask, to: PanelSize): Mask {
  return to.widthPx === mask.widthPx && to.heightPx === mask.heightPx ? mask : resizeMaskNearest(mask, to)
}
