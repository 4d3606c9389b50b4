// A script of ours as a page in headless Chromium, as a site would serve it: bundled from the sources, cross-origin isolated, which
// threads of WebAssembly need. For the browser tests.
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { describe } from 'vitest'
import { CHROMIUM_HINT, findChromium, launchChromium } from './chromium.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

export type BundledPageOptions = {
  readonly headers?: Readonly<Record<string, string>>
  /** Folders that the site has beside the page: by the path they are under, as in `/models/`. */
  readonly folders?: Readonly<Record<string, string>>
}

export type BundledPage = {
  /** The page, loaded and ready. Without a browser in one of its own. All are closed with the site. */
  open(browser?: Browser): Promise<Page>
  /** What pages threw or logged as an error. */
  readonly errors: readonly string[]
  close(): Promise<void>
}

/** Tests that want a browser; where there is none their title says so and they are skipped. */
export function describeInBrowser(title: string, tests: () => void): void {
  const isThere = findChromium() !== undefined
  describe.skipIf(!isThere)(`${title}${isThere ? '' : ` (skipped: ${CHROMIUM_HINT})`}`, tests)
}

/** A server of the files in `site`, isolated as threads of WebAssembly want it. */
export function isolatedSite(site: string, { headers = {}, folders = {} }: BundledPageOptions = {}): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    const path = normalize(pathname === '/' ? '/index.html' : pathname)
    const under = Object.keys(folders).find((prefix) => path.startsWith(prefix))
    const file = under === undefined ? join(site, path) : join(folders[under]!, path.slice(under.length))
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    createReadStream(file)
      .on('error', () => response.writeHead(404).end())
      .pipe(response)
  })
}

/** Bundles the script (an absolute path) and serves it; what it exports is on the page's `window`. */
export async function bundledPage(script: string, options: BundledPageOptions = {}): Promise<BundledPage> {
  const folder = mkdtempSync(join(tmpdir(), 'bundled-page-'))
  const site = join(folder, 'site')
  await bundle(script, join(folder, 'source'), site)
  const server = isolatedSite(site, options)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browsers: Browser[] = []
  const errors: string[] = []
  return {
    errors,
    async open(browser) {
      const own = browser ?? (await launchChromium(findChromium()!))
      browsers.push(own)
      const page = await own.newPage()
      page.on('pageerror', (error) => errors.push(error.message))
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      await page.waitForFunction('window.isLoaded')
      return page
    },
    async close() {
      for (const browser of browsers) await browser.close()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function bundle(script: string, root: string, outDir: string): Promise<void> {
  mkdirSync(root)
  writeFileSync(
    join(root, 'index.html'),
    '<!doctype html><link rel="icon" href="data:,"><title>test</title><script type="module" src="./page.js"></script>',
  )
  // On `globalThis`: threads of WebAssembly load the same file and have no window.
  writeFileSync(
    join(root, 'page.js'),
    `import * as script from ${JSON.stringify(script)}\nObject.assign(globalThis, script, { isLoaded: true })\n`,
  )
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    base: './',
    resolve: { conditions: ['@maskwords/source', 'import', 'module', 'browser', 'default'] },
    worker: { format: 'es' },
    // Nothing inline: pages are also served under the policy that the studio has.
    build: {
      outDir,
      minify: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  })
}
