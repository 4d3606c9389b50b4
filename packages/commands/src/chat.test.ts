// `maskwords chat` through a pipe: rounds that build on each other, masks that are pointed at, commands, a session that is gone on with.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { maskToPng, pictureToPng, readPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../mllm/test/tiny-model.ts'
import { makeFolder, runCommand } from '../test/command.ts'
import { readLine } from './chat/commands.ts'
import { pointed } from './chat/session.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const { widthPx, heightPx, rgb, things } = drawScene(1)
file('scene.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }))
file('other.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb.map((value) => 255 - value) }))
file('boat.png', maskToPng(things.find(({ label }) => label === 'sailboat')!.mask))
beforeAll(() => writeTinyModel(join(folder, 'model')))

const MODEL = ['--model', 'model', '--threads', '1', '--max-tokens', '24']
const chat = async (lines: readonly string[], ...argv: string[]) => {
  const result = await runCommand(['chat', ...argv, ...MODEL, '--json'], {
    cwd: folder,
    stdin: lines.map((line) => `${line}\n`).join(''),
  })
  const objects =
    result.out.trim() === ''
      ? []
      : result.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
  return { ...result, objects }
}

describe('chat through a pipe', () => {
  it('a line a question, a line an answer; masks are numbered on, and pointed at by their words', async () => {
    const { code, objects, err } = await chat(
      ['the boat?', 'What is {1}, and {mask:2}?', '', '/masks'],
      'scene.png',
      '--mask',
      'boat.png',
      '-o',
      'all.png',
    )
    const words = (await runCommand(['encode', 'scene.png', 'boat.png'], { cwd: folder })).out.trim()
    expect(objects[0]).toMatchObject({ round: 1, question: 'the boat?' })
    const said = objects[0].masks.map((mask: { number: number }) => mask.number)
    expect(said).toEqual(said.map((_: number, k: number) => k + 2))
    if (said.length > 0) {
      expect(code, err).toBe(0)
      expect(objects[1].asked).toBe(`What is ${words}, and ${objects[0].masks[0].words}?`)
    } else expect(objects[1].error.message).toBe('{mask:2} is no mask of this conversation: masks are 1 to 1')
    expect(err).toContain('[mask 1] boat.png')
    expect(readPng(readFileSync(join(folder, 'all.png')))).toMatchObject({ widthPx, heightPx })
  })

  it('a session is kept after each answer and gone on with; the model reads what was said before', async () => {
    const first = await chat(['the boat?'], 'scene.png', '--session', 'talk.json')
    expect(first.code, first.err).toBe(0)
    const kept = JSON.parse(readFileSync(join(folder, 'talk.json'), 'utf8'))
    expect(kept).toMatchObject({
      format: 'maskwords-chat',
      picture: { file: 'scene.png' },
      codec: 'samtok-nano',
    })
    expect(kept.rounds).toMatchObject([{ question: 'the boat?', answer: first.objects[0].text }])
    const second = await chat(['and now?'], '--session', 'talk.json')
    expect(second.err).toContain('going on behind 1 round')
    expect(second.objects[0].round).toBe(2)
    expect(second.objects[0].usage.promptTokens).toBeGreaterThan(first.objects[0].usage.promptTokens)
    const undone = await chat(['/undo', '/undo', '/undo'], '--session', 'talk.json')
    expect(undone.err.match(/is taken back/g)).toHaveLength(2)
    expect(undone.err).toContain('there is no round to take back')
    expect(JSON.parse(readFileSync(join(folder, 'talk.json'), 'utf8'))).toMatchObject({
      rounds: [],
      masks: [],
    })
  })

  it('what goes wrong with a line is said and costs that line alone', async () => {
    const lines = [
      '/hlep',
      '{4}?',
      '/mask nothing.png',
      '/save',
      '/image no.png',
      'the boat?',
      '/save masks.png',
      '/quit',
      'never asked',
    ]
    const { code, objects, err } = await chat(lines, 'scene.png')
    expect(code).toBe(1)
    expect(objects.map((object) => object.error?.code ?? object.round)).toEqual([
      'usage',
      'usage',
      'not-found',
      'usage',
      'not-found',
      1,
    ])
    expect(err).toContain('/help')
    expect(err).toContain('there is no mask yet')
    expect(existsSync(join(folder, 'masks.png'))).toBe(true)
  })

  it('refuses another picture and what is no session before a long load', async () => {
    const refused = async (...argv: string[]) =>
      (await runCommand(['chat', ...argv, '--model', 'nothing'], { cwd: folder })).err
    expect(await refused('other.png', '--session', 'talk.json')).toContain(
      'not the one that the conversation is about',
    )
    file('mine.json', '{"a":1}')
    expect(await refused('scene.png', '--session', 'mine.json')).toContain(
      'no conversation that chat has kept',
    )
    expect(readFileSync(join(folder, 'mine.json'), 'utf8')).toBe('{"a":1}')
    expect(await refused('--session', 'new.json')).toContain('missing <picture>')
    expect(await refused('scene.png', '--session', 'scene.png')).toContain('scene.png')
  })
})

describe('lines of a conversation', () => {
  it('are questions, commands or nothing', () => {
    expect(readLine('  ')).toEqual({ kind: 'nothing' })
    expect(readLine(' What? ')).toEqual({ kind: 'question', text: 'What?' })
    expect(readLine('//etc is a folder')).toEqual({ kind: 'question', text: '/etc is a folder' })
    expect(readLine('/image a b.jpg')).toEqual({ kind: 'command', name: 'image', argument: 'a b.jpg' })
    expect(readLine('/exit')).toMatchObject({ name: 'quit' })
    expect(() => readLine('/undo 2')).toThrow('/undo takes nothing, got "2"')
    expect(() => readLine('/image')).toThrow('/image needs a file')
  })

  it('point at masks by number, or at the last one', () => {
    const masks = ['A', 'B'].map((words, k) => ({ number: k + 1, words, from: 1, mask: undefined }))
    expect(pointed('{1} {mask:2} {mask} {x} {}', masks)).toBe('A B B {x} {}')
    expect(() => pointed('{3}', masks)).toThrow('masks are 1 to 2')
    expect(() => pointed('{0}', masks)).toThrow('{0} is no mask')
  })
})
