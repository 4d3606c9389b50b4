// What a checkpoint is to this package, in words: the codec, its sizes, and what it lacks. For `maskwords inspect`.

import {
  CodecError,
  himtokParameters,
  sam2Parameters,
  samtokParameters,
  type WeightFile,
} from '@maskwords/codecs'
import { SAM2_CONFIGS } from '@maskwords/models'
import { type Recognised, recogniseWeights } from './recognise.ts'

export type WeightsDescription = {
  /** One line: `SAMTok 256 x 2 on Hiera large`, or what the file is instead. */
  readonly what: string
  readonly codec: Recognised['codec'] | undefined
  /** Tensors that the codec reads. */
  readonly wanted: number
  readonly missing: readonly string[]
  readonly misshapen: readonly {
    readonly key: string
    readonly found: readonly number[]
    readonly wanted: readonly number[]
  }[]
  /** Tensors that it leaves alone: memory modules, counters of training. */
  readonly unread: number
  readonly remedy?: string
}

/** Describes a checkpoint by its listing alone. */
export function describeWeights(file: Pick<WeightFile, 'name' | 'tensors'>): WeightsDescription {
  const { tensors } = file
  let found: Recognised
  let wanted: ReadonlyMap<string, readonly number[]>
  try {
    found = recogniseWeights(file)
    wanted = parametersOf(found)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    const what = error.message.startsWith(`${file.name}: `)
      ? error.message.slice(file.name.length + 2)
      : error.message
    return {
      what,
      codec: undefined,
      wanted: 0,
      missing: [],
      misshapen: [],
      unread: tensors.size,
      ...(error.hint === undefined ? {} : { remedy: error.hint }),
    }
  }
  const missing = [...wanted.keys()].filter((key) => !tensors.has(key))
  const misshapen = [...wanted].flatMap(([key, shape]) => {
    const own = tensors.get(key)?.shape
    return own === undefined || String(own) === String(shape) ? [] : [{ key, found: own, wanted: shape }]
  })
  return {
    what: titleOf(found),
    codec: found.codec,
    wanted: wanted.size,
    missing,
    misshapen,
    unread: [...tensors.keys()].filter((key) => !wanted.has(key)).length,
  }
}

function parametersOf(found: Recognised): ReadonlyMap<string, readonly number[]> {
  if (found.codec === 'samtok') return samtokParameters(found.config)
  if (found.codec === 'himtok') return himtokParameters(found.config)
  return sam2Parameters(found.config, found.prefix)
}

function titleOf(found: Recognised): string {
  const size = (config: (typeof SAM2_CONFIGS)['large']): string =>
    Object.entries(SAM2_CONFIGS).find(([, known]) => known === config)?.[0] ?? 'of its own size'
  if (found.codec === 'samtok') {
    const { codesPerLevel, levels, sam2 } = found.config
    return `SAMTok ${codesPerLevel} x ${levels} on Hiera ${size(sam2)}`
  }
  if (found.codec === 'himtok') {
    const { latents, codebookSize, encoder, decoder } = found.config
    return `HiMTok of ${latents} tokens and ${codebookSize} codes, ${encoder.layers} + ${decoder.layers} layers`
  }
  return `SAM 2 with Hiera ${size(found.config)}, for points and boxes; not a mask tokenizer`
}
