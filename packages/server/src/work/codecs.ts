// The codecs that a worker has open, and what GET /v1/codecs says of each.

import type { CodecInfo, VocabularyListing } from '@maskwords/client/schema'
import type { EncodedImage, ImageStore, MaskCodec, PictureSize, SamtokCodec } from '@maskwords/codecs'
import { loadCodec } from '@maskwords/files'
import { type Vocabulary, wordsOf } from '@maskwords/words'
import { HttpFault } from '../fault.ts'
import { unknownCodec, unknownPicture } from '../unknown.ts'
import type { HandleTurn, Keeper, KeptPicture, WorkerSetup } from './job.ts'
import { ownCopy, sharedCopy } from './shared-memory.ts'

export type OpenCodec = {
  readonly name: string
  readonly codec: MaskCodec
  /** Its encoded pictures cost time and are kept; others are made anew for each request. */
  readonly keepsImages: boolean
  readonly info: CodecInfo
}

export type CodecShelf = {
  readonly all: readonly OpenCodec[]
  /** Throws HttpFault 404 for a name that is not served. */
  get(name: string): OpenCodec
  close(): Promise<void>
}

/** Opens the codecs of a worker; their networks run in the calling thread. Throws as `loadCodec`. */
export async function openCodecs(setup: WorkerSetup): Promise<CodecShelf> {
  const all: OpenCodec[] = []
  const close = async () => {
    await Promise.all(all.map(({ codec }) => codec.close()))
  }
  try {
    for (const { name, source, segmenter } of setup.codecs) {
      const codec = await loadCodec(source, {
        worker: false,
        threads: setup.threads,
        ...(segmenter !== undefined && { segmenter }),
      })
      all.push({ name, codec, keepsImages: codec.needsImage, info: codecInfo(name, codec) })
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    all,
    get(name) {
      const found = all.find((one) => one.name === name)
      if (found !== undefined) return found
      throw unknownCodec(
        name,
        all.map((one) => one.name),
      )
    },
    close,
  }
}

function codecInfo(name: string, codec: MaskCodec): CodecInfo {
  const { vocabulary, needsImage } = codec
  const common = {
    name,
    kind: vocabulary.kind,
    needsPicture: needsImage,
    vocabularySize: vocabulary.wordCount,
  }
  switch (vocabulary.kind) {
    case 'samtok': {
      const tokens = vocabulary.levels + 2
      return {
        ...common,
        usesPicture: true,
        tokens: { min: tokens, max: tokens },
        bits: vocabulary.bitsPerMask,
        encodeOptions: ['search'],
        decodeOptions: ['threshold', 'missing'],
        prefixes: true,
        scores: true,
      }
    }
    case 'himtok':
      return {
        ...common,
        usesPicture: false,
        tokens: { min: 3, max: vocabulary.maxLength + 2 },
        bits: vocabulary.bitsPerMask,
        encodeOptions: ['length', 'search'],
        decodeOptions: ['threshold', 'missing'],
        prefixes: true,
        scores: false,
      }
    case 'getok':
      return {
        ...common,
        usesPicture: true,
        tokens: { min: 1, max: null },
        bits: null,
        encodeOptions: ['refine'],
        decodeOptions: [],
        prefixes: false,
        scores: false,
      }
  }
}

/** What GET /v1/codecs/{name}/vocabulary says. */
export function vocabularyListing(name: string, vocabulary: Vocabulary): VocabularyListing {
  const { kind } = vocabulary
  const sizes =
    kind === 'samtok'
      ? { codesPerLevel: vocabulary.codesPerLevel, levels: vocabulary.levels }
      : kind === 'himtok'
        ? { codes: vocabulary.codes, maxLength: vocabulary.maxLength }
        : { gridSize: vocabulary.gridSize }
  return { codec: name, kind, ...sizes, words: wordsOf(vocabulary) }
}

type EncodingWork = {
  readonly keeper: Keeper
  readonly store: ImageStore | undefined
  readonly signal: AbortSignal
}

export type EncodedFrom = 'memory' | 'disk' | 'computed' | 'not-needed'

/** The encoded picture of a handle or of a size alone, from what is kept or made now (and then kept). */
export async function encodedImage(
  open: OpenCodec,
  asked: {
    readonly picture?: string | undefined
    readonly size?: { widthPx: number; heightPx: number } | undefined
  },
  more: EncodingWork & { readonly maxPixels: number },
): Promise<{ image: EncodedImage; from: EncodedFrom; ms: number; turn?: HandleTurn }> {
  const started = performance.now()
  let turn: HandleTurn | undefined
  const done = (image: EncodedImage, from: EncodedFrom) => ({
    image,
    from,
    ms: performance.now() - started,
    ...(turn !== undefined && { turn }),
  })
  const { codec, name } = open
  const { picture: handle, size } = asked
  if ((handle === undefined) === (size === undefined)) {
    throw new HttpFault(400, {
      code: 'bad-request',
      message: handle === undefined ? 'neither picture nor size is given' : 'picture and size are both given',
      at: handle === undefined ? 'picture' : 'size',
      hint: codec.needsImage
        ? `${name} needs the picture: POST it to /v1/pictures and send its handle`
        : 'give the handle of a picture, or size: {"widthPx": ..., "heightPx": ...}',
    })
  }
  if (handle === undefined) {
    if (codec.needsImage) {
      throw new HttpFault(400, {
        code: 'missing-input',
        message: `${name} needs the picture, not only its size`,
        at: 'picture',
        hint: 'POST the picture to /v1/pictures and send its handle',
      })
    }
    checkPixels(size!, more.maxPixels)
    return done(await codec.encodeImage(size!, { signal: more.signal }), 'not-needed')
  }
  const kept = await more.keeper.lookUp(handle, open.keepsImages ? name : undefined)
  turn = kept.turn
  if (kept.image !== undefined) return done(ownCopy(kept.image), 'memory')
  if (kept.picture !== undefined) {
    const from = await encodePicture(open, handle, kept.picture, more)
    return done(from.image, from.from)
  }
  if (kept.size !== undefined && !open.info.usesPicture) {
    return done(await codec.encodeImage(kept.size, { signal: more.signal }), 'not-needed')
  }
  throw unknownPicture(handle)
}

/** Throws HttpFault 413 for a stated size beyond the limit. */
export function checkPixels({ widthPx, heightPx }: PictureSize, maxPixels: number): void {
  if (widthPx * heightPx <= maxPixels) return
  throw new HttpFault(413, {
    code: 'too-large',
    message: `${widthPx} x ${heightPx} is more than the limit of ${maxPixels.toLocaleString('en-US')} pixels`,
    at: 'size',
    hint: 'start the server with a larger --max-pixels, or ask for a smaller size',
  })
}

/** Encodes a picture whose pixels are here, keeps it where that saves work, and says where it came from. */
export async function encodePicture(
  { codec, name, keepsImages }: OpenCodec,
  handle: string,
  { widthPx, heightPx, rgb }: Pick<KeptPicture, 'widthPx' | 'heightPx' | 'rgb'>,
  { keeper, store, signal }: EncodingWork,
): Promise<{ image: EncodedImage; from: EncodedFrom }> {
  const pixels = { widthPx, heightPx, rgb }
  if (!keepsImages) return { image: await codec.encodeImage(pixels, { signal }), from: 'not-needed' }
  let from: EncodedFrom = 'computed'
  let image: EncodedImage
  if (store === undefined || codec.vocabulary.kind !== 'samtok') {
    image = await codec.encodeImage(pixels, { signal })
  } else {
    const { hits } = store.use()
    // The store takes a digest of the pixels, which must not lie in shared memory.
    const own = rgb.buffer instanceof SharedArrayBuffer ? new Uint8Array(rgb) : rgb
    image = await store.encodeImage(codec as unknown as SamtokCodec, { ...pixels, rgb: own }, { signal })
    if (store.use().hits > hits) from = 'disk'
  }
  keeper.keepImage(handle, name, sharedCopy(image))
  return { image, from }
}
