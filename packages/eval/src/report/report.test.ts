import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SampleRow } from '../row.ts'
import { histogramCounts } from './histogram.ts'
import { type ReportInput, reportPage } from './page.ts'
import { pickRows } from './pick.ts'

const row = (id: string, iou: number): SampleRow => ({ id, status: 'scored', values: { iou } })

describe('which samples are shown', () => {
  it('of ten samples the two worst, the two in the middle, the two best', () => {
    const rows = Array.from({ length: 10 }, (_, k) => row(`s${k}`, ((k * 7) % 10) / 10))
    const shown = pickRows(rows, 'iou', 2).map(({ title, rows: picked }) => [
      title,
      picked.map((one) => one.values['iou']),
    ])
    expect(shown).toEqual([
      ['Worst', [0, 0.1]],
      ['Median', [0.4, 0.5]],
      ['Best', [0.9, 0.8]],
    ])
  })

  it('of equally good ones the larger is shown first, of equally bad ones, too', () => {
    const sized = (id: string, iou: number, unionPx: number): SampleRow => ({
      ...row(id, iou),
      values: { iou, unionPx },
    })
    const rows = [
      sized('none', 1, 0),
      sized('big', 1, 90),
      sized('small', 1, 9),
      sized('lost', 0, 50),
      sized('bad', 0, 5),
    ]
    const shown = pickRows([...rows, row('mid', 0.5)], 'iou', 1).map(({ rows: [first] }) => first!.id)
    expect([shown[0], shown[2]]).toEqual(['lost', 'big'])
  })

  it('a few samples are all shown; rows without the number are not', () => {
    const [all] = pickRows(
      [row('b', 0.4), row('a', 0.4), { id: 'c', status: 'missing', values: {} }],
      'iou',
      2,
    )
    expect(all!.rows.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(pickRows([], 'iou', 2)).toEqual([])
  })
})

describe('the page', () => {
  const input = (hostile: string): ReportInput => ({
    stamp: {
      benchmark: hostile,
      mode: 'correct',
      dataset: hostile,
      codec: hostile,
      version: '0.1.0',
      settings: { [hostile]: hostile },
    },
    metrics: [{ name: 'meanIou', title: hostile, parts: [] }],
    values: { meanIou: 0.5, [hostile]: null },
    intervals: { meanIou: [0.4, 0.6] },
    groups: { [hostile]: { samples: 1, metrics: { meanIou: null } } },
    counts: { samples: 1, scored: 1, missing: 0, failed: 0, unknown: 0 },
    spread: { title: hostile, values: [0.5] },
    cards: [
      {
        title: hostile,
        cards: [{ id: hostile, phrase: hostile, note: hostile, value: 0.5, png: Uint8Array.of(1, 2, 3, 4) }],
      },
    ],
    problems: [hostile],
  })

  it('whatever the texts are, no tag and no attribute comes from them', () => {
    const tags = (html: string) => html.match(/<[a-z!/][^>]*>/g)!.map((tag) => tag.replace(/"[^"]*"/g, '""'))
    const plain = tags(reportPage(input('x')))
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'a', ' ', '=', '\n', '\u0000') }),
        (text) => {
          expect(tags(reportPage(input(`x${text}`)))).toEqual(plain)
        },
      ),
    )
  })

  it('pictures are inside, as base64: bytes 1 2 3 4 are AQIDBA==', () => {
    expect(reportPage(input('x'))).toContain('src="data:image/png;base64,AQIDBA=="')
  })

  it('a histogram counts 1 in its last part', () => {
    expect(histogramCounts([0, 0.24, 0.25, 1, Number.NaN], 4)).toEqual([2, 1, 0, 1])
  })
})
