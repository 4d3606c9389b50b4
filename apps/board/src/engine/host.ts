// The work of an engine worker: codecs that are open, pictures that are encoded, words and masks. Knows no Worker, so that
// tests run it in Node; networks come from `openNetworks`, which the worker loads when the first one is asked for.
import {
  type CodecCallOptions,
  type EncodedImage,
  getokCodec,
  type HimtokCodec,
  type MaskCodec,
  type Pixels,
  type SamtokCodec,
  type SamtokImage,
} from '@maskwords/codecs'
import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import type { CodecId } from '../state/types.ts'
import type { CallOptions, CodecFacts, Decoded, Progress, Spoken } from './backend.ts'
import type { EngineCalls, OpenArgs, Proof } from './calls.ts'
import type { Clicks } from './clicks.ts'
import { type EncodeSettings, encodeSettings, NEAREST_CODES } from './encode-settings.ts'
import { EngineError } from './error.ts'
import type { Handlers } from './rpc.ts'

/** A codec with networks, and the threads that they run on. */
export type OpenedNetworks = { readonly codec: SamtokCodec | HimtokCodec; readonly threads: number }

/** Opens samtok-nano or himtok-nano. */
export type OpenNetworks = (args: OpenArgs, tell: (progress: Progress) => void) => Promise<OpenedNetworks>

/** Opens what makes objects of clicks, from the files of the page. */
export type OpenClicks = (baseUrl: string) => Promise<Clicks>

type Open = { readonly codec: MaskCodec; readonly facts: CodecFacts }

/** A picture, and for each codec what it keeps of it and what that took. */
type Seen = {
  readonly pixels: Pixels
  readonly images: Map<CodecId, Promise<{ readonly image: EncodedImage; readonly ms: number }>>
}

const now = (): number => performance.now()

/** Answers to the page's calls. */
export function engineHost(openNetworks: OpenNetworks, openClicks: OpenClicks): Handlers<EngineCalls> {
  const opening = new Map<CodecId, Promise<Open>>()
  const pictures = new Map<string, Seen>()
  let baseUrl = ''
  let clicks: Promise<Clicks> | undefined

  const opened = (id: CodecId): Promise<Open> => {
    const one = opening.get(id)
    if (one === undefined) throw new EngineError('worker', `${id} is not open`)
    return one
  }

  const seen = (id: string): Seen => {
    const one = pictures.get(id)
    if (one === undefined) throw new EngineError('worker', 'the picture is not here any more')
    return one
  }

  /** The picture for a codec; `ms` is 0 where it was encoded before this call. */
  const encoded = async (id: CodecId, picture: string): Promise<{ image: EncodedImage; ms: number }> => {
    const { codec } = await opened(id)
    const { images, pixels } = seen(picture)
    const there = images.get(id)
    if (there !== undefined) return { image: (await there).image, ms: 0 }
    const work = (async () => {
      const start = now()
      const image = await codec.encodeImage(pixels)
      return { image, ms: now() - start }
    })()
    images.set(id, work)
    // A failure is told to whoever asked, and the next call tries again.
    work.catch(() => images.delete(id))
    return work
  }

  const drawn = async (
    codec: MaskCodec,
    image: EncodedImage,
    words: string | readonly number[],
  ): Promise<Decoded> => {
    const start = now()
    const [decoded] = await codec.decode(image, [words])
    const decodeMs = now() - start
    const { mask, score } = decoded!
    return { mask, decodeMs, ...(score === undefined ? {} : { score }) }
  }

  const speak = async (
    id: CodecId,
    picture: string,
    mask: Mask,
    options: Pick<CallOptions, 'refine' | 'quick'>,
  ): Promise<Spoken> => {
    const { codec } = await opened(id)
    const { image, ms: pictureMs } = await encoded(id, picture)
    const start = now()
    const call: CodecCallOptions & EncodeSettings = encodeSettings(id, options)
    const [words] = await codec.encode(image, [mask], call)
    const encodeMs = now() - start
    const { text, codes, tokens, bits } = words!
    return { text, codes, tokens, bits, pictureMs, encodeMs, ...(await drawn(codec, image, text)) }
  }

  return {
    open: async (args, tell) => {
      baseUrl = args.baseUrl
      let one = opening.get(args.codec)
      if (one === undefined) {
        one = args.codec === 'getok' ? openGetok() : openNets(args, openNetworks, tell)
        opening.set(args.codec, one)
        one.catch(() => opening.delete(args.codec))
      }
      return (await one).facts
    },

    picture: ({ id, pixels }) => {
      pictures.set(id, { pixels, images: new Map() })
      return undefined
    },

    forget: ({ id }) => {
      pictures.delete(id)
      return undefined
    },

    see: async ({ codec, id }) => (await encoded(codec, id)).ms,

    speak: ({ codec, id, mask, ...options }) => speak(codec, id, mask, options),

    draw: async ({ codec: id, id: picture, words, length }) => {
      const { codec } = await opened(id)
      const { image } = await encoded(id, picture)
      return drawn(
        codec,
        image,
        typeof words === 'string' || length === undefined ? words : words.slice(0, length),
      )
    },

    levels: async ({ codec: id, id: picture, codes, lengths }) => {
      const { codec } = await opened(id)
      const { image } = await encoded(id, picture)
      const start = now()
      const rows = lengths.map((length) => codes.slice(0, length))
      const decoded = await codec.decode(image, rows)
      const decodeMs = (now() - start) / Math.max(1, lengths.length)
      return decoded.map(({ mask, score }) => ({ mask, decodeMs, ...(score === undefined ? {} : { score }) }))
    },

    pick: async ({ id, prompt, before }) => {
      const { image } = await encoded('samtok', id)
      if (clicks === undefined) {
        clicks = openClicks(baseUrl)
        clicks.catch(() => {
          clicks = undefined
        })
      }
      const { pixels } = seen(id)
      return (await clicks).pick({ pixels, image: image as SamtokImage }, prompt, before)
    },

    proof: async ({ codec: id }) => {
      const { codec } = await opened(id)
      return prove(codec)
    },
  }
}

async function openGetok(): Promise<Open> {
  const codec = getokCodec()
  const facts: CodecFacts = {
    id: 'getok',
    name: codec.name,
    place: 'script',
    threads: 0,
    sizes: [],
    cells: codec.vocabulary.gridSize,
  }
  return { codec, facts }
}

async function openNets(
  args: OpenArgs,
  openNetworks: OpenNetworks,
  tell: (progress: Progress) => void,
): Promise<Open> {
  const { codec, threads } = await openNetworks(args, tell)
  const { vocabulary } = codec
  const sizes =
    vocabulary.kind === 'samtok'
      ? new Array<number>(vocabulary.levels).fill(vocabulary.codesPerLevel)
      : new Array<number>(vocabulary.maxLength).fill(vocabulary.codes)
  const place = args.device
  return {
    codec: codec as MaskCodec,
    facts: { id: args.codec, name: codec.name, place, threads: place === 'wasm' ? threads : 0, sizes },
  }
}

const PROOF_PX = 96

/** A disc on a picture of ramps. */
async function prove(codec: MaskCodec): Promise<Proof> {
  const side = { widthPx: PROOF_PX, heightPx: PROOF_PX }
  const rgb = new Uint8Array(PROOF_PX * PROOF_PX * 3)
  const bytes = new Uint8Array(PROOF_PX * PROOF_PX)
  for (let i = 0; i < bytes.length; i++) {
    const [x, y] = [i % PROOF_PX, Math.floor(i / PROOF_PX)]
    bytes[i] = Math.hypot(x - 40, y - 52) < 26 ? 1 : 0
    rgb[3 * i] = bytes[i] === 1 ? 220 : 2 * x
    rgb[3 * i + 1] = 2 * y
    rgb[3 * i + 2] = 128
  }
  const image = await codec.encodeImage({ ...side, rgb })
  const nearest: CodecCallOptions & EncodeSettings = NEAREST_CODES
  const [words] = await codec.encode(image, [maskFromRowMajor({ ...side, bytes })], nearest)
  await codec.decode(image, [words!])
  const start = now()
  const [decoded] = await codec.decode(image, [words!])
  return { codes: words!.codes, mask: decoded!.mask, decodeMs: now() - start }
}
