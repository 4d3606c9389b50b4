// What distinguishes one SAMTok from another: the sizes of its SAM 2 and its codebooks (arXiv 2601.16093, section 3 and table 5).
import { SAM2_CONFIGS, type Sam2Config, sam2Problems } from '@maskwords/models'
import { CodecError } from '../error.ts'
import { searchProblems } from '../search-setting.ts'

export type SamtokConfig = {
  readonly sam2: Sam2Config
  /** Codes of one level, K. */
  readonly codesPerLevel: number
  /** Levels of the residual quantiser, D: words of a mask. */
  readonly levels: number
  /** One codebook for all levels. Default false. */
  readonly sharedCodebook?: boolean
  /**
   * Code rows that `encode` decodes for each mask before it takes the best; see search.ts. Default 1: the nearest codes, as
   * the release encodes.
   */
  readonly search?: number
  /** What stands before SAM 2's own keys. Default `model.sam2_model.`, as published. */
  readonly prefix?: string
}

/** The published 256 x 2 tokenizer on Hiera-L (`mask_tokenizer_256x2.pth`). */
export const SAMTOK_PUBLISHED: SamtokConfig = { sam2: SAM2_CONFIGS.large, codesPerLevel: 256, levels: 2 }

export const SAMTOK_PREFIX = 'model.sam2_model.'

/** Throws CodecError `out-of-range` that names everything that cannot be. */
export function checkSamtokConfig(config: SamtokConfig): void {
  const problems = sam2Problems(config.sam2)
  for (const name of ['codesPerLevel', 'levels'] as const) {
    if (!Number.isInteger(config[name]) || config[name] < 1)
      problems.push(`${name} must be a whole number of at least 1, got ${config[name]}`)
  }
  problems.push(...searchProblems(config.search ?? 1))
  if (problems.length > 0)
    throw new CodecError('out-of-range', `this SAMTok cannot be built: ${problems.join('; ')}`)
}

/** Keys and shapes of the codebooks; the row after the last code is padding that is never chosen. */
export function codebookKeys(config: SamtokConfig): Map<string, readonly number[]> {
  const books = config.sharedCodebook === true ? 1 : config.levels
  return new Map(
    Array.from({ length: books }, (_, level) => [
      `quantizer.codebooks.${level}.weight`,
      [config.codesPerLevel + 1, config.sam2.width],
    ]),
  )
}
