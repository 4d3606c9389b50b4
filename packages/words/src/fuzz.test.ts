// Seeded mutations of real answer shapes through every reader: only the typed error, no hang, no lost place.

import { describe, expect, it } from 'vitest'
import { spelled } from '../test/spelled.ts'
import { tookMs } from '../test/timing.ts'
import { readAnswer } from './answer.ts'
import { WordsError } from './error.ts'
import { formatGetokAnswer, formatGetokRefinement } from './getok-format.ts'
import { parseGetok } from './getok-parse.ts'
import { formatGroundedCaption } from './grounded-caption.ts'
import { formatJsonAnswer, formatSceneGraph, parseJsonAnswer, parseSceneGraph } from './json-answer.ts'
import { maskDialect } from './mask-dialect.ts'
import { formatMaskWords } from './mask-format.ts'
import { parseOfficial, parseOfficialBucket } from './mask-official.ts'
import { codesFromText, parseMaskWords } from './mask-parse.ts'
import { formatReference } from './reference-box.ts'
import {
  captionMaskAccuracy,
  maskTokenAccuracy,
  nonRepeatReward,
  phraseReward,
  sceneGraphReward,
} from './reward-mask.ts'
import { formatReward, noTargetReward, trigramReward } from './reward-text.ts'
import { sanitiseText } from './sanitise.ts'
import { formatThinkAnswer } from './think-answer.ts'
import { readTokenizer } from './tokenizer-file.ts'
import { getokVocabulary, himtokVocabulary, samtokVocabulary, wordsOf } from './vocabulary.ts'

const samtok = samtokVocabulary()
const himtok = himtokVocabulary()
const getok = getokVocabulary()

function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const SCRAPS =
  '<|mt_ |> <| < > [ ] { } " \\ , : ``` \n \u200b \ud83d 0 9999 <box> </seg> <answer> null'.split(/(?<=.) /)

/** Cuts, repeats, swaps and inserts, 1 to 4 times. */
function mutated(text: string, next: (below: number) => number): string {
  for (let times = next(4); times >= 0; times--) {
    const at = next(text.length + 1)
    const length = next(12)
    const end = Math.min(text.length, at + length)
    switch (next(6)) {
      case 0:
        text = text.slice(0, at) + text.slice(end)
        break
      case 1:
        text = text.slice(0, end) + text.slice(at)
        break
      case 2:
        text = text.slice(0, at) + SCRAPS[next(SCRAPS.length)] + text.slice(at)
        break
      case 3:
        text = text.slice(0, at) + String.fromCharCode(next(0x180)) + text.slice(at + 1)
        break
      case 4:
        text = text.slice(0, at)
        break
      default:
        text = text.slice(end) + text.slice(0, at)
    }
  }
  return text
}

function typed(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof WordsError)) throw error
  }
}

/** The reward, or 0 where the truth has nothing that this reward compares. */
function judged(reward: (answer: string, truth: string) => number, answer: string, truth: string): number {
  try {
    return reward(answer, truth)
  } catch (error) {
    if (!(error instanceof WordsError) || error.code !== 'unreadable') throw error
    return 0
  }
}

describe('mutated input', () => {
  it('20,000 texts with mask and grid words', () => {
    const next = generator(1)
    const bases = [
      `It is ${spelled('S 0011 0347 E')} and ${spelled('S 0007 0300 E')}.`,
      `Sure, ${formatMaskWords([1, 22, 333, 1023, 0, 7], himtok)}`,
      formatGetokAnswer(
        {
          think: 'so',
          instances: [
            {
              label: 'cup',
              geometries: [
                { kind: 'box', codes: [5, 900] },
                { kind: 'seg', codes: [7, 8, 9] },
              ],
            },
          ],
        },
        getok,
      ),
      formatGetokRefinement(
        [
          { kind: 'box', codes: [1024, 1030] },
          { kind: 'seg', codes: [1033, 1027] },
        ],
        getok,
      ),
    ]
    let slowestMs = 0
    for (let k = 0; k < 20_000; k++) {
      const text = mutated(bases[k % bases.length]!, next)
      const ms = tookMs(() => {
        for (const vocabulary of [samtok, himtok]) {
          let at = 0
          for (const { start, end, status, codes } of parseMaskWords(text, vocabulary).spans) {
            if (start < at || end <= start || end > text.length) throw new Error(`place ${start} in ${text}`)
            at = end
            if (status !== 'rejected') formatMaskWords(codes, vocabulary)
          }
        }
        parseOfficial(text, samtok)
        typed(() => parseOfficial(text, samtok, { variant: 'gcg' }))
        typed(() => parseOfficialBucket(text, samtok))
        typed(() => codesFromText(text, samtok))
        maskDialect(text)
        parseGetok(text, getok)
        sanitiseText(text)
      })
      slowestMs = Math.max(slowestMs, ms)
    }
    expect(slowestMs).toBeLessThan(100)
  })

  it('20,000 answers in JSON, captions, boxes and thoughts', () => {
    const next = generator(2)
    const entry = { codes: [11, 91], label: 'a "red" cup' }
    const other = { codes: [7, 44], label: 'dog' }
    const bases = [
      formatJsonAnswer([entry, other], samtok),
      formatJsonAnswer([entry], samtok).replaceAll('"<', '<').replaceAll('>"', '>'),
      formatSceneGraph([{ subject: entry, predicate: 'on', object: other }], samtok),
      formatGroundedCaption(
        [{ phrase: 'a cup', masks: [[11, 91]] }, ' on ', { phrase: 'it', masks: [[7, 44]] }],
        samtok,
      ),
      formatThinkAnswer({
        think: 'first',
        answer: formatReference({ phrase: 'cup', boxes: [[1, 2, 3, 4]] }) + spelled('S 0011 0347 E'),
      }),
    ]
    let slowestMs = 0
    for (let k = 0; k < 20_000; k++) {
      const base = bases[k % bases.length]!
      const text = mutated(base, next)
      const ms = tookMs(() => {
        const { spans, json, scene } = readAnswer(text, samtok)
        parseJsonAnswer(text, samtok, spans)
        parseSceneGraph(text, samtok, spans)
        for (const { start, end } of [...(json?.entries ?? []), ...(scene?.triples ?? [])]) {
          if (start < 0 || end < start || end > text.length) throw new Error(`place ${start} in ${text}`)
        }
        for (const reward of [
          judged(maskTokenAccuracy, text, base),
          judged(captionMaskAccuracy, text, base),
          judged(phraseReward, text, base),
          judged(sceneGraphReward, text, base),
          nonRepeatReward(text),
          formatReward(text),
          noTargetReward(text),
          trigramReward(text),
        ]) {
          if (!(reward >= 0 && reward <= 1)) throw new Error(`reward ${reward} for ${text}`)
        }
      })
      slowestMs = Math.max(slowestMs, ms)
    }
    expect(slowestMs).toBeLessThan(100)
  })

  it('20,000 tokenizer files', () => {
    const next = generator(3)
    const words = [
      ...wordsOf(samtokVocabulary({ codesPerLevel: 3 })),
      ...wordsOf(getokVocabulary({ gridSize: 2 })),
    ]
    const base = JSON.stringify({
      added_tokens: words.map((content, id) => ({ id, content, special: false })),
    })
    for (let k = 0; k < 20_000; k++) {
      let json: unknown
      try {
        json = JSON.parse(mutated(base, next))
      } catch {
        json = [{}, { added_tokens: [k, {}] }, { model: { vocab: { '<|mt_0000|>': -k } } }][k % 3]
      }
      typed(() => readTokenizer(json, { codesPerLevel: 3 }))
    }
  })
})

describe('deep and broken JSON', () => {
  it('is read in time linear in its length', () => {
    const units = [
      '{',
      '[',
      '[{',
      '{"a":',
      '{"mask_2d": "',
      '"',
      '" ',
      '{]',
      ', ',
      '```',
      '```{',
      '{"mask_2d":<|mt_0001|>,',
    ]
    for (const unit of units) {
      const text = `[{"mask_2d": ${unit.repeat(1_000_000 / unit.length)}`
      expect([unit, tookMs(() => readAnswer(text, samtok), 2000) < 2000]).toEqual([unit, true])
    }
  })
})
