// One's own pictures and annotations, under the names that people and tools give them, become training files.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { maskFromRowMajor, maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const [widthPx, heightPx] = [64, 48]
const photo = pictureToPng({
  ...{ widthPx, heightPx, channels: 3 },
  bytes: Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24),
})
const square = (x: number, y: number, side: number) => {
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let row = y; row < y + side; row++) bytes.fill(1, row * widthPx + x, row * widthPx + x + side)
  return maskToPng(maskFromRowMajor({ widthPx, heightPx, bytes }))
}
const coco = JSON.stringify({
  images: [1, 2].map((id) => ({ id, file_name: `${id}.png`, width: widthPx, height: heightPx })),
  categories: [{ id: 7, name: 'kite' }],
  annotations: [1, 2].map((id) => ({
    ...{ id, image_id: id, category_id: 7, bbox: [10, 10, 20, 20] },
    segmentation: [[10, 10, 30, 10, 30, 30, 10, 30]],
  })),
})

for (const id of [1, 2]) {
  file(`pictures/${id}.png`, photo)
  file(`cracks/${id}.png`, photo)
  file(`cracks/${id}_mask.png`, square(8 * id, 8, 24))
  file(`robo/train/${id}.png`, photo)
  file(`robo/valid/${id}.png`, photo)
}
file('elsewhere/my set.json', coco)
file('robo/train/_annotations.coco.json', coco)
file('robo/valid/_annotations.coco.json', coco)

const run = (...args: string[]) =>
  runCommand(['prepare', ...args, '--to', 'jsonl', '--codec', 'getok'], { cwd: folder })
const lines = (name: string): { task: string; image?: string }[] =>
  readFileSync(join(folder, name, `${name}-00000.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const counts = (plan: { conversations: readonly { source: string; task: string; made: number }[] }) =>
  plan.conversations.map(({ source, task, made }) => `${source} ${task} ${made}`)
const planOf = async (...args: string[]) => {
  const { out, err, code } = await run(...args, '--plan', '--json')
  expect(err).toBe('')
  expect(code).toBe(0)
  return JSON.parse(out).plan
}

describe("prepare, of data of one's own", () => {
  it('takes a COCO file of any name and the folder of its pictures', async () => {
    const args = ['--annotations', 'elsewhere/my set.json', '--root', 'pictures']
    const { code, err } = await run(...args, '-o', 'named')
    expect(err).toContain('coco    open-vocabulary     2')
    expect(code).toBe(0)
    expect(JSON.stringify(lines('named'))).toContain('../pictures/2.png')
    expect(counts(await planOf('coco%50', ...args))).toEqual(['coco open-vocabulary 2'])
  })

  it('takes a folder, a split of it, a share of it, and a file, and knows what they are', async () => {
    expect(counts(await planOf('robo'))).toEqual(['coco open-vocabulary 2'])
    expect((await planOf('./robo:valid%50')).sources).toMatchObject([
      { name: 'coco', split: 'valid', weightPercent: 50, records: 2 },
    ])
    expect(counts(await planOf('robo/valid/_annotations.coco.json'))).toEqual(['coco open-vocabulary 2'])
  })

  it('makes conversations of photos with masks: about boxes and masks, or by a name that is given to all', async () => {
    expect(counts(await planOf('cracks'))).toEqual(['masks box-to-mask 2', 'masks mask-to-box 2'])
    expect(counts(await planOf('cracks', '--class', 'crack'))).toEqual(['masks open-vocabulary 2'])
    expect((await run('cracks', '--class', 'crack', '-o', 'crack')).code).toBe(0)
    expect(JSON.stringify(lines('crack'))).toContain('crack')
  })

  it('says which tasks these records are good for where a task makes nothing of them', async () => {
    const { code, err } = await run('cracks', '--task', 'referring', '--plan')
    expect(code).toBe(1)
    expect(err).toContain(
      'task referring makes nothing of these sources: try --task box-to-mask, mask-to-box',
    )
    expect(err).toContain('--class crack')
    const { err: other } = await run('robo', '--task', 'scene-graph,referring', '--plan')
    expect(other).toMatch(/task scene-graph makes nothing of these sources: try --task .*open-vocabulary/)
    file('boxes/all.json', coco.replaceAll(/"segmentation":\[\[[^\]]*\]\]/g, '"area":400'))
    for (const id of [1, 2]) file(`boxes/${id}.png`, photo)
    expect((await run('boxes', '--plan')).err).toContain('of their regions only boxes are known')
  })

  it('refuses a file for a dataset that finds its own, and says what is no source', async () => {
    expect((await run('cracks', '--annotations', 'elsewhere/my set.json')).err).toMatch(
      /masks finds its files by their names and takes no --annotations[\s\S]*these do: coco, .*jsonl/,
    )
    expect((await run('coco', '--annotations', 'nowhere.json')).err).toMatch(/no such annotation file/)
    expect((await run('pictres')).err).toMatch(/there is no dataset, folder or file "pictres"/)
    expect((await run()).err).toMatch(/missing <source>: a folder, an annotation file/)
  })
})

describe("eval and train, of data of one's own", () => {
  const evaluate = async (...args: string[]) => {
    const { out, err, code } = await runCommand(['eval', ...args, '--json', '-q'], { cwd: folder })
    expect([err, code]).toEqual(['', 0])
    return JSON.parse(out)
  }

  it.each([
    ['photos with masks', 'cracks', 2],
    ["Roboflow's folders", 'robo/valid', 2],
    ['a file in a folder of its own', 'robo/valid/_annotations.coco.json', 2],
    ['YOLO', 'yolo', 1],
    ["CVAT's COCO export", 'cvat/annotations/instances_default.json', 2],
    ['photos in a folder of any name', 'holiday/set.json', 2],
  ])('reconstructs the masks of %s', async (_, truth, masks) => {
    file('yolo/images/1.png', photo)
    file('yolo/labels/1.txt', '0 0.1 0.1 0.6 0.1 0.6 0.7\n')
    file('cvat/annotations/instances_default.json', coco)
    file('holiday/set.json', coco)
    for (const id of [1, 2])
      for (const place of ['cvat/images/default', 'holiday/lake']) file(`${place}/${id}.png`, photo)
    const value = await evaluate('reconstruction', '--codec', 'getok', '--truth', truth)
    expect([value.masks, value.failed]).toEqual([masks, 0])
  })

  it('asks for the categories of a COCO file of any name, and of the part that is there', async () => {
    const asked = async (truth: string) => {
      await evaluate('open-vocabulary', '--truth', truth, '--questions', 'asked.jsonl')
      return readFileSync(join(folder, 'asked.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).picture)
    }
    expect(await asked('elsewhere/my set.json')).toEqual(['images/1.png', 'images/2.png'])
    expect(await asked('robo')).toEqual(['valid/1.png', 'valid/2.png'])
  })
})
