// AP50 of grounded captions against pycocotools, with picture ids of one, two and three digits.
import { evaluateGroundedCaptions, type GroundedCaptionSample } from '@maskwords/eval'
import { area, cocoRleFromMask, type Mask, maskFromRowMajor } from '@maskwords/mask'
import { expect, it } from 'vitest'
import { randomOf } from '../packages/eval/src/statistics/random.ts'
import { runPython } from './python.ts'

const random = randomOf(16)

function rectangle(): Mask {
  const [left, top] = [random.below(12), random.below(12)]
  const bytes = new Uint8Array(400)
  for (let y = top; y < top + 8; y++) bytes.fill(1, y * 20 + left, y * 20 + left + 8)
  return maskFromRowMajor({ widthPx: 20, heightPx: 20, bytes })
}

it('official AP50 is that of pycocotools, whatever the order of the file', async () => {
  const ids = Array.from({ length: 60 }, (_, i) => 1 + ((i * 37) % 60) * 3)
  const samples = ids.map((id): GroundedCaptionSample => {
    const truths = Array.from({ length: random.below(4) }, rectangle)
    const found = Array.from({ length: random.below(4) }, (_, i) =>
      truths[i] !== undefined && random.below(2) === 1 ? truths[i] : rectangle(),
    )
    const phrases = (masks: readonly Mask[]) => masks.map((mask) => ({ phrase: 'x', mask }))
    return {
      id: String(id),
      truth: { captions: ['x'], phrases: phrases(truths) },
      prediction: { caption: 'x', phrases: phrases(found) },
    }
  })
  const records = (of: (sample: GroundedCaptionSample) => readonly { readonly mask: Mask }[]) =>
    samples.flatMap((sample) =>
      of(sample).map(({ mask }) => ({
        image_id: Number(sample.id),
        segmentation: cocoRleFromMask(mask),
        area: area(mask),
      })),
    )
  const theirs = await runPython<number>('coco_ap50.py', {
    images: ids.map((id) => ({ id, width: 20, height: 20 })),
    truths: records(({ truth }) => truth.phrases),
    detections: records(({ prediction }) => prediction!.phrases),
  })
  expect(theirs).toBeGreaterThan(0.05)
  expect(evaluateGroundedCaptions(samples, { mode: 'official' }).ap50).toBeCloseTo(theirs, 12)
})
