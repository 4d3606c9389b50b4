// Codecs by name: what `loadCodec` of the public index and --codec of the command open.
import { type GetokCodec, loadCodec as loadNamedCodec, type MaskCodec } from '@maskwords/codecs'

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

/**
 * Opens a mask language: `getok` (arXiv 2512.10554), which needs no weights; a folder or file with SAMTok or HiMTok
 * weights; or a hub id that `maskwords pull` fetched. Close it after use.
 *
 * @throws CodecError `not-found` for what is not there, `wrong-weights` for weights of something else, `out-of-range` for a
 * grid that cannot be; CheckpointError for files that are no checkpoints
 */
export async function loadCodec(source: string, options: LoadCodecOptions = {}): Promise<MaskCodec> {
  const { n, refine, segmenter, threads, signal } = options
  const codec = await loadNamedCodec(source, {
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
