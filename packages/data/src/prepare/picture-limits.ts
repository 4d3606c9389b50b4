// Pictures at which trainers stop, one table with where each limit is written, and how such a picture is repaired. Definition: docs/prepare.md.
import type { SizePx } from '@maskwords/mask'

export type PictureLimit = {
  readonly kind: 'ratio' | 'small' | 'large'
  /** What a person reads. */
  readonly says: string
  readonly breaks: (size: SizePx) => boolean
}

/** Long side over short side; `smart_resize` of qwen_vl_utils 0.0.14 and transformers 5.24 raise ValueError above it. */
const MAX_RATIO = 200
/** Repaired pictures stay below it, as LLaMA-Factory's do: rounded to whole patches, 190 can become 280. */
const REPAIRED_RATIO = 130
/**
 * A patch of pixels and its merge: 28 for Qwen2-VL and 2.5-VL, 32 for Qwen3-VL. transformers before 5 and `smart_resize` of
 * GLM-V raise ValueError for a shorter side.
 */
const FACTORS = [28, 32] as const
const LEAST_SIDE_PX = 32
/** Pillow raises DecompressionBombError above twice its MAX_IMAGE_PIXELS: 2 * floor(2^30 / 4 / 3). */
const MAX_PIXELS = 178_956_970

const RATIO: PictureLimit = {
  kind: 'ratio',
  says: `sides above 1 : ${MAX_RATIO}, or so once rounded to patches of 28 or 32 pixels`,
  breaks: (size) => {
    if (ratioOf(size) > MAX_RATIO) return true
    // qwen_vl_utils resizes first, and the processor looks at what came out.
    return FACTORS.some((factor) => ratioOf(roundedTo(size, factor)) > MAX_RATIO)
  },
}
const SMALL: PictureLimit = {
  kind: 'small',
  says: `a side below ${FACTORS.join(' or ')} pixels`,
  breaks: ({ widthPx, heightPx }) => Math.min(widthPx, heightPx) < LEAST_SIDE_PX,
}
const LARGE: PictureLimit = {
  kind: 'large',
  says: `more than ${MAX_PIXELS.toLocaleString('en-US')} pixels, where Pillow refuses`,
  breaks: ({ widthPx, heightPx }) => widthPx * heightPx > MAX_PIXELS,
}

/** By writer: what its trainer stops at. LLaMA-Factory stretches small and long pictures by itself before the processor sees them. */
const LIMITS: Readonly<Record<string, readonly PictureLimit[]>> = {
  'llama-factory': [LARGE],
  jsonl: [],
  webdataset: [LARGE],
}
const QWEN_TRAINERS = [RATIO, SMALL, LARGE]

/** The limits of a writer's trainer: those of Qwen's processors unless the table says otherwise. */
export function limitsOf(writer: string): readonly PictureLimit[] {
  return Object.hasOwn(LIMITS, writer) ? LIMITS[writer]! : QWEN_TRAINERS
}

export type RepairMode = 'pad' | 'resize' | 'skip'

/** What is done to a picture: nothing, left out, or made of another size (`pad` adds black at the right and the bottom). */
export type PictureRepair =
  | { readonly as: 'skip' }
  | { readonly as: 'pad' | 'resize'; readonly widthPx: number; readonly heightPx: number }

/** The repair of a picture that breaks one of the limits; pixels are never cut off: too many are always resized. */
export function repairOf(
  size: SizePx,
  limits: readonly PictureLimit[],
  mode: RepairMode,
): PictureRepair | undefined {
  if (!limits.some((limit) => limit.breaks(size))) return undefined
  if (mode === 'skip') return { as: 'skip' }
  const isWide = size.widthPx >= size.heightPx
  let long = Math.max(size.widthPx, size.heightPx)
  let short = Math.min(size.widthPx, size.heightPx)
  let as = mode
  if (long * short > MAX_PIXELS) {
    const scale = Math.sqrt(MAX_PIXELS / (long * short))
    long = Math.floor(long * scale)
    short = Math.max(1, Math.floor(short * scale))
    as = 'resize'
  }
  if (limits.includes(SMALL) && short < LEAST_SIDE_PX) {
    if (as === 'resize')
      long = Math.min(
        Math.ceil((long * LEAST_SIDE_PX) / short),
        Math.max(long, LEAST_SIDE_PX * REPAIRED_RATIO),
      )
    else long = Math.max(long, LEAST_SIDE_PX)
    short = LEAST_SIDE_PX
  }
  if (limits.includes(RATIO)) short = Math.max(short, Math.ceil(long / REPAIRED_RATIO))
  return isWide ? { as, widthPx: long, heightPx: short } : { as, widthPx: short, heightPx: long }
}

function ratioOf({ widthPx, heightPx }: SizePx): number {
  return Math.max(widthPx, heightPx) / Math.min(widthPx, heightPx)
}

function roundedTo({ widthPx, heightPx }: SizePx, factor: number): SizePx {
  const side = (length: number) => Math.max(factor, Math.round(length / factor) * factor)
  return { widthPx: side(widthPx), heightPx: side(heightPx) }
}
