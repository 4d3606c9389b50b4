// Weights over the network with progress, kept in the browser's Cache Storage: fetched once, checked by one small request,
// and there when the network is not.
import { messageOf } from '@maskwords/base'
import type { Progress } from './backend.ts'
import { EngineError } from './error.ts'

const CACHE = 'maskwords-models'

/** `onBytes` hears of bytes as they come; `totalBytes` where the server says it. */
export type FetchOptions = { readonly onBytes?: (bytes: number, totalBytes: number | undefined) => void }

async function openCache(): Promise<Cache | undefined> {
  try {
    return await globalThis.caches?.open(CACHE)
  } catch {
    // Private windows and pages without a secure origin have none: then files are fetched each time.
    return undefined
  }
}

/** Headers that change when a file does. */
const markOf = ({ headers }: Response): string =>
  `${headers.get('content-length')} ${headers.get('etag') ?? headers.get('last-modified')}`

/**
 * The file at `url`, from the cache where the server says that it is still the same or cannot be reached.
 * @throws EngineError `weights` with what the server or network said
 */
export async function fetchFile(url: string, options: FetchOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const cache = await openCache()
  const kept = await cache?.match(url)
  if (kept !== undefined) {
    const now = await fetch(url, { method: 'HEAD', cache: 'no-cache' }).catch(() => undefined)
    if (now === undefined || (now.ok && markOf(now) === markOf(kept))) return readBody(kept, options)
  }
  let response: Response
  try {
    response = await fetch(url)
  } catch (cause) {
    throw new EngineError('weights', `${url} cannot be fetched: ${messageOf(cause)}`, {
      cause,
      hint: 'is the server that this page came from still running?',
    })
  }
  if (!response.ok) {
    throw new EngineError(
      'weights',
      `${url}: the server answered ${response.status} ${response.statusText}`,
      {
        hint: 'the folder models/ beside this page must hold samtok-nano and himtok-nano',
      },
    )
  }
  const bytes = await readBody(response, options)
  try {
    await cache?.put(url, new Response(bytes, { headers: response.headers }))
  } catch {
    // A full disk: the file is here all the same.
  }
  return bytes
}

async function readBody(response: Response, { onBytes }: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const total = Number(response.headers.get('content-length')) || undefined
  // What is compressed on the way has another length than its content.
  const totalBytes = response.headers.has('content-encoding') ? undefined : total
  const parts: Uint8Array[] = []
  let bytes = 0
  const reader = response.body!.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    bytes += value.length
    onBytes?.(bytes, totalBytes)
  }
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** The files of a shipped codec. Throws as fetchFile. */
export async function fetchCodecFiles(
  baseUrl: string,
  name: string,
  tell: (progress: Progress) => void,
): Promise<{ config: string; weights: Uint8Array<ArrayBuffer>; name: string }> {
  const folder = new URL(`models/${name}/`, baseUrl)
  tell({ doing: `fetching ${name}` })
  const config = new TextDecoder().decode(await fetchFile(new URL('config.json', folder).href))
  const weights = await fetchFile(new URL('weights.safetensors', folder).href, {
    onBytes: (bytes, total) =>
      tell({
        doing: `fetching ${name}: ${megabytes(bytes)}${total === undefined ? '' : ` of ${megabytes(total)}`} MB`,
        ...(total === undefined ? {} : { share: Math.min(1, bytes / total) }),
      }),
  })
  return { config, weights, name }
}
