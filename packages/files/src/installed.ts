// Where the package that people install lies: its package.json, its weights and the studio's pages.
import { existsSync } from 'node:fs'

const above = new URL('..', import.meta.url)

/** The folder of the package `maskwords`: one above the bundle's files, and beside this room where the sources run. */
export const INSTALLED: URL = existsSync(new URL('weights/', above)) ? above : new URL('../maskwords/', above)
