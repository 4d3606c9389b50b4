// Where the package that people install lies: its package.json, its weights, the studio's pages and the documentation.
import { existsSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const above = new URL('..', import.meta.url)

/** The folder of the package `maskwords`: one above the bundle's files, and beside this room where the sources run. */
export const INSTALLED: URL = existsSync(new URL('weights/', above)) ? above : new URL('../maskwords/', above)

const isInstalled = !existsSync(new URL('../../docs/', INSTALLED))

/** The pages that texts call `docs/...`, as a path from here: installed, they lie in the package. */
export const PAGES = isInstalled ? pathFromHere(fileURLToPath(new URL('docs/', INSTALLED))) : 'docs/'

function pathFromHere(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') || isAbsolute(near) ? path : `${near}${sep}`
}

/** A text whose pages (`docs/*.md`) can be opened from where the command runs. */
export const withPages = (text: string): string =>
  isInstalled ? text.replace(/(?<![\w/\\])docs\/(?=[\w-]+\.md\b)/g, () => PAGES) : text
