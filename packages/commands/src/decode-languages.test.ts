// Words of several languages in one text: each is decoded by the codec that speaks it, and none as another's.
import { cocoRleFromMask, iou, maskFromCocoRle, maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const scene = drawScene(1)
const { widthPx, heightPx } = scene
const boat = scene.things.find(({ label }) => label === 'sailboat')!.mask
file('scene.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: scene.rgb }))
file('boat.png', maskToPng(boat))

const run = (...argv: string[]) => runCommand(argv, { cwd: folder })
const words: Record<string, string> = {}
type Said = { codec: string; language: string; words: string; size: [number, number]; counts: string }
const ioUs = (masks: Said[]) => masks.map((mask) => iou(maskFromCocoRle(mask), boat))

beforeAll(async () => {
  for (const codec of ['samtok-nano', 'himtok-nano', 'getok']) {
    words[codec] = (await run('encode', 'scene.png', 'boat.png', '--codec', codec, '-q')).out.trim()
  }
  file(
    'three.txt',
    Object.entries(words)
      .map(([codec, text]) => `${codec}: ${text}`)
      .join('\n'),
  )
})

describe('a text with one mask in three languages', () => {
  it('is decoded by the codec of each', async () => {
    const { code, out } = await run('decode', 'scene.png', 'three.txt', '--json')
    const { masks, errors } = JSON.parse(out) as { masks: Said[]; errors: unknown[] }
    expect([code, errors]).toEqual([0, []])
    expect(masks.map(({ codec, language }) => [codec, language])).toEqual([
      ['samtok-nano', 'samtok'],
      ['himtok-nano', 'himtok'],
      ['getok', 'getok'],
    ])
    for (const value of ioUs(masks)) expect(value).toBeGreaterThan(0.6)
    const alone = await run('decode', 'scene.png', words['himtok-nano']!, '--json')
    expect(JSON.parse(alone.out).masks[0].counts).toBe(masks[1]!.counts)
  })

  for (const [asked, language] of [
    ['samtok-nano', 'samtok'],
    ['himtok-nano', 'himtok'],
    ['getok', 'getok'],
  ] as const) {
    it(`the spans of the others are errors where ${asked} is asked for`, async () => {
      const { code, out, err } = await run('decode', 'scene.png', 'three.txt', '--codec', asked, '--json')
      const { masks, errors } = JSON.parse(out) as { masks: Said[]; errors: { message: string }[] }
      expect(code).toBe(1)
      expect(masks.map((mask) => mask.language)).toEqual([language])
      expect(ioUs(masks)[0]).toBeGreaterThan(0.6)
      expect(errors).toHaveLength(2)
      for (const { message } of errors) expect(message).toContain(`words, and ${asked} speaks ${language}`)
      expect(err).toContain('leave --codec out')
    })
  }

  it('without a picture, what needs none is decoded, and the rest is an error by name', async () => {
    const { code, out } = await run('decode', 'three.txt', '--size', `${widthPx}x${heightPx}`, '--json')
    const { masks, errors } = JSON.parse(out) as { masks: Said[]; errors: { message: string; at: string }[] }
    expect(code).toBe(1)
    expect(masks.map((mask) => mask.language)).toEqual(['himtok', 'getok'])
    expect(errors.map(({ at }) => at)).toEqual([`character ${'samtok-nano: '.length} of the text`])
  })
})

it('words that two languages could have written are read as the likelier, which is said, or as their file states', async () => {
  const { err, out } = await run('decode', 'scene.png', '<|mt_start|><|mt_17|><|mt_300|><|mt_end|>', '--json')
  expect(JSON.parse(out).masks[0].language).toBe('samtok')
  expect(err).toContain("are read as samtok's; they could be himtok's, too: --codec himtok-nano")
  file(
    'stated.json',
    JSON.stringify({ language: 'himtok', masks: [{ words: '<|mt_start|><|mt_17|><|mt_300|><|mt_end|>' }] }),
  )
  const stated = await run('decode', 'scene.png', 'stated.json', '--json')
  expect(JSON.parse(stated.out).masks[0].language).toBe('himtok')
  expect(stated.err).not.toContain('could be')
  expect(cocoRleFromMask(boat).size).toEqual(JSON.parse(stated.out).masks[0].size)
})
