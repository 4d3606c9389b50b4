import { equalMasks, type Mask, maskFromCocoBox } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StudioError } from '../state/error.ts'
import { newRegion } from '../state/regions.ts'
import type { Picture, Region } from '../state/types.ts'
import { annotatedOf, NO_CLASS } from './annotated.ts'
import { bytesOfBase64, compactText, fullText } from './compact.ts'
import { ownMask, workMask } from './own-size.ts'
import { workSize } from './picture.ts'
import { regionsFromJson, regionToJson } from './regions-json.ts'
import { isSession, sessionFromJson, sessionOf } from './session.ts'

const size = { widthPx: 40, heightPx: 30 }
const box = (x: number, y: number, width: number, height: number): Mask =>
  maskFromCocoBox({ ...size, box: { x, y, width, height } })
const regionsOf = (...masks: Mask[]): Region[] => {
  const regions: Region[] = []
  for (const mask of masks) regions.push(newRegion(mask, regions))
  return regions
}
const message = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing thrown'
}

describe('pictures above the limit for work', () => {
  it('are worked with at less, and their masks come in and go out at the size of the file', () => {
    expect(workSize({ widthPx: 4096, heightPx: 4096 })).toEqual({ widthPx: 4096, heightPx: 4096 })
    const work = workSize({ widthPx: 6000, heightPx: 5000 })
    expect(work).toEqual({ widthPx: 4486, heightPx: 3739 })
    expect(workSize({ widthPx: 1e8, heightPx: 1 }).heightPx).toBe(1)
    const picture = {
      name: 'large.jpg',
      pixels: { ...size, rgb: new Uint8Array(0) },
      own: { widthPx: 80, heightPx: 60 },
    }
    const large = maskFromCocoBox({ widthPx: 80, heightPx: 60, box: { x: 20, y: 10, width: 30, height: 20 } })
    const small = workMask(large, picture)
    expect(equalMasks(small, box(10, 5, 15, 10))).toBe(true)
    expect(equalMasks(ownMask(small, picture), large)).toBe(true)
    const annotated = annotatedOf(picture, [newRegion(small, [])])
    expect([annotated.widthPx, annotated.heightPx]).toEqual([80, 60])
    expect(equalMasks(annotated.regions[0]!.mask!, large)).toBe(true)
  })
})

describe('sessions', () => {
  const open: Picture = {
    id: 'a'.repeat(64),
    name: 'cat.jpg',
    source: 'sample:lake',
    pixels: { ...size, rgb: new Uint8Array(3600) },
    bitmap: undefined as unknown as ImageBitmap,
  }

  it('come back with regions, selection, place and the rest of the address', () => {
    const [first, second] = regionsOf(box(1, 2, 10, 5), box(20, 10, 8, 8))
    const regions = [first!, { ...second!, category: 'cat', phrase: 'the cat on the left' }]
    const address = new Map([
      ['view', 'read'],
      ['answer', 'a & b = c'],
      ['regions', 'not kept'],
    ])
    const json = JSON.parse(
      JSON.stringify(
        sessionOf({
          picture: open,
          document: { regions, selectedId: regions[1]!.id },
          png: Uint8Array.of(1, 2, 3),
          place: { zoom: 2, x: 5, y: 6 },
          address,
        }),
      ),
    )
    expect(isSession(json)).toBe(true)
    const session = sessionFromJson(json)
    expect(session.document.selectedId).toBe(regions[1]!.id)
    const said = ({ name, category, phrase, colour }: Region) => [name, category, phrase, colour]
    expect(session.document.regions.map(said)).toEqual(regions.map(said))
    expect(session.document.regions.every(({ mask }, i) => equalMasks(mask, regions[i]!.mask))).toBe(true)
    expect(session.place).toEqual({ zoom: 2, x: 5, y: 6 })
    expect([...session.address]).toEqual([
      ['answer', 'a & b = c'],
      ['view', 'read'],
    ])
    expect(session.picture.png).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('of a wrong kind are refused with the place', () => {
    const good = sessionOf({
      picture: open,
      document: { regions: regionsOf(box(1, 1, 2, 2)), selectedId: undefined },
      png: undefined,
      place: undefined,
      address: new Map(),
    })
    const broken = (over: object) => message(() => sessionFromJson({ ...good, ...over }))
    expect(broken({ version: 2 })).toBe('session of version 2; this studio reads version 1')
    expect(broken({ picture: { ...good.picture, widthPx: -1 } })).toBe(
      'session: “picture.widthPx” is not a number of pixels',
    )
    expect(broken({ regions: [{ ...good.regions[0], colour: 'url(x)' }] })).toBe(
      'region 0: “colour” is not #rrggbb',
    )
    expect(broken({ regions: [{ ...good.regions[0], phrase: 7 }] })).toBe('region 0: “phrase” is not text')
    expect(broken({ regions: [{ ...good.regions[0], runs: '5' }] })).toMatch(/^region 0: COCO RLE text/)
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (regions, where) => {
        try {
          sessionFromJson({ ...good, regions, picture: where })
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError)
        }
      }),
    )
  })
})

describe('regions in an address', () => {
  it('come back from the letters that an address may hold', async () => {
    const regions = regionsOf(box(1, 2, 10, 5), box(0, 0, 40, 30))
    const json = JSON.stringify(regions.map(regionToJson))
    const text = (await compactText(json, 1000))!
    expect(text).toMatch(/^[\w-]+$/)
    const back = regionsFromJson(JSON.parse(await fullText(text)), size)
    expect(await compactText(json, text.length)).toBe(text)
    expect(await compactText(json, text.length - 1)).toBeUndefined()
    expect(back.map(({ id }) => id)).toEqual(regions.map(({ id }) => id))
    expect(back.every(({ mask }, i) => equalMasks(mask, regions[i]!.mask))).toBe(true)
  })

  it('do not unpack to gigabytes', async () => {
    const bomb = (await compactText('a'.repeat(2 ** 24 + 1), 2 ** 16))!
    expect(bytesOfBase64(bomb.replaceAll('-', '+').replaceAll('_', '/')).length).toBeLessThan(2 ** 15)
    await expect(fullText(bomb)).rejects.toThrow('more than 16 MB')
    await expect(fullText('!!')).rejects.toThrow()
  })
})

describe('a region in a dataset', () => {
  it('is of its class, else of the name that a person gave it, else of none', () => {
    const [region] = regionsOf(box(1, 1, 2, 2))
    const classes = [
      { category: ' cup ' },
      { name: 'Tea cup' },
      {},
      { name: 'Region 12 copy' },
      { name: 'Region 1st' },
      { name: '' },
    ].map((said) =>
      annotatedOf({ name: 'a.png', pixels: { ...size, rgb: new Uint8Array(3600) } }, [
        { ...region!, ...said },
      ]),
    )
    expect(classes.map(({ regions }) => regions[0]!.category)).toEqual([
      'cup',
      'Tea cup',
      NO_CLASS,
      NO_CLASS,
      'Region 1st',
      NO_CLASS,
    ])
  })
})
