// The words in which a judge is asked, with places for what a sample says: our own, or those of a file. Definition: ours
// (docs/evaluation.md).
import { namesHint } from '@maskwords/base'
import { MaskwordsError } from '@maskwords/files'

/** A system message and a user message; either may have places as `{answer}`. */
export type JudgePrompt = { readonly system?: string; readonly user: string }

/** Places by name, and other names that published prompts have for them. */
export type Places = Readonly<Record<string, readonly string[]>>

const PLACE = /\{([a-z_]+)\}/g

/**
 * The prompt of a file. A line `---` parts a system message from the user message; a text without any place is a system message, and
 * `usual` asks behind it.
 * @throws MaskwordsError `usage` for a place that nothing fills, and for an empty file.
 */
export function promptOfFile(text: string, usual: JudgePrompt, places: Places, file: string): JudgePrompt {
  const plain = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  if (plain.trim() === '')
    throw new MaskwordsError('usage', 'there is no prompt for the judge in it', { file })
  const names = Object.entries(places).flatMap(([name, others]) => [name, ...others])
  const found = [...plain.matchAll(PLACE)].map(([, name]) => name!)
  const strange = found.find((name) => !names.includes(name))
  if (strange !== undefined) {
    throw new MaskwordsError('usage', `nothing stands for {${strange}} in the prompt of this judge`, {
      file,
      hint: namesHint(strange, names, (near) => `{${near}}`),
    })
  }
  const [first, ...rest] = plain.split(/^---[ \t]*$/m)
  if (rest.length > 0) return { system: first!.trim(), user: rest.join('---').trim() }
  return found.length === 0 ? { system: plain.trim(), user: usual.user } : { user: plain.trim() }
}

/** Fills the places of a message. What stands in them is never looked into for more places. */
export function filled(text: string, places: Places, values: Readonly<Record<string, string>>): string {
  const nameOf = new Map(
    Object.entries(places).flatMap(([name, others]) => [name, ...others].map((one) => [one, name] as const)),
  )
  return text.replaceAll(PLACE, (place, name: string) => values[nameOf.get(name) ?? ''] ?? place)
}
