// A small published-looking dataset: three pictures with two regions each, phrases for both, one and none of them, in our plain JSON lines.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePng } from '@maskwords/mask'

/** Writes it into `folder`; the pictures are 96 x 64. */
export function writeFixtureDataset(folder: string): void {
  mkdirSync(join(folder, 'images'), { recursive: true })
  const [widthPx, heightPx] = [96, 64]
  const lines = [0, 1, 2].map((k) => {
    const boxes = { cup: [8 + 6 * k, 8, 36, 44], lid: [60, 20, 30, 32] } as const
    const data = new Uint8Array(3 * widthPx * heightPx)
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const inside = ([left, top, width, height]: readonly number[]) =>
          x >= left! && x < left! + width! && y >= top! && y < top! + height!
        const colour = inside(boxes.cup)
          ? [250, 30, 20]
          : inside(boxes.lid)
            ? [20, 240, 30]
            : [40 * k, 90, 140]
        data.set(colour, 3 * (y * widthPx + x))
      }
    }
    writeFileSync(
      join(folder, 'images', `${k}.png`),
      writePng({ widthPx, heightPx, colour: 'rgb', bitDepth: 8, samples: data }),
    )
    const region = (id: 'cup' | 'lid') => {
      const [x, y, width, height] = boxes[id]
      const segmentation = [[x, y, x + width, y, x + width, y + height, x, y + height]]
      return {
        id,
        category: id,
        segmentation,
        box: [x, y, width, height],
        captions: [`A ${id} of one colour.`],
      }
    }
    return JSON.stringify({
      id: String(k),
      image: `${k}.png`,
      width: widthPx,
      height: heightPx,
      regions: [region('cup'), region('lid')],
      phrases: [
        { text: 'the red thing', regions: ['cup'] },
        { text: 'both things', regions: ['cup', 'lid'] },
        { text: 'a bus', regions: [] },
      ],
    })
  })
  writeFileSync(join(folder, 'train.jsonl'), `${lines.join('\n')}\n`)
}
