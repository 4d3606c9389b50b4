// Published weights from a model hub into the cache folder (Hugging Face's public HTTP API: tree and resolve). Node only.
import { CodecError } from '@maskwords/codecs'
import { hubFolder, isHubId } from './cache.ts'
import { CONFIG_FILE, WEIGHTS_FILE } from './config-file.ts'
import {
  type DownloadOptions,
  type DownloadProgress,
  downloadFile,
  LONGEST_PAUSE_MS,
  pauseFor,
  sha256OfFile,
} from './download.ts'

export type PullOptions = Pick<DownloadOptions, 'attempts' | 'backoffMs' | 'silenceMs' | 'signal'> & {
  /** `owner/name`. */
  readonly id: string
  readonly revision?: string
  /** Files to fetch instead of the ones that loadCodec knows. */
  readonly files?: readonly string[]
  /** Of the only file, where the hub states none. */
  readonly sha256?: string
  /** Default https://huggingface.co; mirrors have others. */
  readonly baseUrl?: string
  readonly cacheFolder?: string
  /** For gated files. */
  readonly token?: string
  readonly onProgress?: (progress: DownloadProgress & { readonly file: string }) => void
}

export type Pulled = {
  readonly folder: string
  readonly files: readonly {
    readonly name: string
    readonly byteLength: number
    readonly sha256: string
    readonly fetched: boolean
  }[]
}

type HubFile = { readonly path: string; readonly size: number; readonly sha256?: string }

const KNOWN = [WEIGHTS_FILE, /^mask_tokenizer[\w.-]*\.pth$/, 'himtok.pth'] as const
/** Listings have some 200 bytes a file. */
const MAX_LISTING_BYTES = 16 * 2 ** 20

/**
 * Fetches the mask tokenizer of a hub id into the cache folder, where loadCodec finds it. Files that are there and whole
 * are left alone.
 * @throws CodecError `not-found`, `download-failed`, `damaged`, `out-of-range` for an id or file name that cannot be.
 */
export async function pullCodec(options: PullOptions): Promise<Pulled> {
  const { id, revision = 'main', baseUrl = 'https://huggingface.co', token } = options
  if (!isHubId(id)) {
    throw new CodecError('out-of-range', `"${id}" is no hub id`, { hint: 'ids look like owner/name' })
  }
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const base = baseUrl.replace(/\/+$/, '')
  const listed = await listFiles(
    `${base}/api/models/${id}/tree/${encodeURIComponent(revision)}?recursive=true`,
    headers,
    options,
  )
  const chosen = chooseFiles(listed, options)
  if (options.sha256 !== undefined && chosen.length !== 1)
    throw new CodecError('out-of-range', `one SHA-256 for ${chosen.length} files`, { hint: 'name one file' })
  const { stat } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const folder = await hubFolder(id, options.cacheFolder)
  const files: Pulled['files'][number][] = []
  for (const file of chosen) {
    const to = join(folder, ...file.path.split('/'))
    const wanted = options.sha256 ?? file.sha256
    const here = await stat(to).catch(() => undefined)
    if (here?.isFile() && here.size === file.size) {
      const sha256 = await sha256OfFile(to, options.signal)
      if (wanted === undefined ? false : sha256 === wanted.toLowerCase()) {
        files.push({ name: file.path, byteLength: file.size, sha256, fetched: false })
        continue
      }
    }
    const { onProgress, attempts, backoffMs, silenceMs, signal } = options
    const path = file.path.split('/').map(encodeURIComponent).join('/')
    const got = await downloadFile({
      url: `${base}/${id}/resolve/${encodeURIComponent(revision)}/${path}`,
      to,
      byteLength: file.size,
      headers,
      ...(wanted === undefined ? {} : { sha256: wanted }),
      ...(attempts === undefined ? {} : { attempts }),
      ...(backoffMs === undefined ? {} : { backoffMs }),
      ...(silenceMs === undefined ? {} : { silenceMs }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined
        ? {}
        : { onProgress: (progress) => onProgress({ ...progress, file: file.path }) }),
    })
    files.push({ name: file.path, byteLength: got.byteLength, sha256: got.sha256, fetched: true })
  }
  return { folder, files }
}

async function listFiles(
  url: string,
  headers: Readonly<Record<string, string>>,
  { signal, attempts = 5, backoffMs = 1000 }: Pick<PullOptions, 'signal' | 'attempts' | 'backoffMs'>,
): Promise<HubFile[]> {
  const fail = (what: string, hint: string, cause?: unknown): never => {
    throw new CodecError('download-failed', `${url}: ${what}`, { hint, cause })
  }
  const ask = async (failures: number): Promise<Response> => {
    try {
      return await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) })
    } catch (cause) {
      signal?.throwIfAborted()
      // A connection that was kept open may have been closed from the other side in the meantime.
      if (failures + 1 < attempts) {
        await pauseFor(Math.min(LONGEST_PAUSE_MS, backoffMs * 2 ** failures), signal)
        return ask(failures + 1)
      }
      const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : cause
      return fail(`no answer (${inner})`, 'check the network, or use --base-url for a mirror', cause)
    }
  }
  const response = await ask(0)
  if (response.status === 401 || response.status === 404)
    fail(
      `there is no such model, or it wants a sign-in (${response.status})`,
      'check the id; for gated models set HF_TOKEN',
    )
  if (!response.ok) fail(`the server answered ${response.status}`, 'try again later')
  const length = Number(response.headers.get('content-length') ?? 0)
  if (length > MAX_LISTING_BYTES) fail(`a listing of ${length} bytes`, 'this is no model hub')
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true })
    if (text.length > MAX_LISTING_BYTES)
      fail(`a listing of more than ${MAX_LISTING_BYTES} bytes`, 'this is no model hub')
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    fail('the answer is no JSON', 'this address is no model hub, or something between answers for it', cause)
  }
  if (!Array.isArray(json)) return fail('the answer is no list of files', 'this address is no model hub')
  return json.flatMap((entry: unknown): HubFile[] => {
    const { type, path, size, lfs } = (entry ?? {}) as Record<string, unknown>
    if (type !== 'file' || typeof path !== 'string' || typeof size !== 'number') return []
    const oid = (lfs as { oid?: unknown } | undefined)?.oid
    return [{ path, size, ...(typeof oid === 'string' && /^[0-9a-f]{64}$/.test(oid) ? { sha256: oid } : {}) }]
  })
}

function chooseFiles(listed: readonly HubFile[], { id, files }: PullOptions): HubFile[] {
  const names = listed.map((file) => file.path)
  if (files !== undefined) {
    return files.map((name) => {
      // A name from outside must not leave the folder.
      if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(name) || name.split('/').includes('..'))
        throw new CodecError('out-of-range', `"${name}" is no file name of a hub`)
      const found = listed.find((file) => file.path === name)
      if (found === undefined) throw missing(`${id} has no file "${name}"`, names)
      return found
    })
  }
  const known = KNOWN.map((wanted) =>
    listed.find(({ path }) => (typeof wanted === 'string' ? path === wanted : wanted.test(path))),
  ).find((file) => file !== undefined)
  if (known === undefined) throw missing(`${id} holds no mask tokenizer that is known by name`, names)
  const config = listed.find((file) => file.path === CONFIG_FILE)
  return config === undefined ? [known] : [config, known]
}

function missing(what: string, names: readonly string[]): CodecError {
  const some = names.filter((name) => /\.(?:pth|pt|safetensors|bin)$/.test(name)).slice(0, 8)
  return new CodecError('not-found', what, {
    hint: some.length > 0 ? `name one with --file: ${some.join(', ')}` : 'it holds no weight files at all',
  })
}
