import { cocoRleFromMask, maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { evaluateCoco } from './evaluate.ts'
import { readCocoDetections, readCocoTruth } from './read.ts'

const square = (side: number) => {
  const bytes = new Uint8Array(side * side)
  for (let y = 0; y < 2; y++) bytes.fill(1, y * side, y * side + 2)
  return cocoRleFromMask(maskFromRowMajor({ widthPx: side, heightPx: side, bytes }))
}

const good = {
  images: [{ id: 0, width: 4, height: 4 }],
  categories: [{ id: 1, name: '__proto__' }],
  annotations: [
    { id: 1, image_id: 0, category_id: 1, segmentation: square(4), bbox: [0, 0, 2, 2], area: 4, iscrowd: 0 },
  ],
}

it('picture id 0 and a category called __proto__ are like any other', () => {
  const truth = readCocoTruth(good, 'mask')
  expect(truth.problems).toEqual([])
  const results = [{ image_id: 0, category_id: 1, score: 1, segmentation: square(4) }]
  const { detections } = readCocoDetections(results, truth, 'mask')
  expect(evaluateCoco({ kind: 'mask', ...truth, detections }).stats.ap).toBeCloseTo(1, 12)
})

it('bad annotations are lost one by one, each with its name', () => {
  const [annotation] = good.annotations
  const truth = readCocoTruth(
    {
      ...good,
      images: [...good.images, { id: 5, width: -1, height: 3 }, { id: 0, width: 4, height: 4 }, null],
      annotations: [
        annotation,
        { ...annotation, id: 1 },
        { ...annotation, id: 2, image_id: 99 },
        { ...annotation, id: 3, category_id: 99 },
        { ...annotation, id: 4, segmentation: square(5) },
        { ...annotation, id: 5, segmentation: [[0, 0, 1]] },
        { ...annotation, id: 6, bbox: [0, 0, null, 2] },
        { ...annotation, id: 7, area: -1 },
        { ...annotation, id: 8, segmentation: { size: [4, 4], counts: '0' } },
        { ...annotation, id: 9, segmentation: { size: [{ toString: 1 }, 4], counts: '' } },
        'text',
      ],
    },
    'mask',
  )
  // A wrong box or area costs no mask.
  expect(truth.truths.map(({ id }) => id)).toEqual([1, 6, 7])
  expect(truth.lost).toHaveLength(4)
  expect(truth.problems.map(({ code, at }) => `${at}: ${code}`)).toEqual([
    'images[2]: duplicate',
    'images[3]: malformed',
    'images[1]: out-of-range',
    'annotation 1: duplicate',
    'annotation 2: unknown-picture',
    'annotation 3: unknown-category',
    'annotation 4: size-mismatch',
    'annotation 5: malformed',
    'annotation 6: out-of-range',
    'annotation 7: out-of-range',
    'annotation 8: malformed',
    'annotation 9: malformed',
    'annotations[10]: malformed',
  ])
})

it('what prepare reads is read: odd segmentations, sizes and numbers as text, categories and pictures of one id', () => {
  const [annotation] = good.annotations
  const ring = [0, 0, 2, 0, 2, 2, 0, 2]
  const odd = [
    ring,
    [ring.map(String)],
    [
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
    ],
    [square(4)],
  ]
  const truth = readCocoTruth(
    {
      images: [{ id: '0', width: '4', height: '4.0' }],
      categories: good.categories,
      annotations: odd.map((segmentation, i) => ({ ...annotation, id: i, segmentation, area: '4' })),
    },
    'mask',
  )
  expect(truth.problems).toEqual([])
  expect(truth.truths.map(({ areaPx }) => areaPx)).toEqual([4, 4, 4, 4])
  const results = odd.map((segmentation) => ({ image_id: 0, category_id: '1', score: '1', segmentation }))
  const { detections, problems } = readCocoDetections(results, truth, 'mask')
  expect(problems).toEqual([])
  expect(evaluateCoco({ kind: 'mask', ...truth, detections }).stats.ap).toBeCloseTo(1, 12)
})

it('a category of two names is refused with its annotations, or the one that is chosen counts', () => {
  const categories = [
    { id: 1, name: 'cup' },
    { id: '1', name: 'bowl' },
  ]
  const read = (sameId?: 'first' | 'last') =>
    readCocoTruth({ ...good, categories }, 'mask', sameId === undefined ? {} : { sameId })
  const refused = read()
  expect(refused.truths).toEqual([])
  expect(refused.problems.map(({ message }) => message)).toEqual([
    'category 1 is "cup" or "bowl": which is meant is not known, none counts; choose with --same-id first or last',
    'annotation 1: category 1 is none of those that count; left out',
  ])
  expect(read('first').categories).toEqual([{ id: 1, name: 'cup' }])
  expect(read('last').categories).toEqual([{ id: 1, name: 'bowl' }])
  const alike = readCocoTruth({ ...good, categories: [categories[0], categories[0]] }, 'mask')
  expect([alike.truths.length, alike.problems.map(({ code }) => code)]).toEqual([1, ['duplicate']])
})

it('a detection of another size stays, as a false alarm, and is told', () => {
  const truth = readCocoTruth(good, 'mask')
  const at = { image_id: 0, category_id: 1 }
  const { detections, problems } = readCocoDetections(
    [
      { ...at, score: 1, segmentation: square(5) },
      { ...at, score: 0.5, segmentation: square(4) },
      { ...at, score: null, segmentation: square(4) },
    ],
    truth,
    'mask',
  )
  expect(problems.map(({ code, at }) => `${at}: ${code}`)).toEqual([
    'detection 0: size-mismatch',
    'detection 2: out-of-range',
  ])
  expect(detections[0]!.areaPx).toBe(4)
  expect(evaluateCoco({ kind: 'mask', ...truth, detections }).stats.ap).toBeCloseTo(0.5, 12)
})

it('the area of all results is that of their boxes where the first one has a box, as in the published loader', () => {
  const truth = readCocoTruth(good, 'mask')
  const withBox = { image_id: 0, category_id: 1, score: 1, segmentation: square(4), bbox: [0, 0, 4, 4] }
  const { bbox, ...without } = withBox
  expect(readCocoDetections([withBox], truth, 'mask').detections[0]!.areaPx).toBe(16)
  expect(readCocoDetections([without], truth, 'mask').detections[0]!.areaPx).toBeUndefined()
  expect(readCocoDetections([without], truth, 'box').detections[0]).toMatchObject({
    boxXywhPx: { x: 0, y: 0, width: 2, height: 2 },
    areaPx: 4,
  })
})

it('any JSON gives problems or one error, never a crash of the evaluation', () => {
  const key = fc.constantFrom(
    'id',
    'image_id',
    'category_id',
    'segmentation',
    'bbox',
    'area',
    'size',
    'counts',
    'score',
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 0, 1, -1, 4, Number.POSITIVE_INFINITY, 'x', '04', true, [4, 4], square(4)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    ),
  }))
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), fc.constantFrom('mask', 'box'), (records, kind) => {
      const some = records.map((record) => ({ image_id: 0, category_id: 1, ...(record as object) }))
      const truth = readCocoTruth({ ...good, annotations: [...records, ...some] }, kind as 'mask')
      const results = some.map((record) => ({ score: 1, ...record }))
      const { detections } = readCocoDetections(results, truth, kind as 'mask')
      evaluateCoco({ kind: kind as 'mask', ...truth, detections, onProblem: () => {} })
    }),
    { numRuns: 500, seed: 1 },
  )
})
