// What an option that names a codec or weights means.
import { existsSync } from 'node:fs'
import { codecNamed } from '@maskwords/codec-loading'
import { getokCells, isShipped } from './codec.ts'
import type { Context } from './command.ts'

/** The path of a file or folder that is here; the name of a codec and any other as it is, because it may be a hub id. */
export function localSource(path: Context['path'], source: string): string {
  const isName = isShipped(source) || getokCells(source) !== undefined || codecNamed(source) !== undefined
  return !isName && existsSync(path(source)) ? path(source) : source
}
