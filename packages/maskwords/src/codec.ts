// Codecs by name: what `loadCodec` of the public index and --codec of the command open.
import { getokCodec, type MaskCodec } from '@maskwords/codecs'
import { MaskwordsError } from './error.ts'
import { nearest } from './options.ts'

export const CODEC_NAMES = ['getok'] as const
export type CodecName = (typeof CODEC_NAMES)[number]

export type LoadCodecOptions = {
  /** getok: cells a side of the grid, 2 to 128. Default 32. */
  readonly n?: number
  /** getok: `encode` adds offset words unless the call says otherwise. Default false. */
  readonly refine?: boolean
  readonly signal?: AbortSignal
}

/**
 * Opens a mask language by its name. `getok` (arXiv 2512.10554) needs no weights: masks become a box and points on a
 * grid, and come back through a coarse decoder. Close it after use.
 *
 * @throws MaskwordsError `unsupported` for a name that is not there; CodecError for a grid that cannot be
 */
export async function loadCodec(name: string, options: LoadCodecOptions = {}): Promise<MaskCodec> {
  if (name !== 'getok') {
    const near = nearest(String(name), CODEC_NAMES)
    throw new MaskwordsError('unsupported', `there is no codec "${String(name)}"`, {
      hint: near === undefined ? `there are: ${CODEC_NAMES.join(', ')}` : `did you mean ${near}?`,
    })
  }
  const codec = getokCodec(options.n === undefined ? {} : { cells: options.n })
  const { refine = false } = options
  return {
    ...codec,
    encode: (image, masks, call) =>
      codec.encode(image as Parameters<typeof codec.encode>[0], masks, { refine, ...call }),
    decode: (image, words, call) => codec.decode(image as Parameters<typeof codec.decode>[0], words, call),
  }
}
