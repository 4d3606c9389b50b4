import { expect, test } from 'vitest'
import { findCvatXml } from './cvat-xml.ts'
import { sniff } from './sniff.ts'

const box = (label: string) =>
  `<annotations><image name='a "b".png' width="4" height="3"><box label=${label} xtl="1" ytl="0" xbr="3" ybr="2"/></image></annotations>`
const labelsOf = (xml: string, fileName?: string) =>
  findCvatXml(xml, { name: 'cvat.xml', fileName }).stated.map((stated) => stated.label)

test('attributes may stand in single quotes, as Python writes those that hold double ones', () => {
  expect(labelsOf(box(`'the "big" one'`))).toEqual(['the "big" one'])
  expect(labelsOf(box('"x"'), 'folder/a "b".png')).toEqual(['x'])
  expect(() => labelsOf(box('"x"'), 'c.png')).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('characters written by number are read, numbers that are no character are left', () => {
  expect(labelsOf(box('"caf&#233; &#x1F431;&#10;&#x110000; &amp;lt;"'))).toEqual(['café 🐱\n&#x110000; &lt;'])
})

test('a file that was cut between two elements is refused, not read as far as it goes', () => {
  const whole = box('"x"')
  for (const cut of [whole.replace('</image></annotations>', ''), whole.replace('</annotations>', '')])
    expect(() => labelsOf(cut)).toThrow(expect.objectContaining({ hint: expect.stringContaining('cut off') }))
})

test('a comment or document type before the first element is no other format', () => {
  for (const before of ['<!-- exported -->', '<!DOCTYPE annotations>\n'])
    expect(sniff(new TextEncoder().encode(before + box('"x"')))).toBe('xml')
})

test('a stated size of nothing counts as none: the picture has one, as in prepare', () => {
  for (const size of ['width="0" height="3"', 'width="" height=""', '']) {
    const xml = box('"x"').replace('width="4" height="3"', size)
    const { stated } = findCvatXml(xml, { name: 'cvat.xml', size: { widthPx: 4, heightPx: 3 } })
    expect(stated.map((one) => one.size)).toEqual([{ widthPx: 4, heightPx: 3 }])
    expect(() => findCvatXml(xml, { name: 'cvat.xml' })).toThrow(
      expect.objectContaining({ hint: 'give the picture, which has them' }),
    )
  }
})

test('a track with a gap says so in the frames that others have', () => {
  const at = (frame: number, outside = 0) =>
    `<box frame="${frame}" outside="${outside}" xtl="0" ytl="0" xbr="2" ybr="2"/>`
  const xml = `<annotations><track label="car">${at(0)}${at(4)}</track><track label="cat">${at(0, 1)}${at(2)}${at(3, 1)}${at(4)}</track></annotations>`
  const { stated, failures } = findCvatXml(xml, { name: 'v.xml', picks: { frame: '2' } })
  expect(stated.map(({ label }) => label)).toEqual(['cat'])
  expect(failures.map((one) => one.message)).toEqual([expect.stringMatching(/"car".*no shape in frame 2/)])
})
