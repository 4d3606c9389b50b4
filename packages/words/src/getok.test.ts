// GETok text: every published spelling, the containers, what is wrong with them, and round trips.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tookMs } from '../test/timing.ts'
import { answerParts, liesIn } from './answer-parts.ts'
import {
  formatGetokAnswer,
  formatGetokGeometry,
  formatGetokRefinement,
  type GetokGeometry,
} from './getok-format.ts'
import { pairGetokOffsets, parseGetok } from './getok-parse.ts'
import { type GetokEvent, getokStream } from './getok-stream.ts'
import { getokCode, getokSymbol } from './getok-word.ts'
import { getokVocabulary, wordAt, wordsOf } from './vocabulary.ts'

const getok = getokVocabulary()
const cell = (i: number, j: number) => getokCode({ kind: 'grid', i, j }, getok)
const move = (u: number, v: number) => getokCode({ kind: 'offset', u, v }, getok)
const DELETE = getokCode({ kind: 'delete' }, getok)

describe('the vocabulary', () => {
  it('has 1034 words: the grid row by row, nine offsets by v then u, delete', () => {
    const words = wordsOf(getok)
    expect(words).toHaveLength(1034)
    expect(words.slice(0, 2)).toEqual(['<grid_0_0>', '<grid_1_0>'])
    expect(words[32]).toBe('<grid_0_1>')
    expect(words.slice(1024)).toEqual([
      '[OFF_-1_-1]',
      '[OFF_0_-1]',
      '[OFF_1_-1]',
      '[OFF_-1_0]',
      '[OFF_0_0]',
      '[OFF_1_0]',
      '[OFF_-1_1]',
      '[OFF_0_1]',
      '[OFF_1_1]',
      '<DELETE>',
    ])
  })

  it('gives every word back from its code', () => {
    for (let code = 0; code < getok.wordCount; code++) {
      expect(getokCode(getokSymbol(code, getok), getok)).toBe(code)
    }
  })
})

describe('spellings', () => {
  const cells = [
    '<grid_19_1>',
    '<grid 19,1>',
    '<grid_19,1>',
    '<grid19,1>',
    '<gird_19_1>',
    '<gird 19,1>',
    '<gird19,1>',
    '<grid_{19,1}>',
    '<grid_{19_1}>',
    '<grid 19, 1>',
    '<grid 19 1>',
  ]
  for (const spelling of cells) {
    it(`reads ${spelling} as column 19, row 1`, () => {
      const { instances, problems } = parseGetok(`at ${spelling} here`, getok)
      expect(instances[0]!.geometries[0]).toMatchObject({ kind: 'point', codes: [cell(19, 1)], start: 3 })
      expect(problems.map((p) => p.kind)).toEqual(spelling === '<grid_19_1>' ? [] : ['alias'])
    })
  }
  const moves = ['[OFF_-1_0]', '[OFF_-1,0]', '<OFF_-1,0>', '<OFF-1,0>', '<OFF_{-1,0}>', '<OFF_\u22121,0>']
  for (const spelling of moves) {
    it(`reads ${spelling} as one step to the left`, () => {
      const { refinements } = parseGetok(`<offset>${spelling}</offset>`, getok)
      expect(refinements[0]!.instances[0]!.geometries[0]!.codes).toEqual([move(-1, 0)])
    })
  }
  it('takes <bbox> for <box> and says so', () => {
    const { instances, problems } = parseGetok('<bbox><grid_1_1><grid_2_2></bbox>', getok)
    expect(instances[0]!.geometries[0]).toMatchObject({ kind: 'box', status: 'repaired' })
    expect(problems.map((p) => p.kind)).toEqual(['alias', 'alias'])
  })
  it('leaves other brackets alone', () => {
    const text = 'a [1] <b> <grid> <DELETED> <grid class="a"> grid 3 x 4, a grid_x_y and [OFF] off-1'
    const { instances, problems } = parseGetok(text, getok)
    expect([instances, problems]).toEqual([[], []])
  })
  const misspelt = [
    ...[
      '<grid_12>',
      '<grid_1_2_3>',
      '<grid_1_2',
      'grid_1_2',
      '<grid-1-2>',
      '<grid_1__2>',
      '<grid_1.5_2>',
      '<grid_-1_2>',
    ],
    ...[
      '<GRID_1_2>',
      '<|grid_1_2|>',
      '&lt;grid_1_2&gt;',
      '<grid_1O_2>',
      '<grd_1_2>',
      '<gridd_1_2>',
      '[grid_1_2]',
      '\\u003cgrid_1_2\\u003e',
    ],
    ...[
      '<grid_l_2>',
      '<grid_\uff11_2>',
      '<grid_1_2>'.replace('_', '\\_'),
      '(grid_1_2)',
      '<grid(1,2)>',
      '<grid_1_1234567890>',
    ],
    ...['[OFF_1]', '[OFF_1_0_1]', '[off_1_0]', '<OFF_1.5_0>', '[OFF-1_0', 'OFF_-1_0', '&lt;OFF_1_0&gt;'],
  ]
  for (const word of misspelt) {
    it(`tells ${word} as misspelt, and takes no geometry that it stands in`, () => {
      const alone = parseGetok(`at ${word} here`, getok)
      expect(alone.instances).toEqual([])
      expect(alone.problems).toEqual([
        { kind: 'misspelt', start: expect.any(Number), end: expect.any(Number) },
      ])
      const text = word.includes('OFF')
        ? `<offset><seg>[OFF_0_0]${word}[OFF_1_1]</seg></offset>`
        : `<seg><grid_1_1>${word}<grid_2_2></seg>`
      const { instances, refinements, problems } = parseGetok(text, getok)
      expect((refinements[0]?.instances ?? instances)[0]!.geometries).toMatchObject([{ status: 'rejected' }])
      expect(problems.map(({ kind }) => kind)).toContain('misspelt')
    })
  }
  it('tells misspelt tags: their words would be points', () => {
    for (const tag of ['Box', 'SEG', 'boxes', ' seg ', '|box|']) {
      const { problems } = parseGetok(`<${tag}><grid_1_1><grid_2_2></${tag}>`, getok)
      expect([tag, problems.map(({ kind }) => kind)]).toEqual([tag, ['misspelt', 'misspelt']])
    }
  })
})

describe('containers', () => {
  it('reads one instance a line, with labels and places', () => {
    const text =
      '<think>maybe <grid_0_0></think><answer>red cup: <box><grid_1_2><grid_5_6></box><seg><grid_3_3></seg>\ndog: <pl><grid_0_0><grid_1_1></pl></answer>'
    const parse = parseGetok(text, getok)
    expect(parse.problems).toEqual([])
    expect(parse.instances.map((i) => [i.label, i.geometries.map((g) => [g.kind, g.codes])])).toEqual([
      [
        'red cup',
        [
          ['box', [cell(1, 2), cell(5, 6)]],
          ['seg', [cell(3, 3)]],
        ],
      ],
      ['dog', [['pl', [cell(0, 0), cell(1, 1)]]]],
    ])
    const seg = parse.instances[0]!.geometries[1]!
    expect(text.slice(seg.start, seg.end)).toBe('<seg><grid_3_3></seg>')
    expect(text.slice(seg.places[0], seg.places[1])).toBe('<grid_3_3>')
    expect(text.slice(parse.think!.start, parse.think!.end)).toBe('maybe <grid_0_0>')
    expect(text.slice(parse.answer!.start, parse.answer!.end)).toMatch(/^red cup.*<\/pl>$/s)
  })

  const faults: [text: string, problem: string, status: string][] = [
    ['<box><grid_1_1></box>', 'count', 'rejected'],
    ['<box><grid_1_1><grid_2_2><grid_3_3></box>', 'count', 'rejected'],
    ['<seg></seg>', 'count', 'rejected'],
    ['<pg><grid_1_1><grid_2_2></pg>', 'count', 'rejected'],
    ['<seg><grid_1_1><grid_1_1></seg>', 'duplicate', 'repaired'],
    ['<seg><grid_1_1><grid_32_1></seg>', 'out-of-range', 'rejected'],
    ['<seg><grid_1_1>[OFF_0_0]</seg>', 'misplaced', 'rejected'],
    ['<offset><seg><grid_1_1></seg></offset>', 'misplaced', 'rejected'],
    ['<offset><seg>[OFF_2_0]</seg></offset>', 'out-of-range', 'rejected'],
    ['<box><grid_5_1><grid_2_2></box>', 'corner-order', 'repaired'],
    ['<seg><grid_1_1> and <grid_2_2></seg>', 'text-inside', 'repaired'],
    ['<seg><grid_1_1><grid_2_2>', 'unclosed', 'repaired'],
    ['<seg><grid_1_1></box>', 'stray-close', 'repaired'],
  ]
  for (const [text, problem, status] of faults) {
    it(`finds "${problem}" in ${text}`, () => {
      const parse = parseGetok(text, getok)
      const [instance] = parse.refinements[0]?.instances ?? parse.instances
      expect(parse.problems.map((p) => p.kind)).toContain(problem)
      expect(instance!.geometries[0]!.status).toBe(status)
    })
  }

  it('sorts the corners of a box and keeps its extent', () => {
    const { instances } = parseGetok('<box><grid_5_1><grid_2_7></box>', getok)
    expect(instances[0]!.geometries[0]!.codes).toEqual([cell(2, 1), cell(5, 7)])
  })
})

describe('refinement', () => {
  const answer = '<answer><box><grid_1_2><grid_5_6></box><seg><grid_3_3><grid_4_4></seg></answer>'
  it('pairs offsets with the words they answer, over the published line breaks', () => {
    const text = formatGetokRefinement(
      [
        { kind: 'box', codes: [move(0, 0), move(1, 1)] },
        { kind: 'seg', codes: [DELETE, move(-1, 0)] },
      ],
      getok,
    )
    expect(text).toBe('<offset><box>[OFF_0_0][OFF_1_1]</box>\n<seg><DELETE>[OFF_-1_0]</seg></offset>')
    const [refinement] = parseGetok(text, getok).refinements
    expect(refinement!.instances).toHaveLength(1)
    expect(pairGetokOffsets(parseGetok(answer, getok).instances, refinement!)).toEqual({
      ok: true,
      geometries: [
        { kind: 'box', cells: [cell(1, 2), cell(5, 6)], moves: [move(0, 0), move(1, 1)] },
        { kind: 'seg', cells: [cell(3, 3), cell(4, 4)], moves: [DELETE, move(-1, 0)] },
      ],
    })
  })
  it('says where it does not match', () => {
    const { instances } = parseGetok(answer, getok)
    for (const text of [
      '<offset><box>[OFF_0_0][OFF_0_0]</box></offset>',
      '<offset><box>[OFF_0_0][OFF_0_0]</box><seg>[OFF_0_0]</seg></offset>',
      '<offset><seg>[OFF_0_0][OFF_0_0]</seg><box>[OFF_0_0][OFF_0_0]</box></offset>',
    ]) {
      expect(pairGetokOffsets(instances, parseGetok(text, getok).refinements[0]!).ok).toBe(false)
    }
  })
})

describe('properties', () => {
  const code = fc.integer({ min: 0, max: 1023 })
  const geometry: fc.Arbitrary<GetokGeometry> = fc.oneof(
    fc.tuple(code, code).map(([a, b]) => {
      const [x1, x2] = [a % 32, b % 32].sort((p, q) => p - q) as [number, number]
      const [y1, y2] = [a >> 5, b >> 5].sort((p, q) => p - q) as [number, number]
      return { kind: 'box' as const, codes: [cell(x1, y1), cell(x2, y2)] }
    }),
    fc.uniqueArray(code, { minLength: 1, maxLength: 9 }).map((codes) => ({ kind: 'seg' as const, codes })),
    fc.array(code, { minLength: 2, maxLength: 9 }).map((codes) => ({ kind: 'pl' as const, codes })),
    fc.array(code, { minLength: 3, maxLength: 9 }).map((codes) => ({ kind: 'pg' as const, codes })),
    code.map((c) => ({ kind: 'point' as const, codes: [c] })),
  )
  const instance = fc.record({
    label: fc.stringMatching(/^[a-z]+( [a-z]+)?$/),
    // One box at most: a second one is another instance.
    geometries: fc
      .array(geometry, { minLength: 1, maxLength: 4 })
      .map((list) =>
        list.filter((one, k) => one.kind !== 'box' || list.findIndex(({ kind }) => kind === 'box') === k),
      ),
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.array(instance, { maxLength: 4 }), (instances) => {
        const parse = parseGetok(formatGetokAnswer({ think: 'so', instances }, getok), getok)
        expect(parse.problems).toEqual([])
        const plain = parse.instances.map(({ label, geometries }) => ({
          label,
          geometries: geometries.map(({ kind, codes }) => ({ kind, codes })),
        }))
        expect(plain).toEqual(instances)
      }),
    )
  })

  it('never throws on any string, and every place cuts a canonical or aliased word', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 1033 }).map((k) => wordAt(getok, k)),
      fc.constantFrom(
        '<box>',
        '</box>',
        '<seg>',
        '</seg>',
        '<offset>',
        '</offset>',
        '<think>',
        '</think>',
        '<answer>',
        '</answer>',
        '\n',
        ': ',
        'cup',
        '<grid_',
        '[OFF',
        '<',
        '>',
        ']',
        '<gird 40,2>',
      ),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const text = parts.join('')
        const parse = parseGetok(text, getok)
        for (const { geometries } of [...parse.instances, ...parse.refinements.flatMap((r) => r.instances)]) {
          for (const { codes, places } of geometries) {
            expect(places).toHaveLength(2 * codes.length)
            for (let k = 0; k < places.length; k += 2) {
              expect(text.slice(places[k], places[k + 1])).toMatch(/^[<[].*[>\]]$/)
            }
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('streams the same words however the text is split, and holds back the beginning of a word only', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 1033 }).map((k) => wordAt(getok, k)),
      fc.constantFrom(
        '<box>',
        '</box>',
        '<offset>',
        '<gird 4,2>',
        '<OFF_{1,-1}>',
        '\u{1f600}',
        '<bold',
        '<grid_',
        '[',
        '<',
        'a',
      ),
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (parts, lengths) => {
          const text = parts.join('')
          const stream = getokStream(getok)
          const events: GetokEvent[] = []
          for (let at = 0, k = 0; at < text.length; k++) {
            const length = lengths[k % lengths.length]!
            events.push(...stream.push(text.slice(at, at + length)))
            at += length
            const told = events.findLast(({ kind }) => kind !== 'part')?.end ?? 0
            expect(Math.min(at, text.length) - told).toBeLessThan(40)
          }
          const last = stream.end()
          events.push(...last.events)
          const told = events.filter(({ kind }) => kind !== 'part')
          expect(told.map((e) => text.slice(e.start, e.end)).join('')).toBe(text)
          expect(last.parse).toEqual(parseGetok(text, getok))
          const whole = getokStream(getok)
          const words = (list: GetokEvent[]) => list.filter((e) => e.kind !== 'text' && e.kind !== 'part')
          expect(words(events)).toEqual(words([...whole.push(text), ...whole.end().events]))
        },
      ),
      { numRuns: 2000 },
    )
    const plain = (text: string) => ({ kind: 'text', start: 0, end: text.length, text, part: 'answer' })
    expect(getokStream(getok).push('a <bold')).toEqual([plain('a <bold')])
    expect(getokStream(getok).push('a <bo')).toEqual([plain('a ')])
  })

  /** Words as they stand when all was told: the part that was told last counts. */
  const settled = (text: string, lengths: readonly number[], options = {}) => {
    const stream = getokStream(getok, options)
    const words: { start: number; end: number; part: string }[] = []
    const take = (events: readonly GetokEvent[]) => {
      for (const event of events) {
        if (event.kind === 'symbol') words.push({ start: event.start, end: event.end, part: event.part })
        else if (event.kind === 'part') {
          for (const word of words)
            if (word.start >= event.start && word.end <= event.end) word.part = event.part
        }
      }
    }
    for (let at = 0, k = 0; at < text.length; k++) {
      const length = lengths[k % lengths.length]!
      take(stream.push(text.slice(at, at + length)))
      at += length
    }
    const running = words.map(({ part }) => part)
    take(stream.end().events)
    return { words, running }
  }

  it('streams every word with its part: thoughts are known at once, and what a tag says of the text before it is told', () => {
    const events: GetokEvent[] = []
    const stream = getokStream(getok)
    for (const piece of ['<think>is it <grid_', '1_1>', '?</think>', 'at <grid_2_2>']) {
      events.push(...stream.push(piece))
    }
    expect(events.flatMap((e) => (e.kind === 'symbol' ? [[e.start, e.part]] : []))).toEqual([
      [13, 'thought'],
      [35, 'answer'],
    ])
    // The template opened the thought, and says so or not.
    const text = 'maybe <grid_1_1>, no</think><answer><grid_2_2></answer><|im_end|>\n<grid_3_3>'
    for (const [thoughtOpen, first] of [
      [false, 'answer'],
      [true, 'thought'],
    ] as const) {
      const { words, running } = settled(text, [1], { thoughtOpen })
      expect(words.map(({ part }) => part)).toEqual(['thought', 'answer', 'outside'])
      expect(getokStream(getok, { thoughtOpen }).push(text.slice(0, 16)).at(-1)).toMatchObject({
        part: first,
      })
      expect(running[2]).toBe('outside')
    }
    expect(settled('maybe <grid_1_1> hm', [4], { thoughtOpen: true }).words[0]!.part).toBe('thought')
  })

  it('the parts of words are those of the whole text, however it is split', () => {
    const piece = fc.oneof(
      fc.integer({ min: 0, max: 1023 }).map((k) => wordAt(getok, k)),
      fc.constantFrom(
        ...['<think>', '</think>', '<answer>', '</answer>', '[THINK]', '[/THINK]', '\u25c1/think\u25b7'],
        ...[
          '<|channel|>analysis<|message|>',
          '<|end|><|start|>assistant<|channel|>final<|message|>',
          '<|end|>',
        ],
        ...['<|im_end|>', '<|im_start|>assistant\n', '<pad>', '<s>', '`', '"', ' ', 'x', '\n'],
      ),
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 16 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        fc.boolean(),
        (pieces, lengths, thoughtOpen) => {
          const text = pieces.join('')
          const { thoughts, answers } = answerParts(text, { thoughtOpen })
          for (const word of settled(text, lengths, { thoughtOpen }).words) {
            const part = liesIn(thoughts, word) ? 'thought' : liesIn(answers, word) ? 'answer' : 'outside'
            expect([word.start, word.part]).toEqual([word.start, part])
          }
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('reads three megabytes of brackets, words and labels in time linear in their length', () => {
    for (const unit of [
      '<',
      '[',
      '<grid_',
      '<seg>',
      '<grid_1_1>',
      'cup: <box>',
      '<offset>',
      ':',
      '<think>',
    ]) {
      const text = unit.repeat(3_000_000 / unit.length)
      expect([unit, tookMs(() => parseGetok(text, getok), 3000) < 3000]).toEqual([unit, true])
    }
  })

  it('refuses to write what it would not read', () => {
    expect(() => formatGetokGeometry({ kind: 'box', codes: [1] }, getok)).toThrow(/takes 2 words/)
    expect(() => formatGetokGeometry({ kind: 'point', codes: [1034] }, getok)).toThrow(/outside/)
    expect(() => formatGetokRefinement([{ kind: 'point', codes: [3] }], getok)).toThrow(/grid_3_0/)
  })
})
