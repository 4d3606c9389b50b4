// Texts of command lines that are shown to be copied.

/** A word as a POSIX shell takes it: as it is, or in single quotes. */
export const quotedForShell = (word: string): string =>
  /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
