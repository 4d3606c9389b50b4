// Every file that the studio saves is opened again with the same masks and names, and archives are read whoever packed them.
import { deflateRawSync } from 'node:zlib'
import { area, crc32, equalMasks, type Mask, maskFromRings, writePng } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DATASETS, datasetOf } from './dataset.ts'
import { StudioError } from './error.ts'
import { classNamesOf, masksOfFile } from './read.ts'
import { zipEntries, zipOf } from './zip.ts'

const size = { widthPx: 40, heightPx: 30 }
const box = (left: number, top: number, right: number, foot: number): Mask =>
  maskFromRings({ ...size, rings: [[left, top, right, top, right, foot, left, foot]] })
const ring = (left: number, top: number, side: number): Mask =>
  maskFromRings({
    ...size,
    rings: [0, 2].map((in_) => {
      const [a, b, c, d] = [left + in_, top + in_, left + side - in_, top + side - in_]
      return [a, b, c, b, c, d, a, d]
    }),
  })
const bytes = writePng({ ...size, colour: 'grey', bitDepth: 8, samples: new Uint8Array(1200) })
const regions = [
  { mask: box(0, 0, 10, 10), category: 'cup "1"', phrase: 'the cup' },
  { mask: ring(15, 5, 12), category: 'ring, of tin', phrase: '' },
  { mask: box(30, 20, 40, 30), category: 'cup "1"', phrase: 'what stands in the corner' },
]
const picture = { file: 'a #1.png', ...size, regions, bytes }
const open = { ...size, name: 'a #1.png' }
const text = (said: string) => new TextEncoder().encode(said)
const file = (name: string, content: string | Uint8Array) => ({
  name,
  bytes: typeof content === 'string' ? text(content) : content,
})
const message = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing thrown'
}

describe('a saved dataset', () => {
  for (const id of DATASETS) {
    it(`of ${id} comes back from its archive: masks to the pixel, names, and phrases where it holds them`, async () => {
      const other = { ...picture, file: 'b.png', regions: regions.slice(1) }
      const { files, command } = datasetOf(id, [picture, other], 'tea')
      expect([...files.keys()]).toEqual(
        expect.arrayContaining(['README.txt', 'images/a #1.png', 'images/b.png']),
      )
      expect(new TextDecoder().decode(files.get('README.txt'))).toContain(`\n    ${command}\n`)
      const loaded = await masksOfFile(file('tea.zip', zipOf(files)), open)
      expect(loaded.refused).toBe(0)
      expect(loaded.masks.map(({ name, category }) => [name, category])).toEqual(
        regions.map(({ category }) => [category, category]),
      )
      expect(loaded.masks.every(({ mask }, i) => equalMasks(mask, regions[i]!.mask))).toBe(true)
      if (id === 'training')
        expect(loaded.masks.map(({ phrase }) => phrase ?? '')).toEqual(regions.map(({ phrase }) => phrase))
    })
  }

  it('names what its format cannot hold, with counts, in the archive as well', () => {
    const { files, left } = datasetOf('yolo', [picture], 'tea')
    expect(left).toEqual(['2 phrases'])
    expect(new TextDecoder().decode(files.get('README.txt'))).toContain('Not in these files: 2 phrases.')
  })

  it('gives a command that a shell takes whatever the picture is called', () => {
    expect(datasetOf('training', [picture], "it's tea").command).toBe(
      "maskwords prepare jsonl --root 'it'\\''s tea' --to ms-swift -o 'it'\\''s tea-train'",
    )
  })
})

describe('files of other tools', () => {
  const shape = (inside: string) =>
    `<annotations><image id="0" name="x/a #1.png" width="40" height="30">${inside}</image></annotations>`

  it('of CVAT: what covers nothing is counted by its cause', async () => {
    const xml = shape(
      '<box label="cup" xtl="0" ytl="0" xbr="10" ybr="10"/><polyline label="way" points="1,1;2,2"/><polyline label="way" points="1,1;3,3"/>',
    )
    const loaded = await masksOfFile(file('annotations.xml', xml), open)
    expect(loaded.masks.map(({ name, mask }) => [name, area(mask)])).toEqual([['cup', 100]])
    expect([loaded.refused, loaded.cause]).toEqual([2, '2 times: a polyline covers no area'])
    expect(await message(() => masksOfFile(file('a.xml', shape('')), open))).toBe(
      'the file has no shape of this picture',
    )
    expect(
      await message(() => masksOfFile(file('a.xml', xml), { ...open, name: 'b.png', widthPx: 9 })),
    ).toMatch(/none of the file’s 1 pictures is called b\.png/)
  })

  it('of CVAT as a job: the frame by the number in the name of the picture', async () => {
    const shapes = [0, 7].map((frame) => ({
      type: 'rectangle',
      label: 'cup',
      frame,
      points: [0, 0, 10 + frame, 10],
    }))
    const job = JSON.stringify({ shapes, tracks: [], tags: [] })
    const loaded = await masksOfFile(file('job.json', job), { ...open, name: 'frame_000007.png' })
    expect(loaded.masks.map(({ mask }) => area(mask))).toEqual([170])
    expect(await message(() => masksOfFile(file('job.json', job), open))).toMatch(
      /2 frames, and which of them/,
    )
  })

  it('of Label Studio: the task of the picture, the annotation that counts, what was left out', async () => {
    const result = (width: number) => [
      {
        id: 'r',
        type: 'rectanglelabels',
        to_name: 'image',
        original_width: 40,
        original_height: 30,
        value: { x: 0, y: 0, width, height: 50, rectanglelabels: ['cup'] },
      },
    ]
    const tasks = ['b.png', '0123abcd-a%20%231.png'].map((image, i) => ({
      id: i,
      data: { image: `/data/upload/1/${image}` },
      annotations: [
        { id: 1, result: result(50) },
        { id: 2, was_cancelled: true, result: result(10) },
      ],
      predictions: [{ id: 3, result: result(10) }],
    }))
    const loaded = await masksOfFile(file('export.json', JSON.stringify(tasks)), open)
    expect(loaded.masks.map(({ name, mask }) => [name, area(mask)])).toEqual([['cup', 300]])
    expect(loaded.readAs).toBe('Label Studio task of 0123abcd-a #1.png; left out: 1 cancelled, 1 predicted')
    const two = [{ ...tasks[1]!, annotations: [1, 2].map((id) => ({ id, result: result(50) })) }]
    expect(await message(() => masksOfFile(file('export.json', JSON.stringify(two)), open))).toMatch(
      /2 annotations, and which of them counts/,
    )
  })

  it('of YOLO: outlines and boxes, with the names that were opened before', async () => {
    const labels = file('a.txt', '0 0 0 0.25 0 0.25 0.5\n1 0.5 0.5 0.5 0.5\n2 7 7 7 7\n')
    const names = classNamesOf(file('data.yaml', "names: ['cup', table]"))!
    const loaded = await masksOfFile(labels, open, names)
    expect(loaded.masks.map(({ name }) => name)).toEqual(['cup', 'table'])
    expect([loaded.refused, loaded.readAs]).toEqual([1, 'YOLO labels; 1 boxes, which are filled'])
    expect((await masksOfFile(labels, open)).readAs).toContain('2 without a name of their class')
    expect(classNamesOf(labels)).toBeUndefined()
  })

  it('of our plain JSON lines: parts that regions have no place for are counted', async () => {
    const line = JSON.stringify({
      image: 'a #1.png',
      regions: [{ id: 'c', category: 'cup', segmentation: [[0, 0, 10, 0, 10, 10, 0, 10]] }],
      phrases: [
        { text: 'the cup', regions: ['c'] },
        { text: 'a cup', regions: ['c'] },
        { text: 'a dog', regions: [] },
      ],
      captions: ['A cup.'],
    })
    const loaded = await masksOfFile(file('data.jsonl', `${line}\n`), open)
    expect(loaded.masks.map(({ name, phrase }) => [name, phrase])).toEqual([['cup', 'the cup']])
    expect(loaded.readAs).toBe(
      'record of a #1.png; left out: 1 more phrases of regions that have one, 1 phrases of no region, 1 captions, relations, dialogues and choices',
    )
  })

  it('never crash the reader', async () => {
    const starts = [
      '',
      '{',
      '[',
      '<annotations>',
      '<',
      '0 0.1',
      'PK\u0003\u0004',
      '\u0089PNG',
      '{"image":"a","regions":[]}\n{',
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.string({ maxLength: 60 }), async (start, rest) => {
        const raw = Uint8Array.from(start + rest, (letter) => letter.charCodeAt(0))
        const said = await masksOfFile(file('a.txt', raw), open).catch((error: Error) => error)
        if (said instanceof Error) expect(said.name).toMatch(/^(?:Studio|Annotation|Mask)Error$/)
      }),
    )
  })
})

describe('archives', () => {
  const packed = (path: string, content: Uint8Array, stated = content.length) => {
    const body = deflateRawSync(content)
    const stored = zipOf(new Map([[path, new Uint8Array(body)]]))
    const view = new DataView(stored.buffer)
    const name = text(path).length
    const central = 30 + name + body.length
    for (const at of [8, central + 10]) view.setUint16(at, 8, true)
    for (const at of [14, central + 16]) view.setUint32(at, crc32(content), true)
    for (const at of [22, central + 24]) view.setUint32(at, stated, true)
    return stored
  }

  it('are read stored and deflated', async () => {
    const content = text('a long text '.repeat(500))
    const both = [zipOf(new Map([['d/é.txt', content]])), packed('d/é.txt', content)]
    for (const archive of both) {
      const [entry] = zipEntries(archive)
      expect(entry!.path).toBe('d/é.txt')
      expect(await entry!.bytes()).toEqual(content)
    }
  })

  it('that are cut off, lie about sizes or unpack without end are refused', async () => {
    const content = new Uint8Array(100_000)
    const good = packed('a', content)
    for (let end = 0; end < good.length; end += 7)
      expect(() => zipEntries(good.subarray(0, end))).toThrow(StudioError)
    expect(await message(() => zipEntries(packed('a', content, 10))[0]!.bytes())).toMatch(/unpacks to more/)
    expect(await message(() => zipEntries(packed('a', content, 200_000))[0]!.bytes())).toMatch(/cut off/)
    expect(await message(() => zipEntries(packed('a', content, 2 ** 31))[0]!.bytes())).toMatch(
      /unpacks to more/,
    )
  })
})
