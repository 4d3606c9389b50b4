// Codecs by name: what `loadCodec` of the public index and --codec of the command open.
import { fileURLToPath } from 'node:url'
import { codecNamed, loadCodec as loadKnownCodec } from '@maskwords/codec-loading'
import type { GetokCodec, MaskCodec } from '@maskwords/codecs'
import { INSTALLED } from './installed.ts'

export type LoadCodecOptions = {
  /** getok: cells a side of the grid, 2 to 128. Default 32. */
  readonly n?: number
  /** getok: `encode` adds offset words unless the call says otherwise. Default false. */
  readonly refine?: boolean
  /** getok: a file or folder with SAM 2 (or SAMTok) weights to decode with. */
  readonly segmenter?: string
  /** Threads of the networks. Default: one a physical core. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

/** Codecs whose weights are in this package; their model cards lie beside the weights. */
export const SHIPPED_CODECS = ['samtok-nano', 'himtok-nano'] as const
export type ShippedCodec = (typeof SHIPPED_CODECS)[number]
/** What is opened where nothing is said. */
export const DEFAULT_CODEC: ShippedCodec = 'samtok-nano'

export const isShipped = (source: string): source is ShippedCodec =>
  (SHIPPED_CODECS as readonly string[]).includes(source)

/** The folder of a shipped codec. */
export function shippedFolder(name: ShippedCodec): string {
  return fileURLToPath(new URL(`weights/${name}`, INSTALLED))
}

/**
 * Opens a mask language: `samtok-nano` or `himtok-nano`, which ship with this package; `getok` (arXiv 2512.10554), which
 * needs no weights; a codec that a plugin brought; a folder or file with SAMTok or HiMTok weights; or a hub id that
 * `maskwords pull` fetched. Close it after use.
 *
 * @throws CodecError `not-found` for what is not there, `wrong-weights` for weights of something else, `out-of-range` for a
 * grid that cannot be; CheckpointError for files that are no checkpoints
 */
export async function loadCodec(source: string, options: LoadCodecOptions = {}): Promise<MaskCodec> {
  const { n, refine, segmenter, threads, signal } = options
  const named = codecNamed(source)
  if (named !== undefined) {
    return named.open({ ...(threads !== undefined && { threads }), ...(signal !== undefined && { signal }) })
  }
  const codec = await loadKnownCodec(isShipped(source) ? shippedFolder(source) : source, {
    ...(n !== undefined && { cells: n }),
    ...(segmenter !== undefined && { segmenter }),
    ...(threads !== undefined && { session: { threads } }),
    ...(signal !== undefined && { signal }),
  })
  if (codec.vocabulary.kind !== 'getok' || refine === undefined) return codec as MaskCodec
  const getok = codec as GetokCodec
  const refined: GetokCodec = {
    ...getok,
    encode: (image, masks, call) => getok.encode(image, masks, { refine, ...call }),
  }
  return refined as MaskCodec
}
