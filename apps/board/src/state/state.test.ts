import { area, emptyMask, equalMasks, maskFromRings } from '@maskwords/mask'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  addRegions,
  deleteRegion,
  duplicateRegion,
  mergeRegions,
  newRegion,
  nextColour,
  REGION_COLOURS,
  selectNext,
  splitRegion,
} from './regions.ts'
import { neighbourOf, openShelved, pictureToReturnTo, shelve, useShelf } from './shelf.ts'
import {
  EMPTY,
  openPicture,
  paintedRegion,
  redo,
  select,
  selectedRegion,
  undo,
  updateRegion,
  useStudio,
} from './store.ts'
import type { Picture } from './types.ts'
import { formatHash, parseHash } from './url.ts'

const mask = emptyMask(4, 3)
const state = () => useStudio.getState()
const names = () => state().document.regions.map(({ name }) => name)

beforeEach(() => {
  useStudio.setState({ document: EMPTY, history: { past: [], future: [] } })
})

describe('undo and redo', () => {
  it('go through everything that was done, and a new step ends what could be redone', () => {
    addRegions([
      { mask, name: 'a' },
      { mask, name: 'b' },
    ])
    const [a, b] = state().document.regions.map(({ id }) => id)
    deleteRegion(a!)
    expect(names()).toEqual(['b'])
    expect(state().document.selectedId).toBe(b)
    undo()
    expect(names()).toEqual(['a', 'b'])
    redo()
    undo()
    duplicateRegion(b!)
    expect(names()).toEqual(['a', 'b', 'b copy'])
    redo()
    expect(names()).toEqual(['a', 'b', 'b copy'])
    undo()
    undo()
    undo()
    expect(names()).toEqual([])
  })

  it('take back a dragged slider as one step, and a later drag as another', () => {
    vi.useFakeTimers({ now: 0 })
    try {
      addRegions([{ mask, name: 'a' }])
      const { id } = state().document.regions[0]!
      for (const opacity of [0.5, 0.6, 0.7]) updateRegion(id, { opacity })
      vi.setSystemTime(5000)
      updateRegion(id, { opacity: 0.9 })
      undo()
      expect(state().document.regions[0]!.opacity).toBe(0.7)
      undo()
      expect(state().document.regions[0]!.opacity).toBe(0.45)
    } finally {
      vi.useRealTimers()
    }
  })

  it('take back two strokes one by one, however fast they were drawn', () => {
    addRegions([{ mask, name: 'a' }])
    const { id } = state().document.regions[0]!
    const second = emptyMask(4, 3)
    updateRegion(id, { mask: second })
    updateRegion(id, { mask: emptyMask(4, 3) })
    undo()
    expect(state().document.regions[0]!.mask).toBe(second)
  })
})

describe('the pictures of a visit', () => {
  const picture = (id: string) => ({ id, name: `${id}.png` }) as Picture

  it('keep regions and their steps while another one is open', () => {
    openShelved(picture('a'), EMPTY, { sample: 'a' })
    addRegions([{ mask, name: 'of a' }])
    expect(openShelved(picture('b'), EMPTY, { sample: 'b' })).toBe(0)
    expect(names()).toEqual([])
    expect(pictureToReturnTo()?.name).toBe('a.png')
    expect(openShelved(picture('a'), EMPTY, { sample: 'a' })).toBe(1)
    expect(names()).toEqual(['of a'])
    expect(pictureToReturnTo()).toBeUndefined()
    expect(names()).toEqual([])
    redo()
    // What a session states comes after what was there, which undo brings back.
    openShelved(picture('b'), EMPTY, { sample: 'b' })
    const stated = { regions: [newRegion(mask, [], 'of a session')], selectedId: undefined }
    openShelved(picture('a'), stated, { sample: 'a' }, { isStated: true })
    expect(names()).toEqual(['of a session'])
    undo()
    expect(names()).toEqual(['of a'])
    // Regions that came with a picture, as from an earlier visit, stay with it although nothing was done to them.
    const came = { regions: [newRegion(mask, [], 'of another day')], selectedId: undefined }
    openShelved(picture('c'), came, { sample: 'c' })
    openShelved(picture('a'), EMPTY, { sample: 'a' })
    expect(openShelved(picture('c'), EMPTY, { sample: 'c' })).toBe(0)
    expect(names()).toEqual(['of another day'])
    expect(neighbourOf(1)?.name).toBe('a.png')
    expect(neighbourOf(-1)?.name).toBe('b.png')
    expect(shelve('b.png', { sample: 'b' }).name).toBe('b.png')
    expect(useShelf.getState().pictures).toHaveLength(3)
  })
})

describe('painting', () => {
  it('begins a region of its own on a fresh sample, and goes on with what a person chose or made', () => {
    const own = { ...newRegion(mask, [], 'the boat'), id: 'r1' }
    openPicture({ name: 'lake.webp' } as Picture, { regions: [own], selectedId: 'r1' })
    expect(selectedRegion(state())).toBe(own)
    expect(paintedRegion(state())).toBeUndefined()
    addRegions([{ mask, name: 'mine' }])
    expect(paintedRegion(state())?.name).toBe('mine')
    select('r1')
    expect(paintedRegion(state())).toBe(own)
  })
})

describe('regions', () => {
  it('get every colour of the palette before one comes twice', () => {
    addRegions(Array.from({ length: REGION_COLOURS.length }, () => ({ mask })))
    expect(new Set(state().document.regions.map(({ colour }) => colour)).size).toBe(REGION_COLOURS.length)
    expect(nextColour(state().document.regions)).toBe(REGION_COLOURS[0])
  })

  it('are walked around the ends of the list', () => {
    addRegions([
      { mask, name: 'a' },
      { mask, name: 'b' },
    ])
    const selected = () => state().document.regions.find(({ id }) => id === state().document.selectedId)?.name
    selectNext(-1)
    expect(selected()).toBe('b')
    selectNext(1)
    expect(selected()).toBe('a')
    select(undefined)
    selectNext(-1)
    expect(selected()).toBe('b')
  })

  it('merge into the first, which keeps its class and gets the phrase that it lacks; split again in their parts', () => {
    const box = (x: number) =>
      maskFromRings({ widthPx: 9, heightPx: 3, rings: [[x, 0, x + 2, 0, x + 2, 3, x, 3]] })
    addRegions([
      { mask: box(0), name: 'a', category: 'cup' },
      { mask: box(3), name: 'b', category: 'lid', phrase: 'the lid' },
      { mask: box(6), name: 'c' },
    ])
    const [a, b] = state().document.regions.map(({ id }) => id)
    mergeRegions(b!, b!)
    expect(names()).toEqual(['a', 'b', 'c'])
    mergeRegions(a!, b!)
    expect(names()).toEqual(['a', 'c'])
    const [merged] = state().document.regions
    expect([merged!.category, merged!.phrase, area(merged!.mask)]).toEqual(['cup', 'the lid', 12])
    splitRegion(a!)
    expect(names()).toEqual(['a', 'a 2', 'c'])
    const [first, second] = state().document.regions
    expect(equalMasks(first!.mask, box(0)) && equalMasks(second!.mask, box(3))).toBe(true)
    expect([second!.category, second!.phrase, state().document.selectedId]).toEqual(['cup', 'the lid', a])
    splitRegion(a!)
    undo()
    undo()
    expect(names()).toEqual(['a', 'b', 'c'])
  })

  it('keep class and phrase through undo, copies have them too', () => {
    addRegions([{ mask, name: 'a' }])
    const { id } = state().document.regions[0]!
    updateRegion(id, { category: 'cup' })
    updateRegion(id, { phrase: 'the cup' })
    duplicateRegion(id)
    expect(state().document.regions.map(({ category, phrase }) => [category, phrase])).toEqual([
      ['cup', 'the cup'],
      ['cup', 'the cup'],
    ])
    undo()
    undo()
    expect(state().document.regions[0]).toMatchObject({ category: 'cup', phrase: '' })
  })

  it('never get an identifier twice, also not after undo', () => {
    const [first] = addRegions([{ mask }])
    undo()
    const [second] = addRegions([{ mask }])
    expect(second).not.toBe(first)
  })
})

describe('the address', () => {
  it('comes back whatever texts it holds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'grapheme', minLength: 1 })),
        (texts) => {
          const map = new Map(Object.entries(texts))
          const back = parseHash(formatHash(map))
          expect([...back].sort()).toEqual([...map].sort())
        },
      ),
    )
  })

  it('is read as far as it can be read', () => {
    expect([...parseHash('#view=read&x=%E0%A4%A&=2&&sample=lake&sample=shelf')]).toEqual([
      ['view', 'read'],
      ['sample', 'shelf'],
    ])
  })
})
