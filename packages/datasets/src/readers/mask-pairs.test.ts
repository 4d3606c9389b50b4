// Photos with their masks, as people keep them.
import { writePng } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { PICTURE, readFiles as read, SIZE } from '../../test/read-files.ts'

/** A mask whose first `count` pixels have the value. */
const grey = (...runs: readonly [value: number, count: number][]): Uint8Array => {
  const samples = new Uint8Array(SIZE.widthPx * SIZE.heightPx)
  let at = 0
  for (const [value, count] of runs) samples.fill(value, at, (at += count))
  return writePng({ ...SIZE, colour: 'grey', bitDepth: 8, samples })
}
const mask = (count: number) => grey([255, count])
/** A picture of many colours, as a photo is. */
const PHOTO = writePng({
  ...SIZE,
  colour: 'rgb',
  bitDepth: 8,
  samples: Uint8Array.from(
    { length: SIZE.widthPx * SIZE.heightPx * 3 },
    (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
  ),
})

describe('photos and masks', () => {
  it('in one folder are paired by their names; words behind a name say what is shown, numbers and "mask" do not', async () => {
    const files = {
      'a.jpg.png': PHOTO,
      'b.png': PHOTO,
      'b_mask.png': mask(10),
      'c.png': PHOTO,
      'c_1.png': mask(20),
      'c_2.png': mask(30),
      'd.png': PHOTO,
      'd_red_cup.png': mask(40),
      'd_red_cup_2.png': mask(41),
      'd_2.png': PHOTO,
    }
    const { records, said } = await read('masks', files)
    expect(records).toEqual([
      ['b', 'b.png', 'undefined 10', 'any'],
      ['c', 'c.png', 'undefined 20', 'undefined 30', 'any'],
      ['d', 'd.png', 'red cup 40', 'red cup 41'],
    ])
    expect(said).toEqual(['kept: 2 of 5 photos have no mask, as a.jpg.png: they are left out'])
  })

  it.each([
    ['two folders', 'images/a.png', 'masks/a.png'],
    ['a suffix', 'photos/a.png', 'masks/a_mask.png'],
    ['other prefixes', 'imgs/image_001.png', 'masks/mask_001.png'],
    ['sister folders', 'train/a.png', 'train_masks/a.png'],
    ['splits above', 'train/images/a.png', 'train/masks/a.png'],
    ['splits below', 'images/train/a.png', 'masks/train/a.png'],
    ['a folder of masks for each photo', 'images/a.png', 'masks/a/1.png'],
    ['photos beside the folder', 'a.png', 'masks/a.png'],
    ['letters of another case', 'Images/a.png', 'Masks/a.png'],
  ])('are found in %s', async (_, photo, file) => {
    const { records, said } = await read('masks', { [photo]: PHOTO, [file]: mask(12) })
    expect(said).toEqual([])
    expect(records).toEqual([[expect.any(String), photo, 'undefined 12', 'any']])
  })

  it('folders of classes name their masks; a name given for all names the others; black masks say that nothing is there', async () => {
    const files = {
      'images/a.png': PHOTO,
      'images/b.png': PHOTO,
      'masks/cup/a.png': mask(10),
      'masks/lid/a.png': mask(20),
      'masks/lid/b.png': mask(0),
    }
    expect((await read('masks', files)).records).toEqual([
      ['a', 'images/a.png', 'cup 10', 'lid 20'],
      ['b', 'images/b.png'],
    ])
    const { records } = await read(
      'masks',
      { 'a.png': PHOTO, 'a_mask.png': mask(10) },
      { regionName: 'crack' },
    )
    expect(records).toEqual([['a', 'a.png', 'crack 10']])
  })

  it('values of a map are regions, soft edges are cut at the half, and a photograph is no mask', async () => {
    const files = {
      'images/map.png': PHOTO,
      'masks/map.png': grey([1, 10], [2, 20], [255, 5]),
      'images/soft.png': PHOTO,
      'masks/soft.png': grey([255, 100], [200, 3], [127, 4]),
      'images/wrong.png': PHOTO,
      'masks/wrong.png': PHOTO,
      'masks/nobody.png': mask(3),
      'names.json': { 1: 'cup', 2: 'lid' },
    }
    const { records, said } = await read('masks', files)
    expect(records).toEqual([
      ['map', 'images/map.png', 'cup 10', 'lid 20', 'undefined 5'],
      ['soft', 'images/soft.png', 'undefined 103', 'any'],
      ['wrong', 'images/wrong.png', 'any'],
    ])
    expect(said).toEqual([
      expect.stringMatching(/^kept: value 255 is taken for unlabelled/),
      expect.stringMatching(/^lost: masks\/wrong.png: masks\/wrong.png has \d+ colours: it is a picture/),
      'lost: masks/nobody.png belongs to no photo in images',
    ])
  })

  it('a folder without pairs is told what was looked for', async () => {
    await expect(read('masks', { 'a.png': PICTURE, 'b.png': PHOTO })).rejects.toMatchObject({
      message: expect.stringMatching(/has photos, as a\.png, and no mask of their names/),
      hint: expect.stringContaining('--annotations my.json --root'),
    })
    await expect(read('masks', { 'a.txt': 'x' })).rejects.toThrow(/looked for .*; the folder holds a\.txt/)
  })
})
