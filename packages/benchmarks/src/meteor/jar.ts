// Texts out of a Java archive, which is a ZIP file (PKWARE APPNOTE 6.3, sections 4.3.7 and 4.3.12): small, whole in memory, stored or deflated.
import { inflateRawSync } from 'node:zlib'
import { MaskwordsError } from '@maskwords/files'

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
const MAX_COMMENT_BYTES = 0xffff
/** The largest entry that is read has 3.7 MB. */
const MAX_ENTRY_BYTES = 2 ** 26

/** The texts of the entries that are named. Throws MaskwordsError `malformed` for what is no archive, or lacks one of them. */
export function jarTexts<const N extends string>(
  bytes: Uint8Array,
  names: readonly N[],
  file: string,
): Record<N, string> {
  const bad = (what: string, cause?: unknown) =>
    new MaskwordsError('malformed', what, {
      file,
      hint: 'METEOR 1.5 is wanted, as pycocoevalcap brings it',
      ...(cause !== undefined && { cause }),
    })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const wanted = new Set<string>(names)
  const texts: Record<string, string> = {}
  try {
    let at = bytes.length - END_BYTES
    while (view.getUint32(at, true) !== END) {
      if (--at < bytes.length - END_BYTES - MAX_COMMENT_BYTES) throw bad('this is no Java archive')
    }
    const count = view.getUint16(at + 10, true)
    let entry = view.getUint32(at + 16, true)
    for (let k = 0; k < count; k++) {
      if (view.getUint32(entry, true) !== CENTRAL) throw bad('the directory of the archive is cut')
      const nameLength = view.getUint16(entry + 28, true)
      const name = new TextDecoder().decode(bytes.subarray(entry + 46, entry + 46 + nameLength))
      if (wanted.has(name)) {
        const header = view.getUint32(entry + 42, true)
        if (view.getUint32(header, true) !== LOCAL) throw bad(`${name} is not where the directory says`)
        const from = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true)
        const stored = bytes.subarray(from, from + view.getUint32(entry + 20, true))
        const isPlain = view.getUint16(entry + 10, true) === 0
        const plain = isPlain ? stored : inflateRawSync(stored, { maxOutputLength: MAX_ENTRY_BYTES })
        texts[name] = new TextDecoder().decode(plain)
      }
      entry += 46 + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true)
    }
  } catch (error) {
    if (error instanceof MaskwordsError) throw error
    throw bad('this is no Java archive, or it is damaged', error)
  }
  const missing = names.find((name) => texts[name] === undefined)
  if (missing !== undefined) throw bad(`there is no ${missing} in it`)
  return texts as Record<N, string>
}
