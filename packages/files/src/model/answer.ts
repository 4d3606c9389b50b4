// An answer of a model: its masks decoded, and all of it as JSON.
import type { EncodedImage, MaskCodec, Pixels } from '@maskwords/codecs'
import { area, cocoRleFromMask, type Mask, tightBox } from '@maskwords/mask'
import type { Answer, AnswerMask } from '@maskwords/mllm'
import { type ErrorReport, isTypedError, reportOf } from '../error.ts'

export type DecodedMask = { readonly said: AnswerMask; readonly mask: Mask }

/**
 * Decodes what can be read of the answer, thoughts left out; what cannot be read goes to `failures` with its place. `picture`: its pixels, or
 * what the codec has made of them.
 */
export async function decodedMasks(
  codec: MaskCodec,
  picture: Pixels | EncodedImage,
  answer: Answer,
  failures: ErrorReport[],
  signal: AbortSignal,
): Promise<DecodedMask[]> {
  const said = answer.masks.filter(({ inThought }) => inThought !== true)
  if (said.length === 0) return []
  const image = 'codec' in picture ? picture : await codec.encodeImage(picture, { signal })
  const decoded: DecodedMask[] = []
  for (const one of said) {
    const at = `character ${one.start} of the answer`
    if (one.codes.length === 0) {
      failures.push({
        code: 'malformed',
        message: `the words of mask ${one.index + 1} cannot be read: ${JSON.stringify(one.text)}`,
        at,
      })
      continue
    }
    try {
      const [found] = await codec.decode(image, [one.codes], { signal })
      decoded.push({ said: one, mask: found!.mask })
    } catch (error) {
      if (!isTypedError(error) || signal.aborted) throw error
      failures.push({ ...reportOf(error), at })
    }
  }
  return decoded
}

/** Six digits tell any two probabilities of use apart, and the JSON stays readable. */
const digits = (value: number | undefined) => (value === undefined ? undefined : Number(value.toPrecision(6)))

/** Text, end and masks of an answer. */
export function answerJson(answer: Answer, masks: readonly DecodedMask[]): Record<string, unknown> {
  const { usage } = answer
  return {
    text: answer.text,
    finish: answer.finish,
    ...(answer.notes && { notes: answer.notes }),
    masks: answer.masks.map((said) => {
      const mask = masks.find((one) => one.said === said)?.mask
      const box = mask && tightBox(mask)
      return {
        words: said.text,
        codes: said.codes,
        start: said.start,
        end: said.end,
        status: said.status,
        ...(said.inThought === true && { inThought: true }),
        logprob: digits(said.logprob),
        probability: digits(said.probability),
        ...(said.alternatives && {
          alternatives: said.alternatives.map(({ text, codes, logprob, probability }) => ({
            words: text,
            codes,
            logprob: digits(logprob),
            probability: digits(probability),
          })),
        }),
        ...(mask && { ...cocoRleFromMask(mask), area: area(mask), box }),
      }
    }),
    usage: {
      promptTokens: usage.promptTokens,
      cachedTokens: usage.cachedTokens,
      answerTokens: usage.answerTokens,
      firstTokenMs: Math.round(usage.firstTokenMs),
      restMs: Math.round(usage.restMs),
    },
  }
}
