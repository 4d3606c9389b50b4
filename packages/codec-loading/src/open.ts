// A codec with networks from an open checkpoint and what its config.json says. No Node API: browsers come here too.
import { bytesFromMemory, type Checkpoint, openCheckpoint } from '@maskwords/checkpoint'
import {
  CodecError,
  createHiMTok,
  createSamTok,
  HIMTOK_PUBLISHED,
  type HimtokCodec,
  type HimtokOptions,
  type NetworkOptions,
  type SamtokCodec,
} from '@maskwords/codecs'
import { type CodecFolderConfig, parseCodecConfig, WEIGHTS_FILE } from './config-file.ts'
import { recogniseWeights } from './recognise.ts'

export type OpenCodecOptions = NetworkOptions & Pick<HimtokOptions, 'maxRunBytes' | 'pillow'>

/**
 * The codec of `weights`; sizes from `stated`, or read off the shapes where nothing is stated. Does not close the checkpoint.
 * @throws CodecError `wrong-weights` for weights of something else or with parts missing
 */
export async function openCodecNetworks(
  weights: Checkpoint,
  stated: CodecFolderConfig | undefined,
  options: OpenCodecOptions,
): Promise<SamtokCodec | HimtokCodec> {
  const made = stated?.config === undefined ? recogniseWeights(weights) : stated
  if (stated !== undefined && made.codec !== stated.codec) {
    throw new CodecError(
      'wrong-weights',
      `${weights.name}: config.json says ${stated.codec}, the weights are of ${made.codec}`,
    )
  }
  const common = { ...options, weights, ...(stated?.name === undefined ? {} : { name: stated.name }) }
  if (made.codec === 'samtok') return createSamTok({ ...common, config: made.config! })
  if (made.codec === 'himtok') {
    return createHiMTok({ ...common, config: (made.config as HimtokOptions['config']) ?? HIMTOK_PUBLISHED })
  }
  throw new CodecError(
    'wrong-weights',
    `${weights.name}: this is a SAM 2 file alone, without SAMTok's mask encoder and codebooks`,
    {
      hint: "SAMTok's weights are mask_tokenizer_256x2.pth; GETok decodes with SAM 2: loadCodec('getok', { segmenter: file })",
    },
  )
}

/** The files of a codec's folder in memory: text of config.json, bytes of the weights, and what messages call them. */
export type CodecFiles = { readonly config?: string; readonly weights: Uint8Array; readonly name?: string }

/**
 * Opens SAMTok or HiMTok from the files of its folder, wherever they came from: what `loadCodec` does with a folder, for
 * programs without one. In a browser give `runtime` (docs/samtok.md).
 * @throws as loadCodec
 */
export async function codecFromFiles(
  files: CodecFiles,
  options: OpenCodecOptions = {},
): Promise<SamtokCodec | HimtokCodec> {
  const { config, weights: bytes, name = 'these files' } = files
  const stated = config === undefined ? undefined : parseCodecConfig(config, `${name}: config.json`)
  // Named so that the name is no path: what lies in memory must never be looked for on a disk.
  const weights = await openCheckpoint(bytesFromMemory(bytes), {
    name: `${name}: ${stated?.weights ?? WEIGHTS_FILE}`,
  })
  try {
    return await openCodecNetworks(weights, stated, options)
  } finally {
    // Sessions hold copies of the values by now: there is no file that they read from.
    await weights.close()
  }
}
