// NanoDet-g, as it ships, against what TensorFlow.js says of the same picture; and the door of a detector.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Checkpoint, openCheckpointFile } from '@maskwords/checkpoint'
import { COCO_CATEGORIES, detections, NANODET_G } from '@maskwords/models'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordedStreet, sampled, worst } from '../../test/nanodet-street.ts'
import { streetPicture } from '../../test/street-picture.ts'
import { type Nanodet, nanodetParameters, openNanodet } from '../index.ts'

const SHIPPED = join(import.meta.dirname, '../../../maskwords/weights/nanodet-g')
const session = { worker: false, threads: 1 } as const

let weights: Checkpoint
let network: Nanodet
beforeAll(async () => {
  weights = await openCheckpointFile(join(SHIPPED, 'weights.safetensors'))
  network = await openNanodet(weights, { session })
})
afterAll(async () => {
  await network?.close()
  await weights?.close()
})

const boxesOf = async (picture: Parameters<Nanodet['features']>[0]) => {
  const features = await network.features(picture)
  return detections(features, network.config, { ...features, threshold: 0.4 }).map(
    ({ category, boxXyxyPx }) => [COCO_CATEGORIES[category], ...boxXyxyPx.map(Math.round)],
  )
}

it('scores and distances are those of TensorFlow.js on the published file', async () => {
  const { scores, distances, maps } = await network.features(streetPicture())
  const recorded = recordedStreet()
  for (const level of [0, 1, 2]) {
    expect(worst(sampled(scores[level]!), recorded.scores[level]!)).toBeLessThan(1e-4)
    expect(worst(sampled(distances[level]!), recorded.distances[level]!)).toBeLessThan(1e-3)
    expect(maps[level]!.length).toBe(128 * (52 >> level) ** 2)
  }
})

it('sees the stop sign, the clock and the ball where they are drawn', async () => {
  const found = await boxesOf(streetPicture())
  // Drawn: an octagon of 120 pixels around (110, 110), a disc of 100 around (300, 110), one of 68 around (280, 340).
  expect(found).toEqual([
    ['stop sign', 49, 48, 171, 171],
    ['clock', 247, 307, 316, 374],
    ['clock', 251, 60, 350, 162],
    ['sports ball', 246, 307, 316, 374],
  ])
})

it('a picture of another size is squashed, and its boxes are in its own pixels', async () => {
  const { rgb } = streetPicture()
  // Every pixel twice, side by side: 832 x 416.
  const wide = Uint8Array.from({ length: 2 * rgb.length }, (_, i) => rgb[3 * Math.floor(i / 6) + (i % 3)]!)
  const found = await boxesOf({ widthPx: 832, heightPx: 416, rgb: wide })
  const [sign] = found
  expect(sign![0]).toBe('stop sign')
  for (const [at, wanted] of [98, 48, 342, 171].entries())
    expect(Math.abs((sign![at + 1] as number) - wanted)).toBeLessThan(6)
})

it('config.json of the shipped folder is NanoDet-g, and the file holds its weights and nothing else', () => {
  expect(JSON.parse(readFileSync(join(SHIPPED, 'config.json'), 'utf8')).config).toEqual(NANODET_G)
  const wanted = nanodetParameters(NANODET_G)
  expect(new Map([...weights.tensors].map(([key, { shape }]) => [key, [...shape]]))).toEqual(wanted)
})

it('other weights, impossible sizes, a picture without pixels and a closed detector are told', async () => {
  const narrow = { ...NANODET_G, classes: 3 }
  await expect(openNanodet(weights, { config: narrow, session })).rejects.toThrow(
    '6 have another shape ("head.gfl_cls.0.weight" is [124, 128, 1, 1], not [47, 128, 1, 1]',
  )
  await expect(openNanodet(weights, { prefix: 'vision.', session })).rejects.toThrow(
    '68 of 68 tensors are missing',
  )
  await expect(openNanodet(weights, { config: { ...NANODET_G, imagePx: 400 }, session })).rejects.toThrow(
    'this NanoDet cannot be built: imagePx must be a multiple of 32, got 400',
  )
  await expect(network.features({ widthPx: 4, heightPx: 4 } as never)).rejects.toThrow('needs the pixels')
  await expect(network.features({ widthPx: 4, heightPx: 4, rgb: new Uint8Array(47) })).rejects.toThrow(
    'has 48 RGB bytes, got 47',
  )
  const other = await openNanodet((_, shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)), {
    session,
  })
  await other.close()
  await other.close()
  await expect(other.features(streetPicture())).rejects.toThrow('this detector is closed')
})
