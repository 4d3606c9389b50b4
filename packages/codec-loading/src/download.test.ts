import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DownloadOptions, downloadFile } from './download.ts'
import { pullCodec } from './pull.ts'

const BYTES = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) ^ (i >> 7)))
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void
let requests: IncomingMessage[] = []
const server = createServer((request, response) => {
  requests.push(request)
  answer(request, response, requests.length)
})
let base = ''
let folder = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(async () => {
  requests = []
  folder = await mkdtemp(join(tmpdir(), 'download-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Long enough for the client to have read what came before, on a busy machine too: what it has not read is lost with the line. */
const CUT_DELAY_MS = 250

/** An honest server of some bytes; `upTo` of the body, and then the line is cut. */
function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes = BYTES, etag = '"1"', upTo = Number.POSITIVE_INFINITY } = {},
): void {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const ifRange = request.headers['if-range']
  const from = range !== null && (ifRange === undefined || ifRange === etag) ? Number(range[1]) : 0
  const common = { etag, 'content-type': 'application/octet-stream' }
  if (from >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    return
  }
  const body = bytes.subarray(from)
  response.writeHead(from > 0 ? 206 : 200, {
    ...common,
    'content-length': body.length,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  })
  if (body.length <= upTo) response.end(body)
  else response.write(body.subarray(0, upTo), () => setTimeout(() => response.destroy(), CUT_DELAY_MS))
}
const get = (more: Partial<DownloadOptions> = {}) =>
  downloadFile({ url: `${base}/file`, to: join(folder, 'file'), backoffMs: 1, attempts: 3, ...more })

describe('downloadFile', () => {
  it('goes on where the connection broke, again and again', async () => {
    answer = (request, response, count) =>
      serve(request, response, { upTo: count < 4 ? 70_000 : BYTES.length })
    const seen: number[] = []
    const got = await get({ sha256: hashOf(BYTES), onProgress: ({ doneBytes }) => seen.push(doneBytes) })
    expect(got).toEqual({ byteLength: 300_000, sha256: hashOf(BYTES), resumed: true })
    expect(await readFile(join(folder, 'file'))).toEqual(BYTES)
    expect(requests.map((request) => request.headers.range)).toEqual([
      undefined,
      'bytes=70000-',
      'bytes=140000-',
      'bytes=210000-',
    ])
    expect(requests[1]!.headers['if-range']).toBe('"1"')
    expect(await readdir(folder)).toEqual(['file'])
    expect(seen.every((done, i) => i === 0 || done > seen[i - 1]!)).toBe(true)
  })

  it('goes on in a later call, and not with the bytes of another version', async () => {
    answer = (request, response) => serve(request, response, { upTo: requests.length === 1 ? 50_000 : 0 })
    await expect(get({ attempts: 1 })).rejects.toMatchObject({
      code: 'download-failed',
      hint: expect.stringContaining('goes on'),
    })
    expect(existsSync(join(folder, 'file'))).toBe(false)
    const changed = Buffer.from(BYTES.map((byte) => byte ^ 1))
    answer = (request, response) => serve(request, response, { bytes: changed, etag: '"2"' })
    expect(await get()).toMatchObject({ sha256: hashOf(changed) })
    expect(requests[1]!.headers.range).toBe('bytes=50000-')
  })

  it('begins again where joined parts do not have the promised hash, and refuses a file that never has it', async () => {
    await writeFile(
      join(folder, 'file.part'),
      BYTES.subarray(0, 1000).map((byte) => byte ^ 1),
    )
    answer = (request, response) => serve(request, response)
    expect(await get({ sha256: hashOf(BYTES) })).toMatchObject({ resumed: false })
    expect(requests.map((request) => request.headers.range)).toEqual(['bytes=1000-', undefined])
    await expect(get({ to: join(folder, 'other'), sha256: hashOf(Buffer.of(1)) })).rejects.toMatchObject({
      code: 'damaged',
    })
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('refuses a second run of the same file while the first is at work, which ends whole', async () => {
    let second: Promise<unknown> | undefined
    answer = (request, response, count) => {
      if (count === 1) second = get({ attempts: 1 }).catch((error: unknown) => error)
      if (count > 1) return serve(request, response)
      void second!.then(() => serve(request, response))
    }
    expect(await get()).toMatchObject({ sha256: hashOf(BYTES) })
    expect(await second).toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining(`is being downloaded by process ${process.pid}`),
    })
    expect([requests.length, await readdir(folder)]).toEqual([1, ['file']])
  })

  it('needs no byte more where all were there', async () => {
    await writeFile(join(folder, 'file.part'), BYTES)
    answer = (request, response) => serve(request, response)
    expect(await get({ sha256: hashOf(BYTES) })).toMatchObject({ byteLength: 300_000 })
    expect(requests.length).toBe(1)
  })

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'a web page',
      (r) => r.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>'),
      /web page/,
    ],
    [
      'a web page that says it is bytes',
      (r) => r.writeHead(200).end('\n<!DOCTYPE html><title>Sign in</title>'),
      /web page/,
    ],
    ['a file that is not there', (r) => r.writeHead(404).end(), /no such file/],
    ['a gated file', (r) => r.writeHead(403).end(), /403/],
    [
      'another length than promised',
      (r) => r.writeHead(200, { 'content-length': 5 }).end('12345'),
      /5 bytes, 300000 were promised/,
    ],
    [
      'more bytes than promised',
      (r) => r.writeHead(200).end(Buffer.alloc(300_001)),
      /more than the 300000 bytes/,
    ],
  ])('refuses %s at once', async (_, say, message) => {
    answer = (_request, response) => say(response)
    await expect(get({ byteLength: 300_000 })).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(message),
    })
    expect(requests.length).toBe(1)
    expect(existsSync(join(folder, 'file'))).toBe(false)
  })

  it('waits for a busy server, and gives up on one that stays silent or lies about its length', async () => {
    answer = (request, response, count) =>
      count < 3 ? response.writeHead(503, { 'retry-after': '0' }).end() : serve(request, response)
    expect(await get()).toMatchObject({ byteLength: 300_000 })
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).flushHeaders()
    }
    await expect(get({ to: join(folder, 'b'), silenceMs: 50, attempts: 2 })).rejects.toThrow(
      /no byte for 0.05 s/,
    )
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('short', () => setTimeout(() => response.destroy(), 10))
    }
    await expect(get({ to: join(folder, 'c'), attempts: 2 })).rejects.toThrow(/gave up after 2 attempts/)
  })

  it('stops at once when told to, and follows only https beyond this machine', async () => {
    const stop = new AbortController()
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).flushHeaders()
      stop.abort(new Error('enough'))
    }
    await expect(get({ signal: stop.signal })).rejects.toThrow('enough')
    await expect(downloadFile({ url: 'http://example.com/x', to: join(folder, 'x') })).rejects.toThrow(
      /only https/,
    )
    await expect(downloadFile({ url: 'file:///etc/passwd', to: join(folder, 'x') })).rejects.toThrow(
      /only https/,
    )
  })
})

describe('pullCodec', () => {
  const listing = [
    { type: 'directory', path: 'assets', size: 0 },
    { type: 'file', path: 'model-00001-of-00002.safetensors', size: 5_000_000_000 },
    { type: 'file', path: 'config.json', size: 2 },
    {
      type: 'file',
      path: 'mask_tokenizer_256x2.pth',
      size: BYTES.length,
      lfs: { oid: hashOf(BYTES), size: BYTES.length },
    },
    { type: 'file', path: '../evil', size: 1 },
  ]
  const hub = (files: unknown): void => {
    answer = (request, response) => {
      const path = request.url!
      if (path.startsWith('/api/models/someone/tok/tree/main')) response.end(JSON.stringify(files))
      else if (path.endsWith('/config.json')) response.end('{}')
      else if (path === '/someone/tok/resolve/main/mask_tokenizer_256x2.pth') serve(request, response)
      else response.writeHead(404).end()
    }
  }
  const pull = (more: object = {}) =>
    pullCodec({ id: 'someone/tok', baseUrl: base, cacheFolder: folder, backoffMs: 1, attempts: 2, ...more })

  it('fetches the tokenizer and not the language model, checked by the hub, and nothing twice', async () => {
    hub(listing)
    const pulled = await pull({ token: 'secret' })
    expect(pulled.folder).toBe(join(folder, 'hub', 'someone--tok'))
    expect(pulled.files.map((file) => [file.name, file.fetched])).toEqual([
      ['config.json', true],
      ['mask_tokenizer_256x2.pth', true],
    ])
    expect(requests[0]!.headers.authorization).toBe('Bearer secret')
    expect(await readFile(join(pulled.folder, 'mask_tokenizer_256x2.pth'))).toEqual(BYTES)
    const again = await pull()
    expect(again.files[1]).toMatchObject({ fetched: false, sha256: hashOf(BYTES) })
  })

  it('says what is there where the tokenizer is not, and refuses names that leave the folder', async () => {
    hub(listing.slice(0, 2))
    await expect(pull()).rejects.toMatchObject({
      code: 'not-found',
      hint: 'name one with --file: model-00001-of-00002.safetensors',
    })
    hub(listing)
    await expect(pull({ files: ['../evil'] })).rejects.toMatchObject({ code: 'out-of-range' })
    await expect(pull({ id: '../..' })).rejects.toMatchObject({ code: 'out-of-range' })
    answer = (_request, response) => response.end('<html>captive portal')
    await expect(pull()).rejects.toMatchObject({ code: 'download-failed' })
  })
})
