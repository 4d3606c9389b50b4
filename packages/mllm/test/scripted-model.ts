// A model whose answers a test writes: everything else is as a real one does it, masks read from its words included.
import type { Vocabulary } from '@maskwords/words'
import { samtokVocabulary } from '@maskwords/words'
import { answerWriter } from '../src/answer-writer.ts'
import type { Answer, Conversation, ModelFacts, MultimodalModel } from '../src/index.ts'
import { answerStream, MllmError } from '../src/index.ts'

export type Script = (
  question: string,
  conversation: Conversation,
) => string | Error | Promise<string | Error>

export type ScriptedOptions = {
  readonly vocabulary?: Vocabulary | undefined
  readonly facts?: Partial<ModelFacts>
  /** Waited for before each piece, with what has been said: slows an answer down, or breaks it off. */
  readonly between?: (said: string) => Promise<void>
}

/** What was asked last in a conversation: the text of its last turn. */
export function lastText(conversation: Conversation): string {
  const { content } = conversation.at(-1)!
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** `asked` has every call: the questions that came together. */
export function scriptedModel(
  script: Script,
  options: ScriptedOptions = {},
): MultimodalModel & { readonly asked: readonly (readonly string[])[]; readonly closed: () => boolean } {
  const vocabulary = 'vocabulary' in options ? options.vocabulary : samtokVocabulary()
  const asked: string[][] = []
  let closed = false
  const answerOf = async (
    conversation: Conversation,
    signal: AbortSignal | undefined,
    emit: Parameters<typeof answerWriter>[0]['emit'],
  ): Promise<Answer> => {
    const said = await script(lastText(conversation), conversation)
    if (said instanceof Error) throw said
    const bytes = said.match(/<\|mt_\w+\|>|[\s\S]/gu) ?? []
    const writer = answerWriter({
      vocabulary,
      stop: [],
      alternatives: 0,
      emit,
    })
    let tokens = 0
    for (; tokens < bytes.length && !signal?.aborted; tokens++) {
      await options.between?.(bytes.slice(0, tokens).join(''))
      const text = bytes[tokens]!
      await writer.piece({ text, tokens: [{ id: tokens, text, logprob: -0.1 }], spanLogprob: -0.1 })
    }
    return writer.end(signal?.aborted ? 'aborted' : 'stop', {
      promptTokens: 1,
      cachedTokens: 0,
      answerTokens: tokens,
      firstTokenMs: 1,
      restMs: 1,
    })
  }
  return {
    asked,
    closed: () => closed,
    facts: {
      kind: 'in-process',
      name: 'scripted',
      family: 'scripted',
      vocabularies: vocabulary === undefined ? [] : [vocabulary],
      constraints: ['off', 'free', 'forced', 'count'],
      logprobs: true,
      alternatives: false,
      maxTokens: undefined,
      notes: [],
      ...options.facts,
    },
    ask(conversation, { signal } = {}) {
      asked.push([lastText(conversation)])
      return answerStream((push, fail) => void answerOf(conversation, signal, push).catch(fail))
    },
    async askMany(picture, questions, { signal, onAnswer } = {}) {
      asked.push([...questions])
      if (closed) throw new MllmError('closed', 'the model is closed')
      const answers: Answer[] = []
      for (const [index, text] of questions.entries()) {
        const content = [
          { type: 'picture' as const, picture },
          { type: 'text' as const, text },
        ]
        const answer = await answerOf([{ role: 'user', content }], signal, () => {})
        answers.push(answer)
        onAnswer?.(index, answer)
      }
      return answers
    },
    async close() {
      closed = true
    },
  }
}
