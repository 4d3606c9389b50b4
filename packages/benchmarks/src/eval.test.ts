import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getokCodec } from '@maskwords/codecs'
import { cocoRleFromMask, type Mask, maskFromCocoRle, maskFromRowMajor, paste } from '@maskwords/mask'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../../commands/test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const run = (...argv: string[]) => runCommand(['eval', ...argv], { cwd: folder })
const json = async (...argv: string[]) => {
  const result = await run(...argv, '--json')
  return { ...result, value: JSON.parse(result.out) }
}
const lines = (name: string, records: readonly unknown[]) =>
  file(
    name,
    records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join('\n'),
  )

/** Rows of a 4 x 2 picture: `#` is foreground. */
function drawn(...rows: string[]): Mask {
  const bytes = Uint8Array.from(rows.join(''), (character) => (character === '#' ? 1 : 0))
  return maskFromRowMajor({ widthPx: rows[0]!.length, heightPx: rows.length, bytes })
}
const rle = (...rows: string[]) => cocoRleFromMask(drawn(...rows))
const left = rle('##..', '##..')
const middle = rle('.##.', '.##.')
const all = rle('####', '####')

lines('truth.jsonl', [
  { id: 'cat', phrase: 'the cat', picture: 'a.jpg', masks: [left] },
  { id: 'dog', phrase: 'the dog', picture: 'a.jpg', masks: [left, rle('...#', '....')] },
  { id: 'none', phrase: 'a <b>zebra</b>', picture: 'b.jpg', masks: [], size: [2, 4] },
  { id: 7, phrase: 'everything', picture: 'b.jpg', masks: [all] },
])
lines('answers.jsonl', [
  { id: 'cat', masks: [middle] }, // I 2, U 6
  { id: 'dog', masks: [rle('...#', '....'), left] }, // I 5, U 5
  { id: 'none', masks: [] }, // rightly none
  { id: '7', masks: [] }, // wrongly none, U 8
])

describe('gres', () => {
  it('counts by hand: mean (1/3 + 1 + 1 + 0) / 4, cumulative 7 / 19, N-acc 1, T-acc 2/3', async () => {
    const { code, value, err } = await json(
      'gres',
      '--predictions',
      'answers.jsonl',
      '--truth',
      'truth.jsonl',
    )
    expect([code, err]).toEqual([0, ''])
    expect(value.metrics.meanIou).toBeCloseTo(7 / 12, 12)
    expect(value.metrics).toMatchObject({ cumulativeIou: 7 / 19, noTargetAccuracy: 1, targetAccuracy: 2 / 3 })
    expect(value).toMatchObject({ mode: 'correct', samples: 4, scored: 4, missing: 0, failed: 0, unknown: 0 })
    expect(value.groups['no-target']).toMatchObject({ samples: 1, metrics: { meanIou: 1 } })
    expect(value.stamp).toMatchObject({ benchmark: 'gres', codec: 'masks' })
    expect(value.stamp.dataset).toMatch(/^[\da-f]{64}$/)
  })

  it('the table says the same to people, in percent', async () => {
    const { out } = await run('gres', '--predictions', 'answers.jsonl', '--truth', 'truth.jsonl')
    expect(out).toMatch(/^meanIou +58\.33 /m)
    expect(out).toMatch(/^cumulativeIou +36\.84 /m)
  })

  it('raw answers are read through the codec; an answer without words says that there is no target', async () => {
    const codec = getokCodec({})
    const image = await codec.encodeImage({ widthPx: 64, heightPx: 64 })
    const square = drawn(
      ...Array.from({ length: 64 }, (_, y) =>
        y < 32 ? `${'#'.repeat(32)}${'.'.repeat(32)}` : '.'.repeat(64),
      ),
    )
    const [words] = await codec.encode(image, [square])
    lines('text-truth.jsonl', [
      { id: 'a', masks: [cocoRleFromMask(square)] },
      { id: 'b', masks: [], size: [64, 64] },
      { id: 'c', masks: [cocoRleFromMask(square)] },
    ])
    lines('text.jsonl', [
      { id: 'a', text: `Sure, it is ${words!.text}.` },
      { id: 'b', text: 'No target.' },
      { id: 'c', words: [words!.text] },
    ])
    const { code, value } = await json(
      'gres',
      '--predictions',
      'text.jsonl',
      '--truth',
      'text-truth.jsonl',
      '--codec',
      'getok',
    )
    expect(code).toBe(0)
    expect(value.metrics.meanIou).toBeGreaterThan(0.75)
    expect(value.metrics.noTargetAccuracy).toBe(1)
    expect(value.stamp.codec).toBe('getok')
    const without = await run('gres', '--predictions', 'text.jsonl', '--truth', 'text-truth.jsonl')
    expect(without.code).toBe(2)
    expect(without.err).toContain('--codec getok')
  })
})

describe('what is wrong is said and counted', () => {
  const gres = (predictions: string, ...more: string[]) =>
    json('gres', '--predictions', predictions, '--truth', 'truth.jsonl', ...more)

  it('an answer that is missing is counted as wrong, or left out in official mode, and said in both', async () => {
    lines('few.jsonl', [{ id: 'dog', masks: [left, rle('...#', '....')] }])
    const correct = await gres('few.jsonl')
    expect(correct.value).toMatchObject({ missing: 3, metrics: { meanIou: 1 / 4, noTargetAccuracy: 0 } })
    expect(correct.err).toContain('3 of 4 samples have no answer: counted as wrong')
    const official = await gres('few.jsonl', '--mode', 'official')
    expect(official.value.missing).toBe(3)
    expect(official.value.metrics.meanIou).toBeCloseTo(1, 6)
    expect(official.value.metrics.noTargetAccuracy).toBeNull()
    expect(official.err).toContain('3 of 4 samples have no answer: left out')
  })

  it('a bad line costs its sample and is named with file and line', async () => {
    lines('bad.jsonl', [
      { id: 'cat', masks: [left] },
      'not json',
      { id: 'dog', mask: [left] },
      { id: 'none', masks: [{ size: [2, 4], counts: '!!' }] },
      { id: 7, masks: [rle('##', '##')] },
      { id: 'stranger', masks: [] },
    ])
    const { code, value } = await gres('bad.jsonl')
    expect(code).toBe(1)
    expect(value).toMatchObject({ scored: 1, missing: 1, failed: 2, unknown: 1 })
    const said = value.errors.map((error: { at: string; message: string }) => [error.at, error.message])
    expect(said).toEqual([
      ['line 2', expect.stringContaining('is no JSON')],
      ['line 3', 'no answer in this line'],
      ['line 4', expect.stringContaining('none: COCO RLE text')],
      ['line 5', '7: the mask is 2 x 2, the truth 4 x 2 (width x height)'],
    ])
    expect(value.errors[1].hint).toBe('"mask" is not read; did you mean "masks"?')
    expect(value.errors.every((error: { file: string }) => error.file === 'bad.jsonl')).toBe(true)
  })

  it('a truth that contradicts itself costs its sample, not an answer', async () => {
    lines('odd-truth.jsonl', [
      { id: 'cat', masks: [left] },
      { id: 'dog', masks: [left], size: [4, 2] },
      { id: 'none', masks: [] },
    ])
    const { code, value } = await json('gres', '--predictions', 'answers.jsonl', '--truth', 'odd-truth.jsonl')
    expect(code).toBe(1)
    expect(value.errors.map((error: { at: string; message: string }) => [error.at, error.message])).toEqual([
      ['line 2', 'a mask of 4 x 2 in a picture of 2 x 4 (width x height)'],
      ['line 3', 'the size of the picture is not known'],
    ])
    expect(value).toMatchObject({ samples: 1, scored: 1 })
  })

  it('two answers for one sample are refused with both lines', async () => {
    lines('twice.jsonl', [
      { id: 7, masks: [] },
      { id: 'cat', masks: [] },
      { id: '7', masks: [all] },
    ])
    const { code, err } = await gres('twice.jsonl')
    expect(code).toBe(1)
    expect(err).toContain('twice.jsonl (lines 1 and 3): two answers for "7"')
  })

  it('answers of another dataset are refused with names of both', async () => {
    lines('other.jsonl', [{ id: 'x-1', masks: [] }])
    const { code, err } = await gres('other.jsonl')
    expect(code).toBe(1)
    expect(err).toContain('answers are named like "x-1", samples like "cat"')
  })

  it('a benchmark that does not exist, and missing options, are usage errors', async () => {
    expect(await run('gress')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean maskwords eval gres?'),
    })
    expect((await run()).code).toBe(2)
    expect(await run('gres', '--truth', 'truth.jsonl')).toMatchObject({
      code: 2,
      err: expect.stringContaining('missing --predictions'),
    })
    expect((await run('--help')).out).toContain('multi-round')
    expect((await run('gres', '--help')).out).toContain('Usage  maskwords eval gres [options]')
  })

  it('whatever the bytes of predictions and truth are, there is a result or a clear error', async () => {
    const good = readFileSync(join(folder, 'answers.jsonl'), 'utf8')
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length), fc.string({ maxLength: 8 }), fc.nat(20), async (at, put, cut) => {
        file('fuzz.jsonl', good.slice(0, at) + put + good.slice(at + cut))
        for (const [predictions, truth] of [
          ['fuzz.jsonl', 'truth.jsonl'],
          ['answers.jsonl', 'fuzz.jsonl'],
        ]) {
          const { err } = await run(
            'gres',
            '--predictions',
            predictions!,
            '--truth',
            truth!,
            '--resamples',
            '1',
          )
          expect(err).not.toContain('this is a bug')
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('rows, comparison, merging', () => {
  it('rows of two runs are compared; the same run has no difference', async () => {
    lines('better.jsonl', [
      { id: 'cat', masks: [left] },
      { id: 'dog', masks: [rle('...#', '....'), left] },
      { id: 'none', masks: [] },
      { id: '7', masks: [all] },
    ])
    const gres = (name: string, rows: string, ...more: string[]) =>
      run('gres', '--predictions', name, '--truth', 'truth.jsonl', '--rows', rows, ...more)
    expect((await gres('answers.jsonl', 'a.rows.jsonl')).code).toBe(0)
    await gres('better.jsonl', 'b.rows.jsonl')
    const { value } = await json('compare', 'a.rows.jsonl', 'b.rows.jsonl')
    const mean = value.comparisons.find((one: { metric: string }) => one.metric === 'meanIou')
    expect(mean.difference).toBeCloseTo(5 / 12, 12)
    // Two samples differ: of their four exchanges two are as far apart.
    expect(mean).toMatchObject({ isExact: true, permutationP: 0.5 })
    const same = await json('compare', 'a.rows.jsonl', 'a.rows.jsonl')
    expect(same.value.comparisons[0]).toMatchObject({ difference: 0, permutationP: 1 })
    await gres('better.jsonl', 'official.rows.jsonl', '--mode', 'official')
    const refused = await run('compare', 'a.rows.jsonl', 'official.rows.jsonl')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('cannot be compared: mode correct and official')
  })

  it('two halves of the answers merge to the rows of all', async () => {
    const records = readFileSync(join(folder, 'answers.jsonl'), 'utf8').split('\n')
    lines('half-0.jsonl', records.slice(0, 2))
    lines('half-1.jsonl', records.slice(2))
    for (const half of ['half-0', 'half-1', 'answers']) {
      await run(
        'gres',
        '--predictions',
        `${half}.jsonl`,
        '--truth',
        'truth.jsonl',
        '--rows',
        `${half}.rows.jsonl`,
      )
    }
    const { code, value } = await json(
      'merge',
      'half-0.rows.jsonl',
      'half-1.rows.jsonl',
      '-o',
      'merged.jsonl',
    )
    expect(code).toBe(0)
    expect(value.missing).toBe(0)
    const bytes = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect(bytes('merged.jsonl')).toBe(bytes('answers.rows.jsonl'))
  })

  it('the order of predictions changes no byte of the rows', async () => {
    const records = readFileSync(join(folder, 'answers.jsonl'), 'utf8').split('\n')
    lines('turned.jsonl', records.reverse())
    await run(
      'gres',
      '--predictions',
      'turned.jsonl',
      '--truth',
      'truth.jsonl',
      '--rows',
      'turned.rows.jsonl',
    )
    await run(
      'gres',
      '--predictions',
      'answers.jsonl',
      '--truth',
      'truth.jsonl',
      '--rows',
      'straight.rows.jsonl',
    )
    const bytes = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect(bytes('turned.rows.jsonl')).toBe(bytes('straight.rows.jsonl'))
  })

  it('questions say what is to be answered', async () => {
    const { code } = await run('gres', '--truth', 'truth.jsonl', '--questions', 'questions.jsonl')
    expect(code).toBe(0)
    const [first, , third] = readFileSync(join(folder, 'questions.jsonl'), 'utf8').split('\n')
    expect(JSON.parse(first!)).toEqual({ id: 'cat', picture: 'a.jpg', size: [2, 4], phrase: 'the cat' })
    expect(JSON.parse(third!)).toMatchObject({ id: 'none', size: [2, 4] })
  })
})

describe('the report', () => {
  it('is one file with pictures inside, no script, nothing from outside, and every text escaped', async () => {
    await run('gres', '--predictions', 'answers.jsonl', '--truth', 'truth.jsonl', '--report', 'report.html')
    const html = readFileSync(join(folder, 'report.html'), 'utf8')
    expect(html.match(/src="data:image\/png;base64,/g)).toHaveLength(4)
    expect(html).toContain('a &lt;b&gt;zebra&lt;/b&gt;')
    expect(html).not.toMatch(/<script|<b>zebra|\son\w+=|https?:|<link/)
    expect(html).toContain('58.33')
  })
})

describe('the other benchmarks on a few samples', () => {
  const score = async (
    name: string,
    truth: readonly unknown[],
    answers: readonly unknown[],
    ...more: string[]
  ) => {
    lines(`${name}.truth.jsonl`, truth)
    lines(`${name}.jsonl`, answers)
    const result = await json(
      name,
      '--predictions',
      `${name}.jsonl`,
      '--truth',
      `${name}.truth.jsonl`,
      ...more,
    )
    // In which unit boxes were read is always said, and so is what the JSON has as failed.
    const said = result.err.replace(/^note boxes were read as .*\n/, '')
    if (result.value.failed === 0) expect(said).toBe('')
    else expect(said).toContain(`note ${result.value.failed} answers cannot be used`)
    return result.value
  }

  it('res: mean (1/3 + 1) / 2, half from 0.5 on', async () => {
    const truth = [
      { id: 1, masks: [left] },
      { id: 2, masks: [all] },
    ]
    const { metrics } = await score('res', truth, [
      { id: 1, masks: [middle] },
      { id: 2, masks: [all] },
    ])
    expect(metrics.meanIou).toBeCloseTo(2 / 3, 12)
    expect(metrics).toMatchObject({ cumulativeIou: 10 / 14, 'precision@0.5': 0.5 })
  })

  it('reasonseg: ignored pixels by three rules', async () => {
    const truth = [{ id: 1, masks: [rle('##...')], ignored: rle('..#..') }]
    const answers = [{ id: 1, masks: [rle('.###.')] }]
    const iou = async (...more: string[]) =>
      (await score('reasonseg', truth, answers, ...more)).metrics.meanIou
    expect(await iou()).toBe(1 / 3)
    expect(await iou('--ignore', 'count-as-hit')).toBe(2 / 4)
    expect(await iou('--ignore', 'background')).toBe(1 / 4)
  })

  it('rec: boxes as numbers, as text in 999ths, and around masks', async () => {
    const box = [0, 0, 4, 2]
    const truth = ['a', 'b', 'c', 'd'].map((id) => ({ id, boxes: [box], size: [2, 4] }))
    const answers = [
      { id: 'a', boxes: [box] },
      { id: 'b', text: '[0, 0, 999, 999]' },
      { id: 'c', masks: [left] }, // half of the box
      { id: 'd', text: 'I see no box.' },
    ]
    const { metrics, scored, failed, errors } = await score('rec', truth, answers)
    expect(metrics).toMatchObject({ 'accuracy@0.5': 3 / 4, 'accuracy@0.7': 2 / 4, meanBoxIou: 2.5 / 4 })
    // Prose is no wrong box: it is counted by itself, and said.
    expect([scored, failed]).toEqual([3, 1])
    expect(errors[0].message).toBe('d: the answer names no box: "I see no box."')
    expect((await score('rec', truth, answers, '--mode', 'official')).failed).toBe(0)
  })

  it('grec: one box too many is not all right', async () => {
    const truth = [
      {
        id: 1,
        boxes: [
          [0, 0, 2, 2],
          [5, 5, 9, 9],
        ],
      },
      { id: 2, boxes: [] },
      { id: 3, boxes: [[0, 0, 2, 2]] },
    ]
    const answers = [
      {
        id: 1,
        boxes: [
          [5, 5, 9, 9],
          [0, 0, 2, 2],
        ],
      },
      { id: 2, boxes: [] },
      {
        id: 3,
        boxes: [
          [0, 0, 2, 2],
          [7, 7, 8, 8],
        ],
      },
    ]
    expect((await score('grec', truth, answers)).metrics).toMatchObject({
      allRightAccuracy: 2 / 3,
      precision: 3 / 4,
      recall: 1,
      noTargetAccuracy: 1,
    })
  })

  it('multi-round: the groups are the rounds', async () => {
    const truth = [
      { id: 'd/1', round: 1, masks: [left] },
      { id: 'd/2', round: 2, masks: [all] },
    ]
    const { groups } = await score('multi-round', truth, [
      { id: 'd/1', masks: [left] },
      { id: 'd/2', masks: [left] },
    ])
    expect(groups['round 1'].metrics.meanIou).toBe(1)
    expect(groups['round 2'].metrics.meanIou).toBe(0.5)
  })

  it('mmr: masks are paired, whatever their order', async () => {
    const truth = [{ id: 1, masks: [left, all] }]
    expect((await score('mmr', truth, [{ id: 1, masks: [all, left] }])).metrics.meanIou).toBe(1)
  })

  it('grounding-suite: masks, or boxes with --boxes', async () => {
    const line = {
      idx: 3,
      image_path: 'a.jpg',
      class_id: 4,
      label: 'cat',
      caption: 'a cat',
      box: [0, 0, 2, 2],
      segmentation: left,
    }
    const answers = [{ id: 3, masks: [middle] }]
    expect((await score('grounding-suite', [line], answers)).groups['class 4'].metrics.meanIou).toBe(1 / 3)
    expect((await score('grounding-suite', [line], answers, '--boxes')).metrics.meanBoxIou).toBe(1 / 3)
  })

  it('perception: an unreadable answer is wrong, and right by accident in official mode', async () => {
    const truth = [
      { id: 1, options: ['a cat', 'a dog'], right: 'A' },
      { id: 2, options: ['a cat', 'a dog'], right: 1 },
    ]
    const answers = [
      { id: 1, text: 'who knows' },
      { id: 2, text: '(B) a dog' },
    ]
    expect((await score('perception', truth, answers)).metrics).toEqual({ accuracy: 0.5, unreadable: 0.5 })
    expect((await score('perception', truth, answers, '--mode', 'official')).metrics.accuracy).toBe(1)
    const dressed = [
      { id: 1, text: '<thinking>B or D</thinking>A<|im_end|>' },
      { id: 2, text: 'it is A, no, B' },
    ]
    expect((await score('perception', truth, dressed)).metrics).toEqual({ accuracy: 0.5, unreadable: 0.5 })
    const open = await score(
      'perception',
      [truth[0]],
      [{ id: 1, text: 'A. is a cat, but' }],
      '--thought-open',
    )
    expect(open.metrics).toEqual({ accuracy: 0, unreadable: 1 })
  })

  it('an answer cut off in a thought that the template opened is no answer: --thought-open says that it did', async () => {
    const truth = [
      { id: 'a', masks: [left] },
      { id: 'b', masks: [left] },
    ]
    const words = '<seg><grid_4_4></seg>'
    const answers = [
      { id: 'a', text: `it may be ${words}, or` },
      { id: 'b', text: `no ${words}</think><seg><grid_8_16></seg>` },
    ]
    const { failed } = await score('res', truth, answers, '--codec', 'getok')
    expect(failed).toBe(0)
    const open = await score('res', truth, answers, '--codec', 'getok', '--thought-open')
    expect([open.failed, open.scored, open.stamp.settings]).toEqual([1, 1, { thoughtOpen: true }])
    expect(open.errors[0].message).toBe('a: the thought was cut off before an answer')
  })

  it('words that cannot be read are told: alone as unreadable, beside others by their number', async () => {
    const truth = ['a', 'b', 'c'].map((id) => ({ id, masks: [left] }))
    const answers = [
      { id: 'a', text: 'the cat is at <grid_12>' },
      { id: 'b', text: 'the cat is <seg><grid_4_4></seg> and grid_9_9' },
      { id: 'c', text: 'the cat is <seg><grid_4_4></seg>' },
    ]
    const { errors, failed } = await score('res', truth, answers.slice(0, 1), '--codec', 'getok')
    expect([failed, errors[0].message]).toEqual([
      1,
      'a: mask words in a spelling that cannot be read: "s at <grid_12>"',
    ])
    const file = lines('partly.jsonl', answers.slice(1))
    expect(file).toBeDefined()
    const { value, err } = await json(
      'res',
      '--predictions',
      'partly.jsonl',
      '--truth',
      'res.truth.jsonl',
      '--codec',
      'getok',
    )
    expect([value.partlyRead, value.scored]).toEqual([1, 2])
    expect(err).toContain(
      '1 answer with words or boxes that cannot be read beside others that can, the first "b"',
    )
  })

  it('open-vocabulary: the smaller mask wins', async () => {
    const bird = rle('.##.', '....')
    const truth = [{ id: 1, masks: [rle('#..#', '####'), bird], labels: ['sky', 'bird'] }]
    const answers = [{ id: 1, masks: [all, bird], labels: ['sky', 'bird'] }]
    expect((await score('open-vocabulary', truth, answers)).metrics.meanClassIou).toBe(1)
  })

  it('pointing and polyline: F1 by hand', async () => {
    const points = await score(
      'pointing',
      [{ id: 1, masks: [left, rle('...#', '....')] }],
      [
        {
          id: 1,
          points: [
            [0.5, 0.5],
            [1.5, 1.5],
            [3.5, 0.5],
          ],
        },
      ],
    )
    expect(points.metrics).toMatchObject({ precision: 2 / 3, recall: 1, f1: 4 / 5 })
    const line = [
      [0, 0],
      [50, 0],
      [100, 0],
    ]
    const found = await score(
      'polyline',
      [{ id: 1, lines: [line] }],
      [
        {
          id: 1,
          lines: [
            line.map(([x, y]) => [x!, y! + 10]),
            [
              [0, 90],
              [9, 90],
            ],
          ],
        },
      ],
    )
    expect(found.metrics).toMatchObject({ precision: 0.5, recall: 1, f1: 2 / 3 })
  })

  it('gcg: half of the masks found, the caption word for word; METEOR and CIDEr stand beside', async () => {
    const truth = [
      {
        id: 1,
        captions: ['a cat sleeps on the mat'],
        masks: [left, rle('...#', '...#')],
        labels: ['a cat', 'the mat'],
      },
      { id: 2, captions: ['two dogs run over green grass'], masks: [all], labels: ['two dogs'] },
    ]
    const answers = [
      {
        id: 1,
        caption: 'a cat sleeps on the mat',
        masks: [left, rle('#...', '....')],
        labels: ['a cat', 'the mat'],
      },
      { id: 2, caption: 'two dogs run over green grass', masks: [all], labels: ['two dogs'] },
    ]
    const { metrics } = await score('gcg', truth, answers)
    expect(metrics.recall).toBeCloseTo(2 / 3, 12)
    expect(metrics.meteor).toBeGreaterThan(0.9)
    expect(metrics.cider).toBeGreaterThan(1)
    // Three detections of one score, two of them right: precision 2/3 at the 67 recall points up to 2/3.
    expect(metrics.ap50).toBeCloseTo((67 * (2 / 3)) / 101, 12)
  })

  it('region-caption: tags and masks are no words of a caption; a region without one counts as empty, officially not at all', async () => {
    const truth = [
      { id: 1, captions: ['a cat sleeps on the mat'], masks: [left] },
      { id: 2, captions: ['two dogs run over green grass'], masks: [all] },
      { id: 3, captions: ['nobody said anything of it'], masks: [all] },
    ]
    const answers = [
      {
        id: 1,
        text: '<p>A cat</p> <|mt_start|><|mt_0001|><|mt_0300|><|mt_end|> sleeps on \nthe mat.<|im_end|>',
      },
      { id: 2, caption: 'two cats run over green grass' },
    ]
    lines('region-caption.truth.jsonl', truth)
    lines('region-caption.jsonl', answers)
    const argv = ['--predictions', 'region-caption.jsonl', '--truth', 'region-caption.truth.jsonl']
    const correct = await json('region-caption', ...argv)
    const { metrics } = correct.value
    expect(correct.err).toBe('note 1 of 3 samples have no answer: counted as wrong\n')
    // Longest common sequences 6 of 6, 5 of 6, and nothing.
    expect(metrics.rougeL).toBeCloseTo((1 + 5 / 6 + 0) / 3, 12)
    expect(metrics.bleu4).toBeGreaterThan(0.5)
    const official = await json('region-caption', ...argv, '--mode', 'official')
    expect(official.value).toMatchObject({ samples: 3, scored: 2, missing: 1 })
    expect(official.value.metrics.rougeL).toBeCloseTo((1 + 5 / 6) / 2, 12)
    expect(official.value.metrics.meteor).toBeGreaterThan(metrics.meteor)
  })

  it('psg: one of two relations found; a wrong predicate is none', async () => {
    const masks = [left, rle('...#', '....'), rle('..#.', '..#.')]
    const labels = ['cat', 'floor-other-merged', 'dog']
    const truth = [
      {
        id: 1,
        masks,
        labels,
        relations: [
          [0, 'on', 1],
          [2, 'beside', 0],
        ],
      },
    ]
    const answers = [
      {
        id: 1,
        masks,
        labels: ['cat', 'floor', 'dog'],
        relations: [
          [0, 'on', 1],
          [2, 'over', 0],
        ],
      },
    ]
    const { metrics } = await score('psg', truth, answers)
    expect(metrics).toMatchObject({ 'recall@20': 0.5, 'meanRecall@20': 0.5, 'recall@100': 0.5 })
    lines('psg-bad.jsonl', [{ id: 1, masks, labels, relations: [[0, 'on', 9]] }])
    const bad = await json('psg', '--predictions', 'psg-bad.jsonl', '--truth', 'psg.truth.jsonl')
    expect(bad.value.errors[0].message).toBe('1: a relation of mask 9: there are 3')
    expect(bad.value.metrics['recall@20']).toBe(0)
  })

  it('gcg says which codecs read captions in text', async () => {
    lines('said.jsonl', [
      {
        id: 1,
        text: '<|object_ref_start|>a cat<|object_ref_end|><|mt_start|><|mt_0001|><|mt_0300|><|mt_end|>',
      },
    ])
    const refused = await run(
      'gcg',
      '--predictions',
      'said.jsonl',
      '--truth',
      'gcg.truth.jsonl',
      '--codec',
      'getok',
    )
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('are read with SAMTok or HiMTok words')
  })

  it('coco: a detection that is the truth has AP 1', async () => {
    const annotation = {
      id: 1,
      image_id: 1,
      category_id: 1,
      iscrowd: 0,
      area: 4,
      bbox: [0, 0, 2, 2],
      segmentation: left,
    }
    file(
      'instances.json',
      JSON.stringify({
        images: [{ id: 1, width: 4, height: 2 }],
        categories: [{ id: 1, name: 'cat' }],
        annotations: [annotation],
      }),
    )
    file('results.json', JSON.stringify([{ image_id: 1, category_id: 1, score: 0.5, segmentation: left }]))
    const { code, value } = await json('coco', '--predictions', 'results.json', '--truth', 'instances.json')
    expect(code).toBe(0)
    // The published precision has a tiny number in its divisor.
    expect(value.metrics.ap).toBeCloseTo(1, 12)
    expect(value.metrics).toMatchObject({ apLarge: -1, ar1: 1 })
  })
})

describe("a dataset's folder", () => {
  it('gres reads gRefCOCO by its name, without the pictures: one target, two, none', async () => {
    const polygon = (x: number) => [[x, 0, x + 2, 0, x + 2, 2, x, 2]]
    const annotation = (id: number, x: number) => ({
      id,
      image_id: 5,
      category_id: 1,
      iscrowd: 0,
      bbox: [x, 0, 2, 2],
      area: 4,
      segmentation: polygon(x),
    })
    file(
      'grefcoco/instances.json',
      JSON.stringify({
        images: [{ id: 5, file_name: 'COCO_train2014_000000000005.jpg', width: 8, height: 2 }],
        categories: [{ id: 1, name: 'cat' }],
        annotations: [annotation(11, 0), annotation(12, 6)],
      }),
    )
    const reference = (ref_id: number, ann_id: number[], sent: string) => ({
      ref_id,
      image_id: 5,
      ann_id,
      no_target: ann_id[0] === -1,
      split: 'val',
      sentences: [{ sent, sent_id: ref_id }],
    })
    const references = [
      reference(1, [11], 'left'),
      reference(2, [11, 12], 'both'),
      reference(3, [-1], 'a bus'),
    ]
    file('grefcoco/grefs(unc).json', JSON.stringify(references))
    await run('gres', '--truth', 'grefcoco', '--questions', 'asked.jsonl')
    const asked = readFileSync(join(folder, 'asked.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(asked.map(({ id, phrase }) => [id, phrase])).toEqual([
      ['5/1/0', 'left'],
      ['5/2/0', 'both'],
      ['5/3/0', 'a bus'],
    ])
    lines('gref.jsonl', [
      { id: '5/1/0', masks: [polygon(0)] },
      { id: '5/2/0', masks: [polygon(0)] }, // half of the two
      { id: '5/3/0', masks: [] },
    ])
    const { code, value } = await json('gres', '--predictions', 'gref.jsonl', '--truth', 'grefcoco', '-q')
    expect(code).toBe(0)
    expect(value.metrics).toMatchObject({ meanIou: 2.5 / 3, noTargetAccuracy: 1, targetAccuracy: 1 })
  })

  it('a name that no reader has is refused with the nearest one', async () => {
    const { code, err } = await run(
      'res',
      '--truth',
      folder,
      '--dataset',
      'refcoc',
      '--predictions',
      'answers.jsonl',
    )
    expect(code).toBe(1)
    expect(err).toContain('--dataset refcoco')
  })
})

const suite = fileURLToPath(new URL('../../../../shared/data/grounding-suite/gseval.jsonl', import.meta.url))

describe.skipIf(!existsSync(suite))('GroundingSuite (skipped where ../shared/data is absent)', () => {
  it('the truth against itself is 1.0; masks moved by 20 pixels are worse in every class', async () => {
    const records = readFileSync(suite, 'utf8')
      .trim()
      .split('\n')
      .slice(0, 300)
      .map((line) => JSON.parse(line))
    lines('gseval.jsonl', records)
    lines(
      'self.jsonl',
      records.map((record) => ({ id: record.idx, masks: [record.segmentation] })),
    )
    lines(
      'moved.jsonl',
      records.map((record) => {
        const mask = maskFromCocoRle(record.segmentation)
        const { widthPx, heightPx } = mask
        return { id: record.idx, masks: [cocoRleFromMask(paste(mask, { widthPx, heightPx, x: 20, y: 0 }))] }
      }),
    )
    const score = (name: string) =>
      json('grounding-suite', '--predictions', name, '--truth', 'gseval.jsonl', '--resamples', '20')
    const [self, moved] = [await score('self.jsonl'), await score('moved.jsonl')]
    expect(self.value.metrics.meanIou).toBe(1)
    expect(moved.value.metrics.meanIou).toBeLessThan(0.9)
    for (const group of Object.keys(self.value.groups)) {
      expect(self.value.groups[group].metrics.meanIou).toBe(1)
      expect(moved.value.groups[group].metrics.meanIou).toBeLessThan(1)
    }
  })
})
