// `inspect` of a picture file: what its header says, whether its pixels decode, and what it would be as a mask.
import { area, tightBox } from '@maskwords/mask'
import { isTypedError, reportOf } from '../error.ts'
import { masksOfPicture } from '../input/mask-picture.ts'
import type { FileKind } from '../input/sniff.ts'
import { DEFAULT_MAX_PIXELS, describePicture, type PictureInfo } from '../picture/describe.ts'
import { decodePicture } from '../picture/read.ts'
import type { Problem, Report } from './report.ts'

/** Masks of a label map that are listed; the rest are counted. */
const LISTED_LABELS = 20

const ORIENTATIONS = [
  '',
  'as stored',
  'mirrored',
  'half a turn',
  'mirrored, half a turn',
  'mirrored, quarter turn',
  'quarter turn clockwise',
  'mirrored, quarter turn back',
  'quarter turn counter-clockwise',
]

export async function inspectPicture(
  target: string,
  bytes: Uint8Array,
  kind: FileKind,
  maxPixels: number = DEFAULT_MAX_PIXELS,
): Promise<Report> {
  const info = await describePicture(bytes, { name: target, maxPixels })
  const problems: Problem[] = []
  const facts: [string, string | number | boolean | (readonly (string | number)[])[]][] = [
    ['format', info.format],
    ['size', `${info.widthPx} x ${info.heightPx}`],
    [
      'orientation',
      info.orientation === 1 ? 'as stored' : `EXIF ${info.orientation}: ${ORIENTATIONS[info.orientation]}`,
    ],
    ['colour', info.colour],
    ['bits', info.bitDepth],
    ['alpha', info.hasAlpha],
    ['profile', info.hasProfile ? 'ICC profile embedded' : 'none'],
    ['bytes', bytes.length],
  ]
  remarks(info, problems)
  try {
    await decodePicture(bytes, info, { name: target })
  } catch (error) {
    if (!isTypedError(error)) throw error
    const { message, hint } = reportOf(error)
    problems.push({ problem: message, ...(hint !== undefined && { remedy: hint }), broken: true })
  }
  const asMask = problems.some((problem) => problem.broken)
    ? undefined
    : await readAsMask(target, bytes, kind, maxPixels)
  if (asMask !== undefined) facts.push(['as a mask', asMask.what], ...asMask.facts)
  return {
    target,
    kind: asMask === undefined ? 'picture' : 'mask',
    what: `${info.format.toUpperCase()} picture, ${info.widthPx} x ${info.heightPx}`,
    facts,
    problems,
  }
}

function remarks(info: PictureInfo, problems: Problem[]): void {
  if (info.orientation >= 5) {
    problems.push({
      problem: `the pixels are stored as ${info.storedWidthPx} x ${info.storedHeightPx} and shown turned; PIL-based tools do not turn them`,
      remedy: 'check which way your masks lie: --exif apply or --exif ignore',
    })
  } else if (info.orientation > 1) {
    problems.push({
      problem: 'viewers turn this picture; PIL-based tools do not, and the size does not tell the two apart',
      remedy: 'check which way your masks lie: --exif apply or --exif ignore',
    })
  }
  if (info.pages > 1) problems.push({ problem: `${info.pages} frames or pages; only the first is read` })
  if (info.colour === 'cmyk') {
    problems.push({
      problem: `CMYK${info.hasProfile ? '' : ' without a profile'}: its colours in RGB depend on the converter`,
      remedy: 'save it as RGB to have the same pixels everywhere',
    })
  }
}

async function readAsMask(target: string, bytes: Uint8Array, kind: FileKind, maxPixels: number) {
  if (kind === 'jpeg') return undefined
  try {
    const masks = await masksOfPicture(bytes, kind, target, { dialect: 'auto', maxPixels })
    const first = masks[0]
    if (first === undefined) return { what: 'a label map without labels', facts: [] }
    if (masks.length === 1 && first.at === undefined) {
      const box = tightBox(first.mask)
      const pixels = area(first.mask)
      const share = ((100 * pixels) / (first.mask.widthPx * first.mask.heightPx)).toFixed(1)
      return {
        what: pixels === 0 ? 'binary, and empty' : 'binary',
        facts: [
          ['area', `${pixels} pixels (${share} %)`],
          ['box', `x ${box.x}, y ${box.y}, ${box.width} x ${box.height}`],
        ] as [string, string][],
      }
    }
    // A grey photograph has nearly every value; a label map of that many labels is not told from it by values alone.
    const photograph = masks.length > 128 && kind === 'png'
    const listed = masks.slice(0, LISTED_LABELS).map((item) => [Number(item.id), area(item.mask)])
    return {
      what: photograph
        ? `${masks.length} values: a grey picture, or a large label map`
        : `label map with ${masks.length} labels`,
      facts: photograph ? [] : ([['label, area', listed]] as [string, number[][]][]),
    }
  } catch (error) {
    if (!isTypedError(error)) throw error
    return kind === 'png' ? await readAsColours(target, bytes, maxPixels) : undefined
  }
}

/** Few colours in a PNG may be ids; a photograph, which is no mask and no problem either, has thousands. */
const MAX_ID_COLOURS = 512

async function readAsColours(target: string, bytes: Uint8Array, maxPixels: number) {
  try {
    const options = { dialect: 'panoptic', maxPixels, maxLabels: MAX_ID_COLOURS } as const
    const masks = await masksOfPicture(bytes, 'png', target, options)
    return { what: `${masks.length} colours: ids of COCO panoptic? (--mask-format panoptic)`, facts: [] }
  } catch (error) {
    if (!isTypedError(error)) throw error
    return undefined
  }
}
