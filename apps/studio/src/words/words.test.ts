import type { Backend, Decoded, Spoken } from '@maskwords/board/engine/index.ts'
import type { CodecId, Picture, Region } from '@maskwords/board/state/types.ts'
import { emptyMask, equalMasks, type Mask, maskFromCocoBox } from '@maskwords/mask'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { clearCards, HIMTOK_WORDS, useWords } from './cards.ts'
import { chipsOf, effectOfKey, rankOf, typedProblem, typedValue, withValue } from './chips.ts'
import { codesWithout, contributionOf } from './contribution.ts'
import { lowIouText } from './explain.ts'
import { getokLayer } from './overlays.ts'
import { attend, backToSaid, light, setCodes, setLength } from './speaker.ts'
import { readText, textOf, vocabularyOf } from './text.ts'
import { formatWords, parseWords } from './url-part.ts'
import { bringsText } from './WordDetail.tsx'

const SAMTOK = { id: 'samtok', sizes: [256, 256] } as const
const HIMTOK = { id: 'himtok', sizes: new Array<number>(32).fill(1024) } as const
const GETOK = { id: 'getok', sizes: [], cells: 32 } as const
const samtok = vocabularyOf(SAMTOK)
const himtok = vocabularyOf(HIMTOK)
const getok = vocabularyOf(GETOK)
const getokWords = getok.kind === 'getok' ? getok : undefined

describe('chips', () => {
  it('say which word they are and what it can be', () => {
    const [first, second] = chipsOf(SAMTOK, [137, -1], undefined)
    expect(first).toMatchObject({
      name: 'SAMTok word 1 of 2',
      says: 'level 1 code 137 of 256',
      face: '137',
      most: 255,
    })
    expect(second).toMatchObject({ says: 'missing', face: '–', value: undefined })
    // A box of two corners, a point, and their offsets: the box stays, the point moves to the right.
    const chips = chipsOf(GETOK, [33, 99, 66, 1028, 1028, 1029], getokWords)
    expect(chips.map(({ name, says }) => `${name}: ${says}`)).toEqual([
      'GETok top left corner: column 1, row 1',
      'GETok bottom right corner: column 3, row 3',
      'GETok point 1 of 1: column 2, row 2',
      'GETok offset 1 of 3: stays',
      'GETok offset 2 of 3: stays',
      'GETok offset 3 of 3: right',
    ])
    expect(chipsOf(GETOK, [66], getokWords)[0]!.name).toBe('GETok point 1 of 1')
  })

  it('step, jump and stay within their numbers; codes that do not change are the same value', () => {
    const codes = [0, 255]
    const [first, second] = chipsOf(SAMTOK, codes, undefined)
    expect(effectOfKey('ArrowUp', first!)).toEqual({ value: 1 })
    expect(effectOfKey('ArrowDown', first!)).toEqual({ value: 0 })
    expect(effectOfKey('PageDown', second!)).toEqual({ value: 239 })
    expect(effectOfKey('End', first!)).toEqual({ value: 255 })
    expect(effectOfKey('ArrowRight', first!)).toEqual({ move: 1 })
    expect(effectOfKey('a', first!)).toBeUndefined()
    expect(withValue(codes, first!, 0)).toBe(codes)
    expect(withValue(codes, second!, 300)).toBe(codes)
    expect(withValue(codes, first!, 7)).toEqual([7, 255])
    expect(withValue(codes, first!, Number.NaN)).toBe(codes)
    expect(withValue([5, -1], chipsOf(SAMTOK, [5, -1], undefined)[1]!, 0)).toEqual([5, 0])
    const offset = chipsOf(GETOK, [66, 1028], getokWords)[1]!
    expect(withValue([66, 1028], offset, 9)).toEqual([66, 1033])
  })

  it('take typed numbers, and cells as column and row', () => {
    const chip = chipsOf(SAMTOK, [4, 5], undefined)[0]!
    expect([typedValue(' 17 ', chip), typedValue('256', chip), typedValue('-1', chip)]).toEqual([
      17,
      undefined,
      undefined,
    ])
    const cell = chipsOf(GETOK, [66], getokWords)[0]!
    expect([typedValue('3,4', cell), typedValue('3_4', cell), typedValue('40,1', cell)]).toEqual([
      131,
      131,
      undefined,
    ])
  })
})

describe('codes in code space', () => {
  /** Four codes on a line, 2, 0, 3, 1 from left to right, one apart. */
  const places = [1, 3, 0, 2]
  const order = (_: number, from: number) =>
    [0, 1, 2, 3].sort(
      (a, b) => Math.abs(places[a]! - places[from]!) - Math.abs(places[b]! - places[from]!) || a - b,
    )
  const four = { id: 'samtok', sizes: [4, 4] } as const
  const chipOf = (code: number) => chipsOf(four, [code, 0], undefined, { said: [2, 0], order })[0]!

  it('a step goes to the nearest code of the one that was said, and back', () => {
    expect([2, 0, 3, 1].map((code) => effectOfKey('ArrowUp', chipOf(code)))).toEqual([
      { value: 0 },
      { value: 3 },
      { value: 1 },
      { value: 1 },
    ])
    expect(effectOfKey('ArrowDown', chipOf(3))).toEqual({ value: 0 })
    expect(effectOfKey('ArrowDown', chipOf(2))).toEqual({ value: 2 })
    expect(effectOfKey('Home', chipOf(1))).toEqual({ value: 2 })
    expect(effectOfKey('End', chipOf(2))).toEqual({ value: 1 })
    expect([2, 0, 1].map((code) => rankOf(chipOf(code)))).toEqual([0, 1, 3])
  })

  it('a number out of range is told by the name of its word and its range', () => {
    const [samtok] = chipsOf(SAMTOK, [4, 5], undefined)
    expect(typedProblem('300', samtok!)).toBe(
      'SAMTok word 1 of 2 takes a number from 0 to 255; “300” is none.',
    )
    expect(typedProblem('12', samtok!)).toBeUndefined()
    expect(typedProblem(' ', samtok!)).toBeUndefined()
    const [cell] = chipsOf(GETOK, [66], getokWords)
    expect(typedProblem('40,1', cell!)).toBe(
      'GETok point 1 of 1 takes a column and a row from 0 to 31, as 3,4, or a cell from 0 to 1023; “40,1” is none.',
    )
  })

  it('an IoU of 0 says why: too small, nothing drawn, or elsewhere', () => {
    const box = (x: number, y: number, width: number) =>
      maskFromCocoBox({ widthPx: 100, heightPx: 100, box: { x, y, width, height: width } })
    expect(lowIouText('samtok', box(0, 0, 5), box(50, 50, 20), 0)).toMatch(/covers 0\.25 % of the picture/)
    expect(lowIouText('samtok', box(0, 0, 30), emptyMask(100, 100), 0)).toMatch(/draw nothing/)
    expect(lowIouText('samtok', box(0, 0, 30), box(60, 60, 30), 0)).toMatch(/lies elsewhere/)
    expect(lowIouText('samtok', box(0, 0, 30), box(0, 0, 20), 0.44)).toBeUndefined()
  })
})

describe('words as text', () => {
  it('are read back as they were written', () => {
    for (const [codes, vocabulary] of [
      [[11, 91], samtok],
      [[5, 1023, 0], himtok],
      [[33, 99, 66, 1028, 1028, 1029], getok],
      [[66], getok],
    ] as const) {
      expect(readText(textOf(codes, vocabulary), vocabulary)).toEqual({ codes, notes: [] })
    }
    expect(textOf([11, -1], samtok)).toBe('<|mt_start|><|mt_0011|><|mt_end|>')
  })

  it('that are not canonical are read with what was repaired, others are refused with their place', () => {
    expect(readText('<|mt_start|><|mt_0011|><|mt_end|>', samtok)).toEqual({
      codes: [11, -1],
      notes: ['codes are missing (1) at 23'],
    })
    expect(readText('<11-347>', samtok)).toEqual({ codes: [11, 91], notes: [] })
    const two = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|><|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
    expect(readText(two, samtok)).toMatchObject({
      at: 44,
      problem: expect.stringContaining('one mask at a time'),
    })
    expect(readText('<|mt_start|><|mt_9999|><|mt_end|>', himtok)).toMatchObject({
      at: 0,
      problem: expect.stringContaining('at 12'),
    })
    expect(readText('hello', samtok)).toMatchObject({ problem: expect.stringContaining('<|mt_0000|>') })
    expect(readText('<box><grid_1_1></box>', getok)).toMatchObject({
      at: 0,
      problem: expect.stringMatching(/box/),
    })
    expect(readText('  ', getok)).toEqual({ problem: 'there are no words' })
  })

  it('of any kind never stop the page, and what is read can be written', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<|mt_start|>',
        '<|mt_end|>',
        '<|mt_0011|>',
        '<|mt_300|>',
        '<box>',
        '</box>',
        '<seg>',
        '</seg>',
      ),
      fc.constantFrom(
        '<grid_3_4>',
        '<grid_99_1>',
        '[OFF_1_0]',
        '<DELETE>',
        '<offset>',
        '</offset>',
        '<pg>',
        '\n',
        '<1-2>',
      ),
      fc.string({ maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const vocabulary of [samtok, himtok, getok]) {
          const read = readText(pieces.join(''), vocabulary)
          if (!('codes' in read)) {
            expect(read.problem).not.toBe('')
            continue
          }
          const again = readText(textOf(read.codes, vocabulary), vocabulary)
          expect('codes' in again && again.codes).toEqual(read.codes)
        }
      }),
      { numRuns: 300 },
    )
  })
})

const [widthPx, heightPx] = [64, 48]
const bar = (width: number): Mask =>
  maskFromCocoBox({ box: { x: 0, y: 0, width, height: 10 }, widthPx, heightPx })

describe('what a word brings', () => {
  it('is the difference to the mask before it', () => {
    const { addsPx, removesPx } = contributionOf(bar(6), bar(10))
    expect([addsPx, removesPx]).toEqual([40, 0])
    expect(contributionOf(undefined, bar(6)).addsPx).toBe(60)
    expect(bringsText({ addsPx: 1204, removesPx: 31 })).toBe('adds 1,204 px, takes away 31 px')
    expect(bringsText(contributionOf(bar(6), bar(6)))).toBe('changes nothing')
  })

  it('of GETok is asked by leaving out a point with its offset; corners cannot be left out', () => {
    const codes = [33, 99, 66, 67, 1028, 1028, 1029, 1028]
    expect(codesWithout(codes, 2, 32)).toEqual([33, 99, 67, 1028, 1028, 1028])
    expect(codesWithout(codes, 6, 32)).toEqual([33, 99, 66, 67, 1028, 1028, 1028, 1028])
    expect(codesWithout(codes, 7, 32)).toBeUndefined()
    expect(codesWithout(codes, 0, 32)).toBeUndefined()
  })

  it('of GETok stands on the picture as cells, box and arrows', () => {
    const layer = getokLayer({ codes: [33, 99, 66, 1028, 1028, 1029], mask: emptyMask(320, 320) }, false, 2)
    expect(layer).toMatchObject({
      cells: 0,
      boxXyxyPx: [15, 15, 35, 35],
      points: [{ xPx: 25, yPx: 25 }],
      offsets: [{ fromXyPx: [25, 25], toXyPx: [30, 25] }],
      lit: [[20, 20, 30, 30]],
    })
    expect(getokLayer({ codes: [33, 1028, 5], mask: emptyMask(320, 320) }, true, undefined)).toBeUndefined()
  })
})

describe('the address', () => {
  it('holds what a person chose and edited, and nothing else', () => {
    const state = { length: 12, refine: true, onPicture: 'himtok', cards: {} } as const
    expect(formatWords(state)).toBe('length:12,offsets:1,show:himtok')
    expect(formatWords({ length: HIMTOK_WORDS, refine: false, onPicture: 'samtok', cards: {} })).toBe('')
    expect(parseWords('length:12,offsets:1,show:none,samtok:137/22,himtok:1/2/3')).toEqual({
      length: 12,
      refine: true,
      show: 'none',
      codes: { samtok: [137, 22], himtok: [1, 2, 3] },
    })
  })

  it('of any kind is read without harm', () => {
    expect(parseWords('length:99,show:<b>,samtok:x/1,constructor:1,:,')).toEqual({ codes: {} })
    const part = fc.oneof(
      fc.constantFrom('length:', 'show:', 'samtok:', '1', '/', ',', '-'),
      fc.string({ maxLength: 4 }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const { length = 1, show = 'none', codes } = parseWords(parts.join(''))
        expect(length >= 1 && length <= 32).toBe(true)
        expect(['none', 'samtok', 'himtok', 'getok']).toContain(show)
        expect(Object.values(codes).flat().every(Number.isInteger)).toBe(true)
      }),
    )
  })
})

/** A codec whose first code is the width of a bar; calls are answered when the test says so. */
function barBackend() {
  const asked: string[] = []
  const answers: (() => void)[] = []
  const answer = <T>(what: string, value: () => T, signal: AbortSignal | undefined): Promise<T> => {
    asked.push(what)
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      answers.push(() => resolve(value()))
    })
  }
  const decoded = (codes: readonly number[]): Decoded => ({ mask: bar(codes[0]!), decodeMs: 1 })
  const backend: Backend = {
    open: async (id) => ({ id, name: id, place: 'wasm', threads: 1, sizes: [64, 64] }),
    see: async () => 0,
    speak: (codec, _, mask, { signal } = {}) =>
      answer(
        `speak ${codec}`,
        (): Spoken => ({
          ...{ text: '', codes: [mask.edges.length / 2, 9], tokens: 4, bits: 16 },
          ...{ pictureMs: 0, encodeMs: 1, ...decoded([mask.edges.length / 2]) },
        }),
        signal,
      ),
    draw: (codec, _, words, { signal } = {}) =>
      answer(`draw ${codec} ${words}`, () => decoded(words as readonly number[]), signal),
    levels: (codec, _, codes, lengths, { signal } = {}) =>
      answer(`levels ${codec} ${lengths}`, () => lengths.map(() => decoded(codes)), signal),
    close() {},
  }
  const flush = async (): Promise<void> => {
    for (const one of answers.splice(0)) one()
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { backend, asked, flush }
}

describe('edits', () => {
  const picture = { id: 'p', pixels: { widthPx, heightPx, rgb: new Uint8Array(9216) } } as unknown as Picture
  const region = (mask: Mask): Region => ({
    id: 'r1',
    name: 'a',
    category: '',
    phrase: '',
    colour: '#ffffff',
    visible: true,
    opacity: 1,
    mask,
  })
  const only = (codec: CodecId) =>
    useWords.setState({
      open: { samtok: false, himtok: false, getok: false, [codec]: true },
      length: HIMTOK_WORDS,
    })
  const card = (codec: CodecId) => useWords.getState().cards[codec]
  beforeEach(() => clearCards())

  it('follow each other and the newest wins, whatever answers late', async () => {
    only('samtok')
    const { backend, asked, flush } = barBackend()
    attend(region(bar(5)), picture, backend)
    expect(card('samtok')).toMatchObject({ state: 'asking', codes: [] })
    await flush()
    expect(card('samtok')).toMatchObject({ state: 'said', codes: [5, 9], edited: false })
    for (const code of [6, 7, 8]) setCodes('samtok', [code, 9])
    expect(card('samtok')).toMatchObject({ codes: [8, 9], edited: true, drawing: true })
    // Until the new mask is there, the old one stays in sight.
    expect(equalMasks(card('samtok')!.shown!.mask, bar(5))).toBe(true)
    await flush()
    expect(equalMasks(card('samtok')!.shown!.mask, bar(8))).toBe(true)
    expect(asked).toEqual(['speak samtok', 'draw samtok 6,9', 'draw samtok 7,9', 'draw samtok 8,9'])
    backToSaid('samtok')
    expect(card('samtok')).toMatchObject({ codes: [5, 9], edited: false, drawing: false })
    expect(equalMasks(card('samtok')!.shown!.mask, bar(5))).toBe(true)
  })

  it('are left behind when the region changes; a region that is selected again is remembered', async () => {
    only('samtok')
    const { backend, asked, flush } = barBackend()
    const first = bar(3)
    attend(region(first), picture, backend)
    attend(region(bar(4)), picture, backend)
    await flush()
    expect(card('samtok')).toMatchObject({ codes: [4, 9] })
    const other = { ...region(bar(7)), id: 'r2' }
    attend(other, picture, backend)
    expect(card('samtok')).toMatchObject({ regionId: 'r2', spoken: undefined })
    await flush()
    setCodes('samtok', [20, 9])
    await flush()
    attend(region(first), picture, backend)
    await flush()
    attend(other, picture, backend)
    expect(card('samtok')).toMatchObject({ regionId: 'r2', codes: [20, 9], edited: true })
    expect(asked.filter((call) => call === 'speak samtok')).toHaveLength(4)
    attend(undefined, picture, backend)
    expect(card('samtok')).toBeUndefined()
  })

  it('of HiMTok draw as many words as the slider says, and a lit word asks for the prefixes around it', async () => {
    only('himtok')
    const { backend, asked, flush } = barBackend()
    attend(region(bar(2)), picture, backend)
    await flush()
    setLength(1)
    expect(card('himtok')!.drawing).toBe(true)
    await flush()
    expect([...card('himtok')!.drawn.keys()]).toEqual([2, 1])
    setCodes('himtok', [30, 9])
    await flush()
    light('himtok', 1)
    await flush()
    await flush()
    expect(asked).toEqual(['speak himtok', 'draw himtok 2,9', 'draw himtok 30,9', 'draw himtok 30,9'])
    expect([...card('himtok')!.drawn.keys()].sort()).toEqual([1, 2])
    light('himtok', undefined)
  })

  it('that cannot be drawn say why, and the words stay', async () => {
    only('samtok')
    const { backend, flush } = barBackend()
    attend(region(bar(2)), picture, backend)
    await flush()
    const failing = {
      ...backend,
      draw: () => Promise.reject(Object.assign(new Error('no room'), { hint: 'less' })),
    }
    attend({ ...region(bar(2)), id: 'r3' }, picture, failing)
    await flush()
    setCodes('samtok', [9, 9])
    await flush()
    expect(card('samtok')).toMatchObject({ codes: [9, 9], failure: { message: 'no room', hint: 'less' } })
  })
})
