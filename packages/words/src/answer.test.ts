// The wrappers around mask words: JSON lists, scene graphs, captions, boxes, thoughts. Places cut the text exactly.

import { describe, expect, it } from 'vitest'
import { spelled } from '../test/spelled.ts'
import { readAnswer } from './answer.ts'
import { formatGroundedCaption, parseGroundedCaption, plainCaption } from './grounded-caption.ts'
import { formatJsonAnswer, formatSceneGraph, parseJsonAnswer, parseSceneGraph } from './json-answer.ts'
import { boxFromXyxyPx, boxToXyxyPx, formatReference, parseReferences } from './reference-box.ts'
import {
  formatThinkAnswer,
  parseColdStart,
  parseThinkAnswer,
  saysNoTarget,
  withoutEmptyThink,
} from './think-answer.ts'
import { samtokVocabulary } from './vocabulary.ts'

const samtok = samtokVocabulary()
const CUP = spelled('S 0011 0347 E')
const DOG = spelled('S 0007 0300 E')
const list = (text: string) =>
  parseJsonAnswer(text, samtok)?.entries.map((entry) => [
    entry.masks.map((mask) => mask.codes),
    entry.label?.text,
    entry.problems,
  ])

describe('JSON answers', () => {
  it('reads back what is written, with quotes and breaks in labels', () => {
    const text = formatJsonAnswer(
      [
        { codes: [11, 91], label: 'the "red" cup\n{1}' },
        { codes: [7, 44], label: 'dog, left' },
      ],
      samtok,
    )
    expect(text.split('\n')).toEqual([
      '```json',
      `[{"mask_2d": "${CUP}", "label": "the \\"red\\" cup\\n{1}"},`,
      `{"mask_2d": "${DOG}", "label": "dog, left"}]`,
      '```',
    ])
    const answer = parseJsonAnswer(`Here: ${text} done`, samtok)!
    expect(answer).toMatchObject({ fence: 'closed', start: 6, end: 6 + text.length, strayMasks: [] })
    expect(list(text)).toEqual([
      [[[11, 91]], 'the "red" cup\n{1}', []],
      [[[7, 44]], 'dog, left', []],
    ])
  })

  const table: [name: string, text: string, entries: unknown][] = [
    ['unquoted words', `[{"mask_2d": ${CUP}, "label": "cup"}]`, [[[[11, 91]], 'cup', []]]],
    ['unquoted words and label', `{"mask_2d": ${CUP}, "label": cup}`, [[[[11, 91]], 'cup', []]]],
    [
      'several unquoted words',
      `[{"mask_2d": ${CUP}, ${DOG}, "label": "x"}]`,
      [
        [
          [
            [11, 91],
            [7, 44],
          ],
          'x',
          ['several-masks'],
        ],
      ],
    ],
    [
      'objects without a list',
      `{"mask_2d": "${CUP}", "label": "a"}\n{"mask_2d": "${DOG}", "label": "b"}`,
      [
        [[[11, 91]], 'a', []],
        [[[7, 44]], 'b', []],
      ],
    ],
    [
      'raw quotes in a label',
      `[{"mask_2d": "${CUP}", "label": "a "big" cup"}]`,
      [[[[11, 91]], 'a "big" cup', []]],
    ],
    ['a missing comma', `[{"mask_2d": "${CUP}" "label": "cup"}]`, [[[[11, 91]], 'cup', []]]],
    [
      'an end inside a label',
      `\`\`\`json\n[{"mask_2d": "${CUP}", "label": "cu`,
      [[[[11, 91]], 'cu', ['cut-off']]],
    ],
    [
      'an end inside the words',
      `[{"mask_2d": "${spelled('S 0011')}`,
      [[[[11, -1]], undefined, ['cut-off', 'no-label']]],
    ],
    ['no mask', '[{"mask_2d": "null", "label": "cup"}]', [[[], 'cup', ['no-mask']]]],
    [
      'a code fence before',
      `\`\`\`py\nx[0]\n\`\`\`\n\`\`\`json\n[{"mask_2d": "${CUP}", "label": "c"}]\n\`\`\``,
      [[[[11, 91]], 'c', []]],
    ],
    [
      'a bracket in the sentence before',
      `See [1]: [{"mask_2d": "${CUP}", "label": "c"}]`,
      [[[[11, 91]], 'c', []]],
    ],
    ['no JSON', `It is ${CUP}.`, undefined],
  ]
  for (const [name, text, entries] of table) {
    it(`reads ${name}`, () => {
      expect(list(text)).toEqual(entries)
    })
  }

  it('says which masks stand outside, whether there were quotes, and where everything is', () => {
    const text = `${DOG} [{"mask_2d": ${CUP}, "label": "cup"}]`
    const { strayMasks, entries } = parseJsonAnswer(text, samtok)!
    expect(strayMasks.map((mask) => mask.codes)).toEqual([[7, 44]])
    const [entry] = entries
    expect(entry!.quoted).toBe(false)
    expect(text.slice(entry!.masks[0]!.start, entry!.masks[0]!.end)).toBe(CUP)
    expect(text.slice(entry!.label!.start, entry!.label!.end)).toBe('"cup"')
    expect(text.slice(entry!.start, entry!.end)).toMatch(/^\{.*\}$/)
  })
})

describe('scene graphs', () => {
  const triple = {
    subject: { codes: [11, 91], label: 'cup' },
    predicate: 'on',
    object: { codes: [7, 44], label: 'table' },
  }
  it('reads back what is written', () => {
    const text = formatSceneGraph([triple, triple], samtok)
    const { triples, strayMasks } = parseSceneGraph(text, samtok)!
    expect(strayMasks).toEqual([])
    expect(triples.map((t) => [t.subject.masks[0]!.codes, t.predicate!.text, t.object.label!.text])).toEqual([
      [[11, 91], 'on', 'table'],
      [[11, 91], 'on', 'table'],
    ])
  })
  it('keeps the subject of a triple that was cut off', () => {
    const text = formatSceneGraph([triple], samtok).slice(0, 100)
    const [cut] = parseSceneGraph(text, samtok)!.triples
    expect(cut!.subject.label!.text).toBe('cup')
    expect([cut!.problems, cut!.object.problems]).toEqual([['cut-off', 'no-predicate'], ['no-mask']])
  })
})

describe('grounded captions', () => {
  it('reads back what is written and gives the caption for people', () => {
    const text = formatGroundedCaption(
      [
        { phrase: 'A red cup', masks: [[11, 91]] },
        ' beside ',
        {
          phrase: 'two dogs',
          masks: [
            [7, 44],
            [8, 0],
          ],
        },
        '.',
      ],
      samtok,
    )
    expect(text.startsWith(`<|object_ref_start|> A red cup <|object_ref_end|> ${CUP} beside `)).toBe(true)
    const { phrases, strayMasks, caption } = parseGroundedCaption(text, samtok)
    expect(phrases.map((p) => [p.phrase.text, p.masks.map((m) => m.codes), p.problems])).toEqual([
      ['A red cup', [[11, 91]], []],
      [
        'two dogs',
        [
          [7, 44],
          [8, 0],
        ],
        [],
      ],
    ])
    expect(strayMasks).toEqual([])
    expect(caption).toBe('A red cup beside two dogs .')
    expect(text.slice(phrases[0]!.phrase.start, phrases[0]!.phrase.end)).toBe('A red cup')
  })
  it('names what is broken', () => {
    const text = `${DOG} <|object_ref_start|> a <|object_ref_start|> b ${CUP} <|object_ref_start|><|object_ref_end|>`
    const { phrases, strayMasks } = parseGroundedCaption(text, samtok)
    expect(phrases.map((p) => [p.phrase.text, p.problems, p.masks.length])).toEqual([
      ['a', ['unclosed-phrase', 'no-mask'], 0],
      ['b', ['unclosed-phrase'], 1],
      ['', ['empty-phrase', 'no-mask'], 0],
    ])
    expect(strayMasks).toHaveLength(1)
  })
  it('strips as the published evaluation does and refuses to write what that would lose', () => {
    expect(plainCaption("'a <x> b\n  c <unclosed'")).toBe('a b c <unclosed')
    expect(() => formatGroundedCaption([{ phrase: 'a < b', masks: [] }], samtok)).toThrow(/holds < or >/)
  })
})

describe('references and boxes', () => {
  const table: [text: string, boxes: number[][], problems: string[]][] = [
    ['<box>[[1, 2, 30, 999]]</box>', [[1, 2, 30, 999]], []],
    ['<box>[1,2,30,40]</box>', [[1, 2, 30, 40]], []],
    [
      '<box>[[1, 2, 3, 4], [5, 6, 7, 8]]</box>',
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      [],
    ],
    ['<box>[[1, 2, 3]]</box>', [], ['count']],
    ['<box>[[1, 2, 3, 1000]]</box>', [], ['out-of-range']],
    ['<box>[[30, 2, 3, 4]]</box>', [[3, 2, 30, 4]], ['corner-order']],
    ['<box>[[1, 2, 3, 4', [[1, 2, 3, 4]], ['unclosed']],
  ]
  for (const [text, boxes, problems] of table) {
    it(`reads ${text}`, () => {
      expect(parseReferences(`a ${text}`)).toMatchObject([
        { start: 2, end: 2 + text.length, boxes, problems },
      ])
    })
  }
  it('joins a phrase with the boxes right behind it and leaves GETok boxes alone', () => {
    const text = `see ${formatReference({ phrase: 'red cup', boxes: [[0, 0, 999, 999]] })} and <ref>dog</ref> <box><grid_1_1><grid_2_2></box>`
    expect(parseReferences(text).map((r) => [r.phrase?.text, r.boxes])).toEqual([
      ['red cup', [[0, 0, 999, 999]]],
      ['dog', []],
    ])
  })
  it('maps 999 to the edge of the picture and back', () => {
    expect(boxToXyxyPx([0, 0, 999, 999], { widthPx: 640, heightPx: 480 })).toEqual([0, 0, 640, 480])
    expect(boxFromXyxyPx([-5, 240, 320, 480], { widthPx: 640, heightPx: 480 })).toEqual([0, 500, 500, 999])
  })
})

describe('thinking outputs', () => {
  const table: [text: string, found: string, answer: string | undefined][] = [
    ['<think>a</think><answer>b</answer>', 'tags', 'b'],
    ['<think>a</think> <answer>b', 'answer-tag', 'b'],
    ['a <answer>b</answer>', 'answer-tag', 'b</answer>'],
    ['<think>a</think> b', 'think-tag', ' b'],
    ['b', 'none', undefined],
  ]
  for (const [text, found, answer] of table) {
    it(`cuts ${text}`, () => {
      const parts = parseThinkAnswer(text)
      expect(parts.found).toBe(found)
      expect(parts.answer && text.slice(parts.answer.start, parts.answer.end)).toBe(answer)
    })
  }
  it('keeps only the first mask of more than ten, by place in the whole text', () => {
    const ten = formatThinkAnswer({ think: DOG, answer: CUP.repeat(10) })
    expect(parseColdStart(ten, samtok)).toHaveLength(10)
    const eleven = formatThinkAnswer({ think: DOG, answer: CUP.repeat(11) })
    const [only, more] = parseColdStart(eleven, samtok)
    expect([only!.codes, more]).toEqual([[11, 91], undefined])
    expect(eleven.slice(only!.start, only!.end)).toBe(spelled('0011 0347'))
  })
  it('knows the answers that name nothing', () => {
    for (const text of [
      'No target.',
      'null',
      ' no target ',
      '"null"',
      '<think>\n\n</think>\n\nNo target.<|im_end|>',
      '<think>x</think><answer>null</answer>',
    ]) {
      expect([text, saysNoTarget(text)]).toEqual([text, true])
    }
    for (const text of ['', 'There is no target.', `No target. ${CUP}`])
      expect(saysNoTarget(text)).toBe(false)
    expect(withoutEmptyThink('<think>\n\n</think>\n\nx')).toBe('x')
    expect(withoutEmptyThink('<think>y</think>x')).toBe('<think>y</think>x')
  })
})

describe('readAnswer', () => {
  it('keeps masks of the thought apart from those of the answer', () => {
    const text = formatThinkAnswer({
      think: `maybe ${DOG}`,
      answer: `It is ${CUP} <ref>cup</ref><box>[[1,2,3,4]]</box>`,
    })
    const reading = readAnswer(text, samtok)
    expect(reading.spans.map((span) => span.codes)).toEqual([[11, 91]])
    expect(reading.thoughtSpans.map((span) => span.codes)).toEqual([[7, 44]])
    expect(text.slice(reading.spans[0]!.start, reading.spans[0]!.end)).toBe(CUP)
    expect(reading.references[0]!.boxes).toEqual([[1, 2, 3, 4]])
    expect([reading.noTarget, reading.json, reading.caption]).toEqual([false, undefined, undefined])
  })

  it('takes a thought that was cut off for a thought', () => {
    const reading = readAnswer(`<think>maybe ${DOG} or`, samtok)
    expect([reading.spans, reading.thoughtSpans.map((span) => span.codes)]).toEqual([[], [[7, 44]]])
  })
})
