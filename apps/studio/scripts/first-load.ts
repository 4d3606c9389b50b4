// How much of the built studio a browser takes before the page can be used.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Gzipped scripts and styles that index.html names, and those that these import at once. */
export function firstLoadBytes(site: string): number {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(join(site, 'assets', file), 'utf8')
    for (const [, name] of text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) visit(name!)
  }
  const index = readFileSync(join(site, 'index.html'), 'utf8')
  for (const [, file] of index.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)) visit(file!)
  return [...seen].reduce((sum, file) => sum + gzipSync(readFileSync(join(site, 'assets', file))).length, 0)
}
