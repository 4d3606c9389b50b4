// loadCodec: a mask language from its name, a folder, a weight file, or a hub id that was pulled before. Node only.
import { openCheckpointFile } from '@maskwords/checkpoint'
import {
  CodecError,
  createSam2,
  type GetokCodec,
  getokCodec,
  type HimtokCodec,
  type HimtokOptions,
  type MaskCodec,
  type Sam2,
  type SamtokCodec,
  type Segmenter,
} from '@maskwords/codecs'
import type { SessionOptions } from '@maskwords/graph'
import { hubFolder, isHubId } from './cache.ts'
import { CONFIG_FILE, type CodecFolderConfig, parseCodecConfig, WEIGHTS_FILE } from './config-file.ts'
import { openCodecNetworks } from './open.ts'
import { recogniseWeights } from './recognise.ts'

export type LoadCodecOptions = {
  /** GETok: cells per axis. */
  readonly cells?: number
  /** GETok: a segmenter of the caller's, or a SAM 2 (or SAMTok) file or folder to decode with. */
  readonly segmenter?: Segmenter | string
  /** Where and with how many threads networks run. */
  readonly session?: Pick<SessionOptions, 'device' | 'threads' | 'worker'>
  /** `int8`: networks in a quarter of the memory (docs/samtok.md says what it costs). */
  readonly precision?: 'stored' | 'int8'
  /** SAMTok, HiMTok: whose order of passes resizes pictures and masks. Default `pillow-12.1`, as the weights were trained. */
  readonly pillow?: NonNullable<HimtokOptions['pillow']>
  /** Memory that activations of one run may take. */
  readonly maxRunBytes?: number
  /** Where pulled files are kept. Default: MASKWORDS_CACHE, or maskwords in the user's cache folder. */
  readonly cacheFolder?: string
  readonly signal?: AbortSignal
}

export type LoadedCodec = SamtokCodec | HimtokCodec | GetokCodec

/** Names of weight files in published folders, most telling first. */
const WEIGHT_NAMES = [WEIGHTS_FILE, /^mask_tokenizer.*\.pth$/, 'himtok.pth'] as const

/**
 * Opens a mask language. `source` is `getok`; a folder with a config.json that has a `codec`, or with one weight file; a
 * weight file itself, recognised by its keys and shapes; or a hub id such as `owner/name` that `maskwords pull` fetched.
 * Weights stay where they are; `close()` closes them too.
 * @throws CodecError `not-found` for what is not there, `wrong-weights` for files of something else or with parts missing,
 * `damaged` and `out-of-range` for a config.json; CheckpointError for files that are no checkpoints (web pages, cut short).
 */
export async function loadCodec(
  source: string,
  options: LoadCodecOptions = {},
): Promise<LoadedCodec & MaskCodec> {
  if (source === 'getok') return openGetok(options, {})
  const found = await findSource(source, options)
  if (found.config?.codec === 'getok') return openGetok(options, found.config)
  if (found.file === undefined) {
    throw new CodecError('not-found', `${source}: there is no weight file in this folder`, {
      hint: `it should hold ${WEIGHTS_FILE}, mask_tokenizer_256x2.pth or himtok.pth, and a ${CONFIG_FILE} for unpublished sizes`,
    })
  }
  const weights = await openCheckpointFile(found.file)
  try {
    const { session, maxRunBytes, precision, pillow, signal } = options
    const codec = await openCodecNetworks(weights, found.config, {
      ...(precision === undefined ? {} : { precision }),
      ...(pillow === undefined ? {} : { pillow }),
      ...(session === undefined ? {} : { session }),
      ...(maxRunBytes === undefined ? {} : { maxRunBytes }),
      ...(signal === undefined ? {} : { signal }),
    })
    return closing(codec, weights)
  } catch (error) {
    await weights.close()
    throw error
  }
}

function closing<C extends LoadedCodec>(codec: C, weights: { close(): Promise<void> }): C {
  return {
    ...codec,
    async close() {
      await codec.close()
      await weights.close()
    },
  }
}

async function openGetok(
  options: LoadCodecOptions,
  stated: { readonly config?: { readonly cells?: number } },
): Promise<GetokCodec> {
  const cells = options.cells ?? stated.config?.cells
  const grid = cells === undefined ? {} : { cells }
  const { segmenter } = options
  if (typeof segmenter !== 'string')
    return getokCodec({ ...grid, ...(segmenter === undefined ? {} : { segmenter }) })
  const sam2 = await loadSam2(segmenter, options)
  try {
    return closing(getokCodec({ ...grid, segmenter: sam2 }), sam2)
  } catch (error) {
    await sam2.close()
    throw error
  }
}

/**
 * Opens SAM 2 from a file of it (`sam2.1_hiera_*.pt`) or from a SAMTok file, which holds one. Sizes by shapes; a folder
 * with a SAMTok config.json may have any.
 * @throws as loadCodec
 */
export async function loadSam2(
  source: string,
  options: Pick<LoadCodecOptions, 'session' | 'maxRunBytes' | 'cacheFolder' | 'signal'> = {},
): Promise<Sam2> {
  const { file, config: stated } = await findSource(source, options)
  if (file === undefined)
    throw new CodecError('not-found', `${source}: there is no weight file in this folder`)
  const weights = await openCheckpointFile(file)
  try {
    const made =
      stated?.codec === 'samtok' && stated.config !== undefined ? stated : recogniseWeights(weights)
    if (made.codec === 'himtok') throw new CodecError('wrong-weights', `${file}: HiMTok holds no SAM 2`)
    const { session, maxRunBytes, signal } = options
    const sam2 = await createSam2({
      weights,
      ...(made.codec === 'sam2'
        ? { config: made.config, prefix: made.prefix }
        : { config: made.config!.sam2, prefix: made.config!.prefix ?? 'model.sam2_model.' }),
      ...(session === undefined ? {} : { session }),
      ...(maxRunBytes === undefined ? {} : { maxRunBytes }),
      ...(signal === undefined ? {} : { signal }),
    })
    return {
      ...sam2,
      async close() {
        await sam2.close()
        await weights.close()
      },
    }
  } catch (error) {
    await weights.close()
    throw error
  }
}

type Found = { readonly file: string | undefined; readonly config: CodecFolderConfig | undefined }

async function findSource(source: string, options: Pick<LoadCodecOptions, 'cacheFolder'>): Promise<Found> {
  const { stat } = await import('node:fs/promises')
  const kind = async (path: string) => {
    const found = await stat(path).catch(() => undefined)
    return found?.isDirectory() ? 'folder' : found?.isFile() ? 'file' : undefined
  }
  const here = await kind(source)
  if (here === 'folder') return inFolder(source)
  if (here === 'file') return { file: source, config: undefined }
  if (isHubId(source)) {
    const folder = await hubFolder(source, options.cacheFolder)
    if ((await kind(folder)) === 'folder') return inFolder(folder)
    throw new CodecError('not-found', `${source} is neither a file or folder here nor a pulled hub id`, {
      hint: `run \`maskwords pull ${source}\``,
    })
  }
  throw new CodecError('not-found', `there is no codec, file or folder "${source}"`, {
    hint: 'names: getok; else a folder, a weight file (.safetensors, .pth), or a hub id (owner/name) after `maskwords pull`',
  })
}

async function inFolder(folder: string): Promise<Found> {
  const { readdir, readFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const names = (await readdir(folder)).sort()
  const path = join(folder, CONFIG_FILE)
  const config = names.includes(CONFIG_FILE)
    ? parseCodecConfig(await readFile(path, 'utf8'), path)
    : undefined
  if (config?.weights !== undefined) return { file: join(folder, config.weights), config }
  const known = WEIGHT_NAMES.map((wanted) =>
    names.find((name) => (typeof wanted === 'string' ? name === wanted : wanted.test(name))),
  ).find((name) => name !== undefined)
  const others = names.filter((name) => /\.(?:safetensors|pth|pt)$/.test(name))
  const chosen = known ?? (others.length === 1 ? others[0] : undefined)
  if (chosen === undefined && others.length > 1) {
    throw new CodecError(
      'not-found',
      `${folder}: which of ${others.length} weight files (${others.slice(0, 4).join(', ')}${others.length > 4 ? ', ...' : ''})?`,
      {
        hint: `name the file itself, or give the folder a ${CONFIG_FILE} with "weights"`,
      },
    )
  }
  return { file: chosen === undefined ? undefined : join(folder, chosen), config }
}
