// How a benchmark puts its samples to a model: prompts as the papers have them, with places for what a sample says.
import type { TruthSample } from '../truth.ts'

/** Places in prompts, and what stands there. {mask} and {mask:2} are the masks that the sample points at. */
export const PLACES = {
  phrase: 'what the sample asks',
  options: 'the options of a choice, a letter and a line each',
  labels: 'all names of the truth, in quotes',
  predicates: 'all predicates of the truth, in quotes',
  masks: 'all masks that the sample points at',
  zoom: 'the picture around the mask, larger',
  zoommask: 'the mask on that picture',
} as const

/** `Settings` are those of the benchmark. */
export type Asking<Settings = never> = {
  /** By name; `prompt` where `choose` says nothing. --prompt stands for all. */
  readonly prompts: { readonly prompt: string; readonly [name: string]: string }
  readonly choose?: (sample: TruthSample, asked: { readonly hasWords: boolean }) => string
  /** Longest answer in tokens, as the published evaluations have it. */
  readonly maxTokens: number
  /** Answers can be scored only where the model has mask words. */
  readonly needsWords: (settings: Settings) => boolean
  /** Phrases are asked in small letters. */
  readonly lowerCase?: true
  /** The model sees the picture at most this long on its longer side. */
  readonly maxSidePx?: number
  /** Masks that {mask} means where the sample does not say so itself. */
  readonly pointsAt?: 'masks'
}

/** Of benchmarks whose answers are masks, or text alone. */
export const always = () => true
export const never = () => false
