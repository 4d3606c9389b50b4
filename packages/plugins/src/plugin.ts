// What a plugin is: things by name that the commands use as if they were this project's own.
import type { NamedCodec } from '@maskwords/codec-loading'
import type { Task, Writer } from '@maskwords/data'
import type { Reader } from '@maskwords/datasets'
import type { RewardDefinition } from '@maskwords/learn'

export type Plugin = {
  readonly name: string
  /** Datasets for `prepare`, `eval` and `train`. */
  readonly readers?: readonly Reader[]
  /** Tasks for `prepare --task`. */
  readonly tasks?: readonly Task[]
  /** Trainers' formats for `prepare --to`. */
  readonly writers?: readonly Writer[]
  /** Rewards for `reward`, `serve` and the Python files. */
  readonly rewards?: readonly RewardDefinition[]
  /** Mask languages for `--codec`. */
  readonly codecs?: readonly NamedCodec[]
}

/** Keeps the literal types of a plugin's declaration. Export what it returns as `plugin`, or as the default. */
export function definePlugin<const P extends Plugin>(plugin: P): P {
  return plugin
}
