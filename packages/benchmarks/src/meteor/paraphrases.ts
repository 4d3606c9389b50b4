// METEOR's table of paraphrases: five million pairs of phrases, of which those are kept whose words some caption has. Definition:
// aligner/ParaphraseTransducer of METEOR 1.5: three lines a pair, a probability and both phrases.

type Node = { readonly next: Map<string, Node>; readonly paraphrases: (readonly string[])[] }

const node = (): Node => ({ next: new Map(), paraphrases: [] })

export type Paraphrases = (
  words: readonly string[],
  at: number,
) => readonly { readonly words: number; readonly paraphrase: readonly string[] }[]

/** Takes the lines of the table as they come. */
export function paraphraseTable(vocabulary: ReadonlySet<string>) {
  const root = node()
  let rest = ''
  let number = 0
  let phrase: string[] | undefined
  let isTable = true
  const wordsOf = (line: string): string[] | undefined => {
    const words = line.split(' ').filter((word) => word !== '')
    return words.length > 0 && words.every((word) => vocabulary.has(word)) ? words : undefined
  }
  const line = (text: string) => {
    const part = number++ % 3
    if (part === 0 && !(Number(text) > 0)) isTable = false
    if (part === 1) phrase = wordsOf(text)
    if (part !== 2 || phrase === undefined) return
    const other = wordsOf(text)
    if (other === undefined) return
    let at = root
    for (const word of phrase) {
      let next = at.next.get(word)
      if (next === undefined) {
        next = node()
        at.next.set(word, next)
      }
      at = next
    }
    at.paraphrases.push(other)
  }
  return {
    push(chunk: string) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!
      for (const one of lines) line(one)
    },
    /** Lines that were there, a cut one left out. */
    get lines() {
      return number
    },
    /** Whether every third line was a probability. */
    get isTable() {
      return isTable
    },
    find: ((words, at) => {
      const found: { words: number; paraphrase: readonly string[] }[] = []
      let state: Node | undefined = root
      for (let k = at; k < words.length; k++) {
        state = state.next.get(words[k]!)
        if (state === undefined) break
        for (const paraphrase of state.paraphrases) found.push({ words: k - at + 1, paraphrase })
      }
      return found
    }) satisfies Paraphrases as Paraphrases,
  }
}
