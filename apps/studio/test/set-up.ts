// What the tests in a browser share: the studio built as it is published, once for all of them, served by the service of
// `maskwords serve`, and a page on it that remembers what went wrong unseen.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { SHIPPED_CODECS, shippedFolder } from '../../../packages/files/src/codec.ts'
import { openCodecService } from '../../../packages/server/src/codec-service.ts'
import { listen } from '../../../packages/server/src/listen.ts'
import { CHROMIUM_HINT, findChromium, launchChromium } from '../../../scripts/chromium.ts'
import { HOUSE, ROOMS, sourceFiles } from '../../../scripts/rooms.ts'

export const chromiumPath = findChromium()
/** Stands behind the name of a group of tests that wants a browser. */
export const SKIPPED = chromiumPath === undefined ? ` (skipped: ${CHROMIUM_HINT})` : ''

export const openBrowser = (): Promise<Browser> => launchChromium(chromiumPath!)

export const DESK = { width: 1280, height: 720 }
export const PHONE = { width: 390, height: 844 }
/** First words wait for weights, a session, and a picture's pass, on machines with two busy cores. */
export const PATIENT = { timeout: 60_000 }

const SHOTS = join(HOUSE, 'out/studio')
const SITES = join(HOUSE, 'out/studio-sites')
/** A build that another process began and did not end in this time was given up. */
const BUILD_MS = 180_000
const OLD_MS = 3_600_000

/** What the built studio depends on, as a name. */
function sourcesName(): string {
  const hash = createHash('sha256')
  const studio = join(HOUSE, 'apps/studio')
  const others = ['src', 'public', 'scripts'].flatMap((folder) =>
    readdirSync(join(studio, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(studio, folder, path),
    ),
  )
  const single = ['index.html', 'vite.config.ts', 'offline-plugin.ts', 'packed-plugin.ts'].map((path) =>
    join(studio, path),
  )
  for (const path of [...ROOMS.flatMap(sourceFiles), ...others, ...single].sort()) {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

/** The folder of the studio as it is published: built by the first test that asks, and again when a source has changed. */
export async function builtSite(): Promise<string> {
  mkdirSync(SITES, { recursive: true })
  const name = sourcesName()
  const site = join(SITES, name)
  const building = `${site}.building`
  for (let waitedMs = 0; ; waitedMs += 250) {
    if (existsSync(site)) return site
    try {
      mkdirSync(building)
      break
    } catch {
      if (waitedMs > BUILD_MS) rmSync(building, { recursive: true, force: true })
      await setTimeout(250)
    }
  }
  // As it is published: of what the tests run under, Vite would make the page for developers.
  const { NODE_ENV } = process.env
  process.env['NODE_ENV'] = 'production'
  try {
    await build({
      root: join(HOUSE, 'apps/studio'),
      logLevel: 'error',
      build: { outDir: building, emptyOutDir: true },
    })
    renameSync(building, site)
  } finally {
    process.env['NODE_ENV'] = NODE_ENV
    rmSync(building, { recursive: true, force: true })
  }
  // Sites of older sources, but for those that other tests may be on.
  for (const other of readdirSync(SITES).map((one) => join(SITES, one))) {
    if (other !== site && Date.now() - statSync(other).mtimeMs > OLD_MS) {
      rmSync(other, { recursive: true, force: true })
    }
  }
  return site
}

type ServiceOptions = Parameters<typeof openCodecService>[0]

/** `maskwords serve` with this site: its address, and what ends it. */
export async function serveStudio(
  site: string,
  options: Partial<ServiceOptions> = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const opened = await openCodecService({
    host: '127.0.0.1',
    workers: 1,
    threads: 1,
    maxPixels: 32_000_000,
    maxBodyBytes: 2 ** 25,
    timeoutMs: 60_000,
    cacheBytes: 2 ** 28,
    studioFolder: site,
    codecs: [
      ...SHIPPED_CODECS.map((name) => ({ name, source: shippedFolder(name) })),
      { name: 'getok', source: 'getok' },
    ],
    ...options,
  })
  const listening = await listen(opened.service, { host: '127.0.0.1', port: 0, timeoutMs: 60_000 })
  return {
    url: listening.url,
    async close() {
      await listening.close()
      await opened.close()
    },
  }
}

/** A page of this browser; uncaught errors and what is written as an error go to `troubles`. */
export async function openPage(
  browser: Browser,
  troubles: string[],
  viewport: { width: number; height: number } = DESK,
): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme: 'light', reducedMotion: 'reduce' })
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  return page
}

/** Leaves a picture of a page in out/studio. */
export async function takeShot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true })
  await page.screenshot({ path: join(SHOTS, `${name}.png`), animations: 'disabled' })
}

/** Drops files on the page, as a hand does. */
export function dropFiles(
  page: Page,
  files: readonly { readonly name: string; readonly type: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  const list = files.map(({ name, type, bytes }) => ({
    name,
    type,
    base64: Buffer.from(bytes).toString('base64'),
  }))
  return page.evaluate((dropped) => {
    const dataTransfer = new DataTransfer()
    for (const { name, type, base64 } of dropped) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      dataTransfer.items.add(new File([bytes], name, { type }))
    }
    window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
  }, list)
}
