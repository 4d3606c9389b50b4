// What answers say, in the spellings that models and tools write: mask words that are read, those that are told, boxes in numbers.

import { describe, expect, it } from 'vitest'
import { tookMs } from '../test/timing.ts'
import { parseMaskWords } from './mask-parse.ts'
import { saidBoxes } from './said-boxes.ts'
import { misspeltWords, saidMasks } from './said-masks.ts'
import { samtokVocabulary } from './vocabulary.ts'

const MASK = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
const samtok = samtokVocabulary()

describe('mask words', () => {
  it.each(['\u200b', '\ufeff', '\u2060', '\u200c', '\u00ad', '\u200e', '\u2581', '\u0120', ' \u200b\n'])(
    'are one mask with %j between them',
    (blank) => {
      const text = MASK.replaceAll('><', `>${blank}<`)
      expect(saidMasks(text)).toMatchObject({ masks: [{ ids: [11, 347] }], unread: [] })
      expect(parseMaskWords(text, samtok).spans).toMatchObject([{ status: 'repaired', codes: [11, 91] }])
    },
  )
  it.each([
    ['capital letters', MASK.toUpperCase()],
    ['blanks inside', MASK.replaceAll('<|', '<| ').replaceAll('|>', ' |>')],
    ['escapes of HTML', MASK.replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
    ['escapes of JSON', MASK.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')],
    ['escapes of Markdown', MASK.replaceAll('_', '\\_').replaceAll('|', '\\|')],
    ['escapes of addresses', encodeURIComponent(MASK)],
    ['full-width bars', MASK.replaceAll('|', '\uff5c')],
    ['no bars', MASK.replaceAll('|', '')],
    ['full-width digits', MASK.replace('0011', '\uff10\uff10\uff11\uff11')],
  ])('with %s are told as unread, not taken for silence', (_, text) => {
    expect(saidMasks(text).masks).toEqual([])
    expect(saidMasks(text).unread).toHaveLength(4)
  })
  it('that are well spelled, and other text, are no misspelt ones', () => {
    for (const text of [MASK, 'fmt_start', 'mt_startle', 'Mt. Start', 'the mt_ prefix']) {
      expect([text, misspeltWords(text)]).toEqual([text, []])
    }
    expect(saidMasks(`&lt;|mt_0007|&gt; ${MASK}`)).toMatchObject({
      masks: [{ ids: [11, 347] }],
      unread: [{ start: 5 }],
    })
  })
})

describe('boxes', () => {
  it.each([
    ['[100 200 300 400]'],
    ['[100. 200. 300. 400.]'],
    ['[100,200,300,400,]'],
    ['["100","200","300","400"]'],
    ['["100, 200, 300, 400"]'],
    ['[1e2, 2e2, 3e2, 4e2]'],
    ['[100;200;300;400]'],
    ['\\[100, 200, 300, 400\\]'],
    ['x1=100, y1=200, x2=300, y2=400'],
    ['<bbox x1="100" y1="200" x2="300" y2="400"/>'],
    ['left: 100, top: 200, right: 300, bottom: 400'],
    ['100, 200, 300, 400'],
    ['100 200 300 400'],
    ['\uff3b\uff11\uff10\uff10\uff0c200\uff0c300\uff0c400\uff3d'],
    ['{"bbox": [100, 200, 300, 400], "point_2d": [150, 250]}'],
    ['{"bbox": [100, 200, 200, 200], "format": "xywh"}'],
    ['xywh = [100, 200, 200, 200]'],
  ])('%s is one', (text) => {
    expect(saidBoxes(text)).toMatchObject({ boxes: [{ box: [100, 200, 300, 400] }], unread: [] })
  })
  it('of two patches are those of the Kosmos-2 processor of transformers 5.24', () => {
    const box = (text: string) => saidBoxes(text).boxes[0]?.box
    expect(box('<object><patch_index_0044><patch_index_0863></object>')).toEqual([
      0.390625, 0.046875, 0.984375, 0.828125,
    ])
    expect(box('<patch_index_0044><patch_index_0044>')).toEqual([0.375, 0.03125, 0.40625, 0.0625])
  })
  it.each([
    ['<points x1="10" y1="20" x2="30" y2="40" alt="cats">cats</points>'],
    ['<point x="10.5" y="20.5" alt="cat">cat</point>'],
    ['{"point_2d": [100, 200]}'],
    ['{"cx": 200, "cy": 300, "w": 200, "h": 200}'],
    ['{"top_left": {"x": 100, "y": 200}, "bottom_right": {"x": 300, "y": 400}}'],
    ['[12%, 20%, 30%, 40%]'],
    ['[100/1000, 200/1000, 300/1000, 400/1000]'],
    ['The box is 100, 200, 300, 400.'],
    ['<patch_index_0044>'],
    ['[y1=200, x1=100, y2=400, x2=300]'],
    ['[NaN, 1, 2, 3]'],
    ['[null, null, null, null]'],
    ['(100, 200) to (300, 400)'],
    ['[100, 200, 300, 400, 0.9]'],
    ['[[100, 200], [300, 200], [300, 400], [100, 400]]'],
    ['{"polygon": [[100, 200], [300, 200], [300, 400]]}'],
    ['<quad>(100,200),(300,200),(300,400),(100,400)</quad>'],
    ['It goes from 100,200 to 300,400.'],
  ])('%s is none, and told', (text) => {
    const { boxes, unread } = saidBoxes(text)
    expect([boxes, unread.length > 0]).toEqual([[], true])
  })
  it('are not looked for in prose', () => {
    for (const text of ['The cat [1] fills 3/4 (two thirds) of it.', 'It is 10, 20 or 30.', '1, 2 and 3']) {
      expect(saidBoxes(text)).toEqual({ boxes: [], unread: [] })
    }
  })
  it.each([
    ['[1 '],
    ['[1,2],'],
    ['1,2 to '],
    ['1,'],
    ['x1=1 '],
    ['["1"'],
    ['<patch_index_0001>'],
    ['<points '],
    ['mt_'],
    ['%7Cmt_1 '],
    ['[   '],
    ['{x1:'],
    ['[nan,'],
    ['xywh [1,2,3,4]'],
  ])('and masks are looked for among %j in time linear in their number', (unit) => {
    const text = unit.repeat(Math.ceil(200_000 / unit.length))
    expect(tookMs(() => saidBoxes(text) && saidMasks(text), 1000)).toBeLessThan(1000)
  })
})
