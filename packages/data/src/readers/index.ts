// All readers by name.
import type { Reader } from '../record.ts'
import { coco } from './coco.ts'

const ALL: readonly Reader[] = [coco]

/** Every reader, by name, names sorted. */
export const READERS: Readonly<Record<string, Reader>> = Object.freeze(
  Object.fromEntries(
    [...ALL].sort((a, b) => (a.name < b.name ? -1 : 1)).map((reader) => [reader.name, reader]),
  ),
)

/** The reader of a name, or undefined. */
export function readerByName(name: string): Reader | undefined {
  return Object.hasOwn(READERS, name) ? READERS[name] : undefined
}
