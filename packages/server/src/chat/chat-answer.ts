// An answer of a model in OpenAI's shape, with its masks decoded: whole, and as the events of a stream.
import type { ChatAnswer, ChatChunk, ChatMask, DecodeAnswer } from '@maskwords/client/schema'
import type { Answer, AnswerMask, Usage } from '@maskwords/mllm'

/** What all parts of one answer say of themselves. */
export type AnswerHead = { readonly id: string; readonly created: number; readonly model: string }

type Decoded = DecodeAnswer['results'][number]
type Choice = ChatChunk['choices'][number]

/** Six digits tell any two probabilities of use apart. */
const digits = (value: number | undefined): number | null =>
  value === undefined ? null : Number(value.toPrecision(6))

/** A mask as said, with what its words decode to. */
export function chatMask(
  mask: AnswerMask,
  wordLogprobs: readonly (number | undefined)[],
  decoded: Decoded | undefined,
): ChatMask {
  const { index, start, end, status, codes, text, logprob, probability, alternatives } = mask
  const drawn =
    decoded === undefined
      ? {}
      : 'error' in decoded
        ? { error: decoded.error }
        : {
            mask: decoded.mask,
            areaPx: decoded.areaPx,
            boxXyxyPx: decoded.boxXyxyPx,
            ...(decoded.score !== undefined && { score: decoded.score }),
          }
  return {
    index,
    start,
    end,
    status,
    words: text,
    codes: [...codes],
    logprob: digits(logprob),
    probability: digits(probability),
    wordLogprobs: wordLogprobs.map(digits),
    ...(alternatives && {
      alternatives: alternatives.map((one) => ({
        words: one.text,
        codes: [...one.codes],
        logprob: digits(one.logprob)!,
        probability: digits(one.probability)!,
      })),
    }),
    ...drawn,
  }
}

/** Log-probabilities of the tokens, in OpenAI's form; null where they were not asked for. */
export function tokenLogprobs(answer: Answer, wanted: boolean): Choice['logprobs'] {
  if (!wanted) return null
  const content = answer.tokens.flatMap(({ text, logprob }) =>
    logprob === undefined
      ? []
      : [{ token: text, logprob, bytes: [...new TextEncoder().encode(text)], top_logprobs: [] }],
  )
  return { content, refusal: null }
}

/** An answer that was stopped is none; the caller who stopped it is gone. */
export const finishOf = ({ finish }: Answer): 'stop' | 'length' => (finish === 'length' ? 'length' : 'stop')

export function usageOf(usages: readonly Usage[]): ChatAnswer['usage'] {
  const prompt = usages[0]?.promptTokens ?? 0
  const completion = usages.reduce((sum, { answerTokens }) => sum + answerTokens, 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usages[0]?.cachedTokens ?? 0 },
  }
}

/** The whole. */
export function wholeAnswer(
  head: AnswerHead,
  answers: readonly { readonly answer: Answer; readonly masks: ChatMask[] }[],
  logprobs: boolean,
): ChatAnswer {
  return {
    ...head,
    object: 'chat.completion',
    choices: answers.map(({ answer, masks }, index) => ({
      index,
      message: { role: 'assistant', content: answer.text, refusal: null, masks },
      logprobs: tokenLogprobs(answer, logprobs),
      finish_reason: finishOf(answer),
      ...(answer.notes && { notes: [...answer.notes] }),
    })),
    usage: usageOf(answers.map(({ answer }) => answer.usage)),
  }
}

/** One event of a stream. */
export function chunkOf(
  head: AnswerHead,
  index: number,
  delta: Choice['delta'],
  end: Partial<Pick<Choice, 'logprobs' | 'finish_reason' | 'notes'>> = {},
): ChatChunk {
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index, delta, logprobs: null, finish_reason: null, ...end }],
  }
}
