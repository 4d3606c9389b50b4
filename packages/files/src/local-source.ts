// What an option that names a codec or weights means.
import { existsSync } from 'node:fs'
import { codecNamed } from '@maskwords/codec-loading'
import type { Context } from './command.ts'

/** The path of a file or folder that is here; a plugin's codec and any other name as it is, because it may be a hub id. */
export function localSource(path: Context['path'], source: string): string {
  return codecNamed(source) === undefined && existsSync(path(source)) ? path(source) : source
}
