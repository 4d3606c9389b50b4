// A folder of encoded pictures, by content: one trunk pass a picture, however often and by whichever process it is asked for.
// Definition: ours. Node only.
import { makeFolders, removeLeftBehind, temporaryBeside } from '@maskwords/checkpoint'
import { type CodecCallOptions, checkPicture, type Pixels } from '../codec.ts'
import { CodecError } from '../error.ts'
import { sha256Hex } from '../sha256.ts'
import type { SamtokCodec, SamtokImage } from './codec.ts'
import { type ImageBytesOptions, imageFromBytes, imageToBytes } from './image-bytes.ts'

export type ImageStoreOptions = ImageBytesOptions & {
  readonly folder: string
  /** Entries used longest ago go when all of them are larger than this. Default 4 GiB: 250 pictures, 500 as float16. */
  readonly maxBytes?: number
}

export type ImageStoreUse = {
  /** Pictures that were there, that were not, and that were but had to be made again. */
  readonly hits: number
  readonly misses: number
  readonly rebuilt: number
}

export type ImageStore = {
  /** The encoded picture, from the folder or from the codec (and then into the folder). */
  encodeImage(codec: SamtokCodec, picture: Pixels, options?: CodecCallOptions): Promise<SamtokImage>
  use(): ImageStoreUse
  /** Bytes and number of the entries in the folder. */
  size(): Promise<{ bytes: number; entries: number }>
  /** Removes all entries. */
  clear(): Promise<void>
}

const DEFAULT_MAX_BYTES = 4 * 2 ** 30
const ENDING = '.samtok-image'

/** Opens such a folder; it is made where it is not there. Processes may share it. */
export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  const { folder, maxBytes = DEFAULT_MAX_BYTES, dtype = 'float32' } = options
  if (!(maxBytes >= 0)) throw new CodecError('out-of-range', `maxBytes must be at least 0, got ${maxBytes}`)
  const { readdir, readFile, rename, rm, stat, utimes, writeFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  await makeFolders(folder)
  // Also where every picture is there already, and nothing is written.
  removeLeftBehind(folder)
  const counts = { hits: 0, misses: 0, rebuilt: 0 }
  // Two calls for one picture share the work.
  const pending = new Map<string, Promise<SamtokImage>>()

  const keyOf = async (codec: SamtokCodec, picture: Pixels): Promise<string> => {
    const pixels = await sha256Hex(picture.rgb)
    const text = `${picture.widthPx} x ${picture.heightPx} ${pixels} ${await codec.fingerprint()} ${dtype}`
    return sha256Hex(new TextEncoder().encode(text))
  }

  const entries = async (): Promise<{ path: string; bytes: number; usedMs: number }[]> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(ENDING)).sort()
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(folder, name)
        const info = await stat(path).catch(() => undefined)
        return info?.isFile() ? { path, bytes: info.size, usedMs: info.mtimeMs } : undefined
      }),
    )
    return found.filter((entry) => entry !== undefined)
  }

  const evict = async (newest: string): Promise<void> => {
    const all = (await entries()).sort((a, b) => a.usedMs - b.usedMs || (a.path < b.path ? -1 : 1))
    let bytes = all.reduce((sum, entry) => sum + entry.bytes, 0)
    for (const entry of all) {
      if (bytes <= maxBytes) return
      // The one just written is the newest, whatever the clock of the file system says.
      if (entry.path === newest && all.length > 1 && entry.bytes <= maxBytes) continue
      await rm(entry.path, { force: true })
      bytes -= entry.bytes
    }
  }

  const read = async (path: string): Promise<SamtokImage | undefined> => {
    const bytes = await readFile(path).catch(() => undefined)
    if (bytes === undefined) return undefined
    try {
      const image = await imageFromBytes(bytes, path)
      const now = new Date()
      await utimes(path, now, now).catch(() => {})
      counts.hits++
      return image
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      counts.rebuilt++
      await rm(path, { force: true })
      return undefined
    }
  }

  const write = async (path: string, image: SamtokImage): Promise<SamtokImage> => {
    const bytes = await imageToBytes(image, { dtype })
    const temporary = temporaryBeside(path)
    try {
      await writeFile(temporary, bytes, { flush: true })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await evict(path)
    // The same values whether they come from the codec or from the folder.
    return dtype === 'float32' ? image : imageFromBytes(bytes, path)
  }

  return {
    async encodeImage(codec, picture, call = {}) {
      checkPicture(picture)
      call.signal?.throwIfAborted()
      const key = await keyOf(codec, picture)
      const path = join(folder, `${key}${ENDING}`)
      const running = pending.get(key)
      if (running !== undefined) return running.catch(() => codec.encodeImage(picture, call))
      const made = (async () => {
        const stored = await read(path)
        if (stored !== undefined) return stored
        counts.misses++
        return write(path, await codec.encodeImage(picture, call))
      })()
      pending.set(key, made)
      try {
        return await made
      } finally {
        pending.delete(key)
      }
    },
    use: () => ({ ...counts }),
    async size() {
      const all = await entries()
      return { bytes: all.reduce((sum, entry) => sum + entry.bytes, 0), entries: all.length }
    },
    async clear() {
      for (const entry of await entries()) await rm(entry.path, { force: true })
    },
  }
}
