// `inspect` of text: the words in it with their places and repairs, or a compressed COCO string.
import { maskFromCocoString } from '@maskwords/mask'
import { isTypedError, reportOf } from '../error.ts'
import { readWords } from '../input/words.ts'
import type { Size } from '../options.ts'
import { reportOfMask } from './mask.ts'
import type { Problem, Report } from './report.ts'

/** Spans that are listed; the rest are counted. */
const LISTED_SPANS = 50

/** Labels are what stands before the words on their line: in a text without lines that may be very long. */
const shortened = (label: string) => (label.length > 40 ? `${label.slice(0, 39)}…` : label)

export function inspectText(target: string, text: string, size: Size | undefined): Report | undefined {
  const reading = readWords(text)
  if (reading !== undefined) {
    const { found, problems } = reading
    const listed = found.slice(0, LISTED_SPANS)
    return {
      target,
      kind: 'words',
      what: `text with ${found.length} ${reading.codec} ${found.length === 1 ? 'mask' : 'masks'}`,
      facts: [
        ['codec', reading.codec],
        ['masks', found.length],
        [
          'place, status, codes',
          listed.map((one) => [
            `${one.start}..${one.end}${one.label === undefined ? '' : ` ${shortened(one.label)}`}`,
            one.status,
            one.codes.join(' '),
          ]),
        ],
      ],
      problems: [
        ...listed.flatMap((one): Problem[] =>
          one.repairs.map((repair) => ({
            problem: repair.kind,
            at: `characters ${repair.start}..${repair.end}`,
          })),
        ),
        ...problems.map((one) => ({ problem: one.kind, at: `characters ${one.start}..${one.end}` })),
        ...listed
          .filter((one) => one.status === 'rejected')
          .map((one) => ({
            problem: 'words that say no mask without guessing',
            at: `characters ${one.start}..${one.end}`,
            broken: true,
          })),
      ],
    }
  }
  return inspectRle(target, text.trim(), size)
}

/** Every character of a compressed COCO string lies between 0 and o (48 to 111). */
function inspectRle(target: string, text: string, size: Size | undefined): Report | undefined {
  if (text.length < 2 || !/^[0-o]+$/.test(text)) return undefined
  if (size === undefined) {
    return {
      target,
      kind: 'coco-rle',
      what: `perhaps a compressed COCO RLE string (${text.length} characters)`,
      facts: [['characters', text.length]],
      problems: [
        {
          problem: 'the string does not say how large the picture is',
          remedy: 'say it: --size WIDTHxHEIGHT',
        },
      ],
    }
  }
  try {
    const mask = maskFromCocoString({ ...size, text })
    return { ...reportOfMask(target, [{ label: 'mask', mask }]), what: 'compressed COCO RLE string' }
  } catch (error) {
    if (!isTypedError(error)) throw error
    const { message, hint } = reportOf(error)
    return {
      target,
      kind: 'coco-rle',
      what: 'text that is not a COCO RLE string of this size',
      facts: [['characters', text.length]],
      problems: [{ problem: message, ...(hint !== undefined && { remedy: hint }), broken: true }],
    }
  }
}
