// What a model remembers of earlier questions: features of pictures by their content, and keys and values of prompts' beginnings.
import type { QwenTextConfig } from '@maskwords/models'
import type { Kept } from './engine.ts'
import type { Features } from './eyes.ts'
import { bytesOfKept, cutKept } from './kept.ts'
import { Recent } from './recent.ts'

/** One key a token: its id, or of a picture's token the picture's content. Equal beginnings have equal keys and values. */
export type TokenKeys = readonly (number | string)[]

/** How many keys two beginnings have in common. */
export function commonLength(a: TokenKeys, b: TokenKeys): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}

export type Memory = {
  features(picture: string): Features | undefined
  rememberFeatures(picture: string, features: Features): void
  /** How many of the first tokens are known, at most `most`. */
  knownLength(keys: TokenKeys, most: number): number
  /** Keys and values of as many of the first tokens as are known, at most `most`. */
  beginning(keys: TokenKeys, most: number): Kept | undefined
  rememberBeginning(keys: TokenKeys, kept: Kept): void
}

/** Both kinds have `limitBytes` for themselves. */
export function openMemory(sizes: QwenTextConfig, limitBytes: number): Memory {
  const pictures = new Recent<Features>(limitBytes)
  const beginnings = new Recent<{ keys: TokenKeys; kept: Kept }>(limitBytes)
  let next = 0
  const longest = (keys: TokenKeys, most: number): { name: string | undefined; length: number } => {
    let best: { name: string | undefined; length: number } = { name: undefined, length: 0 }
    for (const [name, entry] of beginnings) {
      const length = Math.min(most, commonLength(entry.keys, keys))
      if (length > best.length) best = { name, length }
    }
    return best
  }
  return {
    features: (picture) => pictures.get(picture),
    rememberFeatures(picture, features) {
      const bytes = [features.features, ...features.deepstack].reduce(
        (sum, array) => sum + array.byteLength,
        0,
      )
      pictures.set(picture, features, bytes)
    },
    knownLength: (keys, most) => longest(keys, most).length,
    beginning(keys, most) {
      const { name, length } = longest(keys, most)
      return name === undefined ? undefined : cutKept(beginnings.get(name)!.kept, length, sizes)
    },
    rememberBeginning(keys, kept) {
      // What this one continues is of no more use: its tokens are in here.
      for (const [name, entry] of [...beginnings]) {
        if (commonLength(entry.keys, keys) === entry.keys.length) beginnings.delete(name)
      }
      beginnings.set(String(next++), { keys, kept }, bytesOfKept(kept))
    },
  }
}
