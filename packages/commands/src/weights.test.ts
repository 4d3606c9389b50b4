// `pull` and `import` as a person types them; the engines behind them are tested in packages/codecs.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOY_HIMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { makeFolder, runCommand } from '../test/command.ts'

const BYTES = Buffer.from('the weights of a tokenizer')
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/models/some/one/tree/main'))
    response.end(
      JSON.stringify([{ type: 'file', path: 'himtok.pth', size: BYTES.length, lfs: { oid: SHA256 } }]),
    )
  else if (request.url?.endsWith('/himtok.pth')) response.end(BYTES)
  else response.writeHead(404).end()
})
let base = ''
const { folder, remove } = makeFolder()
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  remove()
})
const run = (...argv: string[]) =>
  runCommand(argv, { cwd: folder, env: { MASKWORDS_CACHE: 'cache', HF_ENDPOINT: base } })

describe('maskwords pull', () => {
  it('fetches a hub id into the cache, and says that it was there the second time', async () => {
    const first = await run('pull', 'some/one')
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain(`himtok.pth: ${BYTES.length} bytes, SHA-256 ${SHA256}\n`)
    expect(await readFile(join(folder, 'cache/hub/some--one/himtok.pth'))).toEqual(BYTES)
    expect((await run('pull', 'some/one')).out).toContain('(was there)')
    expect(JSON.parse((await run('pull', 'some/one', '--json')).out)).toMatchObject({
      files: [{ name: 'himtok.pth', sha256: SHA256, fetched: false }],
    })
  })

  it('fetches an address, and refuses what has another hash, what is not there and what is no id', async () => {
    const url = `${base}/x/himtok.pth`
    expect((await run('pull', url, '--sha256', SHA256, '-o', 'got.pth')).code).toBe(0)
    expect(await readFile(join(folder, 'got.pth'))).toEqual(BYTES)
    const other = await run(
      'pull',
      url,
      '--sha256',
      SHA256.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      '-o',
      'b.pth',
    )
    expect([other.code, other.err]).toEqual([1, expect.stringContaining(`has SHA-256 ${SHA256}`)])
    expect((await run('pull', `${base}/none.pt`)).err).toContain('there is no such file')
    expect(await run('pull', 'no id')).toMatchObject({ code: 1, err: expect.stringContaining('owner/name') })
    expect((await run('pull', 'some/one', '--file', '../../x')).code).toBe(1)
  })
})

describe('maskwords import', () => {
  it('makes a folder of a weight file that --codec takes, once', async () => {
    await writeWeights(join(folder, 'toy.safetensors'), await wantedWeights({ himtok: TOY_HIMTOK }))
    await writeFile(join(folder, 'toy.json'), formatCodecConfig({ codec: 'himtok', config: TOY_HIMTOK }))
    const argv = ['import', 'toy.safetensors', '-o', 'toy', '--config', 'toy.json', '--dtype', 'float16']
    const made = await run(...argv)
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toMatch(/toy\n {2}himtok, weights converted, \d+ bytes/)
    expect(await run(...argv)).toMatchObject({ code: 1, err: expect.stringContaining('there already') })
    expect((await run('import', 'toy.safetensors', '-o', 'other')).err).toContain(
      '16 wide, which is no published size',
    )
    expect((await run('import', 'toy.safetensors', '-o', 'other', '--config', 'none.json')).err).toContain(
      'none.json',
    )
  })
})
