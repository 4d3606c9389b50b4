import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  area,
  cocoRleFromMask,
  equalMasks,
  iou,
  type Mask,
  maskFromCocoRle,
  maskFromRowMajor,
  maskToPng,
  pictureToPng,
  readPng,
  writePng,
} from '@maskwords/mask'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { masksOfBytes } from '../../files/src/input/masks.ts'
import { labelMapPng } from '../../files/src/output/pictures.ts'
import { makeFolder, type RunOptions, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const scene = drawScene(1)
const { widthPx, heightPx } = scene
const byName = (name: string) => scene.things.find((thing) => thing.label === name)!.mask
const things = scene.things.map((thing) => thing.mask)
const grey = (bytes: Uint8Array) =>
  writePng({ widthPx, heightPx, colour: 'grey', bitDepth: 8, samples: bytes })

file('scene.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: scene.rgb }))
file('sailboat.png', maskToPng(byName('sailboat')))
file('masks.png', labelMapPng(things).bytes)
file('many/b.png', maskToPng(byName('sun')))
file('many/a.png', maskToPng(byName('pine')))
file(
  'small.png',
  writePng({
    widthPx: 2,
    heightPx: 3,
    colour: 'grey',
    bitDepth: 1,
    samples: Uint8Array.of(1, 0, 0, 1, 0, 1),
  }),
)
file(
  'coco.json',
  JSON.stringify({
    images: [
      { id: 5, file_name: 'other.png', width: 10, height: 10 },
      { id: 6, file_name: 'scene.png', width: widthPx, height: heightPx },
    ],
    categories: [{ id: 1, name: 'boat: sail' }],
    annotations: [
      { id: 1, image_id: 6, category_id: 1, iscrowd: 0, segmentation: cocoRleFromMask(byName('sailboat')) },
      { id: 2, image_id: 6, category_id: 1, iscrowd: 0, segmentation: cocoRleFromMask(byName('sun')) },
    ],
  }),
)

/** What the commands do around a codec is looked at through GETok, whose words are the same on every machine. */
const throughGetok = (argv: readonly string[]): readonly string[] =>
  /^(?:encode|roundtrip)$/.test(argv[0] ?? '') && !argv.some((word) => /^--(?:codec|help)/.test(word))
    ? [...argv, '--codec', 'getok']
    : argv
const run = (argv: readonly string[], options: Partial<RunOptions> = {}) =>
  runCommand(throughGetok(argv), { cwd: folder, ...options })
const json = async (argv: readonly string[], options: Partial<RunOptions> = {}) => {
  const result = await run([...argv, '--json'], options)
  return { ...result, value: JSON.parse(result.out) }
}
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)))
const masksIn = async (name: string) =>
  (await masksOfBytes(bytesOf(name), name, { dialect: 'auto' })).masks.map((item) => item.mask)

describe('encode', () => {
  it('prints the words of one mask as one line', async () => {
    const { code, out, err } = await run(['encode', 'scene.png', 'sailboat.png'])
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(out).toMatch(/^<box><grid_\d+_\d+><grid_\d+_\d+><\/box><seg>(<grid_\d+_\d+>)+<\/seg>\n$/)
  })

  it('the JSON has codec, words, codes, tokens and bits: 10 bits a word at n = 32', async () => {
    const { code, value } = await json(['encode', 'scene.png', 'sailboat.png', '--codec', 'getok'])
    expect(code).toBe(0)
    expect(value.codec).toBe('getok')
    expect(value.picture).toMatchObject({ widthPx, heightPx })
    const [mask] = value.masks
    expect(mask.words.match(/<grid_/g)).toHaveLength(mask.codes.length)
    expect(mask.tokens).toBe(mask.codes.length + 4 * 3)
    expect(mask.bits).toBe(mask.codes.length * 10)
    expect(value.errors).toEqual([])
  })

  it('the label stands before the words where several masks were asked for, even if only one can be said', async () => {
    const { code, out } = await run(['encode', 'scene.png', 'sailboat.png', 'small.png'])
    expect(code).toBe(1)
    expect(out).toMatch(/^sailboat: <box>.*\n$/)
  })

  it('the same mask has the same words as PNG, label map, COCO annotation, RLE on stdin and soft mask', async () => {
    const { out: words } = await run(['encode', 'scene.png', 'sailboat.png'])
    const boat = byName('sailboat')
    const dense = maskFromBytes(boat)
    const soft = dense.map((value) => (value === 1 ? 255 : 0))
    for (let i = 1; i < 40; i++) soft[i] = i * 3
    file('soft.png', grey(soft))
    const rgba = new Uint8Array(widthPx * heightPx * 4).fill(90)
    for (let i = 0; i < dense.length; i++) rgba[i * 4 + 3] = dense[i]! * 255
    file('alpha.png', pictureToPng({ widthPx, heightPx, channels: 4, bytes: rgba }))
    const label = scene.things.findIndex((thing) => thing.label === 'sailboat') + 1
    for (const argv of [['masks.png', '--labels', String(label)], ['soft.png'], ['alpha.png'], ['-']]) {
      const stdin = JSON.stringify(cocoRleFromMask(boat))
      const result = await run(['encode', 'scene.png', ...argv], { stdin })
      expect([argv, result.out]).toEqual([argv, words])
    }
    const { value } = await json(['encode', 'scene.png', 'coco.json'])
    expect(value.masks.map((mask: { label: string; id: number }) => [mask.label, mask.id])).toEqual([
      ['boat: sail', 1],
      ['boat: sail', 2],
    ])
    expect(`${value.masks[0].words}\n`).toBe(words)
  })

  it('several masks have their label first; a folder is read by name whatever the jobs', async () => {
    const one = await run(['encode', 'scene.png', 'many', '--jobs', '1', '-q'])
    const eight = await run(['encode', 'scene.png', 'many', '--jobs', '8', '-q'])
    expect(one.out).toBe(eight.out)
    expect(one.out.split('\n').map((line) => line.split(':')[0])).toEqual(['a', 'b', ''])
  })

  it('one bad item of three is reported with its place, the others go on, and the exit code is 1', async () => {
    file('broken.png', bytesOf('sailboat.png').subarray(0, 90))
    const { code, out, err } = await run(['encode', 'scene.png', 'sailboat.png', 'broken.png', 'many/a.png'])
    expect(code).toBe(1)
    expect(out.split('\n')).toHaveLength(3)
    expect(err).toContain('broken.png')
    const { value } = await json(['encode', 'scene.png', 'sailboat.png', 'broken.png'])
    expect(value.masks).toHaveLength(1)
    expect(value.errors).toMatchObject([{ file: 'broken.png', code: 'malformed' }])
  })

  it('a mask of another size is refused with both sizes, and resized on request', async () => {
    const { code, err } = await run(['encode', 'scene.png', 'small.png'])
    expect(code).toBe(1)
    expect(err).toContain('2 x 3')
    expect(err).toContain(`${widthPx} x ${heightPx}`)
    expect(err).toContain('--resize-mask')
    expect((await run(['encode', 'scene.png', 'small.png', '--resize-mask'])).code).toBe(0)
  })

  it('EXIF: words are those of the upright picture, unless the masks fit the stored pixels only', async () => {
    const turned = await sharp(scene.rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer()
    file('turned.jpg', turned)
    const upright = await json(['encode', 'turned.jpg', 'sailboat.png'])
    expect(upright.value.picture).toMatchObject({ widthPx, heightPx, exif: 'apply' })
    const { out: words } = await run(['encode', 'scene.png', 'sailboat.png'])
    expect(`${upright.value.masks[0].words}\n`).toBe(words)
    const stored = maskFromRowMajor({
      widthPx: heightPx,
      heightPx: widthPx,
      bytes: new Uint8Array(widthPx * heightPx).fill(1, 5000, 90_000),
    })
    file('stored.png', maskToPng(stored))
    const lying = await json(['encode', 'turned.jpg', 'stored.png'])
    expect(lying.value.picture).toMatchObject({ widthPx: heightPx, heightPx: widthPx, exif: 'ignore' })
    expect(lying.err).toContain('--exif ignore')
    expect((await run(['encode', 'turned.jpg', 'stored.png', '--exif', 'apply'])).err).toContain(
      '--exif ignore',
    )
  })

  it('a colour picture as a mask, and numbers without a dialect, are refused and not guessed', async () => {
    const colour = await run(['encode', 'scene.png', 'scene.png'])
    expect([colour.code, colour.err]).toEqual([1, expect.stringContaining('--mask-format panoptic')])
    file('numbers.json', '[3,4,5]')
    const numbers = await run(['encode', 'scene.png', 'numbers.json'])
    expect([numbers.code, numbers.err]).toEqual([1, expect.stringContaining('cvat-rle')])
  })
})

function maskFromBytes(mask: Mask): Uint8Array {
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let i = 0; i < mask.edges.length; i += 2) {
    for (let p = mask.edges[i]!; p < mask.edges[i + 1]!; p++) {
      bytes[(p % heightPx) * widthPx + Math.floor(p / heightPx)] = 1
    }
  }
  return bytes
}

describe('decode', () => {
  it('writes a 1-bit mask and an overlay beside it; the JSON has the same mask as COCO RLE', async () => {
    const { out: words } = await run(['encode', 'scene.png', 'sailboat.png'])
    const { code, value } = await json(['decode', 'scene.png', words.trim(), '-o', 'out.png'])
    expect(code).toBe(0)
    expect(value.files).toEqual(['out.png', 'out.overlay.png'])
    expect(readPng(bytesOf('out.png'))).toMatchObject({ colour: 'grey', bitDepth: 1, widthPx, heightPx })
    expect(readPng(bytesOf('out.overlay.png'))).toMatchObject({ colour: 'rgb', widthPx, heightPx })
    const [mask] = value.masks
    expect(mask.size).toEqual([heightPx, widthPx])
    const decoded = maskFromCocoRle(mask)
    expect(equalMasks(decoded, (await masksIn('out.png'))[0]!)).toBe(true)
    expect(iou(decoded, byName('sailboat'))).toBeGreaterThan(0.6)
  })

  it('finds the words of several objects in a whole answer, with labels and places', async () => {
    const { out } = await run(['encode', 'scene.png', 'masks.png', '-q'])
    const answer = `<think>Let me see.</think><answer>\n${out}</answer>`
    const { value } = await json(['decode', 'scene.png', '-', '-o', 'all.png', '--no-overlay'], {
      stdin: answer,
    })
    expect(value.masks).toHaveLength(5)
    expect(value.files).toEqual(['all.png'])
    for (const mask of value.masks) expect(answer.slice(mask.start, mask.end)).toContain(mask.words)
    const map = readPng(bytesOf('all.png'))
    expect([...new Set(map.samples)].sort()).toEqual([0, 1, 2, 3, 4, 5])
    const split = await json(['decode', 'scene.png', '-', '-o', 'one.png', '--split', '--no-overlay'], {
      stdin: answer,
    })
    expect(split.value.files).toEqual(['one-1.png', 'one-2.png', 'one-3.png', 'one-4.png', 'one-5.png'])
  })

  it('refined words of several masks come back each with its own offsets', async () => {
    const { value } = await json(['roundtrip', 'scene.png', 'masks.png', '--refine'])
    const { out } = await run(['encode', 'scene.png', 'masks.png', '--refine', '-q'])
    expect(out.split('\n')).toHaveLength(6)
    const { value: decoded } = await json(['decode', 'scene.png', '-'], { stdin: out })
    decoded.masks.forEach((mask: { size: [number, number]; counts: string }, i: number) => {
      expect(iou(maskFromCocoRle(mask), things[i]!)).toBeCloseTo(value.masks[i].iou, 12)
    })
  })

  it('works without a picture by --size, from a file, and prints COCO RLE a line without -o', async () => {
    file(
      'answer.txt',
      'dog: <box><grid_4_4><grid_9_12></box><seg><grid_6_8></seg>\n<seg><grid_20_20></seg>\n',
    )
    const { code, out } = await run(['decode', 'answer.txt', '--size', '64x48'])
    expect(code).toBe(0)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((line) => [line.label, line.size])).toEqual([
      ['dog', [48, 64]],
      [undefined, [48, 64]],
    ])
    expect(area(maskFromCocoRle(lines[0]))).toBeGreaterThan(50)
  })

  it('-o - writes the PNG to stdout, byte for byte', async () => {
    const { bytes, err } = await run(['decode', '<seg><grid_6_8></seg>', '--size', '64x48', '-o', '-'])
    expect(readPng(bytes)).toMatchObject({ widthPx: 64, heightPx: 48 })
    expect(err).toBe('')
  })

  it('text without words, words of another language, and words off the grid are told apart', async () => {
    expect((await run(['decode', 'scene.png', 'no words'])).err).toContain('no mask words')
    const words = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
    const samtok = await run(['decode', 'scene.png', words, '--codec', 'getok'])
    expect([samtok.code, samtok.err]).toEqual([1, expect.stringContaining('these are samtok words')])
    const off = await run(['decode', 'scene.png', '<box><grid_3_4><grid_40_41></box>'])
    expect(off.code).toBe(1)
    const misspelt = await run(['decode', '<grid_12> or grid_1_2', '--size', '64x48'])
    expect(misspelt.err).toContain('mask words in a spelling that cannot be read: "<grid_12> or grid_1_2"')
    expect(misspelt.err).toContain('<grid_3_4>')
    const beside = await run(['decode', '<seg><grid_6_8></seg> and [OFF_1]', '--size', '64x48'])
    expect([beside.code, beside.err]).toEqual([
      0,
      'note 1 misspelt mask word not decoded, the first at character 26\n',
    ])
  })

  it('a thought that the template opened is no answer, where it is told so', async () => {
    const argv = ['decode', 'perhaps <seg><grid_6_8></seg>, or', '--size', '64x48']
    expect((await run(argv)).code).toBe(0)
    const open = await run([...argv, '--thought-open'])
    expect([open.code, open.err]).toEqual([1, expect.stringContaining('its thoughts have 1 mask')])
  })

  it('refuses to write over its own picture, before any work', async () => {
    const { code, err } = await run(['decode', 'scene.png', '<seg><grid_6_8></seg>', '-o', 'scene.png'])
    expect([code, err]).toEqual([2, expect.stringContaining('also an input')])
    expect(
      (await run(['decode', 'scene.png', '<seg><grid_6_8></seg>', '-o', 'nowhere/out.png'])).err,
    ).toContain('mkdir -p')
  })
})

describe('roundtrip', () => {
  it('the JSON has words, tokens, bits, iou and boundaryF of each mask', async () => {
    const { code, value } = await json(['roundtrip', 'scene.png', 'masks.png', '-o', 'side.png'])
    expect(code).toBe(0)
    expect(value.masks).toHaveLength(5)
    for (const mask of value.masks) {
      expect(typeof mask.words).toBe('string')
      expect(mask.tokens).toBe(mask.codes.length + 4 * 3)
      expect(mask.iou).toBeGreaterThan(0.5)
      expect(mask.boundaryF).toBeGreaterThan(0.3)
      expect(mask.boundaryF).toBeLessThanOrEqual(1)
      expect(mask.encodeMs).toBeGreaterThan(0)
      expect(mask.decodeMs).toBeGreaterThan(0)
    }
    expect(readPng(bytesOf('side.png')).widthPx).toBeGreaterThan(3 * widthPx)
  })

  it('the table is aligned, and a finer grid keeps more', async () => {
    const { out } = await run(['roundtrip', 'scene.png', 'masks.png'])
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^mask +IoU +boundary F +tokens +bits +encode +decode$/)
    expect(new Set(lines.slice(0, 6).map((line) => line.length)).size).toBe(1)
    expect(lines[6]).toMatch(/^mean +0\.\d{3}/)
    const coarse = (await json(['roundtrip', 'scene.png', 'masks.png', '--n', '16'])).value.mean
    const fine = (await json(['roundtrip', 'scene.png', 'masks.png', '--n', '64'])).value.mean
    expect(fine.iou).toBeGreaterThan(coarse.iou)
    expect(fine.tokens).toBeGreaterThan(coarse.tokens)
  })
})

describe('convert', () => {
  const DIALECTS = [
    'coco-rle',
    'coco-counts',
    'coco-polygon',
    'cvat-rle',
    'labelstudio-rle',
    'png',
    'label-map',
    'raw',
  ]
  it.each(DIALECTS.flatMap((from) => DIALECTS.map((to) => [from, to])))(
    '%s to %s keeps every pixel',
    async (from, to) => {
      const size = ['--size', `${widthPx}x${heightPx}`]
      const first = await run(['convert', 'sailboat.png', '--to', from!, '-o', 'one'])
      expect(first.code).toBe(0)
      const reading = from === 'raw' ? ['--from', 'raw', ...size] : []
      const second = await run(['convert', 'one', ...reading, '--to', to!, '-o', 'two'])
      expect([second.code, second.err]).toEqual([0, expect.any(String)])
      const { masks } = await masksOfBytes(bytesOf('two'), 'two', {
        dialect: to === 'raw' ? 'raw' : 'auto',
        size: { widthPx, heightPx },
      })
      expect(masks).toHaveLength(1)
      expect(equalMasks(masks[0]!.mask, byName('sailboat'))).toBe(true)
    },
  )

  it('several masks become a list, numbered files, or one label map', async () => {
    const { out } = await run(['convert', 'masks.png', '--to', 'coco-rle'])
    expect(JSON.parse(out)).toHaveLength(5)
    const { value } = await json(['convert', 'masks.png', '--to', 'png', '-o', 'part.png'])
    expect(value.files).toEqual([1, 2, 3, 4, 5].map((i) => `part-${i}.png`))
    file('list.json', out)
    await run(['convert', 'list.json', '--to', 'label-map', '-o', 'again.png'])
    expect(
      Buffer.from(readPng(bytesOf('again.png')).samples).equals(
        Buffer.from(readPng(bytesOf('masks.png')).samples),
      ),
    ).toBe(true)
  })

  it('reads CVAT XML: a mask and a box of the one image', async () => {
    file(
      'cvat.xml',
      '<?xml version="1.0"?><annotations><image id="0" name="x.png" width="4" height="3"><mask label="cat &amp; dog" rle="0, 4" left="1" top="0" width="2" height="2"/><box label="b" xtl="1" ytl="0" xbr="3" ybr="2"/></image></annotations>',
    )
    const { out } = await run(['convert', 'cvat.xml', '--to', 'coco-counts'])
    expect(JSON.parse(out)).toEqual([
      { label: 'cat & dog', size: [3, 4], counts: [3, 2, 1, 2, 4] },
      { label: 'b', size: [3, 4], counts: [3, 2, 1, 2, 4] },
    ])
  })

  it('needs --to, and a file for bytes when stdout is a terminal', async () => {
    expect((await run(['convert', 'masks.png'])).code).toBe(2)
    expect((await run(['convert', 'sailboat.png', '--to', 'png'], { isTTY: true })).code).toBe(2)
  })
})

describe('inspect', () => {
  it('describes pictures, masks, label maps and datasets', async () => {
    const { code, value } = await json(['inspect', 'turned.jpg', 'sailboat.png', 'masks.png', 'coco.json'])
    expect(code).toBe(0)
    const [photo, mask, map, dataset] = value.reports
    expect(photo).toMatchObject({
      kind: 'picture',
      facts: { format: 'jpeg', size: `${widthPx} x ${heightPx}` },
    })
    expect(photo.problems[0].problem).toContain(`${heightPx} x ${widthPx}`)
    expect(mask.facts.area).toContain(String(area(byName('sailboat'))))
    expect(map.facts['as a mask']).toBe('label map with 5 labels')
    expect(dataset).toMatchObject({
      kind: 'coco-dataset',
      facts: { images: 2, annotations: 2, 'run lengths': 2 },
    })
  })

  it('finds what spoils a dataset: id 0, duplicates, strangers, exchanged sides, empty masks', async () => {
    const annotation = { iscrowd: 0, category_id: 1, image_id: 1 }
    file(
      'bad.json',
      JSON.stringify({
        images: [{ id: 1, file_name: 'a.png', width: 4, height: 3 }],
        categories: [{ id: 1, name: 'x' }],
        annotations: [
          { ...annotation, id: 0, segmentation: { size: [3, 4], counts: [3, 2, 7] } },
          { ...annotation, id: 1, segmentation: { size: [4, 3], counts: [12] } },
          { ...annotation, id: 1, segmentation: { size: [3, 4], counts: [12] } },
          { ...annotation, id: 3, image_id: 9, segmentation: [[0, 0, 1, 0, 1, 1]] },
          { ...annotation, id: 4, category_id: 7, bbox: [1, 1, 9, 9], segmentation: [] },
        ],
      }),
    )
    const { code, out } = await run(['inspect', 'bad.json'])
    expect(code).toBe(1)
    for (const words of [
      'id 0',
      'ids that occur twice',
      'image that is not listed',
      'category that is not listed',
      'width and height exchanged',
      'without any pixel',
      'out of the picture',
      'empty segmentation',
    ]) {
      expect(out).toContain(words)
    }
  })

  it('a dataset that prepare refuses in part is not called fine; one whose numbers are texts is read', async () => {
    const images = [{ id: '1', file_name: 'a.png', width: '4', height: '3' }]
    const categories = [{ id: 1, name: 'x' }]
    const segmentation = { size: [3, 4], counts: [3, 2, 7] }
    const annotations = [
      { id: 1, image_id: 1, category_id: '1', iscrowd: '0', bbox: ['1', '0', '1', '2'], segmentation },
    ]
    const inspect = async (value: object) => {
      const { code, out } = await run(['inspect', '-'], {
        stdin: JSON.stringify({ images, categories, annotations, ...value }),
      })
      return [code, out] as const
    }
    const fine = await inspect({})
    expect(fine).toEqual([0, expect.stringContaining('written as text')])
    const other = { id: 1, file_name: 'b.png', width: 4, height: 3 }
    expect(await inspect({ images: [...images, other] })).toEqual([
      1,
      expect.stringContaining('image ids of different pictures'),
    ])
    expect((await inspect({ images: [...images, ...images] }))[0]).toBe(0)
    const keyed = await inspect({ images: { 1: images[0] }, annotations: { x: annotations[0] } })
    expect(keyed).toEqual([0, expect.stringContaining('1 images, 1 annotations')])
    const named = await inspect({ categories: [...categories, { id: 1, name: 'y' }] })
    expect(named).toEqual([1, expect.stringContaining('category ids of different names')])
    const inverted = { ...annotations[0], area: 2, segmentation: { size: [3, 4], counts: [0, 3, 2, 7] } }
    expect(await inspect({ annotations: [inverted] })).toEqual([
      1,
      expect.stringContaining('without their leading 0'),
    ])
  })

  it('finds words in text with their places, and names what cannot be read', async () => {
    const { value } = await json(['inspect', 'I see <|mt_start|><|mt_0011|><|mt_0347|><|mt_end|> here'])
    expect(value.reports[0]).toMatchObject({ kind: 'words', facts: { codec: 'samtok', masks: 1 } })
    const broken = await run(['inspect', 'missing.png'])
    expect(broken.code).toBe(1)
    expect((await run(['inspect', '-'], { stdin: new Uint8Array([0, 1, 2, 3, 250]) })).code).toBe(1)
  })

  it('a dataset with words in a caption is a dataset, an answer that is JSON is an answer', async () => {
    const words = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
    const reportOf = async (value: unknown) =>
      (await json(['inspect', '-'], { stdin: JSON.stringify(value) })).value.reports[0]
    const category = { id: 1, name: `<box> ${words}` }
    const images = [{ id: 1, file_name: 'a.png', width: 4, height: 4 }]
    const annotations = [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        bbox: [0, 0, 2, 2],
        area: 4,
        iscrowd: 0,
        segmentation: [[0, 0, 2, 0, 2, 2, 0, 2]],
      },
    ]
    expect(await reportOf({ images, annotations, categories: [category] })).toMatchObject({
      kind: 'coco-dataset',
      problems: [],
    })
    expect(await reportOf([{ mask_2d: words, label: 'cat' }])).toMatchObject({
      kind: 'words',
      facts: { masks: 1 },
    })
  })
})

describe('the command itself', () => {
  it('--version and --help work, every command has help with examples that name it', async () => {
    for (const version of ['--version', '-v', 'version'])
      expect((await run([version])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    const said = JSON.parse((await run(['-v', '--json'])).out)
    expect(said).toMatchObject({ node: process.versions.node, platform: process.platform })
    expect(said.onnxruntime).toMatch(/^\d+\.\d+/)
    expect(said.weights.map(({ name }: { name: string }) => name)).toEqual(['samtok-nano', 'himtok-nano'])
    expect(said.weights.every((one: { folder: string }) => existsSync(one.folder))).toBe(true)
    const { out } = await run(['--help'])
    for (const name of ['encode', 'decode', 'roundtrip', 'inspect', 'convert', 'doctor', 'demo']) {
      expect(out).toContain(name)
      const help = await run([name, '--help'])
      expect([help.code, help.err]).toEqual([0, ''])
      expect(help.out).toContain(`maskwords ${name}`)
      expect(help.out).toContain('Examples')
    }
  })

  it('an output whose ending is of another format is refused with one that fits; convert takes the format from it', async () => {
    for (const [line, fits] of [
      ['decode scene.png words -o out.jpg', '-o out.png'],
      ['decode scene.png words -o out.png --overlay over.webp', '--overlay over.png'],
      ['roundtrip scene.png sailboat.png -o side.gif', '-o side.png'],
      ['convert sailboat.png --to coco-rle -o mask.png', '-o mask.json'],
      ['convert sailboat.png --to label-map -o mask.jpg', '-o mask.png'],
      ['eval merge a.jsonl --output rows.csv', '--output rows.jsonl'],
      ['reward --shim trl -o reward.js', '-o reward.py'],
    ]) {
      const { code, err } = await run(line!.split(' '))
      expect([line, code, err]).toEqual([line, 2, expect.stringContaining(`try: ${fits}`)])
    }
    expect((await run(['convert', 'sailboat.png', '-o', 'by-ending.json'])).code).toBe(0)
    expect(JSON.parse(readFileSync(join(folder, 'by-ending.json'), 'utf8'))).toMatchObject({
      counts: expect.any(String),
    })
    expect((await run(['convert', 'sailboat.png', '-o', 'by-ending.xyz'])).err).toContain('missing --to')
  })

  it('addresses of files are files, in arguments and options; those of other machines are refused', async () => {
    file('photo one.png', readFileSync(join(folder, 'sailboat.png')))
    const address = pathToFileURL(join(folder, 'photo one.png')).href
    expect(address).toContain('%20')
    const out = pathToFileURL(join(folder, 'from address.json')).href
    expect(await run(['convert', address, '--to', 'coco-rle', '-o', out])).toMatchObject({ code: 0 })
    expect(existsSync(join(folder, 'from address.json'))).toBe(true)
    expect(await run(['convert', 'file:///a%00b', '--to', 'coco-rle'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('can be no path'),
    })
    expect(await run(['inspect', 'file://elsewhere/photo.png'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('three slashes'),
    })
  })

  it('unknown commands and options end with 2 and a suggestion', async () => {
    const command = await run(['encod', 'a', 'b'])
    expect([command.code, command.err]).toEqual([2, expect.stringContaining('maskwords encode')])
    const option = await run(['encode', 'a', 'b', '--codeck', 'getok'])
    expect([option.code, option.err]).toEqual([2, expect.stringContaining('--codec')])
    expect((await run([])).code).toBe(2)
  })

  it('errors are JSON on stdout with --json, with code, file and hint', async () => {
    const { code, value } = await json(['encode', 'scnee.png', 'sailboat.png'])
    expect(code).toBe(1)
    expect(value).toEqual({
      error: {
        code: 'not-found',
        message: expect.any(String),
        file: 'scnee.png',
        hint: expect.stringContaining('scene.png'),
      },
    })
  })

  it('an aborted run ends with 130 and leaves no file behind', async () => {
    const before = readdirSync(folder).sort()
    const controller = new AbortController()
    controller.abort()
    const { code } = await run(['roundtrip', 'scene.png', 'masks.png', '-o', 'never.png'], {
      signal: controller.signal,
    })
    expect(code).toBe(130)
    expect(readdirSync(folder).sort()).toEqual(before)
  })

  it('colour only on a terminal; NO_COLOR and FORCE_COLOR decide otherwise', async () => {
    const escapeCode = '\u001b['
    const has = async (options: Partial<RunOptions>) =>
      (await run(['encode', '--help'], options)).out.includes(escapeCode)
    expect(await has({})).toBe(false)
    expect(await has({ isTTY: true })).toBe(true)
    expect(await has({ isTTY: true, env: { NO_COLOR: '1' } })).toBe(false)
    expect(await has({ env: { FORCE_COLOR: '1' } })).toBe(true)
  })

  it('escape codes in a file name or label never reach the terminal', async () => {
    file('evil.json', JSON.stringify({ ...cocoRleFromMask(byName('sun')), label: '\u001b[31mred\u0007' }))
    const { out } = await run(['inspect', 'evil.json'])
    expect(out).toContain('\\x1b[31mred\\x07')
    const { out: table } = await run(['roundtrip', 'scene.png', 'evil.json'])
    expect(table.includes('\u001b')).toBe(false)
  })

  it('doctor reports this machine', async () => {
    const { code, value } = await json(['doctor'])
    expect(code).toBe(0)
    expect(value.ok).toBe(true)
    expect(value.checks.map((check: { name: string }) => check.name)).toContain('Node.js')
  })

  it('demo draws, speaks, reads back and writes its pictures', async () => {
    const { code, value } = await json(['demo'])
    expect(code).toBe(0)
    expect(value.masks.map((mask: { label: string }) => mask.label)).toEqual([
      'sun',
      'mountains',
      'sailboat',
      'lifebuoy',
      'pine',
    ])
    for (const name of value.files) expect(existsSync(join(folder, name))).toBe(true)
  })

  it('a JSON file beyond the cap is refused by its size, unread', async () => {
    writeFileSync(join(folder, 'huge.json'), '{')
    truncateSync(join(folder, 'huge.json'), 600_000_000)
    const started = performance.now()
    const { code, err } = await run(['encode', 'scene.png', 'huge.json'])
    expect([code, err]).toEqual([1, expect.stringContaining('limit of 500000000')])
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('an output that cannot be written is named with the remedy', async () => {
    writeFileSync(join(folder, 'plain'), 'x')
    const { code, err } = await run(['roundtrip', 'scene.png', 'sailboat.png', '-o', 'plain/side.png'])
    expect(code).toBe(1)
    expect(err).toContain('plain/side.png')
  })
})
