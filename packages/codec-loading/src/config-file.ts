// config.json of a codec's folder: which codec, which configuration, which weight file. Definition: ours (docs/samtok.md,
// docs/himtok.md).

import { isRecord, messageOf } from '@maskwords/base'
import {
  CodecError,
  checkHimtokConfig,
  checkSamtokConfig,
  type HimtokConfig,
  type SamtokConfig,
} from '@maskwords/codecs'
import { SAM2_CONFIGS } from '@maskwords/models'

export const CONFIG_FILE = 'config.json'
export const WEIGHTS_FILE = 'weights.safetensors'
/** Written ones have some 1 kB. */
const MAX_CONFIG_BYTES = 1_000_000

export type CodecFolderConfig = { readonly name?: string; readonly weights?: string } & (
  | { readonly codec: 'samtok'; readonly config?: SamtokConfig }
  | { readonly codec: 'himtok'; readonly config?: HimtokConfig }
  | { readonly codec: 'getok'; readonly config?: { readonly cells?: number } }
)

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * Reads the text of a config.json; undefined where it is somebody else's (no key `codec`, as beside language models).
 * Throws CodecError `damaged` for what is no JSON object, `out-of-range` with every problem for what cannot be.
 */
export function parseCodecConfig(text: string, file: string): CodecFolderConfig | undefined {
  if (text.length > MAX_CONFIG_BYTES)
    throw new CodecError('too-large', `${file}: ${text.length} characters; a configuration has some 1000`)
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch (cause) {
    throw new CodecError('damaged', `${file} is no JSON: ${messageOf(cause)}`, {
      cause,
    })
  }
  if (!isRecord(json)) throw new CodecError('damaged', `${file} holds no object`)
  if (json['codec'] === undefined) return undefined
  const fail = (message: string): never => {
    throw new CodecError('out-of-range', `${file}: ${message}`, {
      hint: 'docs/samtok.md and docs/himtok.md show whole files',
    })
  }
  const { codec, name, weights, config } = json
  for (const [key, value] of [
    ['name', name],
    ['weights', weights],
  ] as const) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) fail(`"${key}" must be a text`)
  }
  if (typeof weights === 'string' && (weights.includes('/') || weights.includes('\\')))
    fail(`"weights" must name a file of the same folder, got ${JSON.stringify(weights)}`)
  if (config !== undefined && !isRecord(config)) fail('"config" must be an object')
  const common = {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof weights === 'string' ? { weights } : {}),
  }
  const settings = config as { [key: string]: Json } | undefined
  switch (codec) {
    case 'getok': {
      const cells = settings?.['cells']
      if (cells !== undefined && typeof cells !== 'number') fail('"config.cells" must be a number')
      return { codec, ...common, ...(cells === undefined ? {} : { config: { cells: cells as number } }) }
    }
    case 'samtok':
      if (settings === undefined) return { codec, ...common }
      return { codec, ...common, config: checked(fail, () => samtokSettings(settings, fail)) }
    case 'himtok':
      if (settings === undefined) return { codec, ...common }
      return { codec, ...common, config: checked(fail, () => himtokSettings(settings)) }
    default:
      return fail(`"codec" must be samtok, himtok or getok, got ${JSON.stringify(codec)}`)
  }
}

/** What a check throws at settings of impossible types is a problem of the file too. */
function checked<T>(fail: (message: string) => never, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof CodecError) return fail(error.message.replace(/^.*?config\.json: /, ''))
    return fail(`"config" lacks parts or has parts of another type (${messageOf(error)})`)
  }
}

function samtokSettings(settings: { [key: string]: Json }, fail: (message: string) => never): SamtokConfig {
  const { sam2 } = settings
  const known = typeof sam2 === 'string' ? SAM2_CONFIGS[sam2 as keyof typeof SAM2_CONFIGS] : undefined
  if (typeof sam2 === 'string' && known === undefined)
    fail(`"config.sam2" must be ${Object.keys(SAM2_CONFIGS).join(', ')} or an object, got "${sam2}"`)
  const config = { ...settings, ...(known === undefined ? {} : { sam2: known }) } as unknown as SamtokConfig
  checkSamtokConfig(config)
  return config
}

function himtokSettings(settings: { [key: string]: Json }): HimtokConfig {
  const config = { profile: 'compat', ...settings } as unknown as HimtokConfig
  checkHimtokConfig(config)
  return config
}

/** The text of a config.json; published sizes of SAM 2 by name. */
export function formatCodecConfig(config: CodecFolderConfig): string {
  const named =
    config.codec === 'samtok' && config.config !== undefined
      ? { ...config, config: { ...config.config, sam2: nameOfSam2(config.config.sam2) } }
      : config
  return `${JSON.stringify(named, undefined, 2)}\n`
}

function nameOfSam2(sam2: SamtokConfig['sam2']): unknown {
  const text = JSON.stringify(sam2)
  return Object.entries(SAM2_CONFIGS).find(([, known]) => JSON.stringify(known) === text)?.[0] ?? sam2
}
