// `maskwords serve` as a person starts it: what it prints, refuses and logs, and how it ends.
import { afterAll, describe, expect, it } from 'vitest'
import { createClient } from '../../client/src/client.ts'
import { makeFolder, runCommand } from '../test/command.ts'
import { run } from './cli.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
file('blank', 'two words\n')

describe('maskwords serve', () => {
  it('prints where it is, answers with the token only, logs each request, and ends with 0', async () => {
    const controller = new AbortController()
    const log: string[] = []
    let started = (_line: string): void => {}
    const line = new Promise<string>((resolve) => {
      started = resolve
    })
    const output = (hear: (text: string) => void) => ({
      isTTY: false,
      columns: 80,
      write: async (chunk: string | Uint8Array) => hear(String(chunk)),
    })
    const ended = run(
      ['serve', '--port', '0', '--json', '--codec', 'mine=getok', '--no-studio', '--workers', '1'],
      {
        stdin: (async function* () {})(),
        stdout: output((text) => started(text)),
        stderr: output((text) => log.push(text)),
        env: { MASKWORDS_SERVE_TOKEN: 's3cret' },
        cwd: folder,
        signal: controller.signal,
      },
    )
    const { url, ...said } = JSON.parse(await line)
    expect(said).toMatchObject({ host: '127.0.0.1', token: true, codecs: ['mine'], workers: 1 })
    const client = createClient({ url, token: 's3cret' })
    expect((await client.codecs()).default).toBe('mine')
    await expect(createClient({ url }).codecs()).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    expect((await fetch(url)).status).toBe(200)
    expect(await (await fetch(url)).text()).toContain('--no-studio')
    const lines = log.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text))
    expect(lines.map(({ path, status }) => [path, status])).toEqual([
      ['/v1/codecs', 200],
      ['/v1/codecs', 401],
      ['/', 200],
      ['/', 200],
    ])
    expect(log.join('')).not.toContain('s3cret')
    controller.abort()
    expect(await ended).toBe(130)
    await expect(client.codecs()).rejects.toMatchObject({ code: 'network' })
  })

  it('refuses what cannot be, before it opens a port', async () => {
    const table: [argv: string[], message: string][] = [
      [['--host', '0.0.0.0'], 'can be reached from other machines, and there is no token'],
      [['--token', 'a', '--token-file', 'b'], 'both given'],
      [['--token-file', 'nowhere'], 'cannot read the token'],
      [['--token-file', 'blank'], 'must be printed ASCII characters without blanks'],
      [['--cors', 'example.org'], '--cors takes one web origin'],
      [['--cors', 'https://a.example/path'], '--cors takes one web origin'],
      [['--host', '203.0.113.1', '--token', 'a'], '203.0.113.1 is no address of this machine'],
      [['--cache-folder-mib', '5'], 'goes with --cache-folder'],
      [['--codec', 'no-such-codec', '--workers', '1'], 'no-such-codec'],
      [['--codec', 'a=getok', '--codec', 'a=getok'], 'two codecs are called a'],
      [['--codec', 'himtok-nano', '--segmenter', 'sam2'], '--segmenter is for getok, which is not served'],
    ]
    for (const [argv, message] of table) {
      const { code, err, out } = await runCommand(['serve', '--port', '0', ...argv], { cwd: folder })
      expect([argv, err]).toEqual([argv, expect.stringContaining(message)])
      expect([code === 1 || code === 2, out]).toEqual([true, ''])
    }
  })
})
