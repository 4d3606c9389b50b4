// Short spellings for tests: `S 0011 E` stands for `<|mt_start|><|mt_0011|><|mt_end|>`.

/** Words without the blanks between them; `_` is a blank, anything that is no word is kept as text. */
export function spelled(short: string): string {
  return short
    .split(' ')
    .map((part) => {
      if (part === 'S') return '<|mt_start|>'
      if (part === 'E') return '<|mt_end|>'
      if (part === '_') return ' '
      return /^\d+$/.test(part) ? `<|mt_${part}|>` : part
    })
    .join('')
}

/** A seeded source of short texts made of words, pieces of words and other characters. */
export function randomWords(seed: number): () => string {
  const parts = 'S S S E E E 0011 0347 0255 0256 0600 9999 12 347 00012 _ _ a <|mt_ <| \u{1f600} "'.split(' ')
  let state = seed
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return () => {
    let text = ''
    for (let k = next(10); k >= 0; k--) text += spelled(parts[next(parts.length)]!)
    return text
  }
}
