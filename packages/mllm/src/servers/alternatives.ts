// The most probable masks that could stand in the place of one, by what a server tells of the most probable tokens there: those of the mask that
// was said, and of other beginnings by asking the server to go on from them. Best first, as generate.ts looks in process.
import type { SpanVocabulary } from '@maskwords/words'
import type { SpanChoice } from '../answer-writer.ts'
import type { CodesFound } from '../generate.ts'

export type AlternativesOptions = {
  readonly vocabulary: Extract<SpanVocabulary, { kind: 'samtok' }>
  /** Words that could have stood at each place of the mask that was said, its own among them. */
  readonly told: readonly (readonly SpanChoice[])[]
  /** The words of that mask's codes. */
  readonly said: readonly number[]
  readonly count: number
  /** Words that could stand behind other first words; undefined where the server does not tell. */
  readonly choicesAfter: (words: readonly number[]) => Promise<readonly SpanChoice[] | undefined>
}

/** Beginnings that a server is asked to go on from: at a time, and at most for a mask. */
const ASKED_TOGETHER = 4
const MAX_ASKED = 16

type Begun = { readonly words: readonly number[]; readonly logprob: number }

/** At most `count` masks, the most probable first. */
export async function alternativesAtServer(options: AlternativesOptions): Promise<CodesFound[]> {
  const { vocabulary, told, said, count, choicesAfter } = options
  const { levels } = vocabulary
  const key = (words: readonly number[]) => words.join(' ')
  const known = new Map(
    told.map((choices, depth) => [
      key(said.slice(0, depth)),
      Promise.resolve<typeof choices | undefined>(choices),
    ]),
  )
  const better = (a: Begun, b: Begun) => b.logprob - a.logprob
  let front: Begun[] = [{ words: [], logprob: 0 }]
  const found: Begun[] = []
  let asked = 0
  for (;;) {
    front.sort(better)
    const [best, ...others] = front
    if (best === undefined) break
    if (found.length >= count && found[count - 1]!.logprob >= best.logprob) break
    front = others
    if (best.words.length === levels) {
      found.push(best)
      found.sort(better)
      continue
    }
    if (!known.has(key(best.words))) {
      // What follows the next beginnings is asked for with it: it will mostly be wanted, too.
      for (const { words } of [best, ...others].slice(0, ASKED_TOGETHER)) {
        if (words.length === levels || known.has(key(words)) || asked >= MAX_ASKED) continue
        asked++
        known.set(key(words), choicesAfter(words))
      }
    }
    for (const { word, logprob } of (await known.get(key(best.words))) ?? []) {
      front.push({ words: [...best.words, word], logprob: best.logprob + logprob })
    }
  }
  // Nobody waits for those that were not needed.
  for (const one of known.values()) one.catch(() => {})
  const ids = vocabulary.tokenIds!.ofWord
  return found
    .slice(0, count)
    .map(({ words, logprob }) => ({ ids: words.map((word) => ids[word]!), logprob }))
}
