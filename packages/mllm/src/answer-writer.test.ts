// Answers as they are written: which of their masks stand in thoughts.
import { samtokVocabulary } from '@maskwords/words'
import { describe, expect, it } from 'vitest'
import { answerWriter } from './answer-writer.ts'
import type { AnswerEvent } from './model.ts'

const FIRST = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
const SECOND = '<|mt_start|><|mt_0012|><|mt_0348|><|mt_end|>'

/** Writes an answer character by character. */
async function written(text: string, thoughtOpen: boolean) {
  const events: AnswerEvent[] = []
  const writer = answerWriter({
    vocabulary: samtokVocabulary(),
    stop: [],
    alternatives: 0,
    thoughtOpen,
    emit: (event) => events.push(event),
  })
  for (const character of text) await writer.piece({ text: character, tokens: [], spanLogprob: 0 })
  const usage = { promptTokens: 0, cachedTokens: 0, answerTokens: text.length, firstTokenMs: 0, restMs: 0 }
  return { answer: writer.end('stop', usage), events }
}

describe('masks in thoughts', () => {
  it('are told as such, whoever opened the thought', async () => {
    for (const [text, thoughtOpen, expected] of [
      [`<think>${FIRST}?</think>${SECOND}`, false, [true, undefined]],
      [`${FIRST}?</think>${SECOND}`, false, [true, undefined]],
      [`${FIRST}?</think>${SECOND}`, true, [true, undefined]],
      [`perhaps ${FIRST} or`, true, [true]],
      [`perhaps ${FIRST} or`, false, [undefined]],
    ] as const) {
      const { answer, events } = await written(text, thoughtOpen)
      expect([text, answer.masks.map(({ inThought }) => inThought)]).toEqual([text, expected])
      expect(events.filter(({ type }) => type === 'mask')).toHaveLength(expected.length)
    }
  })
})
