import { type Mask, maskFromRowMajor, rowMajorBytes } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { pixelsInAtLeast } from './merge.ts'
import { evaluateSceneGraphs, type SceneGraphOptions } from './recall.ts'
import type { PredictedTriple, SceneGraphSample } from './sample.ts'

function bar(start: number, length: number, widthPx = 12): Mask {
  return maskFromRowMajor({
    widthPx,
    heightPx: 1,
    bytes: Uint8Array.from({ length: widthPx }, (_, x) => (x >= start && x < start + length ? 1 : 0)),
  })
}

const vocabulary = { things: ['dog', 'man'], stuff: ['grass'], predicates: ['over', 'on', 'near', 'holding'] }
const dog = { label: 'dog', mask: bar(0, 4) }
const man = { label: 'man', mask: bar(4, 4) }
const grass = { label: 'grass', mask: bar(8, 4) }
const objects = [dog, man, grass]

const triple = (subject: typeof dog, predicate: string, object: typeof dog): PredictedTriple => ({
  subject,
  predicate,
  object,
})
const sample = (
  id: string,
  relations: readonly (readonly [number, string, number])[],
  prediction: readonly PredictedTriple[] | undefined,
): SceneGraphSample => ({
  id,
  truth: {
    objects,
    relations: relations.map(([subject, predicate, object]) => ({ subject, predicate, object })),
  },
  prediction,
})
const evaluate = (samples: readonly SceneGraphSample[], options: Partial<SceneGraphOptions> = {}) =>
  evaluateSceneGraphs(samples, { mode: 'correct', vocabulary, ...options })

describe('recall of scene graphs', () => {
  it('by hand: one of two relations; with K = 1 the first triple only', () => {
    const one = sample(
      'a',
      [
        [0, 'on', 2],
        [1, 'near', 0],
      ],
      [triple(man, 'on', grass), triple(dog, 'on', grass), triple(dog, 'on', grass)],
    )
    const { recall, meanRecall, rows } = evaluate([one], { limits: [1, 20] })
    expect([...recall]).toEqual([
      [1, 0],
      [20, 0.5],
    ])
    // on 1, near 0: over and holding are in no picture.
    expect(meanRecall.get(20)).toBe(0.5)
    expect(rows[0]!.values).toMatchObject({
      counted: 1,
      relations: 2,
      triples: 3,
      'found@20': 1,
      'recall@1': 0,
    })
  })

  it('both masks need an IoU of 0.5, exactly 0.5 is enough, labels and direction count', () => {
    const at = (mask: Mask) =>
      evaluate([sample('a', [[0, 'on', 2]], [triple({ label: 'dog', mask }, 'on', grass)])]).recall.get(20)
    expect(at(bar(0, 2))).toBe(1)
    expect(at(bar(0, 1))).toBe(0)
    expect(evaluate([sample('a', [[0, 'on', 2]], [triple(grass, 'on', dog)])]).recall.get(20)).toBe(0)
  })

  it('triples of a higher score count first', () => {
    const prediction = [triple(man, 'on', grass), { ...triple(dog, 'on', grass), score: 0.5 }]
    expect(evaluate([sample('a', [[0, 'on', 2]], prediction)], { limits: [1] }).recall.get(1)).toBe(1)
  })

  it('official: the first predicate is left out, the mean is over all predicates, absent ones with 0', () => {
    const both = sample(
      'a',
      [
        [0, 'over', 2],
        [1, 'on', 2],
      ],
      [triple(dog, 'over', grass), triple(man, 'on', grass)],
    )
    expect(evaluate([both]).meanRecall.get(20)).toBe(1)
    // over is lost; on 1, near 0, holding 0, and the empty slot: 1 / 4.
    expect(evaluate([both], { mode: 'official' }).meanRecall.get(20)).toBe(0.25)
  })

  it('official: pictures without an answer vanish; correct: nothing was found in them', () => {
    const samples = [
      sample('a', [[0, 'on', 2]], [triple(dog, 'on', grass)]),
      sample('b', [[0, 'on', 2]], undefined),
      sample('c', [[0, 'on', 2]], []),
      sample('d', [], [triple(dog, 'on', grass)]),
    ]
    expect(evaluate(samples, { mode: 'official' }).recall.get(20)).toBe(1)
    expect(evaluate(samples).recall.get(20)).toBe(1 / 3)
    expect(evaluate(samples).rows.map(({ status }) => status)).toEqual([
      'scored',
      'missing',
      'scored',
      'scored',
    ])
  })

  it('official: masks of one thing merge to what they share, which can lose a hit', () => {
    // Two dogs of IoU 3 / 5: the merged mask is their 3 shared pixels, IoU with the true dog (0..4) 3 / 4.
    const first = { label: 'dog', mask: bar(0, 4) }
    const second = { label: 'dog', mask: bar(1, 4) }
    const truth: SceneGraphSample = sample(
      'a',
      [[0, 'on', 2]],
      [triple(first, 'on', grass), triple(second, 'near', grass)],
    )
    expect(evaluate([truth], { mode: 'official', iouThreshold: 0.8 }).recall.get(20)).toBe(0)
    expect(evaluate([truth], { mode: 'official', iouThreshold: 0.75 }).recall.get(20)).toBe(1)
    expect(evaluate([truth], { mode: 'correct', iouThreshold: 0.8 }).recall.get(20)).toBe(1)
  })

  it('official: all stuff of a label is one, so two separate patches share no pixel and nothing is left', () => {
    const patches = [
      triple(dog, 'on', { label: 'grass', mask: bar(8, 4) }),
      triple(man, 'on', { label: 'grass', mask: bar(0, 2) }),
    ]
    const truth = sample('a', [[0, 'on', 2]], patches)
    expect(evaluate([truth], { mode: 'official' }).recall.get(20)).toBe(0)
    expect(evaluate([truth]).recall.get(20)).toBe(1)
  })

  it('masks of another size hit nothing and are told', () => {
    const wide = { label: 'dog', mask: bar(0, 4, 13) }
    const { recall, rows } = evaluate([sample('a', [[0, 'on', 2]], [triple(wide, 'on', grass)])])
    expect(recall.get(20)).toBe(0)
    expect(rows[0]).toMatchObject({
      status: 'failed',
      reason: '1 of 1 triples have masks of another size than 12 x 1',
    })
  })

  it('wrong truth and options are refused', () => {
    expect(() => evaluate([sample('a', [[0, 'on', 9]], [])])).toThrow('objects 0 and 9 of 3')
    expect(() => evaluate([sample('a', [[0, 'eating', 2]], [])])).toThrow('not in the vocabulary')
    expect(() => evaluate([sample('a', [], []), sample('a', [], [])])).toThrow('twice')
    expect(() => evaluate([], { limits: [0] })).toThrow('limits')
  })
})

it('pixels that at least n of three masks have', () => {
  const masks = [bar(0, 6), bar(2, 6), bar(4, 2)]
  const count = (needed: number) => rowMajorBytes(pixelsInAtLeast(masks, needed)).reduce((a, b) => a + b, 0)
  expect([1, 2, 3, 4].map(count)).toEqual([8, 4, 2, 0])
})
