// Draws docs/pictures/contact-sheet.png: a contact sheet of GETok, on a scene drawn here.
//   node --conditions=@maskwords/source --import tsx docs/pictures/contact-sheet.ts

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getokCodec } from '@maskwords/codecs'
import { contactSheet } from '@maskwords/eval'
import { area, iou, pictureToPng } from '@maskwords/mask'
import { drawScene } from '../../packages/commands/src/demo/scene.ts'

const { widthPx, heightPx, rgb, things } = drawScene(1)
const large = things.filter(({ mask }) => area(mask) >= 0.01 * widthPx * heightPx)
const codec = getokCodec()
const image = await codec.encodeImage({ widthPx, heightPx, rgb })
const words = await codec.encode(
  image,
  large.map(({ mask }) => mask),
)
const decoded = await codec.decode(image, words)
const samples = large
  .map(({ label, mask }, i) => ({
    label,
    truth: mask,
    decoded: decoded[i]!.mask,
    score: iou(mask, decoded[i]!.mask),
  }))
  .sort((a, b) => a.score - b.score)
  .map(({ label, score, ...masks }) => ({
    picture: { widthPx, heightPx, rgb },
    ...masks,
    caption: `IoU ${score.toFixed(3)}  ${label}`,
  }))
const sheet = contactSheet(`getok: ${samples.length} masks of a drawn scene`, samples)
writeFileSync(join(import.meta.dirname, 'contact-sheet.png'), pictureToPng(sheet))
