import { area, pictureToPng } from '@maskwords/mask'
import { expect, test } from 'vitest'
import { inspectPicture } from '../inspect/picture.ts'
import { masksOfPicture } from './mask-picture.ts'

/** A picture of `side` x `side` pixels, each of its own colour: pixel i has the COCO panoptic id i. */
function everyColour(side: number): Uint8Array {
  const bytes = new Uint8Array(side * side * 3)
  for (let i = 0; i < side * side; i++) bytes.set([i & 255, (i >> 8) & 255, i >> 16], i * 3)
  return pictureToPng({ widthPx: side, heightPx: side, channels: 3, bytes })
}

const panoptic = (side: number) =>
  masksOfPicture(everyColour(side), 'png', 'ids.png', { dialect: 'panoptic' })

test('a picture of 65,536 colours is 65,535 masks, one of more is taken for a photograph', async () => {
  const masks = await panoptic(256)
  expect([masks.length, masks[0]!.id, masks.at(-1)!.id]).toEqual([65_535, 1, 65_535])
  await expect(panoptic(257)).rejects.toThrow(
    expect.objectContaining({ code: 'too-large', message: 'more than 65,536 colours', file: 'ids.png' }),
  )
})

test('a colour picture is inspected as ids of few colours only', async () => {
  const few = await inspectPicture('few.png', everyColour(22), 'png')
  expect(few.facts).toContainEqual([
    'as a mask',
    '483 colours: ids of COCO panoptic? (--mask-format panoptic)',
  ])
  const many = await inspectPicture('many.png', everyColour(23), 'png')
  expect([many.kind, many.problems]).toEqual(['picture', []])
})

test('a mask that JPEG smeared is one mask of its light pixels, never a label map', async () => {
  const bytes = new Uint8Array(40 * 30)
  for (let y = 5; y < 20; y++) bytes.fill(255, y * 40 + 5, y * 40 + 20)
  const { default: sharp } = await import('sharp')
  const raw = { width: 40, height: 30, channels: 1 as const }
  const jpeg = await sharp(bytes, { raw }).jpeg({ quality: 60 }).toBuffer()
  const notes: string[] = []
  const masks = await masksOfPicture(jpeg, 'jpeg', 'm.jpg', {
    dialect: 'auto',
    note: async (text) => void notes.push(text),
  })
  expect(masks).toHaveLength(1)
  expect(Math.abs(area(masks[0]!.mask) - 225)).toBeLessThan(12)
  expect(notes).toEqual([expect.stringMatching(/blurs the edge of a mask; values of at least 128/)])
})
