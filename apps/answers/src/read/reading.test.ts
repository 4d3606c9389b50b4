// Claims about reading answers: forms, places, repairs, limits; text stays text; any text is read.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyMask, maskFromCocoBox } from '@maskwords/mask'
import { formatMaskWords, samtokVocabulary } from '@maskwords/words'
import fc from 'fast-check'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { smallestAt } from './AnswerPicture.tsx'
import { AnswerText } from './AnswerText.tsx'
import { parseChoice } from './choice.ts'
import { MAX_NOTES, MAX_READ_MASKS, MAX_SHOWN_CHARACTERS } from './draft.ts'
import { EXAMPLES, exampleAnswer, relation, type SpokenRegion, speakable } from './examples.ts'
import { MaskList } from './MaskList.tsx'
import { lineColumns } from './place.ts'
import { labelOf, type Reading, readText } from './reading.ts'

const WORDS = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
const square = (x: number, y: number) =>
  maskFromCocoBox({ widthPx: 64, heightPx: 64, box: { x, y, width: 8, height: 8 } })

const shown = (text: string, { pieces }: Reading) => pieces.map(({ start, end }) => text.slice(start, end))

describe('forms', () => {
  it('a grounded caption: the phrase and its words light the same mask', () => {
    const text = `A <|object_ref_start|> red car <|object_ref_end|> ${WORDS} here.`
    const reading = readText(text)
    expect(reading).toMatchObject({
      codec: 'samtok',
      certainty: 'certain',
      form: 'grounded caption',
      notes: [],
    })
    expect(reading.masks).toMatchObject([{ label: 'red car', status: 'complete', words: [11, 91] }])
    expect(reading.pieces.filter(({ kind }) => kind !== 'text')).toMatchObject([
      { kind: 'phrase', masks: [0] },
      { kind: 'words', masks: [0] },
    ])
    expect(shown(text, reading)).toContain('red car')
  })

  it('a JSON answer: labels name the masks', () => {
    const reading = readText(`\`\`\`json\n[{"mask_2d": "${WORDS}", "label": "a dog"}]\n\`\`\``)
    expect(reading.form).toBe('JSON answer')
    expect(reading.masks.map(({ label }) => label)).toEqual(['a dog'])
  })

  it('a scene graph: triples with the numbers of their masks', () => {
    const entry = (label: string, words = WORDS) => `{"mask_2d": "${words}", "label": "${label}"}`
    const reading = readText(
      `[{"subject": ${entry('dog')}, "predicate": "on", "object": ${entry('mat', WORDS.replace('0347', '0348'))}}]`,
    )
    expect(reading.form).toBe('scene graph')
    expect(reading.triples).toEqual([
      { subject: 0, subjectLabel: 'dog', predicate: 'on', object: 1, objectLabel: 'mat' },
    ])
  })

  it('masks of a thought are marked as such', () => {
    const reading = readText(`<think>maybe ${WORDS}</think><answer>${WORDS}</answer>`)
    expect(reading.hasThought).toBe(true)
    expect(reading.masks.map(({ thought }) => thought)).toEqual([true, false])
  })

  it('one mask in three languages is three masks, each of its own', () => {
    const text = `getok: <seg><grid_6_8></seg>\nhimtok: <|mt_start|><|mt_903|><|mt_17|><|mt_40|><|mt_end|>\nsamtok: ${WORDS}`
    const codecs = ({ masks }: Reading) => masks.map(({ codec, words }) => words && codec)
    expect(codecs(readText(text)).sort()).toEqual(['getok', 'himtok', 'samtok'])
    expect(codecs(readText(text, { codec: 'samtok' }))).toEqual([undefined, 'samtok'])
  })

  it('unpadded words are HiMTok, grid words GETok; a person may say otherwise', () => {
    expect(readText('<|mt_start|><|mt_7|><|mt_900|><|mt_3|><|mt_end|>')).toMatchObject({ codec: 'himtok' })
    const getok = readText('dog: <box><grid_1_2><grid_9_8></box>')
    expect(getok).toMatchObject({ codec: 'getok', form: 'GETok answer' })
    expect(getok.masks).toMatchObject([
      { label: 'dog', status: 'complete', words: '<box><grid_1_2><grid_9_8></box>' },
    ])
    expect(readText(WORDS, { codec: 'himtok' })).toMatchObject({ codec: 'himtok', certainty: 'chosen' })
  })

  it('words that come again are the same mask: both places light up together', () => {
    const text = `<|object_ref_start|>dog<|object_ref_end|>${WORDS} and ${WORDS}`
    const reading = readText(text)
    expect(reading.masks).toHaveLength(1)
    expect(reading.pieces.filter(({ kind }) => kind !== 'text').map(({ masks }) => masks)).toEqual([
      [0],
      [0],
      [0],
    ])
  })

  it('"No target." is an answer without masks', () => {
    expect(readText('No target.')).toMatchObject({ form: 'no target', masks: [] })
  })

  it("GETok's offsets go with the instance that they refine", () => {
    const reading = readText(
      'a: <box><grid_1_2><grid_9_8></box>\nb: <box><grid_3_3><grid_5_5></box>\n' +
        '<offset><box>[OFF_1_0][OFF_0_0]</box>\n<box>[OFF_0_1][OFF_0_0]</box></offset>',
    )
    expect(reading.masks.map(({ words }) => words)).toEqual([
      '<box><grid_1_2><grid_9_8></box>\n<offset><box>[OFF_1_0][OFF_0_0]</box></offset>',
      '<box><grid_3_3><grid_5_5></box>\n<offset><box>[OFF_0_1][OFF_0_0]</box></offset>',
    ])
  })
})

describe('boxes in numbers', () => {
  const lit = ({ pieces }: Reading) =>
    pieces.filter(({ kind }) => kind !== 'text').map(({ kind, masks }) => [kind, ...masks])

  it('the phrase and its numbers light the same box, and both boxes where there are two', () => {
    const text =
      'A <ref>red car</ref><box>[[100, 200, 300, 400]]</box> and <ref>dogs</ref> <box>[[1,2,3,4],[5,6,7,8]]</box>.'
    const reading = readText(text)
    expect(reading).toMatchObject({ form: 'boxes', masks: [], notes: [] })
    expect(reading.boxes.map(({ label, box }) => [label, ...box])).toEqual([
      ['red car', 100, 200, 300, 400],
      ['dogs', 1, 2, 3, 4],
      ['dogs', 5, 6, 7, 8],
    ])
    expect(lit(reading)).toEqual([
      ['phrase', 0],
      ['boxes', 0],
      ['phrase', 1, 2],
      ['boxes', 1, 2],
    ])
  })

  it('are numbered after the masks, and one that comes again is the same box', () => {
    const box = '<box>[1, 2, 3, 4]</box>'
    const reading = readText(`${box} ${WORDS} ${box}`)
    expect(lit(reading)).toEqual([
      ['boxes', 1],
      ['words', 0],
      ['boxes', 1],
    ])
    expect(reading.boxes).toMatchObject([{ label: 'box 1', thought: false }])
  })

  it('of a thought are marked as such', () => {
    const box = (x: number) => `<box>[[${x}, 2, 30, 40]]</box>`
    const { boxes, notes } = readText(`<think>here ${box(1)}</think><answer>${box(2)}</answer>`)
    expect(boxes.map(({ thought }) => thought)).toEqual([true, false])
    expect(notes).toEqual([])
  })

  it.each([
    ['[[1, 2, 3]]</box>', 'dropped', 'exactly four numbers', 0],
    ['[[1, 2, 3, 1000]]</box>', 'dropped', 'above 999', 0],
    ['1, 2, 3, 4</box>', 'dropped', '[[left, top, right, bottom]]', 0],
    ['[[30, 2, 3, 40]]</box>', 'repaired', 'not the upper left one', 1],
    ['[[1, 2, 3, 4]] and on', 'repaired', 'not closed', 1],
  ] as const)(
    'malformed, <box>%s: %s, and what was wrong is told with its place',
    (rest, kind, why, read) => {
      const reading = readText(`a <ref>cat</ref><box>${rest}`)
      expect(reading.boxes).toHaveLength(read)
      expect(reading.notes).toMatchObject([{ kind, start: 16, text: expect.stringContaining(why) }])
      expect(reading.pieces.find(({ kind }) => kind === 'boxes')).toMatchObject({ start: 16, faulty: true })
    },
  )

  it("GETok's boxes of grid words are none of them", () => {
    const reading = readText(`${WORDS} <box><grid_1_2><grid_9_8></box>`, { codec: 'samtok' })
    expect(reading).toMatchObject({ boxes: [], notes: [] })
  })

  it('of the mask and the box under the pointer the smaller one is meant', () => {
    const drawn = [{ state: 'drawn', mask: square(0, 0) }] as const
    const corners = [
      [0, 0, 60, 60],
      [2, 2, 5, 5],
    ] as const
    const at = (x: number, y: number) => smallestAt({ drawn, firstBox: 1, corners }, x, y)
    expect([at(1, 1), at(3, 3), at(20, 20), at(62, 62)]).toEqual([0, 2, 1, undefined])
  })
})

describe('repairs', () => {
  it('a mask without its end word is underlined, drawn, and listed with its place', () => {
    const reading = readText('one\ntwo <|mt_start|><|mt_0011|><|mt_0347|> three')
    expect(reading.masks).toMatchObject([{ status: 'repaired', words: [11, 91] }])
    expect(reading.notes).toMatchObject([{ start: 42, kind: 'repaired', mask: 0 }])
    expect(reading.notes[0]!.text).toContain('the end word is missing')
    expect(reading.pieces.find(({ kind }) => kind === 'words')).toMatchObject({ faulty: true })
  })

  it('what cannot be read without guessing is dropped, with the reason', () => {
    const reading = readText('<|mt_start|><|mt_end|>', { codec: 'samtok' })
    expect(reading.masks).toMatchObject([{ status: 'rejected', words: undefined }])
    expect(reading.notes[0]).toMatchObject({ kind: 'dropped' })
  })

  it('a first code alone is a coarse mask: only that code is drawn', () => {
    expect(readText('<|mt_start|><|mt_0011|><|mt_end|>').masks[0]!.words).toEqual([11])
  })

  it('a phrase without a mask and an unclosed one are told', () => {
    const reading = readText(
      `<|object_ref_start|>a<|object_ref_end|> no words, <|object_ref_start|>b ${WORDS}`,
    )
    expect(reading.notes.map(({ text }) => text)).toEqual([
      'no usable mask follows this phrase',
      'the phrase is not closed: it ends where its mask begins',
    ])
  })

  it('offsets that do not mirror the answer are left out, and the mask is drawn without them', () => {
    const reading = readText('<box><grid_1_2><grid_9_8></box>\n<offset><box>[OFF_1_0]</box></offset>')
    expect(reading.masks[0]!.words).toBe('<box><grid_1_2><grid_9_8></box>')
    expect(reading.notes.some(({ text }) => text.includes('left out'))).toBe(true)
  })

  it('lines and columns count from 1', () => {
    expect(lineColumns('ab\ncd\n\ne', [0, 1, 3, 4, 7])).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 2, column: 1 },
      { line: 2, column: 2 },
      { line: 4, column: 1 },
    ])
  })
})

describe('the address', () => {
  it("says a codec's name; anything else leaves it to the spelling", () => {
    expect(parseChoice('himtok')).toBe('himtok')
    for (const bad of ['', 'HiMTok', 'himtok,getok', 'constructor', '<b>']) {
      expect(parseChoice(bad)).toBeUndefined()
    }
  })
})

describe('any text', () => {
  it('markup stays text: pieces are slices of it, labels hold it as it was written', () => {
    const evil = '<img src=x onerror=alert(1)>'
    const text = `[{"mask_2d": "${WORDS}", "label": ${JSON.stringify(evil)}}] <script>alert(2)</script>`
    const reading = readText(text)
    expect(reading.masks[0]!.label).toBe(evil)
    expect(shown(text, reading).join('')).toBe(text)
    for (const piece of reading.pieces) {
      expect(Object.keys(piece).sort()).toEqual(['end', 'faulty', 'kind', 'masks', 'start'])
    }
  })

  it('markup in captions and labels reaches the page as text nodes only', () => {
    const evil = '<img src=x onerror=alert(1)>'
    const text = `<b>${evil}</b> <|object_ref_start|>${evil}<|object_ref_end|> ${WORDS}`
    const reading = readText(text)
    expect(reading.masks[0]!.label).toBe(evil)
    const shared = { reading, colours: ['#e69f00'], lit: [], onLight() {}, onPick() {} }
    for (const html of [
      renderToStaticMarkup(createElement(AnswerText, { text, ...shared })),
      renderToStaticMarkup(createElement(MaskList, { drawn: [], ...shared })),
    ]) {
      expect(html).not.toMatch(/<(img|b|script)\b/)
      expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
    }
  })

  it('no file of the studio writes markup into the page', () => {
    const root = join(import.meta.dirname, '..')
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!/\.tsx?$/.test(file) || file.endsWith('.test.ts')) continue
      expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(
        /dangerouslySetInnerHTML|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(/,
      )
    }
  })

  it('pieces cover the shown text once, whatever the text', () => {
    const token = fc.constantFrom(
      '<|mt_start|>',
      '<|mt_end|>',
      '<|mt_0011|>',
      '<|mt_0347|>',
      '<|mt_7|>',
      '<|object_ref_start|>',
      '<|object_ref_end|>',
      '<think>',
      '</think>',
      '<answer>',
      '```json',
      '```',
      '[',
      '{',
      '}',
      ']',
      '"',
      ',',
      '"mask_2d": ',
      '"label": ',
      '"subject": ',
      '<box>',
      '</box>',
      '<grid_1_2>',
      '<offset>',
      '[OFF_0_1]',
      'cat',
      ' ',
      '\n',
      '\ud83d',
      '<ref>',
      '</ref>',
      '[[1, 2, 30, 40]]',
      '[1000, 2, 3',
      ':',
    )
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 60 }),
        fc.constantFrom(undefined, 'samtok', 'himtok', 'getok'),
        (tokens, codec) => {
          const text = tokens.join('')
          const reading = readText(text, { codec })
          expect(shown(text, reading).join('')).toBe(text)
          for (const { start, end } of reading.notes) {
            expect(start).toBeGreaterThanOrEqual(0)
            expect(end).toBeLessThanOrEqual(text.length)
          }
          for (const { masks } of reading.pieces) {
            for (const number of masks) expect(labelOf(reading, number)).not.toBe('')
          }
          for (const mask of reading.masks) {
            expect(mask.label).not.toBe('')
            expect(mask.words === undefined).toBe(mask.status === 'rejected')
          }
        },
      ),
      { numRuns: 400, seed: 5 },
    )
  })

  it('2 MB of brackets, of boxes or of masks: read within seconds, shown up to the limits, the rest counted', () => {
    for (const piece of ['<box>', '<ref>', '<box>[1', '<ref>a</ref><box>[1,2,3,4]</box>']) {
      const reading = readText(piece.repeat(20_000))
      expect(reading.boxes.length).toBeLessThanOrEqual(MAX_READ_MASKS)
      expect(reading.notes.length).toBeLessThanOrEqual(MAX_NOTES)
    }
    expect(readText('['.repeat(2_000_000))).toMatchObject({ masks: [], shownTo: MAX_SHOWN_CHARACTERS })
    const mask = (i: number) =>
      formatMaskWords([Math.floor(i / 256), i % 256], samtokVocabulary()).slice(0, -10)
    const many = readText(Array.from({ length: 60_000 }, (_, i) => mask(i)).join(''))
    expect(many.masks).toHaveLength(MAX_READ_MASKS)
    expect(many.omittedMasks).toBe(60_000 - MAX_READ_MASKS)
    expect(many.notes.length).toBeLessThanOrEqual(MAX_NOTES)
    expect(many.pieces.at(-1)!.end).toBe(MAX_SHOWN_CHARACTERS)
  })
})

describe('examples', () => {
  const regions: SpokenRegion[] = [
    { name: 'a <b>car</b>', mask: square(0, 0), codes: [11, 91], text: '<box><grid_0_0><grid_4_4></box>' },
    { name: 'house', mask: square(40, 4), codes: [200, 3], text: '<box><grid_20_2><grid_24_6></box>' },
    { name: 'tree', mask: square(40, 50), codes: [7, 255], text: '<box><grid_20_25><grid_24_29></box>' },
  ]
  const WANTED = {
    caption: 'grounded caption',
    json: 'JSON answer',
    scene: 'scene graph',
    thought: 'mask words',
    boxes: 'boxes',
    malformed: 'grounded caption',
    getok: 'GETok answer',
  } as const

  it.each(EXAMPLES)('%s is read back as what it is', (kind) => {
    for (const codec of ['samtok', 'himtok'] as const) {
      const codes = codec === 'samtok' ? [] : Array.from({ length: 30 }, (_, i) => i * 31)
      const spoken = regions.map((region) => ({ ...region, codes: [...region.codes, ...codes] }))
      for (const some of [spoken, spoken.slice(0, 1)]) {
        const reading = readText(exampleAnswer(kind, codec, some))
        expect(reading.form).toBe(WANTED[kind])
        if (kind === 'boxes') expect(reading.boxes).toHaveLength(some.length)
        else {
          expect(reading.codec).toBe(kind === 'getok' ? 'getok' : codec)
          expect(reading.masks.filter(({ words }) => words !== undefined).length).toBeGreaterThan(0)
        }
        expect(reading.notes.length > 0).toBe(kind === 'malformed')
      }
    }
  })

  it('relations come from the centres', () => {
    expect(relation(square(0, 0), square(40, 4))).toBe('left of')
    expect(relation(square(40, 50), square(40, 4))).toBe('below')
    expect(relation(emptyMask(64, 64), square(40, 4))).toBe('with')
  })

  it('names lose what captions cannot hold', () => {
    expect(speakable('a <b>:x\n[1]')).toBe('a b x 1')
    expect(speakable('<>')).toBe('region')
  })
})
