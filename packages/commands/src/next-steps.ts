// What follows a prepared dataset: the command lines that fit its language, ready to be copied.
import type { ReadStamp } from '@maskwords/data'
import { quotedForShell } from '@maskwords/files'
import { shimOfWriter } from '@maskwords/learn'

/** The lines behind `prepare`: the vocabulary of its words, and for reinforcement learning the reward and its service. */
export function nextSteps(
  { codec, writer }: Pick<ReadStamp, 'codec' | 'writer'>,
  options: { readonly output?: string; readonly model?: string; readonly codec?: string },
): string[] {
  const folder = quotedForShell(options.output ?? '.')
  const shim = shimOfWriter(writer)
  const lines: string[] = []
  if (options.model === undefined)
    lines.push(`maskwords extend-vocab <model> --data ${folder} -o base    (${codec.vocabulary})`)
  if (shim !== undefined) {
    const tokenizer = shim === 'trl' ? ` --tokenizer ${quotedForShell(options.model ?? 'base')}` : ''
    lines.push(`maskwords reward --shim ${shim} --data ${folder}${tokenizer} -o reward.py`)
  }
  return lines
}
