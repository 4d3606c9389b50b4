// Pictures of some sequences, ready to be fed; sequences whose pictures cannot be read are left out and named, each once.

import type { Looked, TrainingEyes } from '../model/eyes.ts'
import { formatFault } from '../run/messages.ts'
import type { LookedPictures } from './feeds.ts'
import type { Sequence } from './sequence.ts'

export type Looker = (sequences: readonly Sequence[]) => Promise<{
  readonly sequences: readonly Sequence[]
  readonly looked: LookedPictures
}>

/** `onLost` is told of every picture that cannot be read, once, with what is left out because of it. */
export function looker(eyes: TrainingEyes | undefined, onLost: (why: string) => void): Looker {
  const told = new Set<string>()
  return async (sequences) => {
    const looked = new Map<string, Looked>()
    const lost = new Set<string>()
    for (const { id, pictures } of sequences) {
      for (const placed of pictures) {
        const { key } = placed.picture
        if (looked.has(key) || lost.has(key)) continue
        try {
          looked.set(key, await eyes!.look(placed))
        } catch (error) {
          lost.add(key)
          if (!told.has(key)) onLost(`left out "${id}" and what else shows ${key}: ${formatFault(error)}`)
          told.add(key)
        }
      }
    }
    const left = sequences.filter(({ pictures }) => pictures.every(({ picture }) => !lost.has(picture.key)))
    return { sequences: left, looked }
  }
}
