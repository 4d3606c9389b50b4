// What an option that names a codec or weights means.
import { existsSync } from 'node:fs'
import type { Context } from './command.ts'

/** The path of a file or folder that is here; any other name as it is, because it may be a hub id. */
export function localSource(path: Context['path'], source: string): string {
  return existsSync(path(source)) ? path(source) : source
}
