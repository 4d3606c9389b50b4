// The studio's files: what they are called by, the headers they carry, and that nothing else can be reached.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createService, type Service } from './service.ts'
import { studioPages } from './studio-pages.ts'

let folder: string
let service: Service
const SCRIPT = `// ${'x'.repeat(3000)}\n`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskwords-studio-'))
  const studio = join(folder, 'studio')
  await mkdir(join(studio, 'assets'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(studio, 'index.html'), '<!doctype html><title>studio</title>')
  await writeFile(join(studio, 'assets', 'index-Bb3dhyBp.js'), SCRIPT)
  await writeFile(join(studio, 'assets', 'ort.wasm'), Uint8Array.of(0, 97, 115, 109))
  await writeFile(join(studio, 'assets', 'ort.wasm.br'), 'small')
  await writeFile(join(studio, 'assets', 'engine-Bb3dhyBp.wasm.br'), brotliCompressSync(SCRIPT))
  await writeFile(join(studio, 'assets', 'an-ordinary-sentence.txt'), 'words')
  await writeFile(join(studio, 'caf\u00e9 1.txt'), 'hello')
  service = createService({ title: 'test', token: 's3cret' })
  const weights = join(folder, 'weights')
  await mkdir(weights)
  await writeFile(join(weights, 'config.json'), '{}')
  await writeFile(join(weights, 'weights.safetensors'), 'numbers')
  service.pages(await studioPages(studio, new Map([['tiny', weights]])))
})
afterAll(() => rm(folder, { recursive: true }))

const get = (path: string, headers: Record<string, string> = {}) => service.app.request(path, { headers })

describe('pages', () => {
  it('need no token and carry the headers of an isolated page without inline script', async () => {
    const response = await get('/')
    expect([response.status, await response.text()]).toEqual([200, '<!doctype html><title>studio</title>'])
    const headers = Object.fromEntries(response.headers)
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    const policy = headers['content-security-policy']!
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
    expect(policy).not.toContain('unsafe-inline')
    expect(policy).toContain("frame-ancestors 'none'")
  })

  it('come with what the page needs to run a codec itself', async () => {
    const weights = await get('/models/tiny/weights.safetensors')
    expect([weights.status, await weights.text()]).toEqual([200, 'numbers'])
    expect((await get('/models/tiny/config.json')).headers.get('content-type')).toBe('application/json')
    expect((await get('/models/tiny/README.md')).status).toBe(401)
  })

  it('are known by their tag, and for ever where their name holds a hash', async () => {
    const first = await get('/')
    const again = await get('/', { 'if-none-match': `"x", W/${first.headers.get('etag')}` })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const script = await get('/assets/index-Bb3dhyBp.js')
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    // A word of eight letters is no hash.
    expect((await get('/assets/an-ordinary-sentence.txt')).headers.get('cache-control')).toBe('no-cache')
  })

  it('are compressed where the caller takes it', async () => {
    const bytes = async (encoding: string) => {
      const response = await get('/assets/index-Bb3dhyBp.js', { 'accept-encoding': encoding })
      return [response.headers.get('content-encoding'), Buffer.from(await response.arrayBuffer())] as const
    }
    const [br, brotli] = await bytes('gzip, deflate, br')
    expect([br, brotliDecompressSync(brotli).toString()]).toEqual(['br', SCRIPT])
    const [gz, gzip] = await bytes('gzip, br;q=0')
    expect([gz, gunzipSync(gzip).toString()]).toEqual(['gzip', SCRIPT])
    expect(await bytes('identity')).toEqual([null, Buffer.from(SCRIPT)])
    // What lies beside it compressed is taken as it is, and is no page of its own.
    const wasm = await get('/assets/ort.wasm', { 'accept-encoding': 'br' })
    expect([wasm.headers.get('content-type'), await wasm.text()]).toEqual(['application/wasm', 'small'])
    expect((await get('/assets/ort.wasm.br')).status).toBe(401)
  })

  it('that lie there only compressed are handed out both ways, under their own name', async () => {
    const path = '/assets/engine-Bb3dhyBp.wasm'
    const squeezed = await get(path, { 'accept-encoding': 'br' })
    expect(Object.fromEntries(squeezed.headers)).toMatchObject({
      'content-type': 'application/wasm',
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect(brotliDecompressSync(Buffer.from(await squeezed.arrayBuffer())).toString()).toBe(SCRIPT)
    for (const encoding of ['gzip', 'identity']) {
      const plain = await get(path, { 'accept-encoding': encoding })
      expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, SCRIPT])
      expect(plain.headers.get('content-length')).toBe(String(SCRIPT.length))
    }
    expect((await get(`${path}.br`)).status).toBe(401)
  })

  it('answer HEAD without a body, and are no more than their own files', async () => {
    const head = await service.app.request('/', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '36', ''])
    expect((await get('/caf%C3%A9%201.txt')).status).toBe(200)
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/assets/',
      '/assets',
      '/index.html%00.js',
      '//secret.txt',
    ]) {
      const response = await get(path)
      expect([path, response.status, (await response.text()).includes('secret')]).toEqual([path, 401, false])
    }
  })
})

describe('a server without a studio', () => {
  it('says on a plain page how to get it', async () => {
    const bare = createService({ title: 'test' })
    bare.pages(await studioPages(join(folder, 'nothing')))
    const response = await bare.app.request('/')
    const text = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text).toContain('npm run build')
    expect(text).not.toContain('<script')
  })
})
