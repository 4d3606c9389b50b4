// The studio's files at `/`: read once at the start, so that no path of a request ever reaches the file system; typed, compressed,
// with the headers that a page with threads and without foreign content wants.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants, gzip } from 'node:zlib'
import type { ServiceContext } from './request-env.ts'

/** Content security policy of every page: nothing inline, nothing from elsewhere. */
export const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  webmanifest: 'application/manifest+json',
  map: 'application/json',
  txt: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  onnx: 'application/octet-stream',
  safetensors: 'application/octet-stream',
  bin: 'application/octet-stream',
}
/** What is worth compressing. */
const TEXTUAL = /^(?:text\/|application\/(?:json|manifest|wasm)|image\/svg)/

/** Files whose name holds a hash of their content, as Vite names them, never change. A word of eight letters is no hash. */
const HASHED = /^assets\/.*-(?![a-z_-]+\.)[A-Za-z0-9_-]{8}\.[a-z0-9]+$/

/** All files together; the studio with two tokenizers and ONNX Runtime has some forty. */
const MAX_BYTES = 512 * 2 ** 20

type Page = {
  /** As it is; of what lies in the folder only compressed (the engine's WebAssembly), made when somebody wants it so. */
  readonly body: Uint8Array | (() => Promise<Uint8Array>)
  readonly type: string
  readonly etag: string
  readonly cache: string
  readonly br?: Uint8Array
  readonly gzip?: Uint8Array
}

type Find = (c: ServiceContext) => Promise<Response | undefined>

/** What a page needs of a codec to run it itself. */
const MODEL_FILES = ['config.json', 'weights.safetensors'] as const
/** What some have beside it: a head that makes objects of clicks. */
const OPTIONAL_MODEL_FILES = ['click.safetensors'] as const

/**
 * Answers for the files of `folder`, and at `/models/NAME/` for the codecs of `models` (their folders by name), which the page
 * runs itself; where there is no studio, `/` says how to get it. Throws for a folder beyond 512 MiB, or a codec without files.
 */
export async function studioPages(
  folder: string | undefined,
  models: ReadonlyMap<string, string> = new Map(),
): Promise<Find> {
  const pages = folder === undefined ? new Map<string, Page>() : await readPages(folder)
  if (pages.size > 0) {
    for (const [name, place] of models) {
      for (const file of MODEL_FILES)
        pages.set(`/models/${name}/${file}`, pageOf(file, await readFile(join(place, file))))
      for (const file of OPTIONAL_MODEL_FILES) {
        const body = await readFile(join(place, file)).catch(() => undefined)
        if (body !== undefined) pages.set(`/models/${name}/${file}`, pageOf(file, body))
      }
    }
  }
  if (!pages.has('/')) pages.set('/', pageOf('index.html', new TextEncoder().encode(noStudio(folder))))
  return async (c) => {
    const page = pages.get(c.req.path)
    return page === undefined ? undefined : answer(c, page)
  }
}

async function readPages(folder: string): Promise<Map<string, Page>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const found = new Map<string, Uint8Array>()
  let bytes = 0
  for (const file of files) {
    const body = await readFile(file)
    bytes += body.byteLength
    if (bytes > MAX_BYTES) throw new Error(`${folder} holds more than ${MAX_BYTES / 2 ** 20} MiB`)
    found.set(relative(folder, file).split(sep).join('/'), body)
  }
  const pages = new Map<string, Page>()
  for (const [name, body] of found) {
    const plain = name.replace(/\.(?:br|gz)$/, '')
    if (plain !== name && found.has(plain)) continue
    if (name.endsWith('.br')) {
      pages.set(`/${plain}`, compressedOnly(plain, body))
      continue
    }
    const page = await compressed(pageOf(name, body), found.get(`${name}.br`), found.get(`${name}.gz`))
    pages.set(`/${name}`, page)
    if (name === 'index.html') pages.set('/', page)
  }
  return pages
}

function compressedOnly(name: string, br: Uint8Array): Page {
  let plain: Promise<Uint8Array> | undefined
  const body = () => {
    plain ??= promisify(brotliDecompress)(br)
    return plain
  }
  return { ...pageOf(name, br), body, br }
}

function pageOf(name: string, body: Uint8Array): Page & { readonly body: Uint8Array } {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
  return {
    body,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cache: HASHED.test(name) && !name.endsWith('.html') ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}

/** Smaller than a packet is not worth it; larger takes longer than it saves on the way from this machine. */
const COMPRESS_FROM_BYTES = 1024
const COMPRESS_TO_BYTES = 4 * 2 ** 20

async function compressed(
  page: Page & { readonly body: Uint8Array },
  br: Uint8Array | undefined,
  gz: Uint8Array | undefined,
): Promise<Page> {
  const bytes = page.body.byteLength
  if (br !== undefined || gz !== undefined) {
    return { ...page, ...(br !== undefined && { br }), ...(gz !== undefined && { gzip: gz }) }
  }
  if (!TEXTUAL.test(page.type) || bytes < COMPRESS_FROM_BYTES || bytes > COMPRESS_TO_BYTES) return page
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }
  return {
    ...page,
    br: await promisify(brotliCompress)(page.body, quality),
    gzip: await promisify(gzip)(page.body),
  }
}

async function answer(c: ServiceContext, page: Page): Promise<Response> {
  const headers: Record<string, string> = {
    'content-type': page.type,
    'cache-control': page.cache,
    etag: page.etag,
    vary: 'accept-encoding',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'content-security-policy': PAGE_POLICY,
  }
  const known = c.req.header('if-none-match')
  if (known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === page.etag)) {
    return c.body(null, 304, headers)
  }
  const accepted = (c.req.header('accept-encoding') ?? '').toLowerCase()
  const takes = (name: string) =>
    accepted.split(',').some((part) => {
      const [coding, ...parameters] = part.split(';').map((piece) => piece.trim())
      return coding === name && !parameters.some((piece) => /^q=0(?:\.0*)?$/.test(piece))
    })
  let body: Uint8Array
  if (page.br !== undefined && takes('br')) {
    body = page.br
    headers['content-encoding'] = 'br'
  } else if (page.gzip !== undefined && takes('gzip')) {
    body = page.gzip
    headers['content-encoding'] = 'gzip'
  } else body = typeof page.body === 'function' ? await page.body() : page.body
  headers['content-length'] = String(body.byteLength)
  return c.req.method === 'HEAD'
    ? c.body(null, 200, headers)
    : c.body(body as Uint8Array<ArrayBuffer>, 200, headers)
}

function noStudio(folder: string | undefined): string {
  const why =
    folder === undefined
      ? 'This server was started without the studio (--no-studio).'
      : 'The studio is not built here. In the repository: npm run build, then start the server again.'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>maskwords</title>
<h1>maskwords</h1>
<p>${why}</p>
<p>Programs find everything under <a href="/v1/codecs">/v1</a>; <a href="/openapi.json">/openapi.json</a> describes it.</p>
</html>
`
}
