import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { lvisSet } from '../../test/lvis-sets.ts'
import { lvisStatsOf } from '../../test/lvis-stats.ts'
import { evaluateLvis, LVIS_MAX_DETECTIONS } from './lvis.ts'
import { readCocoDetections, readCocoTruth } from './read.ts'

/** What lvis-api 0.5.3 says of these sets, recorded by interop/python/lvis_stats.py: set n has seed n. */
const RECORDED: { readonly stats: readonly (readonly number[])[] } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../test/lvis-stats.json', import.meta.url)), 'utf8'),
)

it('gives the thirteen numbers of lvis-api 0.5.3 on recorded random data sets', () => {
  expect(RECORDED.stats.length).toBeGreaterThan(40)
  for (const [seed, theirs] of RECORDED.stats.entries()) {
    const ours = lvisStatsOf(lvisSet(seed))
    expect(ours.length, `set ${seed}`).toBe(theirs.length)
    for (const [i, value] of ours.entries())
      expect(value, `set ${seed}, number ${i}`).toBeCloseTo(theirs[i]!, 12)
  }
})

describe('what nobody looked for', () => {
  const HERE = [2, 2, 10, 10]
  const ELSEWHERE = [25, 2, 6, 6]
  const truth = {
    images: [
      { id: 1, width: 40, height: 30, neg_category_ids: [2], not_exhaustive_category_ids: [] },
      { id: 2, width: 40, height: 30, neg_category_ids: [], not_exhaustive_category_ids: [1] },
    ],
    categories: [
      { id: 1, name: 'a', frequency: 'f' },
      { id: 2, name: 'b', frequency: 'r' },
    ],
    annotations: [
      { id: 1, image_id: 1, category_id: 1, bbox: HERE, area: 100 },
      { id: 2, image_id: 2, category_id: 1, bbox: HERE, area: 100 },
      { id: 3, image_id: 2, category_id: 2, bbox: HERE, area: 100 },
    ],
  }
  const hits = truth.annotations.map(({ image_id, category_id }) => ({
    image_id,
    category_id,
    bbox: HERE,
    score: 0.5,
  }))
  const scored = (falseAlarms: readonly object[], annotations: readonly object[] = truth.annotations) => {
    const read = readCocoTruth({ ...truth, annotations }, 'box')
    const { detections } = readCocoDetections([...hits, ...falseAlarms], read, 'box')
    return evaluateLvis({ kind: 'box', ...read, detections, open: read.lost })
  }
  const alarm = (image_id: number, category_id: number) => ({
    image_id,
    category_id,
    bbox: ELSEWHERE,
    score: 0.9,
  })

  it('a false alarm counts where the category was looked for, and nowhere else', () => {
    expect(scored([]).stats.ap).toBeCloseTo(1, 12)
    // Shown in picture 1, every one of them annotated.
    expect(scored([alarm(1, 1)]).stats.apFrequent).toBeCloseTo(2 / 3, 12)
    // Not all of them annotated in picture 2.
    expect(scored([alarm(2, 1)]).stats.apFrequent).toBeCloseTo(1, 12)
    // Known to be absent from picture 1.
    expect(scored([alarm(1, 2)]).stats.apRare).toBeCloseTo(0.5, 12)
    expect(scored([alarm(1, 2)]).notLookedFor).toBe(0)
    // Neither shown in picture 1 nor known to be absent.
    const unknown = { ...truth, images: truth.images.map((image) => ({ ...image, neg_category_ids: [] })) }
    const read = readCocoTruth(unknown, 'box')
    const { detections } = readCocoDetections([...hits, alarm(1, 2)], read, 'box')
    const result = evaluateLvis({ kind: 'box', ...read, detections })
    expect([result.stats.apRare, result.notLookedFor]).toEqual([expect.closeTo(1, 12), 1])
  })

  it('a truth that could not be read makes its category open in its picture: what finds it is no false alarm', () => {
    const broken = { id: 4, image_id: 1, category_id: 1, bbox: [25, 2, 'six', 6], area: 36 }
    const result = scored([alarm(1, 1)], [...truth.annotations, broken])
    expect(result.stats.apFrequent).toBeCloseTo(1, 12)
  })

  it('the best 300 detections of a picture count, whatever their category', () => {
    const many = Array.from({ length: LVIS_MAX_DETECTIONS }, () => alarm(1, 1))
    const result = scored(many)
    // All that picture 1 has better than its hit: the hit is behind the limit.
    expect(result.beyondLimit).toBe(1)
    expect(result.stats.ar300).toBeCloseTo(0.75, 12)
  })
})
