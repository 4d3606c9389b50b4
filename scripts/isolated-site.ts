// A folder as a site for the browser tests, cross-origin isolated, which threads of WebAssembly need.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Serves the files of `folder`, and its index.html at the root; the caller listens and closes. */
export function isolatedSite(folder: string): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    const path = pathname === '/' ? '/index.html' : pathname
    try {
      const body = readFileSync(join(folder, path))
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
}
