// What the folder of a prepared dataset says of its language, and whether vocabularies and rewards fit it. Definition: ours; the
// stamp is dataset.json of `prepare`.
import { readStamp } from '@maskwords/data'
import type { Vocabulary } from '@maskwords/words'
import { LearnError } from '../error.ts'
import type { RewardPreset } from '../rewards/catalogue.ts'
import type { RewardList } from '../rewards/composite.ts'
import type { ShimTrainer } from '../shims/trainers.ts'
import { type WordSet, wordSetOfName } from '../vocabulary/word-list.ts'

export type PreparedLanguage = {
  readonly folder: string
  /** As `--codec` names it. */
  readonly codec: string
  readonly words: WordSet
  readonly kind: Vocabulary['kind']
  readonly tasks: readonly string[]
  readonly writer: string
  /** Whether truths hold the masks themselves. */
  readonly truthMasks: boolean
}

/**
 * The language of a folder that `prepare` wrote.
 * @throws LearnError `missing` where it has no stamp, `malformed` for one that names no vocabulary; DataError for what is no stamp
 */
export async function preparedLanguage(folder: string): Promise<PreparedLanguage> {
  const stamp = await readStamp(folder)
  if (stamp === undefined) {
    throw new LearnError('missing', 'there is no dataset.json: maskwords prepare did not write this folder', {
      file: folder,
      hint: 'name the folder that stood behind -o of maskwords prepare',
    })
  }
  const { codec, tasks, writer, truthMasks } = stamp
  const words = codec.vocabulary === undefined ? undefined : wordSetOfName(codec.vocabulary)
  if (words?.vocabulary === undefined) {
    throw new LearnError('malformed', 'its dataset.json names no vocabulary', {
      file: folder,
      hint: 'prepare it again (--overwrite), or say the words: --words samtok-256x2',
    })
  }
  const { kind } = words.vocabulary
  const names = tasks.map(({ name }) => name)
  const source = kind === 'getok' ? `getok:${words.vocabulary.gridSize}` : codec.name
  return { folder, codec: source, words, kind, tasks: names, writer, truthMasks: truthMasks === true }
}

/** Trainers that there is a shim for, by the format that `prepare` writes for them. */
const SHIM_OF_WRITER: Readonly<Record<string, ShimTrainer>> = {
  easyr1: 'easyr1',
  verl: 'verl',
  trl: 'trl',
  'trl-jsonl': 'trl',
  'ms-swift-grpo': 'ms-swift',
}

/** The trainer whose shim goes with a format; undefined for formats that are for supervised training alone. */
export const shimOfWriter = (writer: string): ShimTrainer | undefined => SHIM_OF_WRITER[writer]

/** Rewards that read the words of a language, for answers of these tasks. */
export function rewardsFor(kind: Vocabulary['kind'], tasks: readonly string[]): RewardList {
  const all = (...names: string[]) => tasks.length > 0 && tasks.every((task) => names.includes(task))
  if (kind === 'getok') return all('refinement') ? 'getok-refine' : 'getok-propose'
  const thinks = all('thinking')
  // HiMTok says a mask in up to 32 words, which two answers never share: pixels are compared, not words.
  if (kind === 'himtok') return thinks ? ['mask-iou', 'think-format'] : ['mask-iou']
  if (thinks) return 'samtok-thinking'
  return all('grounded-caption') ? 'samtok-gcg' : ['mask-true-positives', 'mask-repetition']
}

/** The language that a preset reads; undefined for sums of one's own. */
export function languageOfPreset(rewards: RewardList): Vocabulary['kind'] | undefined {
  if (typeof rewards !== 'string') return undefined
  return (rewards as RewardPreset).startsWith('getok') ? 'getok' : 'samtok'
}
