// Answer-matching rewards: values that can be checked by hand.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomWords, spelled } from '../test/spelled.ts'
import { formatSceneGraph } from './json-answer.ts'
import { wholeMasks } from './mask-official.ts'
import {
  captionItems,
  captionMaskAccuracy,
  maskFormatReward,
  maskTokenAccuracy,
  nonRepeatReward,
  phraseReward,
  sceneGraphReward,
} from './reward-mask.ts'
import { cleanCaptionReward, formatReward, hasBox, noTargetReward, trigramReward } from './reward-text.ts'
import { samtokVocabulary } from './vocabulary.ts'

const A = 'S 0011 0347 E'
const A2 = 'S 0011 0400 E'
const B = 'S 0007 0300 E'
const C = 'S 0099 0300 E'

describe('mask token accuracy', () => {
  const table: [answer: string, truth: string, released: number, paper: number][] = [
    [A, A, 1, 1],
    [A, A2, 0.4, 0],
    [A, C, 0, 0],
    ['', '', 1, 1],
    [A, '', 0, 0],
    ['', A, 0, 0],
    [`${A} ${B}`, `${B} ${A}`, 1, 1],
    [`${A} ${B}`, A, 0.5, 0.5],
    [`${A} ${A}`, A, 0.5, 0.5],
    [`${A} ${A}`, `${A} ${A}`, 0.5, 1],
    [`${A} ${A2}`, `${A} ${B}`, 0.7, 0.5],
    ['S 0011 E', A, 0, 0],
    ['S 0011 0347', A, 0, 0],
    ['S 0011 _ 0347 E', A, 1, 1],
    ['S 11 347 E', A, 1, 1],
    [A, 'S 11 347 E', 1, 1],
    ['S 7 300 512 E', 'S 7 300 512 E', 1, 1],
    ['S 0011 0347 0600 E', 'S 0011 0347 0600 E', 1, 1],
    [A, 'S 0011 0347 0600 E', 0, 0],
    ['S 0011', '', 0, 0],
    [A, 'null', 0, 0],
    ['no idea', 'null', 1, 1],
  ]
  for (const [answer, truth, released, paper] of table) {
    it(`gives "${answer}" against "${truth}" ${released}, by the paper ${paper}`, () => {
      expect(maskTokenAccuracy(spelled(answer), spelled(truth))).toBeCloseTo(released, 12)
      expect(maskTokenAccuracy(spelled(answer), spelled(truth), { grading: 'paper' })).toBe(paper)
    })
  }
  it('refuses a truth that says something else, and reads one in the form for people', () => {
    for (const truth of ['a cup', 'S 0011', 'S 0011 0347 E 0011', '<box>']) {
      expect(() => maskTokenAccuracy(spelled(A), spelled(truth))).toThrow('the truth cannot be read')
    }
    expect(maskTokenAccuracy(spelled(A), '<11-347>')).toBe(1)
    expect(maskTokenAccuracy('x', 'No target.')).toBe(1)
  })
  it('gives a missing answer nothing, even where nothing was wanted', () => {
    expect(maskTokenAccuracy(null, '')).toBe(0)
  })
})

const item = (phrase: string, mask: string, gap = ' ') =>
  `<|object_ref_start|> ${phrase} <|object_ref_end|>${gap}${spelled(mask)}`

describe('grounded caption rewards', () => {
  it('finds phrases whose mask follows after white space only', () => {
    const text = `${item('a cup', A)} on ${item('no', 'S 0001 E')} ${item('x', 'and S 0001 0300 E')}`
    expect(captionItems(text).map((i) => [i.phrase, i.mask.ids])).toEqual([['a cup', [11, 347]]])
  })
  it('gives 0.8 where only the white space before equal codes differs', () => {
    expect(captionMaskAccuracy(item('a', A), item('b', A))).toBe(1)
    expect(captionMaskAccuracy(item('a', A, '  '), item('b', A))).toBe(0.8)
    expect(captionMaskAccuracy(item('a', A2), item('b', A))).toBe(0.4)
    expect(captionMaskAccuracy(`${item('a', A)} ${item('c', B)}`, item('b', A))).toBe(0.5)
  })
  it('takes blanks between the words of a mask for nothing, and refuses a truth without an item', () => {
    expect(captionMaskAccuracy(item('a', 'S _ 0011 _ 0347 _ E'), item('b', A))).toBe(1)
    expect(() => captionMaskAccuracy(item('a', A), `${spelled(A)} a cup`)).toThrow('the truth cannot be read')
    expect(() => phraseReward(item('a', A), `<p> cup </p> ${spelled(A)}`)).toThrow('the truth cannot be read')
  })
  it('replaces the division by zero by a stated value', () => {
    expect(captionMaskAccuracy('', '')).toBe(1)
    // Nothing is there, and the answer has a mask that no phrase owns, or of another length.
    expect(captionMaskAccuracy(`it is ${spelled(A)}`, '')).toBe(0)
    expect(captionMaskAccuracy(spelled('S _ 0011 _ 0300 _ 0600 _ E'), '', { compare: 'masks' })).toBe(0)
    expect(sceneGraphReward(spelled(A), 'No target.')).toBe(0)
    expect(captionMaskAccuracy('', '', { emptyValue: 0 })).toBe(0)
    expect(captionMaskAccuracy(spelled(A), spelled(A), { compare: 'masks' })).toBe(1)
  })
  it('counts distinct phrases, whatever their case', () => {
    const truth = `${item('a Cup', A)} ${item('the dog', B)}`
    expect(phraseReward(item('A cup', C), truth)).toBe(0.5)
    expect(phraseReward(`${item('a cup', C)} ${item('a cup', A)} ${item('cat', A)}`, truth)).toBeCloseTo(
      1 / 3,
    )
    expect(phraseReward('', '')).toBe(1)
    expect(phraseReward(item('a', A), '')).toBe(1)
    expect(phraseReward('', truth)).toBe(0)
  })
})

describe('scene graph reward', () => {
  const samtok = samtokVocabulary()
  const triple = (subject: number[], predicate: string, object: number[]) => ({
    subject: { codes: subject, label: 'cup' },
    predicate,
    object: { codes: object, label: 'table' },
  })
  const graph = (...triples: ReturnType<typeof triple>[]) => formatSceneGraph(triples, samtok)
  const truth = graph(triple([11, 91], 'on', [7, 44]))
  it('gives 1 for the same triple, half for its labels and a quarter for each mask', () => {
    expect(sceneGraphReward(truth, truth)).toBe(1)
    expect(sceneGraphReward(graph(triple([11, 91], 'on', [8, 44])), truth)).toBe(0.75)
    expect(sceneGraphReward(graph(triple([11, 2], 'on', [8, 44])), truth)).toBeCloseTo(0.6, 12)
    expect(sceneGraphReward(graph(triple([11, 91], 'under', [7, 44])), truth)).toBe(0)
  })
  it('reads quotes of other kinds, and refuses a truth with a triple that it cannot read', () => {
    const python = truth.replaceAll('"', "'")
    expect(sceneGraphReward(truth, python)).toBe(1)
    expect(sceneGraphReward('garbage', python)).toBe(0)
    expect(sceneGraphReward('garbage', '```json\n[]\n```')).toBe(1)
    for (const wrong of ['garbage', '[{"subject": "cup"}]', truth.slice(0, -30)]) {
      expect(() => sceneGraphReward(truth, wrong)).toThrow('the truth cannot be read')
    }
  })
  it('counts repeated triples in the denominator only', () => {
    const twice = graph(triple([11, 91], 'on', [7, 44]), triple([11, 91], 'on', [7, 44]))
    expect(sceneGraphReward(twice, truth)).toBe(0.5)
    expect([sceneGraphReward('', ''), sceneGraphReward('{"subject": 1}', truth)]).toEqual([1, 0])
  })
})

describe('rewards on form', () => {
  it('wants think and answer and nothing around them', () => {
    expect(formatReward('<think>a\nb</think>\n <answer>c</answer>')).toBe(1)
    expect(formatReward('<think></think></think><answer></answer></answer>')).toBe(1)
    for (const text of [
      '<think>a</think><answer>c</answer><|im_end|>',
      ' <think>a</think><answer>c</answer>',
      '<think>a</think>x<answer>c</answer>',
      '<think>a</think></answer>',
      '<think>a<answer>c</answer>',
    ]) {
      expect([text, formatReward(text)]).toEqual([text, 0])
    }
  })
  it('forbids the fourth repetition of a mask and the third of three words', () => {
    expect(nonRepeatReward(spelled(`${A} ${A} ${A} ${B}`))).toBe(1)
    expect(nonRepeatReward(spelled(`${A} ${A} ${A} ${A}`))).toBe(0)
    expect(nonRepeatReward(null)).toBe(0)
    expect(trigramReward('a b c. A b, c')).toBe(1)
    expect(trigramReward('a b c. A b, c a-b c')).toBe(0)
    expect(trigramReward('a b')).toBe(1)
  })
  it('wants one whole mask', () => {
    expect([spelled(`x ${A}`), spelled('S 0011 E'), '', null].map(maskFormatReward)).toEqual([1, 0, 0, 0])
  })
  it('grades the answer that nothing is there', () => {
    expect(noTargetReward('No target.')).toBe(1)
    expect(noTargetReward('nothing')).toBe(0.2)
    expect(noTargetReward('No target. [1, 2, 3, 4]')).toBe(0)
    expect(noTargetReward(`No target. ${spelled(A)}`)).toBe(1)
    expect(noTargetReward(`No target. ${spelled(A)}`, { forbid: 'mask' })).toBe(0)
    expect(noTargetReward(null)).toBe(0)
  })
  it('finds boxes and ideographs in captions', () => {
    expect(
      ['[1,2, 3 ,4]', '[[1, 2, 3, 4]]', '[1, 2, 3]', '[1, 2, 3, 4, 5]', '[1.5, 2, 3, 4]', '1, 2, 3, 4'].map(
        hasBox,
      ),
    ).toEqual([true, true, false, false, false, false])
    expect(['a cup', 'a \u676f', 'at [1, 2, 3, 4]'].map(cleanCaptionReward)).toEqual([1, 0, 0])
  })
})

describe('against the published patterns', () => {
  it('finds the same whole masks in 20,000 random word sequences', () => {
    const random = randomWords(31)
    for (let k = 0; k < 20_000; k++) {
      const text = random()
      const wanted = [...text.matchAll(/<\|mt_start\|><\|mt_(\d{4})\|><\|mt_(\d{4})\|><\|mt_end\|>/g)].map(
        (match) => ({
          c1: Number(match[1]),
          c2: Number(match[2]),
          start: match.index,
          end: match.index + match[0].length,
        }),
      )
      const got = wholeMasks(text)
      if (wanted.length > 0 || got.length > 0) expect(got).toEqual(wanted)
    }
  })

  it('judges form and boxes the same on 20,000 random pieces', () => {
    const text = (parts: readonly string[]) =>
      fc.array(fc.constantFrom(...parts), { maxLength: 9 }).map((list) => list.join(''))
    const tags = text(['<think>', '</think>', '<answer>', '</answer>', ' ', '\n', 'x'])
    fc.assert(
      fc.property(tags, fc.boolean(), (middle, whole) => {
        const answer = whole ? `<think>${middle}</answer>` : middle
        const wanted = /^<think>[\s\S]*<\/think>\s*<answer>[\s\S]*<\/answer>$/.test(answer)
        expect(formatReward(answer)).toBe(wanted ? 1 : 0)
      }),
      { numRuns: 10_000 },
    )
    fc.assert(
      fc.property(text(['[', ']', ',', ' ', '1', '-2', '30, 4, 5', '.']), (box) => {
        expect(hasBox(box)).toBe(/\[\s*-?\d+\s*,\s*-?\d+\s*,\s*-?\d+\s*,\s*-?\d+\s*\]/.test(box))
      }),
      { numRuns: 10_000 },
    )
  })
})
