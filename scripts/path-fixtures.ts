// The pictures and annotations of docs/path.md, drawn by our own scenes: `npx tsx --conditions=@maskwords/source scripts/path-fixtures.ts` makes
// fixtures/path again.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type AnnotatedPicture, writeCoco } from '@maskwords/annotations'
import { resizeMaskNearest } from '@maskwords/mask'
import sharp from 'sharp'
import { drawScene } from '../packages/commands/src/demo/scene.ts'

const FOLDER = resolve(import.meta.dirname, '../fixtures/path')
const SIZE = { widthPx: 360, heightPx: 240 }

rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(join(FOLDER, 'photos'), { recursive: true })
const pictures: AnnotatedPicture[] = []
for (let seed = 1; seed <= 6; seed++) {
  const { rgb, widthPx, heightPx, things } = drawScene(seed)
  const file = `evening-${seed}.jpg`
  const raw = { width: widthPx, height: heightPx, channels: 3 as const }
  const jpeg = await sharp(rgb, { raw })
    .resize(SIZE.widthPx, SIZE.heightPx, { fit: 'fill' })
    .jpeg({ quality: 80 })
    .toBuffer()
  writeFileSync(join(FOLDER, 'photos', file), jpeg)
  const regions = things.map(({ label, mask }) => ({ category: label, mask: resizeMaskNearest(mask, SIZE) }))
  pictures.push({ file, ...SIZE, regions })
}
const { value } = writeCoco(pictures, {
  as: 'outlines',
  tolerancePx: 0.5,
  description: 'Evenings by the lake',
})
writeFileSync(join(FOLDER, 'my-photos.json'), `${JSON.stringify(value)}\n`)
