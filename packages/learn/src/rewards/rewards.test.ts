// Rewards by name: values that can be checked by hand, declared ranges, and batches that survive what is in them.

import { readFileSync } from 'node:fs'
import { getokCodec } from '@maskwords/codecs'
import { cocoRleFromMask, maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  LearnError,
  maskDecoder,
  packTruth,
  planRewards,
  REWARD_PRESETS,
  REWARDS,
  type RewardName,
  type RewardRequest,
  type RewardSample,
  type RewardTerm,
  readBoxes,
  scoreBatch,
  scoreBatchInSlices,
} from '../index.ts'

const span = (first: number, second: number) =>
  `<|mt_start|><|mt_${String(first).padStart(4, '0')}|><|mt_${String(second + 256).padStart(4, '0')}|><|mt_end|>`
const A = span(11, 91)
const A2 = span(11, 144)
const B = span(7, 44)

/** A mask drawn in rows of # and dots. */
const rle = (...rows: string[]) =>
  cocoRleFromMask(
    maskFromRowMajor({
      widthPx: rows[0]!.length,
      heightPx: rows.length,
      bytes: Uint8Array.from(rows.join(''), (pixel) => (pixel === '#' ? 1 : 0)),
    }),
  )
/** A square of 32 x 32 pixels, one for each cell of GETok's grid, filled from (x0, y0) to before (x1, y1). */
const square = (x0: number, y0: number, x1: number, y1: number) =>
  rle(
    ...Array.from({ length: 32 }, (_, y) =>
      Array.from({ length: 32 }, (_, x) => (x >= x0 && x < x1 && y >= y0 && y < y1 ? '#' : '.')).join(''),
    ),
  )

const only = (term: RewardName | RewardTerm, sample: RewardSample): number => {
  const [result] = scoreBatch({ rewards: [term], samples: [sample] }).results
  if (result === undefined || 'error' in result) throw new Error(JSON.stringify(result))
  return result.overall
}

describe('rewards on SAMTok answers', () => {
  const item = (phrase: string, mask: string) => `<|object_ref_start|> ${phrase} <|object_ref_end|> ${mask}`
  const table: [term: RewardName | RewardTerm, response: string | null, truth: string, value: number][] = [
    ['mask-true-positives', `${A} ${B}`, A, 0.5],
    ['mask-true-positives', A2, A, 0],
    ['mask-true-positives', `${A} ${A}`, `${A} ${A}`, 1],
    ['mask-accuracy', A2, A, 0.4],
    ['mask-accuracy', `${A} ${A2}`, `${A} ${B}`, 0.7],
    ['mask-accuracy', null, '', 0],
    ['caption-mask-accuracy', item('a cup', A), item('a mug', A), 1],
    [{ name: 'caption-mask-accuracy', options: { empty: 0.25 } }, 'a', '', 0.25],
    ['caption-phrases', `${item('A cup', A)} ${item('x', B)}`, item('a cup', B), 0.5],
    ['mask-format', 'no words', A, 0],
    ['mask-repetition', `${A}${A}${A}${A}`, A, 0],
    ['think-format', '<think>a</think> <answer>b</answer><|im_end|>\n', '', 1],
    [
      { name: 'think-format', options: { turnEnd: 'keep' } },
      '<think>a</think><answer>b</answer><|im_end|>',
      '',
      0,
    ],
    ['word-repetition', 'a b c a b c a b c', '', 0],
    ['no-target', 'No target.', '', 1],
    ['no-target', 'nothing', '', 0.2],
    ['no-target', `No target. ${A}`, '', 0],
    [{ name: 'no-target', options: { forbid: 'box' } }, `No target. ${A}`, '', 1],
    ['clean-caption', 'a cup at [1, 2, 3, 4]', '', 0],
  ]
  for (const [term, response, truth, value] of table) {
    it(`${JSON.stringify(term)} gives ${JSON.stringify(response)?.slice(0, 60)} ${value}`, () => {
      expect(only(term, { response, truth })).toBeCloseTo(value, 12)
    })
  }

  it('judges the thought, the answer or all, and takes a truth with or without tags', () => {
    const response = `<think>${B}</think><answer>${A}</answer>`
    for (const truth of [A, `<think>${B}</think><answer>${A}</answer>`]) {
      expect(only({ name: 'mask-true-positives', part: 'answer' }, { response, truth })).toBe(1)
    }
    expect(only({ name: 'mask-true-positives', part: 'answer' }, { response: A, truth: A })).toBe(0)
    expect(only('mask-true-positives', { response, truth: A })).toBe(1)
    expect(only({ name: 'mask-true-positives', part: 'text' }, { response, truth: A })).toBe(0.5)
  })
})

describe('what could not be read is never what is not there', () => {
  const score = (reward: RewardName | RewardTerm, response: string | null, truth: string) => {
    const [result] = scoreBatch({ rewards: [reward], samples: [{ response, truth }] }).results
    return result !== undefined && 'error' in result
      ? `${result.error.code} ${result.error.at}`
      : result!.overall
  }
  const references: RewardTerm = { name: 'box-iou', options: { form: 'references' } }
  const unreadable: [reward: RewardName | RewardTerm, truth: string][] = [
    ['box-iou', 'a cup on a table'],
    ['box-iou', '[1, 2, 3]'],
    [references, '[493, 169, 539, 297]'],
    [references, '<box>[[0.49, 0.16, 0.53, 0.29]]</box>'],
    [{ name: 'box-iou', options: { form: 'getok' } }, '[1, 2, 3, 4]'],
    ['mask-true-positives', '<box><grid_1_1><grid_2_2></box>'],
    ['mask-accuracy', '<|mt_start|><|mt_0011|>'],
    ['mask-accuracy', `<think>${A}`],
    ['caption-mask-accuracy', `${A} <|object_ref_start|>cup<|object_ref_end|>`],
    ['caption-phrases', `<p> cup </p> ${A}`],
    ['scene-graph', 'cup on table'],
  ]
  for (const [reward, truth] of unreadable) {
    it(`${JSON.stringify(reward)}: the truth ${truth} is an error of the sample, whatever the answer`, () => {
      for (const response of ['garbage', truth, '', null]) {
        expect(score(reward, response, truth)).toBe('unreadable truth')
      }
    })
  }
  it('reads truths that mean something definite, in whichever spelling', () => {
    const box = '[493, 169, 539, 297]'
    for (const truth of [
      '<|box_start|>(493,169),(539,297)<|box_end|>',
      '{"x1": 493, "y1": 169, "x2": 539, "y2": 297}',
      `[{"bbox_2d": ${box}, "label": "cup"}]`,
    ]) {
      expect([score('box-iou', box, truth), score('box-iou', 'garbage', truth)]).toEqual([1, 0])
    }
    const spaced = A.replaceAll('><', '> <')
    for (const truth of [
      spaced,
      A.replace('_00', '_').replace('_0', '_'),
      `${A}<|im_end|>`,
      `<answer>${A}</answer>`,
    ]) {
      expect([score('mask-accuracy', A, truth), score('mask-accuracy', 'garbage', truth)]).toEqual([1, 0])
      expect(score('mask-true-positives', spaced, truth)).toBe(1)
    }
    const himtok = '<|mt_start|><|mt_7|><|mt_300|><|mt_end|>'
    expect([score('mask-accuracy', himtok, himtok), score('mask-accuracy', A, himtok)]).toEqual([1, 0])
  })
  it('counts broken words and boxes, and thoughts without an answer, for nothing where nothing is there', () => {
    for (const truth of ['', 'No target.', 'null']) {
      expect(score('mask-accuracy', 'I see none.', truth)).toBe(1)
      expect(score('mask-accuracy', '<|mt_start|><|mt_0011|>', truth)).toBe(0)
      expect(score('mask-accuracy', '<think>hm', truth)).toBe(0)
      expect(score('box-iou', '[1, 2, 3', truth)).toBe(0)
    }
  })
  it('judges what is said, not what is thought, where the template opened the thought as well', () => {
    for (const response of [
      `<think>${B}</think>${A}`,
      `${B}</think>${A}<|im_end|>`,
      `${B}</think><answer>${A}</answer>`,
    ]) {
      expect(score('mask-accuracy', response, A)).toBe(1)
      expect(score('mask-accuracy', response, B)).toBe(0)
    }
  })
  it('takes what was cut off in a thought of the template for no answer where the request or the sample says so', () => {
    const cut = { response: `perhaps ${A}, or`, truth: A }
    const values = (thoughtOpen: boolean, own?: boolean) =>
      scoreBatch({
        rewards: ['mask-accuracy', { name: 'think-format', weight: 0 }],
        samples: [{ ...cut, ...(own !== undefined && { thoughtOpen: own }) }],
        thoughtOpen,
      }).results
    expect(values(false)).toMatchObject([{ overall: 1 }])
    expect(values(true)).toMatchObject([{ overall: 0 }])
    expect(values(false, true)).toMatchObject([{ overall: 0 }])
    expect(values(true, false)).toMatchObject([{ overall: 1 }])
    const whole = { response: `no ${B}</think><answer>${A}</answer>`, truth: A }
    for (const thoughtOpen of [false, true]) {
      const rewards = ['mask-accuracy', 'think-format'] as const
      expect(scoreBatch({ rewards, samples: [whole], thoughtOpen }).results).toMatchObject([{ overall: 2 }])
    }
    expect(() => scoreBatch({ rewards: ['mask-accuracy'], samples: [], thoughtOpen: 1 as never })).toThrow(
      /neither true nor false/,
    )
  })
  it('knows the form of thinking where the template opens it, and takes no tags of a thought for it', () => {
    const form = (response: string, opened = 'either') =>
      score({ name: 'think-format', options: { opened } }, response, '')
    expect([
      form('a</think><answer>b</answer><|im_end|>'),
      form('a</think><answer>b</answer>', 'written'),
    ]).toEqual([1, 0])
    expect(form('<think>a</think><answer>b</answer> c</think> d</answer>')).toBe(0)
    expect(form('<|endoftext|><think>a</think>\n<answer>b</answer><|eot_id|><|eot_id|>')).toBe(1)
  })
})

describe('rewards on GETok answers', () => {
  const truth = { text: '', masks: [square(8, 8, 16, 16)] }
  const answer = '<box><grid_8_8><grid_15_15></box><seg><grid_9_9><grid_14_14></seg>'
  // Corners are centres: a box of 183.75 px for one of 210 px, 13.125 px off at each side.
  const iou = (183.75 / 210) ** 2
  it('measures boxes in the frame of 840 pixels', () => {
    const wanted = 0.5 * ((iou - 0.5) / 0.3) + 0.5 * (1 - 13.125 / 18)
    expect(only('getok-box', { response: answer, truth })).toBeCloseTo(wanted, 12)
    expect(only('getok-box', { response: 'no box', truth })).toBe(0)
    const two = { text: '', masks: [square(8, 8, 16, 16), square(20, 20, 30, 30)] }
    expect(only('getok-box', { response: answer, truth: two })).toBeCloseTo(wanted / 2, 12)
  })
  it('rewards two points that hit and are spread with S(2) - 0.04', () => {
    expect(only('getok-points', { response: answer, truth })).toBeCloseTo(1 - Math.exp(-0.4) - 0.04, 12)
  })
  it('knows form and repetition', () => {
    const form = `<think>The sun.</think><answer>sun: ${answer}</answer>`
    expect([form, answer].map((response) => only('getok-format', { response, truth: '' }))).toEqual([1, 0])
    expect(only('getok-repetition', { response: 'A sun. A sun. A sun.', truth: '' })).toBe(0)
  })
  it('follows Eq. 13 for points and the gain of boxes for corners', () => {
    const previous = '<box><grid_8_8><grid_15_15></box><seg><grid_9_9><grid_7_9><grid_20_20></seg>'
    const refine = (corners: string, second: string) =>
      `<offset><box>${corners}</box><seg>[OFF_0_0]${second}<DELETE></seg></offset>`
    const stay = '[OFF_0_0][OFF_0_0]'
    const score = (name: RewardName, response: string) =>
      only(name, { response, truth: { ...truth, previous } })
    expect(score('getok-refine-points', refine(stay, '[OFF_1_0]'))).toBe(1)
    expect(score('getok-refine-points', refine(stay, '[OFF_0_0]'))).toBeCloseTo(2 / 3, 12)
    expect(score('getok-refine-box', refine('[OFF_-1_-1][OFF_1_1]', '[OFF_0_0]'))).toBe(1)
    expect(score('getok-refine-box', refine('[OFF_1_1][OFF_-1_-1]', '[OFF_0_0]'))).toBe(-1)
    expect(score('getok-refine-format', refine(stay, '[OFF_1_0]'))).toBe(1)
    expect(score('getok-refine-format', refine(stay, ''))).toBe(0)
    expect(score('getok-refine-points', refine(stay, ''))).toBe(0)
  })
  it('decodes words with a codec where masks are compared', async () => {
    const codec = getokCodec()
    const decode = maskDecoder(codec)
    const samples = [
      { response: answer, truth },
      { response: 'words of no mask', truth },
      { response: null, truth },
    ]
    const { results } = await scoreBatchInSlices({ rewards: ['getok-mask', 'mask-iou'], samples }, { decode })
    const values = results.map((result) => ('error' in result ? result.error.message : result.parts))
    expect(values.slice(1)).toEqual([
      { 'getok-mask': 0, 'mask-iou': 0 },
      { 'getok-mask': 0, 'mask-iou': 0 },
    ])
    const { masks } = truth
    const parts = values[0] as Record<string, number>
    const said = await codec.decode(await codec.encodeImage({ widthPx: 32, heightPx: 32 }), [answer])
    const given = only('mask-iou', { response: '', truth, masks: [cocoRleFromMask(said[0]!.mask)] })
    expect(parts['mask-iou']).toBe(given)
    expect(given).toBeGreaterThan(0.5)
    expect(masks).toHaveLength(1)
    await codec.close()
  })
})

it('an overlong answer costs nothing, then in a line, then 1', () => {
  const options = { most: 100, cache: 20 }
  const costs = [0, 80, 90, 100, 500].map((length) =>
    only({ name: 'overlong', options }, { response: 'x'.repeat(length), truth: '' }),
  )
  expect(costs.map((cost) => cost + 0)).toEqual([0, 0, -0.5, -1, -1])
})

describe('intersection over union', () => {
  const table: [options: Record<string, string | number>, response: string, truth: string, value: number][] =
    [
      [{}, 'at [0, 0, 10, 10]', '{"bbox_2d": [5, 0, 15, 10]}', 1 / 3],
      [{}, '[0,0,10,10] [20,20,30,30]', '[20,20,30,30]', 0.5],
      [{}, '[0.5, 0, 1.5, 1]', '[0, 0, 1, 1]', 1 / 3],
      [{}, 'none', 'none', 1],
      [{}, '[1, 2, 3]', '[1, 2, 3, 4]', 0],
      [{ threshold: 0.5 }, '[0,0,10,10]', '[0,0,10,8]', 1],
      [{ threshold: 0.9 }, '[0,0,10,10]', '[0,0,10,8]', 0],
      [{ form: 'references' }, '<ref>a</ref><box>[[0, 0, 10, 10]]</box>', '<box>[[0, 0, 10, 5]]</box>', 0.5],
      [{ form: 'getok' }, '<box><grid_0_0><grid_2_2></box>', '<box><grid_0_0><grid_2_1></box>', 0.5],
    ]
  for (const [options, response, truth, value] of table) {
    it(`of boxes ${response} and ${truth} is ${value} (${JSON.stringify(options)})`, () => {
      expect(only({ name: 'box-iou', options }, { response, truth })).toBeCloseTo(value, 12)
    })
  }
  it('reads boxes of whole numbers and fractions, and counts those beyond the limit', () => {
    expect(readBoxes('[[-1, 2.5,3, 4 ]] [1,2,3,4,5] [1e3,2,3,4] [1.,2,3,4] [,1,2,3,4]').boxes).toEqual([
      [-1, 2.5, 3, 4],
      [1000, 2, 3, 4],
      [1, 2, 3, 4],
    ])
    expect(readBoxes('[1,2,3,4]'.repeat(1000))).toMatchObject({ count: 1000, boxes: { length: 128 } })
  })
  it('of a truth of which one box cannot be read is none, however its others fit', () => {
    const [lost, whole] = ['[[1, 2, 3, 4], [5, 6, 7]]', '{"bbox": [1, 2, 3, 4], "point_2d": [2, 3]}'].map(
      (truth) =>
        scoreBatch({ rewards: ['box-iou'], samples: [{ response: '[1, 2, 3, 4]', truth }] }).results[0],
    )
    expect(lost).toMatchObject({ error: { code: 'unreadable', at: 'truth' } })
    expect(whole).toMatchObject({ overall: 1 })
  })
  it('of a truth of another type is the fault of the row', () => {
    const samples = [5, ['[1, 2, 3, 4]'], {}, { answer: '' }].map((truth) => ({ response: '', truth }))
    for (const result of scoreBatch({ rewards: ['box-iou'], samples: samples as never }).results)
      expect(result).toMatchObject({ error: { code: 'bad-request', at: expect.stringMatching(/^truth/) } })
  })
  it('of masks is over their union or over matched ones', () => {
    const masks = [rle('##..', '##..'), rle('....', '..##')]
    const truth = { text: '', masks: [rle('####', '....'), rle('....', '..##')] }
    const iou = (over: string) =>
      only({ name: 'mask-iou', options: { over } }, { response: '', truth, masks })
    expect(iou('union')).toBeCloseTo(4 / 8, 12)
    expect(iou('instances')).toBeCloseTo((2 / 6 + 1) / 2, 12)
    expect(only('mask-iou', { response: '', truth: { text: '', masks: [] }, masks: [] })).toBe(1)
    expect(only('mask-iou', { response: '', truth: { text: '', masks: [] }, masks })).toBe(0)
    expect(only('getok-mask', { response: '', truth, masks })).toBeCloseTo((2 / 6 + 2) / 2, 12)
  })
})

describe('weighted sums', () => {
  it('add up weight times value, in the order of the terms', () => {
    const { results, names, range } = scoreBatch({
      rewards: [
        { name: 'mask-accuracy', weight: 10, part: 'answer' },
        'think-format',
        { name: 'mask-repetition', weight: -2, as: 'again' },
      ],
      samples: [{ response: `<think></think><answer>${A2}</answer>`, truth: A, id: 'x' }],
    })
    expect(results).toEqual([
      { id: 'x', overall: 3, parts: { 'mask-accuracy': 0.4, 'think-format': 1, again: 1 } },
    ])
    expect(names).toEqual(['mask-accuracy', 'think-format', 'again'])
    expect(range).toEqual([-2, 11])
  })
  it('give the totals of the released code by name', () => {
    const response = `<think>a</think><answer>${A2}</answer>`
    const { results, range } = scoreBatch({ rewards: 'samtok-thinking', samples: [{ response, truth: A }] })
    expect(results[0]).toMatchObject({ overall: 3.4 })
    expect(range).toEqual([0, 4])
    for (const preset of Object.keys(REWARD_PRESETS))
      expect(planRewards(preset).terms.length).toBeGreaterThan(1)
  })
  it('give the value that docs/rewards.md works out by hand', () => {
    const said = (masks: string) => ({ response: `<think>x</think><answer>${masks}</answer>`, truth: A + B })
    const samples = [said(A2 + B + B), said(A + B)]
    const { results, advantages } = scoreBatch({ rewards: 'samtok-thinking', samples, advantages: {} })
    expect(results.map((one) => 'overall' in one && one.overall.toFixed(4))).toEqual(['3.4667', '4.0000'])
    expect(advantages!.map((value) => Math.round(value * 1000))).toEqual([-707, 707])
    expect(only('mask-true-positives', samples[0]!)).toBeCloseTo(1 / 3, 12)
  })
  const wrong: unknown[] = [
    [],
    {},
    'samtok',
    ['mask'],
    [1],
    [null],
    ['mask-format', 'mask-format'],
    [{ name: 'mask-format', weight: '1' }],
    [{ name: 'mask-format', weight: Number.NaN }],
    [{ name: 'mask-format', weight: 1e300 }],
    [{ name: 'mask-format', extra: 1 }],
    [{ name: 'mask-format', as: '__proto__' }],
    [{ name: 'mask-format', as: 'overall' }],
    [{ name: 'mask-format', part: 'end' }],
    [{ name: 'mask-format', options: { x: 1 } }],
    [{ name: 'box-iou', options: { threshold: 2 } }],
    [{ name: 'box-iou', options: { form: 'xyxy' } }],
    [JSON.parse('{"name": "mask-format", "__proto__": {"weight": 2}}')],
    Array.from({ length: 33 }, (_, k) => ({ name: 'mask-format', as: `a${k}` })),
  ]
  it.each(wrong.map((list) => [JSON.stringify(list)?.slice(0, 70), list]))(
    'refuse %s with a hint or a place',
    (_, list) => {
      const call = () => scoreBatch({ rewards: list, samples: [] } as unknown as RewardRequest)
      expect(call).toThrow(LearnError)
      expect(call).toThrow(expect.objectContaining({ code: 'bad-option' }))
    },
  )
})

describe('batches', () => {
  const good = { response: A, truth: A }
  const bad: [value: unknown, code: string][] = [
    [null, 'bad-request'],
    ['text', 'bad-request'],
    [[good], 'bad-request'],
    [{}, 'bad-request'],
    [{ response: A }, 'bad-request'],
    [{ truth: A }, 'bad-request'],
    [{ response: 5, truth: A }, 'bad-request'],
    [{ response: A, truth: ['a'] }, 'bad-request'],
    [{ response: A, truth: {} }, 'bad-request'],
    [{ response: A, truth: { text: A, maks: [] } }, 'bad-request'],
    [{ response: A, truth: '{"text": "a", "masks": 5}' }, 'bad-request'],
    [{ response: A, truth: '{"text"' }, 'bad-request'],
    [
      {
        response: A,
        truth: `{"text": "", "masks": [${'['.repeat(1e5)}${']'.repeat(1e5)}]}`,
        masks: [],
        rewards: ['mask-iou'],
      },
      'malformed',
    ],
    [{ response: A, truth: { text: A, size: [0, 5] } }, 'bad-request'],
    [{ ...good, id: {} }, 'bad-request'],
    [{ ...good, group: Number.NaN }, 'bad-request'],
    [{ ...good, extra: 1 }, 'bad-request'],
    [{ ...good, rewards: ['mask'] }, 'bad-option'],
    [{ ...good, rewards: ['getok-box'] }, 'missing'],
    [{ ...good, rewards: ['mask-iou'], truth: { text: A, masks: [] } }, 'missing'],
    [
      {
        ...good,
        rewards: ['mask-iou'],
        truth: { text: A, masks: [{ size: [2, 2], counts: '\u0001' }] },
        masks: [],
      },
      'malformed',
    ],
    [{ ...good, rewards: ['mask-iou'], truth: { text: A, masks: [5] }, masks: [] }, 'malformed'],
    [
      { ...good, rewards: ['mask-iou'], truth: { text: A, masks: [rle('#')] }, masks: [rle('##')] },
      'size-mismatch',
    ],
    [{ response: 'a'.repeat(2 ** 21 + 1), truth: A }, 'too-large'],
    [{ ...good, masks: new Array(2000).fill(rle('#')) }, 'too-large'],
  ]
  const samples = bad.flatMap(([value]) => [good, value]) as RewardSample[]
  it('lose a bad sample each, with its code and a sentence, never a neighbour', async () => {
    const whole = scoreBatch({ rewards: ['mask-accuracy'], samples })
    for (const [k, [, code]] of bad.entries()) {
      expect(whole.results[2 * k]).toEqual({ overall: 1, parts: { 'mask-accuracy': 1 } })
      expect(whole.results[2 * k + 1]).toMatchObject({
        error: { code, message: expect.stringMatching(/\w+ \w+/) },
      })
    }
    expect(whole.failed).toBe(bad.length)
    expect(await scoreBatchInSlices({ rewards: ['mask-accuracy'], samples })).toEqual(whole)
  })
  it('refuse a request that makes no sense as a whole', () => {
    for (const request of [
      null,
      [],
      { samples: [] },
      { rewards: ['mask-format'] },
      { rewards: ['mask-format'], samples: {} },
    ]) {
      expect(() => scoreBatch(request as unknown as RewardRequest)).toThrow(LearnError)
    }
    const many = { rewards: ['mask-format'] as const, samples: new Array(16_385).fill(good) }
    expect(() => scoreBatch(many)).toThrow(expect.objectContaining({ code: 'too-large' }))
  })
  it('read a truth that was packed into a text, and one that was not', () => {
    const truth = { text: A, masks: [rle('#.')], previous: 'x' }
    expect(packTruth(truth)).toMatch(/^\{"text"/)
    expect(only('mask-iou', { response: '', truth: packTruth(truth), masks: truth.masks })).toBe(1)
    expect(packTruth({ text: A })).toBe(A)
    expect(only('mask-accuracy', { response: A, truth: packTruth({ text: A }) })).toBe(1)
    const hostile = '{"text": "a"}'
    expect(only('no-target', { response: hostile, truth: packTruth({ text: hostile }) })).toBe(0.2)
  })
  it('do not decode words at the size of a wall', async () => {
    const truth = { text: '', masks: [], size: [60_000, 60_000] as const }
    const decode = () => expect.fail('decoded')
    const samples = [{ response: A, truth }]
    const { results } = await scoreBatchInSlices({ rewards: ['mask-iou'], samples }, { decode })
    expect(results).toMatchObject([{ error: { code: 'too-large', at: 'truth.size' } }])
  })
  it('stop when they are told to', async () => {
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    const call = scoreBatchInSlices(
      { rewards: ['mask-format'], samples: [good] },
      { signal: controller.signal },
    )
    await expect(call).rejects.toThrow('enough')
  })
})

describe('on any text', () => {
  const words = [
    A,
    B,
    '<|mt_start|>',
    '<|mt_0011|>',
    '<|mt_end|>',
    '<think>',
    '</think>',
    '<answer>',
    '</answer>',
  ]
    .concat([
      '<box>',
      '</box>',
      '<seg>',
      '</seg>',
      '<grid_3_4>',
      '<grid_9_9>',
      '<offset>',
      '</offset>',
      '[OFF_1_0]',
    ])
    .concat([
      '<DELETE>',
      '[1, 2, 9, 9]',
      '[',
      ']',
      '{"subject":',
      '```json',
      'a',
      '.',
      ' ',
      '\n',
      '\ud800',
      '\u0000',
    ])
    .concat(['<|object_ref_start|>', '<|object_ref_end|>', '<ref>', 'No target.'])
  const text = fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((list) => list.join(''))
  it('every reward is a number of its declared range', () => {
    const masks = [square(3, 3, 10, 10)]
    fc.assert(
      fc.property(text, text, text, (response, truth, previous) => {
        for (const { name, range } of REWARDS) {
          const sample = { response, truth: { text: truth, masks, previous }, masks }
          // Masks of the previous answer only come from a decoder.
          if (name === 'getok-refine-mask') continue
          const [result] = scoreBatch({ rewards: [name as RewardName], samples: [sample] }).results
          // A truth of random words may have nothing that this reward compares.
          if (result !== undefined && 'error' in result)
            expect([name, result.error.code]).toEqual([name, 'unreadable'])
          else
            expect([name, result!.overall >= range[0] && result!.overall <= range[1]]).toEqual([name, true])
        }
      }),
      { numRuns: 150 },
    )
  })
  it('a hundred thousand hostile characters take no more than seconds', () => {
    const hostile = [
      '<|mt_start|>',
      A,
      '[',
      '[1,2,3,4]',
      '{',
      '<box>',
      '<seg><grid_1_1></seg>\n',
      '<|im_end|>',
      'a.',
      '</think> ',
    ]
    const terms = REWARDS.filter(({ needs }) => needs.length === 0).map(({ name }) => name as RewardName)
    for (const piece of hostile) {
      const long = piece.repeat(2 ** 17 / piece.length)
      const began = performance.now()
      for (const term of terms) {
        const [result] = scoreBatch({ rewards: [term], samples: [{ response: long, truth: long }] }).results
        if (result !== undefined && 'error' in result) expect(result.error.code).toBe('unreadable')
      }
      expect(performance.now() - began).toBeLessThan(8000)
    }
  })
})

describe('docs/rewards.md', () => {
  it('lists every reward with its range, and every preset', () => {
    const page = readFileSync(new URL('../../../../docs/rewards.md', import.meta.url), 'utf8')
    for (const { name, range } of REWARDS) {
      expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| ${range[0]}\\.\\.${range[1]} \\|`, 'm'))
    }
    for (const preset of Object.keys(REWARD_PRESETS)) expect(page).toContain(`\`${preset}\``)
  })
})
