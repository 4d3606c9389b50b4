// The backend over HTTP: `maskwords serve` runs the codecs (docs/http-api.md). Pictures go there once, as PNG.
import type { Pixels } from '@maskwords/codecs'
import { cocoRleFromMask, type Mask, maskFromCocoRle } from '@maskwords/mask'
import type { CodecId } from '../state/types.ts'
import type { Backend, CallOptions, CodecFacts, Decoded } from './backend.ts'
import { messageOf } from './error.ts'
import { lane, URGENCY } from './lane.ts'
import { serverError } from './probe.ts'
import type { PictureToSee } from './worker-link.ts'

/** The parts of the answers that are used here; the server's schemas say the rest. */
type CodecInfo = { readonly name: string; readonly kind: CodecId; readonly needsPicture: boolean }
type Vocabulary = {
  readonly codesPerLevel?: number
  readonly levels?: number
  readonly codes?: number
  readonly maxLength?: number
  readonly gridSize?: number
}
type ItemError = {
  readonly error: { readonly message: string; readonly hint?: string; readonly at?: unknown }
}
type Said = {
  readonly text: string
  readonly codes: number[]
  readonly tokens: number
  readonly bits: number
}
type Rle = { readonly size: [number, number]; readonly counts: string }
type Drawn = { readonly mask: Rle; readonly score?: number; readonly prefixes?: readonly Drawn[] }
type EncodeAnswer = {
  readonly results: readonly (Said | ItemError)[]
  readonly times: { readonly pictureMs: number; readonly encodeMs: number }
}
type DecodeAnswer = {
  readonly results: readonly (Drawn | ItemError)[]
  readonly times: { readonly pictureMs: number; readonly decodeMs: number }
}

type Opened = { readonly facts: CodecFacts; readonly name: string }

/** Sends a busy server's requests once more after what it asks for, at most this long. */
const MAX_RETRY_MS = 5000
const RETRIES = 3

export function serverBackend({ baseUrl }: { readonly baseUrl: string }): Backend {
  const opened = new Map<CodecId, Promise<Opened>>()
  /** Handles of pictures by their id here; the server forgets them when it needs room. */
  const handles = new Map<string, Promise<string>>()
  const turns = lane()

  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    for (let attempt = 0; ; attempt++) {
      let response: Response
      try {
        response = await fetch(new URL(path, baseUrl), init)
      } catch (cause) {
        init.signal?.throwIfAborted()
        throw serverError(
          `the server cannot be reached: ${messageOf(cause)}`,
          'is it running? Or run codecs in the browser',
        )
      }
      if (response.ok) return response
      if ((response.status !== 429 && response.status !== 503) || attempt === RETRIES)
        throw await faultOf(response)
      const seconds = Number(response.headers.get('retry-after')) || 1
      await pause(Math.min(seconds * 1000, MAX_RETRY_MS), init.signal ?? undefined)
    }
  }
  const get = async <T>(path: string): Promise<T> => (await (await request(path)).json()) as T
  const post = async <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    }
    return (await (await request(path, init)).json()) as T
  }

  const openCodec = async (id: CodecId): Promise<Opened> => {
    const { codecs } = await get<{ codecs: readonly CodecInfo[] }>('v1/codecs')
    const wanted = id === 'getok' ? 'getok' : `${id}-nano`
    const info = codecs.find(({ name }) => name === wanted) ?? codecs.find(({ kind }) => kind === id)
    if (info === undefined) {
      throw serverError(
        `the server runs ${codecs.map(({ name }) => name).join(', ') || 'no codec'}, not ${wanted}`,
      )
    }
    const vocabulary = await get<Vocabulary>(`v1/codecs/${encodeURIComponent(info.name)}/vocabulary`)
    const { codesPerLevel, levels, codes, maxLength, gridSize } = vocabulary
    const sizes =
      id === 'samtok'
        ? new Array<number>(levels ?? 0).fill(codesPerLevel ?? 0)
        : new Array<number>(maxLength ?? 0).fill(codes ?? 0)
    const facts: CodecFacts = {
      id,
      name: info.name,
      place: 'server',
      threads: 0,
      sizes,
      ...(gridSize === undefined ? {} : { cells: gridSize }),
    }
    return { facts, name: info.name }
  }
  const openOnce = (id: CodecId): Promise<Opened> => {
    let one = opened.get(id)
    if (one === undefined) {
      one = openCodec(id)
      opened.set(id, one)
      one.catch(() => opened.delete(id))
    }
    return one
  }
  const factsOf = new Map<CodecId, Promise<CodecFacts>>()

  const handOver = ({ id, pixels }: PictureToSee): Promise<string> => {
    let handle = handles.get(id)
    if (handle === undefined) {
      handle = (async () => {
        const init = { method: 'POST', headers: { 'content-type': 'image/png' }, body: await pngOf(pixels) }
        return ((await (await request('v1/pictures', init)).json()) as { picture: string }).picture
      })()
      handles.set(id, handle)
      handle.catch(() => handles.delete(id))
    }
    return handle
  }

  /** Calls with the picture's handle; hands the picture over again where the server has forgotten it. */
  const withPicture = async <T>(picture: PictureToSee, call: (handle: string) => Promise<T>): Promise<T> => {
    try {
      return await call(await handOver(picture))
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw error
      handles.delete(picture.id)
      return call(await handOver(picture))
    }
  }

  const decode = async (
    id: CodecId,
    picture: PictureToSee,
    words: readonly (string | readonly number[])[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly drawn: Decoded[]; readonly pictureMs: number }> => {
    const { name } = await openOnce(id)
    const answer = await withPicture(picture, (handle) =>
      post<DecodeAnswer>('v1/masks/decode', { codec: name, picture: handle, words }, signal),
    )
    const decodeMs = answer.times.decodeMs / words.length
    const drawn = answer.results.map((one): Decoded => {
      const { mask, score } = resultOf(one)
      return { mask: maskFromCocoRle(mask), decodeMs, ...(score === undefined ? {} : { score }) }
    })
    return { drawn, pictureMs: answer.times.pictureMs }
  }

  const said = async (id: CodecId, picture: PictureToSee, mask: Mask, { refine, signal }: CallOptions) => {
    const { name } = await openOnce(id)
    const options = id === 'getok' && refine !== undefined ? { options: { refine } } : {}
    const masks = [cocoRleFromMask(mask)]
    const answer = await withPicture(picture, (handle) =>
      post<EncodeAnswer>('v1/masks/encode', { codec: name, picture: handle, masks, ...options }, signal),
    )
    return { words: resultOf(answer.results[0]!), times: answer.times }
  }

  return {
    open(id) {
      const there = factsOf.get(id)
      if (there !== undefined) return there
      const facts = openOnce(id).then((one) => one.facts)
      factsOf.set(id, facts)
      facts.catch(() => factsOf.delete(id))
      return facts
    },

    see: (id, picture) =>
      turns.run(async () => {
        // Decoding any word has the picture encoded ahead.
        const { name } = await openOnce(id)
        const start = performance.now()
        await withPicture(picture, (handle) =>
          post('v1/masks/decode', { codec: name, picture: handle, words: [[0]] }),
        )
        return performance.now() - start
      }, URGENCY.see),

    speak: (id, picture, mask, call = {}) =>
      turns.run(
        async () => {
          const { words, times } = await said(id, picture, mask, call)
          const { drawn } = await decode(id, picture, [words.text], call.signal)
          const { text, codes, tokens, bits } = words
          return { text, codes, tokens, bits, ...times, ...drawn[0]! }
        },
        URGENCY.speak,
        call.signal,
      ),

    draw: (id, picture, words, { length, signal } = {}) =>
      turns.run(
        async () => {
          const cut = typeof words === 'string' || length === undefined ? words : words.slice(0, length)
          return (await decode(id, picture, [cut], signal)).drawn[0]!
        },
        URGENCY.draw,
        signal,
      ),

    levels: (id, picture, codes, lengths, { signal } = {}) =>
      turns.run(
        async () => {
          const rows = lengths.map((length) => codes.slice(0, length))
          return (await decode(id, picture, rows, signal)).drawn
        },
        URGENCY.levels,
        signal,
      ),

    close: () => {},
  }
}

/** The same pixels as a file: PNG loses none of them. */
async function pngOf({ widthPx, heightPx, rgb }: Pixels): Promise<Blob> {
  const canvas = new OffscreenCanvas(widthPx, heightPx)
  const rgba = new Uint8ClampedArray(widthPx * heightPx * 4).fill(255)
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!
    rgba[to + 1] = rgb[from + 1]!
    rgba[to + 2] = rgb[from + 2]!
  }
  canvas.getContext('2d')!.putImageData(new ImageData(rgba, widthPx, heightPx), 0, 0)
  return canvas.convertToBlob({ type: 'image/png' })
}

function resultOf<T extends object>(result: T | ItemError): T {
  if (!('error' in result)) return result
  const { message, hint, at } = result.error
  throw serverError(message, hint, typeof at === 'number' ? at : undefined)
}

async function faultOf(response: Response): Promise<Error> {
  const body = (await response.json().catch(() => undefined)) as { error?: ItemError['error'] } | undefined
  const { message, hint } = body?.error ?? {
    message: `it answered ${response.status} ${response.statusText}`,
  }
  return Object.assign(serverError(`server: ${message}`, hint), { status: response.status })
}

/** Resolves after a while, or rejects with the signal's reason. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
