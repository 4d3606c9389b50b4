// `maskwords ask` from the command line to the overlay picture: a tiny model made here, the words of samtok-nano.
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { maskFromCocoRle, maskToPng, pictureToPng, readPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../mllm/test/tiny-model.ts'
import { makeFolder, type RunOptions, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const { widthPx, heightPx, rgb, things } = drawScene(1)
const picture = pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb })
file('scene.png', picture)
file('sailboat.png', maskToPng(things.find(({ label }) => label === 'sailboat')!.mask))

const run = (argv: readonly string[], options: Partial<RunOptions> = {}) =>
  runCommand(['ask', ...argv], { cwd: folder, ...options })
const json = async (argv: readonly string[]) => {
  const result = await run([...argv, '--json'])
  return { ...result, value: JSON.parse(result.out) }
}
const MODEL = ['--model', 'model', '--threads', '1']

beforeAll(async () => {
  await writeTinyModel(join(folder, 'model'))
  await writeTinyModel(join(folder, 'plain'), { maskWords: false })
})

describe('ask', () => {
  it('a question, an answer with a mask, its picture and everything about it as JSON', async () => {
    const argv = [
      'scene.png',
      'the boat',
      '--task',
      'segment',
      '--forced',
      '--top',
      '3',
      '-o',
      'boat.png',
      ...MODEL,
    ]
    const { code, value } = await json(argv)
    expect(code).toBe(0)
    expect(value).toMatchObject({
      model: 'model',
      codec: 'samtok-nano',
      question: 'Please segment the boat in this image.',
      finish: 'stop',
      files: ['boat.png'],
      errors: [],
    })
    const [mask] = value.masks
    expect(value.text).toBe(mask.words)
    expect(mask.probability).toBeCloseTo(Math.exp(mask.logprob), 4)
    expect(mask.alternatives).toHaveLength(3)
    expect(mask.size).toEqual([heightPx, widthPx])
    const decoded = await runCommand(['decode', 'scene.png', mask.words, '--json'], { cwd: folder })
    expect(JSON.parse(decoded.out).masks[0].counts).toBe(mask.counts)
    expect(maskFromCocoRle({ size: mask.size, counts: mask.counts })).toMatchObject({ widthPx, heightPx })
    expect(readPng(readFileSync(join(folder, 'boat.png')))).toMatchObject({ widthPx, heightPx })
  })

  it('prints words into a pipe, and names with probabilities on a terminal', async () => {
    const argv = ['scene.png', 'the boat', '--forced', ...MODEL]
    const piped = await run(argv)
    expect(piped.out).toMatch(/^<\|mt_start\|><\|mt_\d{4}\|><\|mt_\d{4}\|><\|mt_end\|>\n$/)
    const coloured = await run(argv, { isTTY: true, env: { FORCE_COLOR: '1' } })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what this looks for.
    expect(coloured.out).toMatch(/^\u001b\[38;2;\d+;\d+;\d+m\[mask 1 \d+ %\]\u001b\[39m\n$/)
  })

  it('{mask} becomes the words that encode gives, and places and masks must agree', async () => {
    const words = (await runCommand(['encode', 'scene.png', 'sailboat.png'], { cwd: folder })).out.trim()
    const argv = ['scene.png', '--mask', 'sailboat.png', '--max-tokens', '4', ...MODEL]
    const { value } = await json(['scene.png', 'What is {mask}? And {mask:1}?', ...argv.slice(1)])
    expect(value.question).toBe(`What is ${words}? And ${words}?`)
    const { code, err } = await run(['scene.png', 'What is it?', ...argv.slice(1)])
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('1 masks are given, and the question points at 0 of them'),
    ])
    const none = await run(['scene.png', 'What is {mask:2}?', ...MODEL])
    expect([none.code, none.err]).toEqual([
      1,
      expect.stringContaining('a place {mask:2} for mask 2, and 0 are given'),
    ])
  })

  it('a folder: every picture once, and on from where a killed run was', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) file(`pictures/${name}`, picture)
    file('pictures/notes.txt', 'no picture')
    file('pictures/broken.png', picture.subarray(0, 200))
    const argv = ['pictures', 'the boat', '--forced', '-o', 'answers', ...MODEL]
    const first = await json(argv)
    expect(first.code).toBe(1)
    expect(first.value).toMatchObject({ pictures: 4, answered: 3, answeredBefore: 0 })
    expect(first.value.errors).toHaveLength(1)
    expect(first.value.errors[0].file).toBe(join('pictures', 'broken.png'))
    const answers = join(folder, 'answers/answers.jsonl')
    const lines = readFileSync(answers, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).picture)).toEqual(['a.png', 'b.png', 'c.png'])
    expect(existsSync(join(folder, 'answers/a.png.png'))).toBe(true)
    // Killed while the last line was written.
    truncateSync(answers, readFileSync(answers).length - 30)
    writeFileSync(join(folder, 'pictures/broken.png'), picture)
    const second = await json(argv)
    expect(second.code).toBe(0)
    expect(second.value).toMatchObject({ answered: 2, answeredBefore: 2 })
    const again = readFileSync(answers, 'utf8').trim().split('\n')
    expect(again.map((line) => JSON.parse(line).picture).sort()).toEqual([
      'a.png',
      'b.png',
      'broken.png',
      'c.png',
    ])
    expect(again.slice(0, 2)).toEqual(lines.slice(0, 2))
  })

  it('says what is missing or does not fit', async () => {
    const failed = async (...argv: string[]) => {
      const { code, err } = await run(argv)
      return `${code} ${err}`
    }
    expect(await failed('scene.png', 'x')).toMatch(/^2 .*missing --model/s)
    expect(await failed('scene.png', ...MODEL)).toMatch(/^2 .*missing <question>/s)
    expect(await failed('scene.png', 'x', '--model', 'nothing')).toMatch(/^1 .*there is no such folder/s)
    expect(await failed('scene.png', 'x', ...MODEL, '--codec', 'himtok-nano')).toMatch(
      /^1 .*the model speaks samtok with 514 words, and the codec himtok-nano reads himtok/s,
    )
    expect(await failed('scene.png', 'x', ...MODEL, '--max-pixels', '100')).toMatch(/^1 .*max-pixels|limit/s)
    expect(await failed('scene.png', 'x', '--model', 'plain', '--forced')).toMatch(/^1 .*has no mask words/s)
    expect(await failed('scene.png', 'x', '-o', 'scene.png', ...MODEL)).toMatch(/scene\.png/)
  })
})
