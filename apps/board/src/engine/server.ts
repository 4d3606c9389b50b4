// The backend over HTTP: `maskwords serve` runs the codecs (docs/http-api.md). Pictures go there once, as PNG.

import { createClient, type DecodeAnswer, type EncodeAnswer, ServiceError } from '@maskwords/client'
import { cocoRleFromMask, type Mask } from '@maskwords/mask'
import type { CodecId } from '../state/types.ts'
import { maskOfAnswer } from './answered-mask.ts'
import type { Backend, CallOptions, CodecFacts, Decoded } from './backend.ts'
import { encodeSettings } from './encode-settings.ts'
import { EngineError } from './error.ts'
import { handedPictures, RETRIES } from './handed-pictures.ts'
import { lane, URGENCY } from './lane.ts'
import { TOKEN_HINT } from './token.ts'
import type { PictureToSee } from './worker-link.ts'

type Opened = { readonly facts: CodecFacts; readonly name: string }
type Item = EncodeAnswer['results'][number] | DecodeAnswer['results'][number]

export type ServerOptions = {
  readonly baseUrl: string
  /** Sent with every call. */
  readonly token?: string | undefined
  /** Hears of every call that is refused for want of the right token. */
  readonly onLocked?: () => void
}

/** Codecs at the server beside `baseUrl`. Calls reject with EngineError `server` or `codec`. */
export function serverBackend({ baseUrl, token, onLocked }: ServerOptions): Backend {
  const client = createClient({
    url: new URL('.', baseUrl).href,
    ...(token === undefined ? {} : { token }),
  })
  const opened = new Map<CodecId, Promise<Opened>>()
  const facts = new Map<CodecId, Promise<CodecFacts>>()
  const pictures = handedPictures(client)
  const turns = lane()
  const call = (signal?: AbortSignal) => ({ retries: RETRIES, ...(signal === undefined ? {} : { signal }) })

  /** What the client says goes on as an error of the engine; aborts stay what they are. */
  const rethrown = (error: unknown): never => {
    if (!(error instanceof ServiceError)) throw error
    const { status, message, hint } = error
    if (status === 401) {
      onLocked?.()
      throw new EngineError('server', message, { hint: TOKEN_HINT, cause: error })
    }
    const code = status >= 400 && status < 429 ? 'codec' : 'server'
    throw new EngineError(code, message, { hint, cause: error })
  }

  const openOnce = (id: CodecId): Promise<Opened> => {
    let one = opened.get(id)
    if (one === undefined) {
      one = openCodec(id).catch(rethrown)
      opened.set(id, one)
      one.catch(() => opened.delete(id))
    }
    return one
  }
  const openCodec = async (id: CodecId): Promise<Opened> => {
    const { codecs } = await client.codecs(call())
    const wanted = id === 'getok' ? 'getok' : `${id}-nano`
    const info = codecs.find(({ name }) => name === wanted) ?? codecs.find(({ kind }) => kind === id)
    if (info === undefined) {
      const names = codecs.map(({ name }) => name).join(', ')
      throw new EngineError('server', `the server runs ${names || 'no codec'}, not ${wanted}`)
    }
    const { codesPerLevel, levels, codes, maxLength, gridSize } = await client.vocabulary(info.name, call())
    const [places, size] = id === 'samtok' ? [levels, codesPerLevel] : [maxLength, codes]
    const found: CodecFacts = {
      id,
      name: info.name,
      place: 'server',
      threads: 0,
      sizes: new Array<number>(places ?? 0).fill(size ?? 0),
      ...(gridSize === undefined ? {} : { cells: gridSize }),
    }
    return { facts: found, name: info.name }
  }

  const withPicture = <T>(picture: PictureToSee, ask: (handle: string) => Promise<T>): Promise<T> =>
    pictures.with(picture, ask).catch(rethrown)

  const decode = async (
    id: CodecId,
    picture: PictureToSee,
    words: readonly (string | readonly number[])[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly drawn: Decoded[]; readonly pictureMs: number }> => {
    const { name: codec } = await openOnce(id)
    const { results, times } = await withPicture(picture, (handle) =>
      client.decodeWords({ codec, picture: handle, words }, call(signal)),
    )
    const decodeMs = times.decodeMs / words.length
    const drawn = results.map((one): Decoded => {
      const { mask, score } = resultOf(one)
      return { mask: maskOfAnswer(mask), decodeMs, ...(score === undefined ? {} : { score }) }
    })
    return { drawn, pictureMs: times.pictureMs }
  }

  const say = async (id: CodecId, picture: PictureToSee, mask: Mask, wanted: CallOptions) => {
    const { name: codec } = await openOnce(id)
    const options = encodeSettings(id, wanted)
    const masks = [cocoRleFromMask(mask)]
    const { results, times } = await withPicture(picture, (handle) =>
      client.encodeMasks({ codec, picture: handle, masks, options }, call(wanted.signal)),
    )
    return { words: resultOf(results[0]!), times }
  }

  return {
    open(id) {
      let one = facts.get(id)
      if (one === undefined) {
        one = openOnce(id).then((found) => found.facts)
        facts.set(id, one)
        one.catch(() => facts.delete(id))
      }
      return one
    },

    see: (id, picture) =>
      turns.run(async () => {
        const start = performance.now()
        // Decoding any word has the picture encoded ahead.
        await decode(id, picture, [[0]], undefined)
        return performance.now() - start
      }, URGENCY.see),

    speak: (id, picture, mask, options = {}) =>
      turns.run(
        async () => {
          const { words, times } = await say(id, picture, mask, options)
          const { drawn } = await decode(id, picture, [words.text], options.signal)
          const { text, codes, tokens, bits } = words
          const { pictureMs, encodeMs } = times
          return { text, codes, tokens, bits, pictureMs, encodeMs, ...drawn[0]! }
        },
        URGENCY.speak,
        options.signal,
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

function resultOf<T extends Item>(item: T): Exclude<T, { error: unknown }> {
  if (!('error' in item)) return item as Exclude<T, { error: unknown }>
  const { message, hint, at } = (item as { error: { message: string; hint?: string; at?: unknown } }).error
  throw new EngineError('codec', message, { hint, at: typeof at === 'number' ? at : undefined })
}
