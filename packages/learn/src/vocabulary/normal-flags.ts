// Words that are in a vocabulary as special tokens, made normal: every flag that hides or stretches them turned off, in every file that
// states it, and the words taken out of the lists of special tokens. Formats: tokenizers (`added_tokens`), transformers (the other files).
import { at, editedText, type JsonNode, type JsonSource, type TextEdit } from './json-source.ts'
import type { FolderTokenizer } from './tokenizer-files.ts'

export type NormalFlags = {
  /** New texts by file name; only files that differ. */
  readonly texts: ReadonlyMap<string, string>
  /** Words that were special somewhere, or took blanks beside them. */
  readonly changed: ReadonlySet<string>
}

/** Flags that a normal word has not. `normalized` is turned off with them. */
const HARMFUL = ['special', 'lstrip', 'rstrip', 'single_word'] as const

/** What must be written so that `words` are normal tokens. Nothing in `texts`: they are. */
export function normalFlags(
  tokenizer: FolderTokenizer,
  specialTokensMap: JsonSource | undefined,
  words: ReadonlySet<string>,
): NormalFlags {
  const changed = new Set<string>()
  const texts = new Map<string, string>()
  const files: readonly [string, JsonSource | undefined, (source: JsonSource) => TextEdit[]][] = [
    ['tokenizer.json', tokenizer.tokenizerJson, (source) => flagEdits(at(source.root, 'added_tokens'))],
    [
      'tokenizer_config.json',
      tokenizer.tokenizerConfig,
      (source) => [...flagEdits(at(source.root, 'added_tokens_decoder')), ...listEdits(source)],
    ],
    ['special_tokens_map.json', specialTokensMap, (source) => listEdits(source)],
  ]
  const flagEdits = (node: JsonNode | undefined): TextEdit[] =>
    childrenOf(node).flatMap((token) => {
      const word = wordOf(token)
      if (word === undefined || !words.has(word)) return []
      const isOn = (flag: string): JsonNode | undefined => {
        const value = at(token, flag)
        return value?.kind === 'literal' && value.value === true ? value : undefined
      }
      if (!HARMFUL.some(isOn)) return []
      changed.add(word)
      return [...HARMFUL, 'normalized'].flatMap((flag) => {
        const value = isOn(flag)
        return value === undefined ? [] : [{ start: value.start, end: value.end, text: 'false' }]
      })
    })
  const listEdits = (source: JsonSource): TextEdit[] =>
    ['additional_special_tokens', 'extra_special_tokens'].flatMap((key) => {
      const list = at(source.root, key)
      if (list?.kind !== 'array' && list?.kind !== 'object') return []
      const isWord = (node: JsonNode): boolean => words.has(wordOf(node) ?? '')
      const all = childrenOf(list)
      if (!all.some(isWord)) return []
      for (const node of all) if (isWord(node)) changed.add(wordOf(node)!)
      const textOf = (node: JsonNode): string => source.text.slice(node.start, node.end)
      const kept =
        list.kind === 'array'
          ? list.items.filter((node) => !isWord(node)).map(textOf)
          : [...list.entries]
              .filter(([, node]) => !isWord(node))
              .map(([name, node]) => `${JSON.stringify(name)}: ${textOf(node)}`)
      const [open, close] = list.kind === 'array' ? ['[', ']'] : ['{', '}']
      return [{ start: list.start, end: list.end, text: open + kept.join(', ') + close }]
    })
  for (const [name, source, editsOf] of files) {
    const edits = source === undefined ? [] : editsOf(source)
    if (edits.length > 0) texts.set(name, editedText(source!, edits))
  }
  return { texts, changed }
}

function childrenOf(node: JsonNode | undefined): JsonNode[] {
  return node?.kind === 'array' ? node.items : node?.kind === 'object' ? [...node.entries.values()] : []
}

function wordOf(node: JsonNode): string | undefined {
  const text = node.kind === 'object' ? at(node, 'content') : node
  return text?.kind === 'string' ? text.value : undefined
}
