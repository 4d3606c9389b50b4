// The text files of an extended folder: the same bytes with the words, ids and sizes added, and nothing else changed.
import { LearnError } from '../error.ts'
import {
  appendEntries,
  appendItems,
  at,
  editedText,
  type JsonSource,
  type PlainValue,
  parseJsonSource,
  type TextEdit,
} from './json-source.ts'
import { type ExtensionPlan, growthBytes, hasDecoder } from './plan.ts'

/**
 * New texts by file name. Only files that differ are in it; `added_tokens.json` is made where the tokenizer has no other place
 * for added tokens.
 */
export function editedFiles(plan: ExtensionPlan): Map<string, string> {
  if (plan.normal !== undefined) return new Map(plan.normal.texts)
  const { tokenizer, config, weights, words, rows } = plan
  const texts = new Map<string, string>()
  const ids = words.words.map((word, i) => [word, plan.ids[i]!] as const)
  if (tokenizer.tokenizerJson !== undefined) {
    texts.set('tokenizer.json', withAddedTokens(tokenizer.tokenizerJson, ids))
  }
  if (hasDecoder(tokenizer)) {
    const source = tokenizer.tokenizerConfig!
    const decoder = at(source.root, 'added_tokens_decoder') as never
    const entries = ids.map(([word, id]) => [String(id), { content: word, ...FLAGS }] as const)
    texts.set('tokenizer_config.json', editedText(source, [appendEntries(source, decoder, entries)]))
  }
  const slowWithoutPlace = tokenizer.kind !== 'tokenizer.json' && !hasDecoder(tokenizer)
  const added =
    tokenizer.addedTokens ?? (slowWithoutPlace ? parseJsonSource('{\n}\n', 'added_tokens.json') : undefined)
  if (added !== undefined) {
    texts.set('added_tokens.json', editedText(added, [appendEntries(added, added.root as never, ids)]))
  }
  if (rows.after !== rows.before) {
    const edits = config.vocabSizes
      .filter((size) => size.value === rows.before)
      .map(({ node }) => ({ start: node.start, end: node.end, text: String(rows.after) }))
    if (edits.length > 0) texts.set('config.json', editedText(config.source, edits))
    if (weights.index !== undefined) {
      texts.set('model.safetensors.index.json', withGrownTotals(weights.index, plan))
    }
  }
  return texts
}

/** Normal tokens, found in raw text and never skipped; alphabetical, as transformers writes them. */
const FLAGS = { lstrip: false, normalized: false, rstrip: false, single_word: false, special: false }

function withAddedTokens(source: JsonSource, ids: readonly (readonly [string, number])[]): string {
  const items: PlainValue[] = ids.map(([word, id]) => ({
    id,
    content: word,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: false,
  }))
  const list = at(source.root, 'added_tokens')
  if (list?.kind === 'array') return editedText(source, [appendItems(source, list, items)])
  if (source.root.kind !== 'object')
    throw new LearnError('malformed', 'the top level is no object', { file: source.file })
  // Without the key: put before the first one.
  const edit: TextEdit = {
    start: source.root.start + 1,
    end: source.root.start + 1,
    text: `"added_tokens":${JSON.stringify(items)},`,
  }
  return editedText(source, [edit])
}

function withGrownTotals(index: JsonSource, plan: ExtensionPlan): string {
  const elements = plan.weights.rowTensors.reduce(
    (sum, tensor) => sum + (plan.rows.after - plan.rows.before) * tensor.columns,
    0,
  )
  const edits: TextEdit[] = []
  for (const [key, added] of [
    ['total_size', growthBytes(plan)],
    ['total_parameters', elements],
  ] as const) {
    const node = at(index.root, 'metadata', key)
    // The text of the number: some writers store 1.5e10 or a decimal point.
    if (node?.kind === 'number')
      edits.push({ start: node.start, end: node.end, text: String(node.value + added) })
  }
  return editedText(index, edits)
}
