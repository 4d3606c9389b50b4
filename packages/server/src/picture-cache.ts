// What the server keeps of pictures, in shared memory: pixels and encoded pictures by handle, those used longest ago go first.
import type { EncodedImage } from '@maskwords/codecs'
import type { HandleTurn, Kept, KeptPicture } from './work/job.ts'
import { arrayBytes } from './work/shared-memory.ts'

export type PictureCache = {
  /** Pixels, and the encoded picture of `codec`; both count as used now. */
  lookUp(handle: string, codec?: string): Kept
  /** True where the pixels are here and, for each of `codecs`, the encoded picture. Uses nothing. */
  info(
    handle: string,
  ): { widthPx: number; heightPx: number; picture: KeptPicture | undefined; encoded: string[] } | undefined
  keepPicture(handle: string, picture: KeptPicture): void
  keepImage(handle: string, codec: string, image: EncodedImage): void
  readonly bytes: number
  readonly entries: number
  /** Entries that had to go for others. */
  readonly evicted: number
}

type Entry = { readonly bytes: number; readonly handle: string } & (
  | { readonly kind: 'picture'; readonly value: KeptPicture }
  | { readonly kind: 'image'; readonly codec: string; readonly value: EncodedImage }
)

/** Bytes that an entry takes beside its arrays, so that a million tiny pictures are bounded too. */
const ENTRY_BYTES = 1024

/** A cache of at most `maxBytes`. What is larger on its own is not kept. */
export function createPictureCache({ maxBytes }: { readonly maxBytes: number }): PictureCache {
  // In order of use: a Map remembers the order in which its keys were set.
  const entries = new Map<string, Entry>()
  const codecsOf = new Map<string, Set<string>>()
  /** Of turned pictures of which anything is kept: masks on their other pixels are known by it. */
  const turns = new Map<string, HandleTurn>()
  let bytes = 0
  let evicted = 0

  const imageKey = (handle: string, codec: string) => `${handle} ${codec}`
  const used = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    entries.delete(key)
    entries.set(key, entry)
    return entry
  }
  const remove = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    bytes -= entry.bytes
    if (entry.kind === 'image') {
      const codecs = codecsOf.get(entry.handle)!
      codecs.delete(entry.codec)
      if (codecs.size === 0) codecsOf.delete(entry.handle)
    }
    if (!entries.has(entry.handle) && !codecsOf.has(entry.handle)) turns.delete(entry.handle)
  }
  const keep = (key: string, entry: Entry): void => {
    remove(key)
    if (entry.bytes > maxBytes) {
      evicted++
      return
    }
    for (const oldest of entries.keys()) {
      if (bytes + entry.bytes <= maxBytes) break
      remove(oldest)
      evicted++
    }
    entries.set(key, entry)
    bytes += entry.bytes
    if (entry.kind !== 'image') return
    const codecs = codecsOf.get(entry.handle) ?? new Set()
    codecs.add(entry.codec)
    codecsOf.set(entry.handle, codecs)
  }
  const sizeOf = (handle: string): { widthPx: number; heightPx: number } | undefined => {
    const [codec] = codecsOf.get(handle) ?? []
    const entry =
      entries.get(handle) ?? (codec === undefined ? undefined : entries.get(imageKey(handle, codec)))
    return entry === undefined ? undefined : { widthPx: entry.value.widthPx, heightPx: entry.value.heightPx }
  }

  return {
    lookUp(handle, codec) {
      const picture = used(handle)
      const image = codec === undefined ? undefined : used(imageKey(handle, codec))
      const size = sizeOf(handle)
      return {
        ...(picture?.kind === 'picture' && { picture: picture.value }),
        ...(image?.kind === 'image' && { image: image.value }),
        ...(size !== undefined && { size }),
        ...(turns.has(handle) && { turn: turns.get(handle)! }),
      }
    },
    info(handle) {
      const size = sizeOf(handle)
      if (size === undefined) return undefined
      const picture = entries.get(handle)
      return {
        ...size,
        picture: picture?.kind === 'picture' ? picture.value : undefined,
        encoded: [...(codecsOf.get(handle) ?? [])].sort(),
      }
    },
    keepPicture(handle, value) {
      keep(handle, { kind: 'picture', handle, value, bytes: arrayBytes(value) + ENTRY_BYTES })
      const { orientation, ground } = value
      if (orientation !== 1 && entries.has(handle)) turns.set(handle, { orientation, ground })
    },
    keepImage(handle, codec, value) {
      keep(imageKey(handle, codec), {
        kind: 'image',
        handle,
        codec,
        value,
        bytes: arrayBytes(value) + ENTRY_BYTES,
      })
    },
    get bytes() {
      return bytes
    },
    get entries() {
      return entries.size
    },
    get evicted() {
      return evicted
    },
  }
}
