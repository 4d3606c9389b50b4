// Names that are none of a list: the nearest there is, and what a refusal says to do. Definition: ours; the distance is that of
// optimal string alignment (insert, delete, replace, exchange of neighbours).

/** Longest name that is compared; a longer one is no slip of the finger. */
const MAX_COMPARED = 64

/**
 * The nearest of some names, or undefined where none is near: at most a third of the word away, letters' case aside. A word that a
 * name begins with counts as one step; where none is so near, one of the same family (`samtok-256x2`, `samtok-nano`) is.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const given = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1
  for (const name of names) {
    const other = name.toLowerCase()
    const isBegun = given.length >= 2 && other.startsWith(given) && other !== given
    const distance = isBegun ? 1 : distanceOf(given, other)
    if (distance < bestDistance && distance < given.length) {
      best = name
      bestDistance = distance
    }
  }
  if (best !== undefined) return best
  const family = /^[a-z]{4,}(?=[-_:.])/.exec(given)?.[0]
  return family && names.find((name) => name.toLowerCase().startsWith(family))
}

/**
 * What is to be done about a name that is none of a list: the nearest, if one is near, and the list. `spell` writes the nearest as it
 * would be typed there (`--codec getok`). Every refusal of something that is chosen from a list says it with this.
 */
export function namesHint(
  given: string,
  names: readonly string[],
  spell: (name: string) => string = (name) => name,
): string {
  const near = nearest(given, names)
  const all = names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`
  return near === undefined ? all : `did you mean ${spell(near)}? ${all[0]!.toUpperCase()}${all.slice(1)}`
}

function distanceOf(a: string, b: string): number {
  if (Math.max(a.length, b.length) > MAX_COMPARED) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1)
      }
      next.push(least)
    }
    before = row
    row = next
  }
  return row[b.length]!
}
