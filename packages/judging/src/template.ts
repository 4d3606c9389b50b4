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
 *
 * @param needed places without which nothing would be judged
 * @throws MaskwordsError `usage` for a place that nothing fills, for one that is needed and not there, and for an empty file.
 */
export function promptOfFile(
  text: string,
  usual: JudgePrompt,
  places: Places,
  file: string,
  needed: readonly string[] = [],
): JudgePrompt {
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
  if (found.length === 0 && !/^---[ \t]*$/m.test(plain)) return { system: plain.trim(), user: usual.user }
  for (const place of needed) {
    const spellings = [place, ...places[place]!]
    if (spellings.some((name) => found.includes(name))) continue
    throw new MaskwordsError('usage', `the prompt of the judge has no place for the ${place}`, {
      file,
      hint: `write ${spellings.map((name) => `{${name}}`).join(' or ')} where it stands`,
    })
  }
  const [first, ...rest] = plain.split(/^---[ \t]*$/m)
  return rest.length > 0 ? { system: first!.trim(), user: rest.join('---').trim() } : { user: plain.trim() }
}

/** Fills the places of a message. What stands in them is never looked into for more places. */
export function filled(text: string, places: Places, values: Readonly<Record<string, string>>): string {
  const nameOf = new Map(
    Object.entries(places).flatMap(([name, others]) => [name, ...others].map((one) => [one, name] as const)),
  )
  return text.replaceAll(PLACE, (place, name: string) => values[nameOf.get(name) ?? ''] ?? place)
}
