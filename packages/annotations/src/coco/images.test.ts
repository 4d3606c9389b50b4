import { describe, expect, it } from 'vitest'
import { sizeAt } from '../fields.ts'
import { repeatedAnnotations } from './annotations.ts'
import { cocoCategories } from './categories.ts'
import { cocoImages, namesInWords } from './images.ts'

const image = (id: unknown, file_name: string, width: unknown = 8, height: unknown = 6) => ({
  id,
  file_name,
  width,
  height,
})

describe('entries that share an id', () => {
  it('are one where they are alike, sizes as text and ids as text included', () => {
    const { byId, refused, notes } = cocoImages([image(1, 'a.png'), image('1', 'a.png', '8', '6.0')])
    expect([...byId.keys()]).toEqual([1])
    expect([refused.size, notes]).toEqual([0, [{ place: 1, id: 1, kind: 'copy' }]])
  })

  it('are none, the first or the last where they differ', () => {
    const list = [image(1, 'a.png'), image(1, 'b.png'), image(2, 'c.png'), image(1, 'a.png')]
    const names = (sameId: 'refuse' | 'first' | 'last') =>
      [...cocoImages(list, sameId).byId.values()].map((entry) => entry['file_name'])
    expect(names('refuse')).toEqual(['c.png'])
    expect(names('first')).toEqual(['a.png', 'c.png'])
    expect(names('last')).toEqual(['b.png', 'c.png'])
    expect(cocoImages(list).refused.get(1)).toEqual(['"a.png"', '"b.png"'])
  })

  it('of one name in two sizes are two pictures; named by coco_url they are told apart', () => {
    const sizes = cocoImages([image(1, 'a.png'), image(1, 'a.png', 9)])
    expect(namesInWords(sizes.refused.get(1)!)).toBe('"a.png" in different sizes')
    const urls = [1, 2].map((n) => ({ id: 7, coco_url: `http://images/${n}.jpg` }))
    expect(cocoImages(urls).refused.has(7)).toBe(true)
  })

  it('numbers beyond 2^53 as texts of their digits stay apart', () => {
    const ids = ['9007199254740993', '9007199254740992', 9007199254740991]
    expect(cocoImages(ids.map((id) => image(id, 'a.png'))).byId.size).toBe(3)
  })

  it('of categories are one by their name', () => {
    const list = [
      { id: 1, name: 'cup' },
      { id: '1', name: 'cup' },
      { id: 2, name: 'cup' },
      { id: 2, name: 'bowl' },
      { name: 'no id' },
      null,
    ]
    const { byId, refused, notes } = cocoCategories(list)
    expect([[...byId.keys()], [...refused]]).toEqual([[1], [[2, ['"cup"', '"bowl"']]]])
    expect(notes.map(({ kind }) => kind)).toEqual(['copy', 'shared', 'no-id', 'no-id'])
  })
})

it('annotations of one id: a copy is told from another region, whatever the order of members', () => {
  const list = [
    { id: 1, image_id: 1, bbox: [1, 2, 3, 4] },
    { image_id: 1, bbox: [1, 2, 3, 4], id: 1 },
    { id: '1', image_id: 1, bbox: [1, 2, 3, 5] },
    { image_id: 1 },
    { image_id: 1 },
  ]
  const found = repeatedAnnotations(list)
  expect(found.map(({ place, first, isCopy }) => [place, first, isCopy])).toEqual([
    [1, 0, true],
    [2, 0, false],
  ])
  expect(repeatedAnnotations(list, [2, 3, 4])).toEqual([])
})

it('sizes are read as text and as floats, and only where both sides are whole', () => {
  expect(sizeAt({ width: '640', height: 480 })).toEqual({ widthPx: 640, heightPx: 480 })
  expect(sizeAt({ width: 640.0, height: '4.8e2' })).toEqual({ widthPx: 640, heightPx: 480 })
  for (const width of ['', '0x10', 'x', -1, 0, 1.5, null, true, [640], '1e999'])
    expect(sizeAt({ width, height: 480 }), String(width)).toBeUndefined()
})
