// A page of one's own (examples/page) on the installed package, built by Vite, webpack and esbuild without a word of complaint, and run:
// the words that Node.js gives. esbuild bundles no workers and copies no WebAssembly by itself; what a person does about it is here, too.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import esbuild from 'esbuild'
import type { Browser } from 'playwright-core'
import { createLogger, build as vite } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import webpack from 'webpack'
import { isolatedSite } from './bundled-page.ts'
import { CHROMIUM_HINT, findChromium, launchChromium } from './chromium.ts'
import { installed, isBuilt } from './installed.ts'

const HOUSE = resolve(import.meta.dirname, '..')
const chromiumPath = findChromium()
const root = mkdtempSync(join(tmpdir(), 'bundlers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Bundle = (source: string, site: string) => Promise<string[]>

/** Each builds the page of `source` into `site` and answers what it complained of. */
const BUNDLERS: Readonly<Record<string, Bundle>> = {
  async Vite(source, site) {
    const said: string[] = []
    const customLogger = createLogger('warn')
    customLogger.warn = (message) => said.push(message)
    customLogger.warnOnce = (message) => said.push(message)
    // Times that Rolldown took are no complaint about the page.
    const checks = { pluginTimings: false }
    await vite({
      configFile: false,
      root: source,
      base: './',
      customLogger,
      build: { outDir: site, emptyOutDir: true, minify: false, rolldownOptions: { checks } },
    })
    return said
  },

  async webpack(source, site) {
    const compiler = webpack({
      mode: 'production',
      context: source,
      entry: './page.js',
      output: { path: site, filename: 'page.js' },
      optimization: { minimize: false },
      // ONNX Runtime is larger than webpack likes pages to be.
      performance: { hints: false },
    })
    const stats = await new Promise<webpack.Stats>((built, failed) =>
      compiler.run((error, result) => (error === null ? built(result!) : failed(error))),
    )
    await new Promise((closed) => compiler.close(closed))
    cpSync(join(source, 'index.html'), join(site, 'index.html'))
    const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true })
    return [...errors, ...warnings].map(({ message }) => message)
  },

  async esbuild(source, site) {
    const { errors, warnings } = await esbuild.build({
      absWorkingDir: source,
      entryPoints: { page: './page.js', 'web-worker': 'maskwords/graph/web-worker' },
      outdir: site,
      bundle: true,
      format: 'esm',
      logLevel: 'silent',
    })
    const wasm = 'ort-wasm-simd-threaded.wasm'
    cpSync(join(source, 'node_modules/onnxruntime-web/dist', wasm), join(site, wasm))
    cpSync(join(source, 'index.html'), join(site, 'index.html'))
    return [...errors, ...warnings].map(({ text }) => text)
  },
}

/** What the page does, in Node.js on the same package. */
const IN_NODE = `
import { readFileSync } from 'node:fs'
import { codecFromFiles } from 'maskwords/codecs'
import { maskFromRowMajor } from 'maskwords/mask'
const [widthPx, heightPx, rgb, bytes] = JSON.parse(readFileSync(0, 'utf8'))
const file = (name) => readFileSync(new URL(import.meta.resolve('maskwords/weights/samtok-nano/' + name)))
const codec = await codecFromFiles({ config: file('config.json').toString(), weights: file('weights.safetensors') })
const image = await codec.encodeImage({ widthPx, heightPx, rgb: Uint8Array.from(rgb) })
const [words] = await codec.encode(image, [maskFromRowMajor({ widthPx, heightPx, bytes: Uint8Array.from(bytes) })])
console.log(words.text)
await codec.close()
`

const without = chromiumPath === undefined ? ` (run in none: ${CHROMIUM_HINT})` : ''

describe.skipIf(!isBuilt)(
  `a page on the installed package${isBuilt ? without : ' (skipped: npm run build has not been run)'}`,
  () => {
    let source: string
    let browser: Browser | undefined

    beforeAll(async () => {
      const { folder } = await installed()
      source = join(root, 'source')
      cpSync(join(HOUSE, 'examples/page'), source, { recursive: true })
      // The package itself as files: from its real place a link would show a tree without onnxruntime-web.
      const [from, to] = [join(folder, 'node_modules'), join(source, 'node_modules')]
      cpSync(join(from, 'maskwords'), join(to, 'maskwords'), { recursive: true })
      for (const name of readdirSync(from)) {
        if (!name.startsWith('.') && name !== 'maskwords') symlinkSync(join(from, name), join(to, name))
      }
      symlinkSync(join(HOUSE, 'node_modules/onnxruntime-web'), join(to, 'onnxruntime-web'))
      if (chromiumPath !== undefined) browser = await launchChromium(chromiumPath)
    }, 300_000)
    afterAll(() => browser?.close())

    for (const [name, bundle] of Object.entries(BUNDLERS)) {
      it(`is built by ${name} without a warning and without a module of Node.js, and gives the words of Node.js`, async () => {
        const site = join(root, name)
        expect(await bundle(source, site)).toEqual([])
        const scripts = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) =>
          /\.m?js$/.test(file),
        )
        const wanting = /(?:from|import\(|require\()\s*["'](?:node:|fs|path|os|worker_threads|module)\b/
        expect(scripts.filter((file) => wanting.test(readFileSync(join(site, file), 'utf8')))).toEqual([])
        if (browser === undefined) return

        cpSync(join(source, 'node_modules/maskwords/weights'), join(site, 'models'), {
          recursive: true,
          dereference: true,
        })
        const server = isolatedSite(site)
        await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
        const page = await browser.newPage()
        try {
          const complaints: string[] = []
          page.on('pageerror', (error) => complaints.push(error.message))
          await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
          await page.waitForFunction(`document.querySelector('output').textContent !== 'loading'`)
          const said = await page.textContent('output')
          expect(complaints).toEqual([])
          const [text, iou] = said!.split(' ')
          expect(text).toBe(inNode(source))
          expect(Number(iou)).toBeGreaterThan(0.6)
        } finally {
          await page.close()
          server.close()
        }
      }, 120_000)
    }
  },
)

let wordsOfNode: string | undefined
/** The page's disc, drawn without the soft border that a canvas gives it. */
function inNode(folder: string): string {
  const [widthPx, heightPx] = [160, 120]
  const inside = Array.from({ length: widthPx * heightPx }, (_, i) =>
    Math.hypot((i % widthPx) + 0.5 - 60, Math.floor(i / widthPx) + 0.5 - 60) < 36 ? 1 : 0,
  )
  const rgb = inside.flatMap((is) => (is ? [255, 165, 0] : [70, 130, 180]))
  wordsOfNode ??= execFileSync(process.execPath, ['--input-type=module', '-e', IN_NODE], {
    cwd: folder,
    input: JSON.stringify([widthPx, heightPx, rgb, inside]),
    encoding: 'utf8',
  }).trim()
  return wordsOfNode
}
