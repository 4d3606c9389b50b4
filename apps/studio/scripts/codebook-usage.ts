// Counts how often samtok-nano and himtok-nano say each code, on made-up scenes (`drawScene` of @maskwords/codecs), and
// writes src/codebook/usage.json, which the studio ships. Run it again when the shipped weights change:
//
//   node --conditions=@maskwords/source --import tsx apps/studio/scripts/codebook-usage.ts
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCodec } from '@maskwords/codec-loading'
import { drawScene } from '@maskwords/codec-training'
import { randomFrom } from '@maskwords/codecs'
import { area, maskFromRowMajor } from '@maskwords/mask'

const SCENES = 160
const SIDE_PX = 256
const SEED = 1
const SHAPES = [2, 8] as const
/** Regions below this share of the picture are left out, as `maskwords eval reconstruction` does. */
const MIN_AREA = 0.01
const WEIGHTS = join(import.meta.dirname, '../../../packages/maskwords/weights')
const OUTPUT = join(import.meta.dirname, '../src/codebook/usage.json')

async function countCodes(name: 'samtok-nano' | 'himtok-nano') {
  const folder = join(WEIGHTS, name)
  const codec = await loadCodec(folder)
  const places: Map<number, number>[] = []
  const random = randomFrom(SEED)
  let masks = 0
  for (let scene = 0; scene < SCENES; scene++) {
    const { rgb, labels, regions } = drawScene(random, { side: SIDE_PX, shapes: SHAPES })
    const size = { widthPx: SIDE_PX, heightPx: SIDE_PX }
    const image = await codec.encodeImage({ ...size, rgb })
    const found = Array.from({ length: regions }, (_, region) =>
      maskFromRowMajor({ ...size, bytes: labels.map((label) => (label === region ? 1 : 0)) }),
    ).filter((mask) => area(mask) >= MIN_AREA * SIDE_PX * SIDE_PX)
    for (const { codes } of await codec.encode(image, found)) {
      masks++
      codes.forEach((code, place) => {
        const counts = (places[place] ??= new Map())
        counts.set(code, (counts.get(code) ?? 0) + 1)
      })
    }
    if (scene % 50 === 49) process.stderr.write(`${name}: ${scene + 1} of ${SCENES} scenes\n`)
  }
  await codec.close()
  const weights = createHash('sha256')
    .update(readFileSync(join(folder, 'weights.safetensors')))
    .digest('hex')
  return {
    weights,
    masks,
    places: places.map((counts) =>
      [...counts]
        .sort(([a, m], [b, n]) => n - m || a - b)
        .map(([code, count]) => `${code}:${count}`)
        .join(' '),
    ),
  }
}

const samtok = await countCodes('samtok-nano')
const himtok = await countCodes('himtok-nano')
const counted = `${samtok.masks.toLocaleString('en-US')} regions of ${SCENES} made-up scenes, each of at least ${MIN_AREA * 100} % of its picture`
const temporary = `${OUTPUT}.part`
writeFileSync(temporary, `${JSON.stringify({ counted, codecs: { samtok, himtok } }, null, 2)}\n`)
renameSync(temporary, OUTPUT)
