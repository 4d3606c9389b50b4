// Names of classes as answers write them, and as the truth does.

const plain = (name: string) => cleanName(name).toLowerCase()

/** Gives a name as `names` spells it: exactly, else by its letters alone, the first one that is so; as it is where there is none. */
export function spellingIn(names: readonly string[]): (name: string) => string {
  const known = new Map([
    ...names.map((one) => [plain(one), one] as const).reverse(),
    ...names.map((one) => [one, one] as const),
  ])
  return (name) => known.get(name) ?? known.get(plain(name)) ?? name
}

/** Marks that training answers write in place of those that would forge words. */
const MARKS: Readonly<Record<string, string>> = {
  '\ua789': ':',
  '\u2039': '<',
  '\u203a': '>',
  '\u27e6': '[',
  '\u27e7': ']',
}

/** A name as answers are taught to write it: without line breaks, double blanks, and marks at its ends. */
function cleanName(name: string): string {
  return name
    .replace(/[\ua789\u2039\u203a\u27e6\u27e7]/g, (mark) => MARKS[mark]!)
    .replace(/[\s_]+/g, ' ')
    .trim()
    .replace(/[.,;:]+$/, '')
}
