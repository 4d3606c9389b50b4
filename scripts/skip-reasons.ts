// Why tests were left out, for the end of a run: by the reason that their names or those of their groups say in brackets.

/** A test that was left out: the names of its groups and its own, and its file. */
export type SkippedTest = { readonly names: readonly string[]; readonly file: string }

const REASON = /\((?:skipped:? |run in none: )(.*)\)$|\((needs .*|with \w+=1)\)$/

/** The reason that a name says, or undefined. */
export function skipReason(names: readonly string[]): string | undefined {
  for (const name of names) {
    const match = REASON.exec(name)
    if (match !== null) return match[1] ?? match[2]
  }
  return undefined
}

/** A line for each reason, the most tests first: how many, why, and in which files. */
export function skipLines(tests: readonly SkippedTest[]): string[] {
  const found = new Map<string, { count: number; files: Set<string> }>()
  for (const { names, file } of tests) {
    const reason = skipReason(names) ?? 'for a reason that their names do not say'
    const entry = found.get(reason) ?? { count: 0, files: new Set() }
    entry.count++
    entry.files.add(file)
    found.set(reason, entry)
  }
  return [...found]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([reason, { count, files }]) => `${count} skipped: ${reason} (${[...files].join(', ')})`)
}
