// What distinguishes one HiMTok from another: the network's sizes and which of two readings of its design the weights follow.
import { HIMTOK_CONFIG, type LatentLayout, type TiTokConfig, titokProblems } from '@maskwords/models'
import { CodecError } from '../error.ts'
import { searchProblems } from '../search-setting.ts'

/**
 * `compat`: the published weights' layout, in which every token mixes all latents, and codes of their own length.
 * `clean`: what the paper describes, token k from latent k alone, and codes of length 1; used for weights trained here.
 */
export type HimtokProfile = 'compat' | 'clean'

export type HimtokConfig = TiTokConfig & {
  readonly profile: HimtokProfile
  /**
   * Code rows that `encode` decodes for each mask before it takes the best; see search.ts. Default 1: the encoder's codes, as
   * the release encodes.
   */
  readonly search?: number
}

/** The published checkpoint (`himtok.pth`). */
export const HIMTOK_PUBLISHED: HimtokConfig = { ...HIMTOK_CONFIG, profile: 'compat' }

/** Scale of code vectors: `raw` as the published evaluation decodes, `unit` as the tokenizer was trained. */
export type CodeScale = 'raw' | 'unit'

/** What stands for a token that is missing: a zero row, or (`bias`) a zero code vector. */
export type MissingToken = 'zero' | 'bias'

/** Everything in which the profiles differ. */
export const PROFILES: Readonly<
  Record<HimtokProfile, { layout: LatentLayout; codeScale: CodeScale; resize: 'nearest' | 'bilinear' }>
> = {
  compat: { layout: 'legacy', codeScale: 'raw', resize: 'nearest' },
  clean: { layout: 'tidy', codeScale: 'unit', resize: 'bilinear' },
}

/** Throws CodecError `out-of-range` that names every size that cannot be. */
export function checkHimtokConfig(config: HimtokConfig): void {
  const problems = titokProblems(config)
  if (!(config.profile in PROFILES))
    problems.push(`profile must be "compat" or "clean", got ${JSON.stringify(config.profile)}`)
  problems.push(...searchProblems(config.search ?? 1))
  if (problems.length > 0)
    throw new CodecError('out-of-range', `this HiMTok cannot be built: ${problems.join('; ')}`)
}
