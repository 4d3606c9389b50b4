// What the view Ask makes of a stream of events, and of a question that points at masks.
import type { ChatChunk } from '@maskwords/board/engine/asked-model.ts'
import { newRegion } from '@maskwords/board/state/regions.ts'
import type { Region } from '@maskwords/board/state/types.ts'
import { cocoRleFromMask, maskFromRowMajor } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { percent } from './look.ts'
import { messagesOf, missingPointer, withPointer } from './question.ts'
import { endedEarly, heard, newRound, piecesOf, type Round } from './round.ts'

type Delta = ChatChunk['choices'][number]['delta']
const WORDS = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'

const chunk = (delta: Delta, finish: 'stop' | 'length' | null = null): ChatChunk => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 0,
  model: 'm',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
})
const word = (mask: number, words: string): ChatChunk =>
  chunk({ maskWord: { mask, words, logprob: Math.log(0.5) } })
const drawn = (start: number): ChatChunk =>
  chunk({
    masks: [
      {
        index: 0,
        start,
        end: start + WORDS.length,
        status: 'complete',
        words: WORDS,
        codes: [11, 91],
        logprob: Math.log(0.25),
        probability: 0.25,
        wordLogprobs: [Math.log(0.5), Math.log(0.5)],
        mask: { size: [1, 1], counts: [1] },
      },
    ],
  })
const fold = (chunks: readonly ChatChunk[], firstNumber = 1): Round =>
  chunks.reduce((round, one) => heard(round, one, firstNumber, 7), newRound(1, 'where?'))
const shown = (round: Round): string =>
  piecesOf(round)
    .map((piece) => (piece.kind === 'text' ? piece.text : `[${piece.mask.number} ${piece.mask.status}]`))
    .join('')

describe('an answer that comes in pieces', () => {
  const pieces = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'There: ' }),
    word(0, '<|mt_0011|>'),
    word(0, '<|mt_0347|>'),
    chunk({ content: WORDS }),
    drawn('There: '.length),
    chunk({ content: '.' }),
    chunk({}, 'stop'),
  ]

  it('shows a mask from its first word on, and never its words as text', () => {
    const seen = pieces.map((_, i) => shown(fold(pieces.slice(0, i + 1), 4)))
    expect([...new Set(seen)]).toEqual([
      '',
      'There: ',
      'There: [4 begun]',
      'There: [4 complete]',
      'There: [4 complete].',
    ])
  })

  it('keeps the text as the model said it, the probability of each word, and the time to the first mask', () => {
    const round = fold(pieces)
    expect(round.text).toBe(`There: ${WORDS}.`)
    expect(round.masks[0]!.words.map(({ probability }) => percent(probability))).toEqual(['50 %', '50 %'])
    expect([percent(round.masks[0]!.probability), round.firstMaskMs, round.state]).toEqual([
      '25 %',
      7,
      'done',
    ])
  })

  it('keeps what was said where it ends early, and marks a mask that is not whole', () => {
    const round = endedEarly(fold(pieces.slice(0, 3)), 'failed', { message: 'gone', hint: undefined })
    expect(shown(round)).toBe('There: [1 rejected]')
    expect(round).toMatchObject({ text: 'There: ', state: 'failed', problem: { message: 'gone' } })
  })

  it('puts masks whose words came as text at their places', () => {
    const round = fold([chunk({ content: `a ${WORDS} b` }), drawn(2), chunk({}, 'length')])
    expect([shown(round), round.state]).toEqual(['a [1 complete] b', 'cut'])
  })
})

describe('a question that points at masks', () => {
  const said = fold([chunk({ content: WORDS }), drawn(0)])
  const mask = maskFromRowMajor({ widthPx: 2, heightPx: 1, bytes: Uint8Array.of(1, 0) })
  const region: Region = { ...newRegion(mask, [], 'cup', 'r7'), colour: '#000000' }
  const targets = { masks: said.masks, regions: [region] }

  it('sends a mask of the conversation in its own words, a region as a mask, the picture before all', () => {
    const messages = messagesOf([said], 'is {mask:1} in {region:7}?', 'HANDLE', targets)
    const { size, counts } = cocoRleFromMask(mask)
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'picture', picture: 'HANDLE' },
          { type: 'text', text: 'where?' },
        ],
      },
      { role: 'assistant', content: WORDS },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'is ' },
          { type: 'text', text: WORDS },
          { type: 'text', text: ' in ' },
          { type: 'mask', mask: { size, counts } },
          { type: 'text', text: '?' },
        ],
      },
    ])
  })

  it('leaves out questions that nobody answered', () => {
    const failed = endedEarly(newRound(2, 'lost'), 'failed')
    expect(JSON.stringify(messagesOf([said, failed], 'next', 'H', targets))).not.toContain('lost')
  })

  it('names what it points at and is not there', () => {
    expect(missingPointer('{mask:1} {region:7}', targets)).toBeUndefined()
    expect(missingPointer('{mask:2}', targets)).toBe('{mask:2}')
    expect(missingPointer('{region:1}', targets)).toBe('{region:1}')
  })

  it('has a pointer put in where the caret is, with blanks where words stand', () => {
    expect(withPointer('is it?', 3, 5, '{mask:1}')).toEqual({ text: 'is {mask:1}?', caret: 11 })
    expect(withPointer('seetext', 3, 3, '{mask:1}').text).toBe('see {mask:1} text')
    expect(withPointer('', 0, 0, '{mask:1}').text).toBe('{mask:1} ')
  })
})

it('probabilities are short and never rounded to certainty too early', () => {
  expect([1, 0.995, 0.5, 0.0342, 0.00012, 0, null].map(percent)).toEqual([
    '100 %',
    '> 99 %',
    '50 %',
    '3.4 %',
    '0.012 %',
    '0 %',
    undefined,
  ])
})
