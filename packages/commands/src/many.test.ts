// Many pictures at once: folders and patterns, masks and words by name, results that are gone on with, one broken picture among sound ones.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { area, maskFromPng, maskFromRowMajor, maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const [widthPx, heightPx] = [64, 48]
const grey = new Uint8Array(widthPx * heightPx * 3).fill(90)
const photo = pictureToPng({ widthPx, heightPx, channels: 3, bytes: grey })
const square = (x: number, y: number, side: number) => {
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let row = y; row < y + side; row++) bytes.fill(1, row * widthPx + x, row * widthPx + x + side)
  return maskToPng(maskFromRowMajor({ widthPx, heightPx, bytes }))
}
for (const name of ['a', 'sub/b', 'c']) {
  file(`photos/${name}.png`, photo)
  file(`masks/${name}_mask.png`, square(8, 8, 24))
}
file('masks/c_red_cup.png', square(36, 20, 16))
file('photos/broken.png', 'no picture')
file('masks/broken.png', square(8, 8, 24))
file('photos/bare.png', photo)

const run = (...args: string[]) => runCommand(args, { cwd: folder })
const encode = (...args: string[]) => run('encode', ...args, '--codec', 'getok')
const text = (name: string) => readFileSync(join(folder, name), 'utf8')
const lines = (name: string) => text(name).trim().split('\n')

describe('many pictures', () => {
  it('encode: each with the masks of its name, into files of its name; what is broken is told, and the others go on', async () => {
    const { code, out, err } = await encode('photos', 'masks', '-o', 'words')
    expect(code).toBe(1)
    expect(out).toBe('words\n')
    expect(err).toContain('1 of 5 pictures have no mask')
    expect(err).toMatch(/error .*photos\/broken\.png/)
    expect(err).toContain('3 of 4 pictures; 1 failed')
    expect(readdirSync(join(folder, 'words'), { recursive: true }).sort()).toEqual([
      'a.txt',
      'c.txt',
      'results.jsonl',
      'sub',
      'sub/b.txt',
    ])
    expect(lines('words/c.txt')).toEqual([
      expect.stringMatching(/^object: <box>.*<\/seg>$/),
      expect.stringMatching(/^red cup: <box>/),
    ])
  })

  it('the same command does only what is not done; a picture that changed, and another setting, are done again', async () => {
    const times = () => ['a', 'c'].map((name) => statSync(join(folder, `words/${name}.txt`)).mtimeMs)
    const first = times()
    const { err, code } = await encode('photos', 'masks', '-o', 'words')
    expect([code, times()]).toEqual([1, first])
    expect(err).toContain('3 of 4 pictures are done already')
    file('masks/a_mask.png', square(4, 4, 30))
    rmSync(join(folder, 'words/c.txt'))
    expect((await encode('photos', 'masks', '-o', 'words')).err).toContain('1 of 4 pictures are done already')
    expect((await encode('photos', 'masks', '-o', 'words', '--n', '16')).err).not.toContain('done already')
    file('photos/broken.png', photo)
    const { code: mended } = await encode('photos', 'masks', '-o', 'words')
    expect([mended, existsSync(join(folder, 'words/broken.txt'))]).toEqual([0, true])
  })

  it('patterns are expanded, also in quotes; several photos before a folder are what a shell made of one', async () => {
    expect((await encode('photos/**/[bc].png', 'masks', '-o', 'some')).code).toBe(0)
    expect(lines('some/results.jsonl').map((line) => JSON.parse(line).picture)).toEqual([
      'c.png',
      'sub/b.png',
    ])
    expect((await encode('photos/*.{jpg,webp}', 'masks', '-o', 'none')).err).toMatch(/no picture fits photos/)
    expect((await encode('photos', 'masks')).err).toMatch(/many pictures need -o <folder>/)
    for (const name of ['1', '2']) file(`jpgs/${name}.jpg`, photo)
    for (const name of ['1', '2']) file(`jpg-masks/${name}.png`, square(8, 8, 24))
    expect((await encode('jpgs/1.jpg', 'jpgs/2.jpg', 'jpg-masks', '-o', 'shell')).code).toBe(0)
    expect(existsSync(join(folder, 'shell/2.txt'))).toBe(true)
  })

  it('one file of annotations serves all pictures; its name decides nothing', async () => {
    const annotation = (image: number) => ({
      ...{ id: image, image_id: image, category_id: 1 },
      segmentation: [[10, 10, 30, 10, 30, 30, 10, 30]],
    })
    file(
      'all.json',
      JSON.stringify({
        images: ['a.png', 'c.png'].map((file_name, i) => ({
          id: i + 1,
          file_name,
          width: widthPx,
          height: heightPx,
        })),
        categories: [{ id: 1, name: 'kite' }],
        annotations: [annotation(1), annotation(2)],
      }),
    )
    const { code } = await encode('photos/[ac].png', 'all.json', '-o', 'shared')
    expect(code).toBe(0)
    expect(lines('shared/a.txt')).toEqual(lines('shared/c.txt'))
  })

  it('decode: words of the same name, answers of a file, masks beside overlays, annotations of any tool', async () => {
    file('photos/broken.png', photo)
    const { code, err: said } = await run('decode', 'photos', 'words', '-o', 'decoded')
    expect(code).toBe(0)
    expect(said).not.toContain('results.jsonl')
    const back = maskFromPng(readFileSync(join(folder, 'decoded/sub/b.png')))
    expect(area(back)).toBeGreaterThan(400)
    expect(existsSync(join(folder, 'decoded/sub/b.overlay.png'))).toBe(true)

    const { err } = await run(
      'decode',
      'photos',
      'words/results.jsonl',
      '--to',
      'yolo',
      '--no-overlay',
      '-o',
      'set',
    )
    expect(err).toContain('4 of 4 pictures')
    expect(lines('set/labels/c.txt').map((line) => line.split(' ')[0])).toEqual(['0', '1'])
    expect(text('set/data.yaml')).toMatch(/names:\n {2}0: "object"\n {2}1: "red cup"\n$/)
    expect(readdirSync(join(folder, 'set')).sort()).toEqual(['data.yaml', 'labels', 'results.jsonl'])

    await run('decode', 'photos', 'words', '--to', 'coco', '--no-overlay', '-o', 'set')
    const coco = JSON.parse(text('set/instances.json'))
    expect(coco.images.map(({ file_name }: { file_name: string }) => file_name)).toEqual([
      'a.png',
      'broken.png',
      'c.png',
      'sub/b.png',
    ])
  })

  it('roundtrip: a table of pictures with the means of all masks, and a side-by-side picture of each', async () => {
    const { out, code } = await run('roundtrip', 'photos', 'masks', '--codec', 'getok', '-o', 'sheets')
    expect(code).toBe(0)
    const table = out
      .trim()
      .split('\n')
      .map((line) => line.split(/\s{2,}/))
    expect(table[0]).toEqual(['picture', 'masks', 'IoU', 'boundary F', 'tokens'])
    expect(table.slice(1, 5).map(([picture]) => picture)).toEqual([
      'a.png',
      'broken.png',
      'c.png',
      'sub/b.png',
    ])
    expect(table[5]!.slice(0, 2)).toEqual(['mean of all masks', '5'])
    expect(existsSync(join(folder, 'sheets/sub/b.png'))).toBe(true)
    const { mean, results } = JSON.parse(
      (await run('roundtrip', 'photos', 'masks', '--codec', 'getok', '-o', 'sheets', '--json', '-q')).out,
    )
    const ious = results.flatMap(({ masks }: { masks: { iou: number }[] }) => masks.map(({ iou }) => iou))
    expect(mean.iou).toBeCloseTo(ious.reduce((sum: number, iou: number) => sum + iou, 0) / 5, 12)
  })

  it('a folder of masks for one picture counts its files on the line of progress', async () => {
    for (let i = 0; i < 30; i++) file(`heap/${i}.png`, square(i, 8, 8))
    writeFileSync(join(folder, 'one.png'), photo)
    const { err } = await runCommand(['encode', 'one.png', 'heap', '--codec', 'getok'], {
      cwd: folder,
      isTTY: true,
    })
    for (const [, done, total] of err.matchAll(/(\d+)\/(\d+) files/g))
      expect(Number(done)).toBeLessThanOrEqual(Number(total))
  })

  it('inspect says what a folder of data is, and looks at every file that fits a pattern', async () => {
    const { out } = await run('inspect', 'masks/*.png', '--json')
    expect(JSON.parse(out).reports).toHaveLength(4)
    file('data/all.json', text('all.json'))
    expect(JSON.parse((await run('inspect', 'data', '--json')).out).reports[0]).toMatchObject({
      kind: 'dataset',
      facts: { reader: 'coco' },
      problems: [],
    })
  })
})
