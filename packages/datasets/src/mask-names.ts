// Which photo a mask is of, by their names: `cup.jpg` and `cup_mask.png`, `cup_1.png`, `cup_handle.png`, `image_001.jpg` and
// `mask_001.png`. Definition: ours, from how people name them.

/** Words behind a photo's name that say "this is its mask" and nothing of what it shows. */
const MASK_WORD =
  /^(masks?|segs?|segmentations?|labels?|gt|ground|truth|mattes?|alpha|annotations?|binary|\d+)$/i
/** What stands before the number of photos and of their masks in two folders. */
const PREFIX = /^(masks?|segs?|labels?|gt|images?|imgs?|photos?|pictures?)[ _.-]?(?=\d)/i

/** A file's name without folders and ending. */
export function stemOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '')
}

/** Names that a file goes by: its own, and the number behind a word for photos or masks. */
export function keysOf(file: string): readonly string[] {
  const stem = stemOf(file).normalize('NFC')
  return [stem, stem.replace(PREFIX, '')]
}

/** Photos by the names they go by; of two with one name the first counts. */
export function photosByName(photos: readonly string[]): Map<string, string> {
  const byName = new Map<string, string>()
  for (const file of photos) for (const key of keysOf(file)) if (!byName.has(key)) byName.set(key, file)
  return byName
}

/** The photo that a mask's name begins with, the longest one, and what stands behind it. */
export function photoOf(
  file: string,
  photos: ReadonlyMap<string, string>,
): { readonly photo: string; readonly rest: string } | undefined {
  for (const name of keysOf(file)) {
    for (let end = name.length; end > 0; end = lastGap(name, end)) {
      const photo = photos.get(name.slice(0, end))
      if (photo !== undefined && photo !== file) return { photo, rest: name.slice(end) }
    }
  }
  return undefined
}

/** Where the last of the first `end` characters stands that parts two words of a name; 0 for none. */
function lastGap(name: string, end: number): number {
  for (let at = end - 1; at > 0; at--) if (/[ _.-]/.test(name[at]!)) return at
  return 0
}

/** What the words of a name say that is shown: without numbers and words for masks. */
export function nameIn(text: string): string | undefined {
  const words = text.split(/[ _.-]+/).filter((word) => word !== '' && !MASK_WORD.test(word))
  return words.length === 0 ? undefined : words.join(' ')
}

/** Whether the words behind a photo's name say that it is a mask; a number alone may count photos. */
export function saysMask(rest: string): boolean {
  return rest.split(/[ _.-]+/).some((word) => /^\D/.test(word) && MASK_WORD.test(word))
}
