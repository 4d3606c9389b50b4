// The base vocabulary twice: slow tokenizers read `vocab.json` and `merges.txt`, fast ones `tokenizer.json`. Where both are in a folder they
// must be one vocabulary, or a text has other tokens in every second program.
import { join } from 'node:path'
import { idsOfObject, readJsonFile, readTextFile } from './folder-files.ts'
import type { Contradiction, StatedToken } from './given-ids.ts'
import { at, type JsonSource, quoted } from './json-source.ts'

/** What `vocab.json` and `merges.txt` of a folder say against its `tokenizer.json`; empty where they are not there. */
export async function baseContradictions(
  folder: string,
  tokenizerJson: JsonSource,
  tokens: { model: ReadonlyMap<string, number>; listed: readonly StatedToken[] },
): Promise<Contradiction[]> {
  const found: Contradiction[] = []
  const vocabulary = await readJsonFile(folder, 'vocab.json')
  if (vocabulary !== undefined) {
    const idOf = new Map(tokens.model)
    for (const { word, id } of tokens.listed) idOf.set(word, id)
    const inFile = new Set<string>()
    for (const { word, id } of idsOfObject(vocabulary)) {
      inFile.add(word)
      const known = idOf.get(word)
      if (known === id) continue
      const fast =
        known === undefined ? 'tokenizer.json does not have it' : `tokenizer.json gives it ${known}`
      found.push({ problem: `vocab.json gives ${quoted(word)} the id ${id}, ${fast}`, file: 'vocab.json' })
      break
    }
    const lost = [...tokens.model].find(([word]) => !inFile.has(word))
    if (found.length === 0 && lost !== undefined) {
      found.push({
        problem: `tokenizer.json gives ${quoted(lost[0])} the id ${lost[1]}, vocab.json does not have it`,
        file: 'vocab.json',
      })
    }
  }
  const stated = await readTextFile(join(folder, 'merges.txt'))
  const merges = at(tokenizerJson.root, 'model', 'merges')
  if (stated === undefined || merges?.kind !== 'array') return found
  const fast = merges.items.map((item) =>
    item.kind === 'string'
      ? item.value
      : item.kind === 'array'
        ? item.items.map((part) => (part.kind === 'string' ? part.value : '')).join(' ')
        : '',
  )
  const slow = stated
    .split(/\r?\n/)
    .filter((line, k) => line !== '' && !(k === 0 && line.startsWith('#version')))
  const differs = fast.findIndex((merge, k) => merge !== slow[k])
  if (differs >= 0 || slow.length !== fast.length) {
    const k = differs >= 0 ? differs : fast.length
    const say = (merge: string | undefined): string => (merge === undefined ? 'nothing' : quoted(merge))
    found.push({
      problem: `merge ${k + 1} is ${say(slow[k])} in merges.txt and ${say(fast[k])} in tokenizer.json`,
      file: 'merges.txt',
    })
  }
  return found
}
