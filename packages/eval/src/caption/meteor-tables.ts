// What METEOR knows of English beside stems. Definition: the tables of the published program (METEOR 1.5), which do not ship here.

/** Synonyms, paraphrases and words of the published METEOR; `readMeteorTables` of the command reads them from its files. */
export type MeteorTables = {
  /** Words that weigh less. */
  readonly functionWords: ReadonlySet<string>
  /** Words as the program splits a line again: hyphens are taken apart, apostrophes stand alone. */
  readonly normalised: (words: readonly string[]) => readonly string[]
  /** The sets of synonyms that a word, or the word that it is a form of, is in. */
  readonly synonymSets: (word: string) => ReadonlySet<number>
  /** Phrases that begin at a place and what they may be called otherwise, the shorter phrases first. */
  readonly paraphrasesAt: (
    words: readonly string[],
    at: number,
  ) => readonly { readonly words: number; readonly paraphrase: readonly string[] }[]
}
