// Answers of a model as detections: names, scores, pictures that were asked about.
import { getokCodec } from '@maskwords/codecs'
import { cocoRleFromMask, type Mask, maskFromRowMajor } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../../commands/test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

/** 64 x 64 with a square of 32 at a place; GETok draws it well. */
function square(left: number, top: number): Mask {
  const bytes = new Uint8Array(64 * 64)
  for (let y = top; y < top + 32; y++) bytes.fill(1, y * 64 + left, y * 64 + left + 32)
  return maskFromRowMajor({ widthPx: 64, heightPx: 64, bytes })
}
const [first, second] = [square(0, 0), square(32, 32)]

const truth = {
  images: [1, 2, 3].map((id) => ({ id, file_name: `${id}.png`, width: 64, height: 64 })),
  categories: [
    { id: 5, name: 'traffic light' },
    { id: 9, name: 'Cat' },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 5, iscrowd: 0, area: 1024, segmentation: cocoRleFromMask(first!) },
    { id: 2, image_id: 1, category_id: 9, iscrowd: 0, area: 1024, segmentation: cocoRleFromMask(second!) },
    { id: 3, image_id: 2, category_id: 9, iscrowd: 0, area: 1024, segmentation: cocoRleFromMask(first!) },
  ],
}
const header = {
  format: 'maskwords-answers',
  formatVersion: 1,
  benchmark: 'coco',
  questions: 'x',
  asked: { model: 'm', codec: 'getok' },
}
const run = async (...more: string[]) => {
  const argv = ['eval', 'coco', '--truth', 'coco.json', '--json', ...more]
  const result = await runCommand(argv, { cwd: folder })
  return { ...result, value: JSON.parse(result.out) }
}

describe('coco from kept answers', async () => {
  const codec = getokCodec({})
  const image = await codec.encodeImage({ widthPx: 64, heightPx: 64 })
  const words = (await codec.encode(image, [first!, second!])).map(({ text }) => text)
  file('coco.json', JSON.stringify(truth))
  const answers = (...lines: object[]) =>
    file('a.jsonl', [header, ...lines].map((line) => JSON.stringify(line)).join('\n'))

  it('names match by their letters, masks count as sure as they are probable, other names for nobody', async () => {
    answers(
      {
        id: 1,
        text: `Traffic_light: ${words[0]}\ncat: ${words[1]}\nunicorn: ${words[1]}`,
        probabilities: [0.9, 0.5, 0.1],
      },
      { id: 2, text: `cat: ${words[1]}\ncat: ${words[0]}`, probabilities: [0.6, 0.4] },
      { id: 3, text: 'No target.' },
    )
    const { code, value, err } = await run('--predictions', 'a.jsonl')
    expect([code, value.errors]).toEqual([0, []])
    expect(value).toMatchObject({ pictures: 3, truths: 3, detections: 4, answers: { otherNames: 1 } })
    // Of cats the surest detection is wrong: precision 1/2 from the first find on, 2/3 at the second.
    expect(value.metrics.ap50).toBeCloseTo((1 + 2 / 3) / 2, 2)
    expect(value.metrics.ar100).toBeGreaterThan(0.5)
    expect(value.stamp).toMatchObject({ codec: 'getok', asked: { model: 'm' } })
    expect(err).toContain('1 mask with names that are no category')
  })

  it('without probabilities all are as sure; answers that cannot be read are told and find nothing', async () => {
    answers(
      { id: 1, text: `traffic light: ${words[0]}\ncat: ${words[1]}` },
      { id: 2, text: 'cat: <|mt_start|><|mt_0001|><|mt_0300|><|mt_end|>' },
    )
    const { code, value, err } = await run('--predictions', 'a.jsonl')
    expect(code).toBe(1)
    expect(value.errors).toEqual([expect.objectContaining({ at: 'line 3', code: 'unusable-answer' })])
    expect(value.detections).toBe(2)
    expect(err).toContain('1 of 3 pictures have no answer')
  })

  it('a file of COCO results is read as before, whatever it is called', async () => {
    const results = [{ image_id: 2, category_id: 9, score: 1, segmentation: cocoRleFromMask(first!) }]
    file('results.jsonl', JSON.stringify(results))
    const { code, value } = await run('--predictions', 'results.jsonl')
    expect([code, value.detections, value.answers]).toEqual([0, 1, undefined])
  })
})
