// The door of every codec and segmenter: it takes only pictures that it encoded itself, and nothing once it is closed. Definition: ours.
import type { Session } from '@maskwords/graph'
import type { EncodedImage } from './codec.ts'
import { CodecError } from './error.ts'

export type Door<Image extends EncodedImage> = {
  /** `codec` of the pictures that it encodes. */
  readonly kind: Image['codec']
  /** What messages call this one. */
  readonly name: string
  /** Whether a picture of this kind has the sizes of this one. */
  readonly fits?: (image: Image) => boolean
  /** What messages call one of other sizes: "a SAMTok". */
  readonly other?: string
  readonly is?: 'codec' | 'segmenter' | 'detector'
  readonly sessions?: readonly (Session | undefined)[]
}

export type Lifetime<Image extends EncodedImage> = {
  /** Throws CodecError `wrong-owner` once closed, and for a picture that another one encoded. */
  readonly check: (image?: Image) => void
  /** Closes the sessions; twice is harmless. */
  readonly close: () => Promise<void>
}

export function lifetimeOf<Image extends EncodedImage>(door: Door<Image>): Lifetime<Image> {
  const { kind, name, fits, other, is = 'codec', sessions = [] } = door
  const hint = `encode the picture with the ${is} that ${is === 'codec' ? 'encodes its masks' : 'is prompted'}`
  let closed = false
  return {
    check(image) {
      if (closed) throw new CodecError('wrong-owner', `this ${is} is closed`)
      if (image === undefined) return
      const isKind = image.codec === kind
      if (isKind && fits?.(image) !== false) return
      const owner = isKind ? `${other} of another size` : image.codec
      throw new CodecError('wrong-owner', `the picture was encoded by ${owner}, not by ${name}`, { hint })
    },
    async close() {
      if (closed) return
      closed = true
      await Promise.all(sessions.map((session) => session?.close()))
    },
  }
}
