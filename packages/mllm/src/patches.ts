// Pictures and video frames as patches for Qwen's eyes, as transformers' Qwen2VLImageProcessor and the video processors of Qwen2-VL
// and Qwen3-VL make them (torchvision's resize, the default of AutoProcessor).
import type { Pixels } from '@maskwords/codecs'
import { resizeBicubicTorchvision } from '@maskwords/mask'
import type { PatchGrid, QwenVisionConfig } from '@maskwords/models'
import { MllmError } from './error.ts'

/** How pictures of one kind are made into patches; read from a model's folder. */
export type PictureSettings = {
  readonly minPixels: number
  readonly maxPixels: number
  readonly patchPx: number
  readonly patchFrames: number
  readonly merge: number
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

export type Size = { readonly heightPx: number; readonly widthPx: number }

/** Sides longer than this many times the other are refused, as transformers refuses them. */
const MAX_ASPECT = 200

/** Python's round: halves go to the even number. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  if (rest !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}

function checkAspect(heightPx: number, widthPx: number): void {
  const ratio = Math.max(heightPx, widthPx) / Math.min(heightPx, widthPx)
  if (ratio > MAX_ASPECT) {
    throw new MllmError(
      'argument',
      `a picture of ${widthPx} x ${heightPx} pixels is ${Math.round(ratio)} times as long as it is wide; at most ${MAX_ASPECT}`,
      { hint: 'cut it, or add a margin' },
    )
  }
}

/** Both sides as multiples of `factor`, the area between the limits, the shape kept as well as that goes. */
function fitSize(
  size: Size,
  factor: number,
  limits: { minPixels: number; maxPixels: number },
  frames: { counted: number; rounded: number },
): Size {
  const { heightPx, widthPx } = size
  const area =
    roundHalfEven(heightPx / factor) * factor * (roundHalfEven(widthPx / factor) * factor) * frames.rounded
  if (area > limits.maxPixels) {
    const shrink = Math.sqrt((frames.counted * heightPx * widthPx) / limits.maxPixels)
    const side = (px: number) => Math.max(factor, Math.floor(px / shrink / factor) * factor)
    return { heightPx: side(heightPx), widthPx: side(widthPx) }
  }
  if (area < limits.minPixels) {
    const grow = Math.sqrt(limits.minPixels / (frames.counted * heightPx * widthPx))
    const side = (px: number) => Math.ceil((px * grow) / factor) * factor
    return { heightPx: side(heightPx), widthPx: side(widthPx) }
  }
  return {
    heightPx: roundHalfEven(heightPx / factor) * factor,
    widthPx: roundHalfEven(widthPx / factor) * factor,
  }
}

/**
 * The size that a picture is resized to.
 * @throws MllmError `argument` for sides that differ by more than 200 times.
 */
export function smartSize(
  size: Size,
  factor: number,
  limits: { minPixels: number; maxPixels: number },
): Size {
  checkAspect(size.heightPx, size.widthPx)
  return fitSize(size, factor, limits, { counted: 1, rounded: 1 })
}

/**
 * The size that the frames of a video of Qwen3-VL are resized to; limits are of all frames together.
 * @throws MllmError `argument` for fewer frames than one patch has, or sides that differ by more than 200 times.
 */
export function smartVideoSize(
  size: Size,
  frames: number,
  patchFrames: number,
  factor: number,
  limits: { minPixels: number; maxPixels: number },
): Size {
  if (frames < patchFrames) {
    throw new MllmError('argument', `a video of ${frames} frame; at least ${patchFrames} are needed`)
  }
  let { heightPx, widthPx } = size
  if (heightPx < factor || widthPx < factor) {
    const scale = Math.max(factor / heightPx, factor / widthPx)
    heightPx = Math.trunc(heightPx * scale)
    widthPx = Math.trunc(widthPx * scale)
  }
  checkAspect(heightPx, widthPx)
  const rounded = roundHalfEven(frames / patchFrames) * patchFrames
  return fitSize({ heightPx, widthPx }, factor, limits, { counted: frames, rounded })
}

/** Patches as the vision tower takes them: [patches, channel x frames x side x side], in squares of merge x merge. */
export type Patches = { readonly grid: PatchGrid; readonly values: Float32Array }

/** Frames of one size, resized already, as patches; the last frame is repeated until a patch is full. */
export function patchesOfFrames(frames: readonly Pixels[], settings: PictureSettings): Patches {
  const { patchPx: side, patchFrames, merge, mean, deviation } = settings
  const { widthPx, heightPx } = frames[0]!
  const grid = {
    frames: Math.ceil(frames.length / patchFrames),
    rows: heightPx / side,
    columns: widthPx / side,
  }
  // torch multiplies mean and deviation by 255 in float32 and works on the bytes.
  const shift = mean.map((value) => Math.fround(value * 255))
  const spread = deviation.map((value) => Math.fround(value * 255))
  const area = side * side
  const values = new Float32Array(grid.frames * grid.rows * grid.columns * 3 * patchFrames * area)
  let at = 0
  for (let t = 0; t < grid.frames; t++) {
    for (let top = 0; top < grid.rows; top += merge) {
      for (let left = 0; left < grid.columns; left += merge) {
        for (let square = 0; square < merge * merge; square++) {
          const y0 = (top + Math.floor(square / merge)) * side
          const x0 = (left + (square % merge)) * side
          for (let channel = 0; channel < 3; channel++) {
            for (let f = 0; f < patchFrames; f++) {
              const { rgb } = frames[Math.min(t * patchFrames + f, frames.length - 1)]!
              for (let y = y0; y < y0 + side; y++) {
                let from = (y * widthPx + x0) * 3 + channel
                for (let x = 0; x < side; x++, from += 3) {
                  values[at++] = Math.fround(rgb[from]! - shift[channel]!) / spread[channel]!
                }
              }
            }
          }
        }
      }
    }
  }
  return { grid, values }
}

/** One picture, resized and cut. */
export function patchesOfPicture(picture: Pixels, settings: PictureSettings): Patches {
  const size = smartSize(picture, settings.patchPx * settings.merge, settings)
  return patchesOfFrames([resized(picture, size)], settings)
}

/** Frames of a video, resized and cut; all must have the first one's size. */
export function patchesOfVideo(
  frames: readonly Pixels[],
  settings: PictureSettings,
  kind: QwenVisionConfig['kind'],
): Patches {
  const [first] = frames
  if (first === undefined) throw new MllmError('argument', 'a video without frames')
  const other = frames.findIndex(
    ({ widthPx, heightPx }) => widthPx !== first.widthPx || heightPx !== first.heightPx,
  )
  if (other > 0) {
    const { widthPx, heightPx } = frames[other]!
    throw new MllmError(
      'argument',
      `frame ${other} of the video has ${widthPx} x ${heightPx} pixels, the first one ${first.widthPx} x ${first.heightPx}`,
    )
  }
  const factor = settings.patchPx * settings.merge
  const size =
    kind === 'qwen3-vl'
      ? smartVideoSize(first, frames.length, settings.patchFrames, factor, settings)
      : smartSize(first, factor, settings)
  return patchesOfFrames(
    frames.map((frame) => resized(frame, size)),
    settings,
  )
}

function resized(picture: Pixels, size: Size): Pixels {
  if (picture.widthPx === size.widthPx && picture.heightPx === size.heightPx) return picture
  const { widthPx, heightPx, rgb } = picture
  const { bytes } = resizeBicubicTorchvision({ widthPx, heightPx, channels: 3, bytes: rgb }, size)
  return { ...size, rgb: bytes }
}

/**
 * Which frames of a video are looked at for `wantedFps` of them in a second: evenly, as the processor of the family takes them.
 * @throws MllmError `argument` where the family refuses the request.
 */
export function sampleFrames(
  video: { frames: number; fps: number },
  wantedFps: number,
  kind: QwenVisionConfig['kind'],
  limits: { minFrames: number; maxFrames: number; patchFrames: number } = {
    minFrames: 4,
    maxFrames: 768,
    patchFrames: 2,
  },
): number[] {
  const { frames, fps } = video
  const { minFrames, maxFrames, patchFrames } = limits
  if (kind === 'qwen3-vl') {
    const count = Math.min(Math.max(Math.trunc((frames / fps) * wantedFps), minFrames), maxFrames, frames)
    return Array.from({ length: count }, (_, i) =>
      roundHalfEven(count === 1 ? 0 : i * ((frames - 1) / (count - 1))),
    )
  }
  const most = Math.floor(Math.min(maxFrames, frames) / patchFrames) * patchFrames
  const wanted = Math.min(Math.max((frames / fps) * wantedFps, minFrames), most, frames)
  const count = Math.floor(wanted / patchFrames) * patchFrames
  if (count === 0)
    throw new MllmError('argument', `a video of ${frames} frame; at least ${patchFrames} are needed`)
  const step = frames / count
  const length = Math.ceil(frames / step)
  return Array.from({ length }, (_, i) => Math.trunc(Math.fround(i * step)))
}
