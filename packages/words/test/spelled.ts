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
