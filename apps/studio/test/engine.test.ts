// The engine in headless Chromium, under the policy that the server sets: the words that Node says for the same masks.
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { type LoadedCodec, loadCodec } from '@maskwords/codec-loading'
import type { CodecCallOptions, MaskCodec } from '@maskwords/codecs'
import { area } from '@maskwords/mask'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawScene } from '../../../packages/commands/src/demo/scene.ts'
import { PAGE_POLICY } from '../../../packages/server/src/studio-pages.ts'
import { CHROMIUM_HINT, findChromium, launchChromium } from '../../../scripts/chromium.ts'
import type { Told } from './engine-page.ts'

/** As many of the scene's things as the page says. */
const THINGS = 3

const WEIGHTS = join(import.meta.dirname, '../../../packages/maskwords/weights')
const chromiumPath = findChromium()
const folder = mkdtempSync(join(tmpdir(), 'studio-engine-'))
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

async function bundle(): Promise<void> {
  const root = join(folder, 'source')
  mkdirSync(root)
  writeFileSync(
    join(root, 'index.html'),
    '<!doctype html><link rel="icon" href="data:,"><title>engine</title><script type="module" src="./page.js"></script>',
  )
  writeFileSync(
    join(root, 'page.js'),
    `import ${JSON.stringify(join(import.meta.dirname, 'engine-page.ts'))}`,
  )
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    base: './',
    resolve: { conditions: ['@maskwords/source', 'import', 'module', 'browser', 'default'] },
    worker: { format: 'es' },
    build: {
      outDir: join(folder, 'site'),
      minify: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  })
}

/** The page, and the weights beside it. */
function site(): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    const path = normalize(pathname === '/' ? '/index.html' : pathname)
    const file = path.startsWith('/models/') ? join(WEIGHTS, path.slice(8)) : join(folder, 'site', path)
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    response.setHeader('content-security-policy', PAGE_POLICY)
    createReadStream(file)
      .on('error', () => response.writeHead(404).end())
      .pipe(response)
  })
}

const NEAREST_CODES: CodecCallOptions & { search: number } = { search: 1 }

/** The same from Node's own runtime. */
async function toldInNode(source: string): Promise<Pick<Told, 'codes' | 'areasPx'>> {
  const codec = (await loadCodec(source, { session: { worker: false, threads: 1 } })) as LoadedCodec &
    MaskCodec
  const { things, ...pixels } = drawScene()
  const image = await codec.encodeImage(pixels)
  const masks = things.slice(0, THINGS).map(({ mask }) => mask)
  const words = await codec.encode(image, masks, source === 'getok' ? {} : NEAREST_CODES)
  const decoded = await codec.decode(image, words)
  await codec.close()
  return { codes: words.map(({ codes }) => [...codes]), areasPx: decoded.map(({ mask }) => area(mask)) }
}

describe.skipIf(chromiumPath === undefined)(
  `the engine in a browser${chromiumPath === undefined ? ` (skipped: ${CHROMIUM_HINT})` : ''}`,
  () => {
    const server = site()
    let browser: Browser
    let page: Page
    const errors: string[] = []
    beforeAll(async () => {
      await bundle()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      browser = await launchChromium(chromiumPath!)
      page = await browser.newPage()
      page.on('pageerror', (error) => errors.push(error.message))
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      await page.waitForFunction('window.tell')
    })
    afterAll(async () => {
      await browser?.close()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const told = (codec: string) => page.evaluate(`window.tell(${JSON.stringify(codec)})`) as Promise<Told>

    for (const [codec, length] of [
      ['samtok', 2],
      ['himtok', 32],
    ] as const) {
      it(`${codec}-nano says the words that it says in Node, and draws the same masks`, async () => {
        const there = await told(codec)
        const here = await toldInNode(join(WEIGHTS, `${codec}-nano`))
        expect(there).toMatchObject({ name: `${codec}-nano`, place: 'wasm' })
        expect(there.codes).toEqual(here.codes)
        expect(there.codes.every((row) => row.length === length)).toBe(true)
        there.areasPx.forEach((areaPx, m) => {
          expect(Math.abs(areaPx - here.areasPx[m]!)).toBeLessThan(0.001 * here.areasPx[m]! + 3)
        })
        expect(there.levelPx).toBe(there.areasPx[0])
        // Rounding differs between runtimes, and with it what a search finds; that it finds something does not. What is better
        // on SAMTok's squares of 32 x 32 need not be at the picture's size.
        const mean = (at: 0 | 1) => there.ious.reduce((sum, pair) => sum + pair[at], 0) / there.ious.length
        if (codec === 'himtok') expect(mean(1)).toBeGreaterThan(mean(0))
        else expect(mean(1)).not.toBe(mean(0))
        expect(errors).toEqual([])
      })
    }

    it('GETok runs as script and says the words that it says in Node', async () => {
      const there = await told('getok')
      expect(there).toMatchObject({ name: 'getok', place: 'script', threads: 0 })
      expect({ codes: there.codes, areasPx: there.areasPx }).toEqual(await toldInNode('getok'))
    })

    it('of edits in a hurry only those are drawn that were not overtaken, the last one always', async () => {
      const { drawn, dropped } = (await page.evaluate('window.hurry("himtok", 20)')) as Record<string, number>
      expect(drawn! + dropped!).toBe(20)
      expect(drawn).toBe(1)
    })
  },
)
