// Size and orientation of a picture from its file's first bytes; the formats are in @maskwords/mask (pictureHeader).
import { closeSync, openSync, readSync } from 'node:fs'
import { type ByteWindow, type PictureHeader, pictureHeader } from '@maskwords/mask'

const READ_BYTES = 4096

/** What the file says of itself, or undefined where it is none that is read, or ends before. Throws what `openSync` throws. */
export function pictureFileHeader(path: string): PictureHeader | undefined {
  const descriptor = openSync(path, 'r')
  try {
    let base = 0
    let held = Buffer.alloc(0)
    // Segments are skipped by their lengths; each jump reads again only where it leaves what is held.
    const at: ByteWindow = (offset, wanted) => {
      if (offset < base || offset + wanted > base + held.length) {
        const next = Buffer.alloc(Math.max(READ_BYTES, wanted))
        base = offset
        held = next.subarray(0, readSync(descriptor, next, 0, next.length, offset))
      }
      return held.length < wanted ? undefined : held.subarray(offset - base, offset - base + wanted)
    }
    return pictureHeader(at)
  } finally {
    closeSync(descriptor)
  }
}
