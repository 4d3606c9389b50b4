// NanoDet from its folder or from the files of one: config.json says the sizes, weights.safetensors holds the numbers. Definition: ours
// (weights/nanodet-g of the package is such a folder).
import { isRecord, messageOf } from '@maskwords/base'
import { bytesFromMemory, openCheckpoint, openCheckpointFile } from '@maskwords/checkpoint'
import { CodecError, type Nanodet, type NanodetOptions, openNanodet } from '@maskwords/codecs'
import { type NanodetConfig, nanodetProblems } from '@maskwords/models'
import { CONFIG_FILE, WEIGHTS_FILE } from './config-file.ts'
import type { CodecFiles } from './open.ts'

/**
 * Reads the text of a detector's config.json.
 * Throws CodecError `damaged` for what is no JSON object, `out-of-range` for another network and for sizes that cannot be built.
 */
export function parseNanodetConfig(text: string, file: string): NanodetConfig {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodecError('damaged', `${file} is no JSON: ${messageOf(cause)}`, { cause })
  }
  const hint = 'weights/nanodet-g/config.json of this package is a whole one'
  if (!isRecord(json) || json['detector'] !== 'nanodet' || !isRecord(json['config'])) {
    throw new CodecError(
      'out-of-range',
      `${file} is of no NanoDet: wanted "detector": "nanodet" and "config"`,
      { hint },
    )
  }
  const config = json['config'] as NanodetConfig
  let problems: string[]
  try {
    problems = nanodetProblems(config)
  } catch (error) {
    problems = [`"config" lacks parts or has parts of another type (${messageOf(error)})`]
  }
  if (problems.length > 0) throw new CodecError('out-of-range', `${file}: ${problems.join('; ')}`, { hint })
  return config
}

type Options = Omit<NanodetOptions, 'config'>

/**
 * Opens the NanoDet of a folder. Node only.
 * @throws CodecError `not-found` without a config.json, `damaged` and `out-of-range` for its config.json, `wrong-weights` for
 * weights of something else; CheckpointError for weights that are missing or no checkpoint.
 */
export async function loadNanodet(folder: string, options: Options = {}): Promise<Nanodet> {
  const { readFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const path = join(folder, CONFIG_FILE)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CodecError('not-found', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'a detector is a folder with config.json and weights.safetensors',
    })
  })
  const config = parseNanodetConfig(text, path)
  const weights = await openCheckpointFile(join(folder, WEIGHTS_FILE))
  try {
    return await openNanodet(weights, { ...options, config })
  } finally {
    await weights.close()
  }
}

/**
 * Opens a NanoDet from the files of its folder, wherever they came from. In a browser give `runtime` (docs/samtok.md).
 * @throws as loadNanodet
 */
export async function nanodetFromFiles(
  files: CodecFiles & { readonly config: string },
  options: Options = {},
): Promise<Nanodet> {
  const { config, weights: bytes, name = 'these files' } = files
  const sizes = parseNanodetConfig(config, `${name}: ${CONFIG_FILE}`)
  const weights = await openCheckpoint(bytesFromMemory(bytes), { name: `${name}: ${WEIGHTS_FILE}` })
  try {
    return await openNanodet(weights, { ...options, config: sizes })
  } finally {
    await weights.close()
  }
}
