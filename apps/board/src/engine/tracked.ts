// A backend as the page uses it: opened by its first call, its state told, and nothing said twice.
import { messageOf } from '@maskwords/base'
import type { Mask } from '@maskwords/mask'
import type { CodecId } from '../state/types.ts'
import type { Backend, CodecFacts, Progress, Spoken } from './backend.ts'
import { type RunIn, setCodecState, useEngine, whileBusy } from './status.ts'

/** Milliseconds that encoding a picture took, when it was encoded. */
const seenMs = new Map<string, number>()

/** What encoding a picture for a codec took where codecs run now; undefined before it was. */
export const pictureMsOf = (codec: CodecId, pictureId: string): number | undefined =>
  seenMs.get(`${useEngine.getState().runIn} ${codec} ${pictureId}`)

/** A backend that opens a codec at its first call, and tells the status what it does while it is the one in use. */
export function tracked(runIn: RunIn, inner: Backend): Backend {
  const current = (): boolean => useEngine.getState().runIn === runIn
  const told = new WeakSet<Promise<CodecFacts>>()
  const spoken = new WeakMap<Mask, Map<string, Spoken>>()
  const open = (codec: CodecId, onProgress?: (progress: Progress) => void): Promise<CodecFacts> => {
    const tell = (progress: Progress): void => {
      if (current()) setCodecState(codec, { state: 'opening', progress })
      onProgress?.(progress)
    }
    const facts = inner.open(codec, tell)
    const first = !told.has(facts)
    told.add(facts)
    if (first || useEngine.getState().codecs[codec].state !== 'ready') {
      facts.then(
        (found) => current() && setCodecState(codec, { state: 'ready', facts: found }),
        (error) => {
          const { hint } = error as { hint?: string }
          const failed = {
            state: 'failed',
            message: messageOf(error),
            ...(hint === undefined ? {} : { hint }),
          } as const
          if (current()) setCodecState(codec, failed)
        },
      )
    }
    return facts
  }
  /** The call, once the codec is open and the caller still wants it. */
  const after = <T>(codec: CodecId, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> =>
    whileBusy(
      open(codec).then(() => {
        signal?.throwIfAborted()
        return call()
      }),
    )
  return {
    open,
    async see(codec, picture) {
      const ms = await after(codec, undefined, () => inner.see(codec, picture))
      if (ms > 0) seenMs.set(`${runIn} ${codec} ${picture.id}`, ms)
      return ms
    },
    async speak(codec, picture, mask, call = {}) {
      // Masks are values: one that changes is another one. Panels that ask for the same words get them once.
      const known = spoken.get(mask) ?? new Map<string, Spoken>()
      spoken.set(mask, known)
      const searched = `${codec} ${picture.id} ${call.refine === true}`
      const key = call.quick === true ? `${searched} quick` : searched
      // Who wants quick words is glad of searched ones that are there.
      const there = known.get(searched) ?? known.get(key)
      if (there !== undefined) return there
      const answer = await after(codec, call.signal, () => inner.speak(codec, picture, mask, call))
      known.set(key, { ...answer, pictureMs: 0 })
      if (answer.pictureMs > 0) seenMs.set(`${runIn} ${codec} ${picture.id}`, answer.pictureMs)
      return answer
    },
    draw: (codec, picture, words, call = {}) =>
      after(codec, call.signal, () => inner.draw(codec, picture, words, call)),
    levels: (codec, picture, codes, lengths, call = {}) =>
      after(codec, call.signal, () => inner.levels(codec, picture, codes, lengths, call)),
    close: () => inner.close(),
  }
}
