// Names as people mean them: two spellings that look alike are one name. Definition: ours; composed form as in Unicode Annex 15.

/** Characters without width or meaning in a name: zero-width space, word joiner, byte order mark, soft hyphen. Joiners of scripts stay. */
const INVISIBLE = /[\u200B\u2060\uFEFF\u00AD]/g
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/

/** A label's or category's name without invisible characters and outer white space, in Unicode's composed form. */
export function soundName(name: string): string {
  return PLAIN.test(name) ? name : name.replace(INVISIBLE, '').trim().normalize('NFC')
}
