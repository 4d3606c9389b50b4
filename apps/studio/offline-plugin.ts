// Puts the service worker into the build, with the names of the build's files in front of it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const SOURCE = join(import.meta.dirname, 'src/offline/service-worker.js')
const PUBLIC = join(import.meta.dirname, 'public')
/** Larger files (the engine's WebAssembly) are stored when they were needed once. */
const MAX_STORED_BYTES = 2 ** 20

export const offline: Plugin = {
  name: 'maskwords-offline',
  apply: 'build',
  // The page must be among the files: it is written after every other plugin's.
  enforce: 'post',
  generateBundle(_, bundle) {
    const hash = createHash('sha256')
    const files = ['index.html']
    const large: string[] = []
    for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const body = file.type === 'chunk' ? file.code : file.source
      hash.update(name).update(body)
      const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
      if (name !== 'index.html') (bytes <= MAX_STORED_BYTES ? files : large).push(name)
    }
    for (const name of readdirSync(PUBLIC, { recursive: true, encoding: 'utf8' }).sort()) {
      if (!/\.\w+$/.test(name)) continue
      hash.update(readFileSync(join(PUBLIC, name)))
      files.push(name.replaceAll('\\', '/'))
    }
    const worker = readFileSync(SOURCE, 'utf8')
    hash.update(worker)
    const head = `const VERSION = '${hash.digest('hex').slice(0, 16)}'\nconst FILES = ${JSON.stringify(files)}\nconst LARGE = ${JSON.stringify(large)}\n`
    this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: head + worker })
  },
}
