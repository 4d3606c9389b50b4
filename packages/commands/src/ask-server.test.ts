// `maskwords ask` with a model behind an address: what is asked, what is said of the server, and answers that break off.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { maskFromCocoRle, pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerKind } from '../../mllm/src/servers/profiles.ts'
import {
  type Asked,
  events,
  json,
  type Reply,
  SAID,
  STREAMS,
  serverOf,
  serverOnPort,
  TOKENS,
  vllmStream,
} from '../../mllm/test/exchanges.ts'
import { makeFolder, type RunOptions, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
const servers: { close(): void }[] = []
afterAll(() => {
  for (const server of servers) server.close()
  remove()
})
const picture = pictureToPng({
  widthPx: 48,
  heightPx: 32,
  channels: 3,
  bytes: new Uint8Array(48 * 32 * 3).fill(90),
})
file('photo.png', picture)
mkdirSync(join(folder, 'photos'))
for (const name of ['a', 'b']) file(`photos/${name}.png`, picture)

const serve = async (kind: ServerKind, chat: (asked: Asked) => Reply) => {
  const server = await serverOnPort(serverOf(kind, chat))
  servers.push(server)
  return server
}
const ask = (argv: readonly string[], options: Partial<RunOptions> = {}) =>
  runCommand(['ask', ...argv], { cwd: folder, ...options })

describe('ask at a server', () => {
  it('prints the answer, draws its masks, and sends the key from the environment', async () => {
    const { address, asked } = await serve('vllm', () => events(STREAMS.vllm))
    const argv = ['photo.png', 'the elephant', '--task', 'segment', '--model', address, '-o', 'o.png']
    const { code, out, err } = await ask(argv, { env: { MASKWORDS_API_KEY: 'sk-1' } })
    expect(code, err).toBe(0)
    expect(out.trim()).toBe(SAID)
    expect(err).toContain(`${address}#samtok (vllm) answers`)
    expect(asked.every(({ headers }) => headers.get('authorization') === 'Bearer sk-1')).toBe(true)
    expect(JSON.stringify(asked.at(-1)!.body)).toContain('Please segment the elephant in this image.')
    const all = JSON.parse((await ask([...argv, '--json'])).out)
    expect(all.masks[0]).toMatchObject({ codes: [107, 112], status: 'complete' })
    expect(maskFromCocoRle(all.masks[0])).toMatchObject({ widthPx: 48, heightPx: 32 })
    expect(out + err).not.toContain('sk-1')
  })

  it('a server that does not say its words is told by --codec, and says what is missing else', async () => {
    const { address } = await serve('openai', () => events(STREAMS.openai))
    const argv = ['photo.png', 'where?', '--model', address]
    const silent = await ask([...argv, '--json'])
    expect(silent.err).toContain('--codec samtok-nano')
    expect(JSON.parse(silent.out).masks).toEqual([])
    const told = JSON.parse((await ask([...argv, '--codec', 'samtok-nano', '--json'])).out)
    expect(told.masks[0]).toMatchObject({ codes: [107, 112] })
    expect(told.masks[0].counts).toBeTypeOf('string')
  })

  it('a proxy that hides the kind of server is told by --server', async () => {
    const { address, asked } = await serve('openai', () => events(STREAMS.vllm))
    await ask(['photo.png', '?', '--model', address, '--server', 'vllm', '--codec', 'samtok-nano'])
    expect(asked.at(-1)!.body).toMatchObject({ skip_special_tokens: false, return_token_ids: true })
    const folderless = await ask(['photo.png', '?', '--model', folder, '--server', 'vllm'])
    expect([folderless.code, folderless.err]).toEqual([
      2,
      expect.stringContaining('--server is for a model behind'),
    ])
  })

  it('an answer that breaks off fails, and what was answered is shown', async () => {
    const half = `${vllmStream(TOKENS).split('\n\n').slice(0, 6).join('\n\n')}\n\n`
    const { address } = await serve('vllm', () => events(half))
    const { code, out, err } = await ask(['photo.png', '?', '--model', address])
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('answered until then: Ein éléphant')
    expect(err).toContain('ends its answer without a reason')
    const asJson = await ask(['photo.png', '?', '--model', address, '--json'])
    expect(asJson.code).toBe(1)
    expect(JSON.parse(asJson.out)).toMatchObject({
      partial: { text: 'Ein éléphant ' },
      errors: [{ code: 'server' }],
    })
  })

  it('of a folder, pictures that were answered stay so when the server fails, and only the rest is asked again', async () => {
    let broken = true
    let count = 0
    const { address } = await serve('vllm', () =>
      broken && ++count === 2 ? json({ error: { message: 'out of memory' } }, 500) : events(STREAMS.vllm),
    )
    const argv = ['photos', '?', '--model', address, '-o', 'answers', '--json']
    const first = await ask(argv)
    expect(first.code).toBe(1)
    expect(JSON.parse(first.out)).toMatchObject({
      answered: 1,
      errors: [{ code: 'server', file: 'photos/b.png' }],
    })
    broken = false
    const second = await ask(argv)
    expect([second.code, JSON.parse(second.out)]).toMatchObject([0, { answered: 1, answeredBefore: 1 }])
    const lines = readFileSync(join(folder, 'answers/answers.jsonl'), 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).picture)).toEqual(['a.png', 'b.png'])
  })
})
