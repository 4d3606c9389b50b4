// SAMTok or HiMTok? Both write `<|mt_start|>`, ids and `<|mt_end|>`; they differ in padding and in how many codes a mask
// has (SAMTok: 2, padded to four digits; HiMTok: 1 to 32, not padded).

import { scanMaskText } from './mask-lexer.ts'
import { MaskMachine } from './mask-machine.ts'
import { himtokVocabulary, type SamtokVocabulary, samtokVocabulary } from './vocabulary.ts'

/** How sure: `certain` when the spelling is possible in one dialect only, `likely` when both could have written it. */
export type MaskDialect = { readonly kind: 'samtok' | 'himtok'; readonly certainty: 'certain' | 'likely' }

/**
 * The dialect of the mask words in `text`, or undefined where there are none. A padded id (`<|mt_0011|>`) is SAMTok; an
 * id of fewer digits is HiMTok unless every span has `levels` codes at most, one has as many, and its ids rise through the
 * levels, as SAMTok models write that drop leading zeros; ids of four digits without a leading zero go by the number of codes.
 */
export function maskDialect(
  text: string,
  vocabulary: SamtokVocabulary = samtokVocabulary(),
): MaskDialect | undefined {
  const { digits, levels, codesPerLevel } = vocabulary
  let padded = 0
  let short = 0
  let others = 0
  let longest = 0
  let rising = true
  let previous = -1
  let codes = 0
  const himtok = himtokVocabulary()
  const machine = new MaskMachine(
    himtok,
    { maxSpans: 1 },
    {
      text() {},
      spanStart() {
        codes = 0
        previous = -1
      },
      code(id, _index, start, end) {
        const written = end - start - 7
        if (written === digits && text.charCodeAt(start + 5) === 48) padded++
        else if (written < digits) short++
        else others++
        codes++
        longest = Math.max(longest, codes)
        const level = Math.floor(id / codesPerLevel)
        if (level <= previous || level >= levels) rising = false
        previous = level
      },
      spanEnd() {},
    },
  )
  scanMaskText(text, 0, true, himtok, machine)
  if (padded + short + others === 0) return undefined
  if (padded > 0) return { kind: 'samtok', certainty: short > 0 || longest > levels ? 'likely' : 'certain' }
  if (short > 0) {
    return rising && longest === levels
      ? { kind: 'samtok', certainty: 'likely' }
      : { kind: 'himtok', certainty: longest > levels ? 'certain' : 'likely' }
  }
  return { kind: longest > levels ? 'himtok' : 'samtok', certainty: 'likely' }
}
