// Pictures that EXIF turns and pictures at which trainers stop: what the words say, what the truth holds and what the
// trainer is shown must be one picture, pixel for pixel.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { maskFromCocoRle, pictureFromPng, pictureHeader, rowMajorBytes, toRgb } from '@maskwords/mask'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { outlinesTable } from '../../datasets/test/hub-table.ts'
import { makeFolder, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

type Size = { widthPx: number; heightPx: number }

/** A blue picture with a red block; the block lies in one corner, so that no orientation looks like another. */
const block = { x: 3, y: 5, width: 9, height: 20 }

function drawn({ widthPx, heightPx }: Size) {
  const rgb = Buffer.alloc(widthPx * heightPx * 3)
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) {
      const isRed = x >= block.x && x < block.x + block.width && y >= block.y && y < block.y + block.height
      rgb[(y * widthPx + x) * 3 + (isRed ? 0 : 2)] = 255
    }
  return sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
}

const UNDO = {
  1: [0, false],
  2: [0, true],
  3: [180, false],
  4: [180, true],
  5: [90, true],
  6: [270, false],
  7: [270, true],
  8: [90, false],
} as const

/** The file of which a viewer shows `size` with the block drawn: its pixels are turned back, the tag says how to turn them. */
async function turnedFile(size: Size, orientation: keyof typeof UNDO): Promise<Buffer> {
  const [angle, isMirrored] = UNDO[orientation]
  const plain = await drawn(size).png().toBuffer()
  const turned = await sharp(await sharp(plain).rotate(angle).png().toBuffer())
    .flop(isMirrored)
    .png()
    .toBuffer()
  return sharp(turned).withMetadata({ orientation }).png().toBuffer()
}

const { x, y, width, height } = block
const ring = [x, y, x + width, y, x + width, y + height, x, y + height]

/** A set of one picture per orientation, with the block's outline and, where given, a stated size. */
function records(names: readonly string[], stated?: Size): string {
  return names
    .map((name) =>
      JSON.stringify({
        id: name,
        image: name,
        ...(stated && { width: stated.widthPx, height: stated.heightPx }),
        regions: [{ id: 'r', segmentation: [ring], category: 'block' }],
        phrases: [{ text: 'the red block', regions: ['r'] }],
      }),
    )
    .join('\n')
}

/** GETok where no codec is named: what is looked at here is what happens to pictures. */
const prepare = (...argv: string[]) =>
  runCommand(['prepare', ...argv, ...(argv.includes('--codec') ? [] : ['--codec', 'getok'])], { cwd: folder })

type Row = {
  id: string
  images: { file: string; width: number; height: number }[]
  truth: { masks: { size: [number, number]; counts: string }[] }
}

function rowsOf(name: string): Row[] {
  const text = readFileSync(join(folder, name, `${name}-00000.jsonl`), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

/** Pixels where mask and picture disagree: red outside of the mask, or a mask on blue. */
function disagreeing(name: string, row: Row): number {
  const bytes = new Uint8Array(readFileSync(join(folder, name, row.images[0]!.file)))
  expect(pictureHeader(bytes)?.orientation).toBe(1)
  const picture = toRgb(pictureFromPng(bytes))
  expect([picture.widthPx, picture.heightPx]).toEqual([row.images[0]!.width, row.images[0]!.height])
  const mask = maskFromCocoRle(row.truth.masks[0]!)
  expect([mask.widthPx, mask.heightPx]).toEqual([picture.widthPx, picture.heightPx])
  return rowMajorBytes(mask).filter((on, i) => (on === 1) !== picture.bytes[i * 3]! > 127).length
}

describe('pictures that EXIF turns', () => {
  const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8] as const

  it('masks of the shown picture: words, truth and copies agree, for all orientations, stated size or not', async () => {
    for (const [name, size, isStated] of [
      ['tall', { widthPx: 30, heightPx: 40 }, true],
      ['free', { widthPx: 30, heightPx: 40 }, false],
    ] as const) {
      const names = ORIENTATIONS.map((o) => `${name}${o}.png`)
      for (const o of ORIENTATIONS) file(`in-${name}/${name}${o}.png`, await turnedFile(size, o))
      // Labelme's coordinates are those of the shown picture, whatever the sizes say.
      for (const o of ORIENTATIONS)
        file(
          `in-${name}/${name}${o}.json`,
          JSON.stringify({
            imagePath: `${name}${o}.png`,
            ...(isStated && { imageWidth: size.widthPx, imageHeight: size.heightPx }),
            shapes: [
              {
                label: 'block',
                shape_type: 'polygon',
                points: [
                  [x, y],
                  [x + width, y],
                  [x + width, y + height],
                  [x, y + height],
                ],
              },
            ],
          }),
        )
      const { code, out, err } = await prepare(
        'labelme',
        '--root',
        `in-${name}`,
        '--to',
        'jsonl',
        '--truth-masks',
        '--task',
        'open-vocabulary',
        '-o',
        name,
      )
      expect([code, out + err]).toEqual([0, expect.stringContaining('turned by EXIF')])
      const rows = rowsOf(name)
      expect(rows).toHaveLength(names.length)
      for (const row of rows.filter(({ id }) => !id.startsWith(`${name}1`)))
        expect([row.id, disagreeing(name, row)]).toEqual([row.id, 0])
    }
  })

  it('masks of the stored pixels, in a square picture where sizes cannot tell: the convention decides, and is said', async () => {
    const size = { widthPx: 40, heightPx: 40 }
    for (const o of ORIENTATIONS)
      file(`in-square/s${o}.png`, await drawn(size).withMetadata({ orientation: o }).png().toBuffer())
    file(
      'in-square/data.jsonl',
      records(
        ORIENTATIONS.map((o) => `s${o}.png`),
        size,
      ),
    )
    const { out } = await prepare(
      'jsonl',
      '--root',
      'in-square',
      '--to',
      'jsonl',
      '--truth-masks',
      '--task',
      'referring',
      '-o',
      'square',
    )
    expect(out).toContain(
      "7 pictures are turned by EXIF; masks are taken to lie on the stored pixels (both would fit, and this is the format's convention)",
    )
    for (const row of rowsOf('square').slice(1))
      expect([row.id, disagreeing('square', row)]).toEqual([row.id, 0])
  })

  it('a stated size that its own outlines leave: the ground that holds them counts, and what would be lost is said', async () => {
    const shown = { widthPx: 30, heightPx: 40 }
    file('in-wrong/w.png', await turnedFile(shown, 6))
    // As stored 40 x 30: the block would reach to y = 25, so it is moved below the edge.
    const low = JSON.parse(records(['w.png'], { widthPx: 40, heightPx: 30 }))
    low.regions[0].segmentation = [[3, 25, 12, 25, 12, 38, 3, 38]]
    file('in-wrong/data.jsonl', JSON.stringify(low))
    await prepare('jsonl', '--root', 'in-wrong', '--to', 'jsonl', '--task', 'referring', '-o', 'wrong')
    expect(rowsOf('wrong')[0]!.images[0]).toMatchObject({ width: 30, height: 40 })
    const [problem] = readFileSync(join(folder, 'wrong', 'problems.jsonl'), 'utf8')
      .trim()
      .split('\n')
    expect(JSON.parse(problem!)).toMatchObject({
      kind: 'wrong-size',
      isKept: true,
      message: expect.stringContaining('72 of 117 pixels'),
    })
  })

  it('encode and prepare say the same words, of COCO and of labelme, whatever the orientation', async () => {
    const size = { widthPx: 40, heightPx: 40 }
    const images = ORIENTATIONS.map((id) => ({ id, file_name: `c${id}.png`, ...{ width: 40, height: 40 } }))
    // Not square: as stored only the outlines' own size fits, and they leave the stated one.
    images.push({ id: 9 as never, file_name: 'laid.png', width: 40, height: 30 })
    const annotation = (id: number, segmentation: number[]) => ({
      id,
      image_id: id,
      category_id: 1,
      iscrowd: 0,
      segmentation: [segmentation],
    })
    const low = [3, 25, 12, 25, 12, 38, 3, 38]
    const set = {
      images,
      categories: [{ id: 1, name: 'block' }],
      annotations: images.map(({ id }) => annotation(id, (id as number) === 9 ? low : ring)),
    }
    for (const o of ORIENTATIONS)
      file(`in-coco/c${o}.png`, await drawn(size).withMetadata({ orientation: o }).png().toBuffer())
    file('in-coco/laid.png', await turnedFile({ widthPx: 30, heightPx: 40 }, 6))
    file('in-coco/instances.json', JSON.stringify(set))
    await prepare('coco', '--root', 'in-coco', '--to', 'jsonl', '--task', 'open-vocabulary', '-o', 'coco')
    for (const [name, root, annotations] of [
      ['coco', 'in-coco', 'instances.json'],
      ['tall', 'in-tall', undefined],
    ] as const) {
      const text = readFileSync(join(folder, name, `${name}-00000.jsonl`), 'utf8')
        .trim()
        .split('\n')
      for (const line of text) {
        const stem = /"id":"([^"/]*)/.exec(line)![1]!
        const picture = name === 'coco' ? (stem === '9' ? 'laid' : `c${stem}`) : stem
        const { out, err } = await runCommand(
          [
            'encode',
            `${root}/${picture}.png`,
            `${root}/${annotations ?? `${stem}.json`}`,
            '--codec',
            'getok',
          ],
          { cwd: folder },
        )
        expect([line, err]).toEqual([expect.stringContaining(out.trim()), expect.anything()])
        if (picture === 'laid') expect(err).toContain('72 of 117 pixels would be lost')
        if (picture === 'c3') expect(err).toContain('ignored: sizes cannot tell')
      }
    }
  })

  it('outlines beyond a picture whose size turning does not change are said, with what is lost of them', async () => {
    file(
      'in-out/o.png',
      await drawn({ widthPx: 40, heightPx: 40 }).withMetadata({ orientation: 3 }).png().toBuffer(),
    )
    const out = JSON.parse(records(['o.png'], { widthPx: 40, heightPx: 40 }))
    out.regions[0].segmentation = [[30, 5, 50, 5, 50, 15, 30, 15]]
    file('in-out/data.jsonl', JSON.stringify(out))
    await prepare('jsonl', '--root', 'in-out', '--to', 'jsonl', '--task', 'referring', '-o', 'out')
    const problems = readFileSync(join(folder, 'out', 'problems.jsonl'), 'utf8')
    expect(problems).toContain(
      '100 of 200 pixels of its masks lie outside and are lost; its size is the same turned',
    )
  })

  it('decode turns the picture as where the words were made, if their file says it', async () => {
    file('in-made/m.png', await turnedFile({ widthPx: 30, heightPx: 40 }, 6))
    const words = '<box><grid_3_4><grid_9_12></box><seg><grid_6_8></seg>'
    for (const [exif, size] of [
      ['ignore', [30, 40]],
      ['apply', [40, 30]],
    ] as const) {
      file(`in-made/${exif}.json`, JSON.stringify({ picture: { exif }, masks: [{ words }] }))
      const argv = ['decode', 'in-made/m.png', `in-made/${exif}.json`, '--codec', 'getok']
      const { out, err } = await runCommand(argv, { cwd: folder })
      expect(JSON.parse(out)).toMatchObject({ size })
      expect(err).toContain('as where the words were made')
      const other = exif === 'apply' ? 'ignore' : 'apply'
      const forced = await runCommand([...argv, '--exif', other], { cwd: folder })
      expect(JSON.parse(forced.out)).toMatchObject({ size: [...size].reverse() })
    }
  })

  it('formats that trainers do not read from bytes are embedded as PNG', async () => {
    file('in-webp/w.webp', await drawn({ widthPx: 40, heightPx: 40 }).webp({ lossless: true }).toBuffer())
    file('in-webp/data.jsonl', records(['w.webp']))
    const argv = ['jsonl', '--root', 'in-webp', '--to', 'trl', '--task', 'referring', '-o', 'webp']
    const { code, out } = await prepare(...argv)
    expect([code, out]).toEqual([0, expect.not.stringContaining('lost')])
    const made = readdirSync(join(folder, 'webp')).find((name) => name.endsWith('.parquet'))!
    expect(readFileSync(join(folder, 'webp', made)).includes(Buffer.from('\x89PNG\r\n', 'latin1'))).toBe(true)
  })

  it('embedded pictures are copies too, and a picture without a tag stays its own file', async () => {
    const { code } = await prepare(
      'jsonl',
      '--root',
      'in-square',
      '--to',
      'trl',
      '--task',
      'referring',
      '-o',
      'bytes',
    )
    expect([code, existsSync(join(folder, 'bytes', 'pictures'))]).toEqual([0, false])
    expect(rowsOf('square')[0]!.images[0]!.file).toBe('../in-square/s1.png')
  })
})

describe('pictures at which trainers stop', () => {
  it('are said, with the limit, and made to fit on request: words are of what they become', async () => {
    for (const [name, widthPx, heightPx] of [
      ['long', 7000, 33],
      ['tiny', 20, 26],
      ['fine', 60, 40],
    ] as const)
      file(`in-limits/${name}.png`, await drawn({ widthPx, heightPx }).png().toBuffer())
    file('in-limits/data.jsonl', records(['long.png', 'tiny.png', 'fine.png']))
    const common = ['jsonl', '--root', 'in-limits', '--task', 'referring', '--truth-masks']
    const said = await prepare(...common, '--to', 'ms-swift', '-o', 'said')
    expect(said.err).toContain('jsonl: 1 picture is such that ms-swift stops: sides above 1 : 200')
    expect(said.err).toContain('a side below 28 or 32 pixels; --repair-pictures')
    for (const mode of ['pad', 'resize'] as const) {
      const { code } = await prepare(...common, '--to', 'qwen', '--repair-pictures', mode, '-o', mode)
      expect(code).toBe(0)
      const problems = readFileSync(join(folder, mode, 'problems.jsonl'), 'utf8')
      expect(problems.match(/"isKept":true/g)).toHaveLength(2)
      expect(problems).toContain(mode === 'pad' ? 'made 7000 x 54 (pad)' : 'made 7000 x 54 (resize)')
      expect(problems).toContain(mode === 'pad' ? 'made 32 x 32 (pad)' : 'made 32 x 42 (resize)')
    }
    const skip = await prepare(...common, '--to', 'qwen', '--repair-pictures', 'skip', '-o', 'skip')
    expect([skip.code, skip.out]).toEqual([0, expect.stringContaining('2 samples lost')])
    const other = await prepare(...common, '--to', 'jsonl', '-o', 'other')
    expect(other.out + other.err).not.toContain('stops')
  })
})

it('pictures inside tables of the hub are taken out once, and the trainer gets their names', async () => {
  const jpeg = await drawn({ widthPx: 32, heightPx: 40 }).jpeg().toBuffer()
  const rows = ['the block', 'a red block'].map((text) => ({
    image: new Uint8Array(jpeg),
    answer: [text],
    segmentation: ring,
  }))
  file('hub/data/train-00000-of-00001.parquet', outlinesTable(rows))
  const argv = ['prepare', 'hub', '--root', 'hub', '--to', 'ms-swift', '--task', 'referring', '-o', 'taken']
  const plan = await runCommand([...argv, '--plan', '--json'], { cwd: folder })
  expect(JSON.parse(plan.out).plan).toMatchObject({ records: 2, pictures: 1 })
  expect(existsSync(join(folder, 'taken'))).toBe(false)
  const { code, err } = await runCommand(argv, { cwd: folder })
  expect(code, err).toBe(0)
  const taken = 'pictures/hub-0/train-00000-of-00001-0000000.jpg'
  expect(readFileSync(join(folder, 'taken', taken)).equals(jpeg)).toBe(true)
  const lines = readFileSync(join(folder, 'taken/taken-00000.jsonl'), 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).images)).toEqual(lines.map(() => [taken]))
  const again = await runCommand(argv, { cwd: folder })
  expect(again.code, again.err).toBe(0)
})
