// The two rooms without dependencies, as a browser gets them: one bundle of each, no other file, no network.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInBrowser } from './bundled-page.ts'
import { findChromium, launchChromium } from './chromium.ts'

const ROOT = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'maskwords-browser-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function bundle(name: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    root: ROOT,
    resolve: { conditions: ['@maskwords/source'] },
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: true,
      lib: {
        entry: join(ROOT, 'packages', name, 'src/index.ts'),
        formats: ['es'],
        fileName: () => `${name}.js`,
      },
    },
  })
  return readFileSync(join(folder, `${name}.js`), 'utf8')
}

describeInBrowser('in a browser', () => {
  const bundles: Record<string, string> = {}
  beforeAll(async () => {
    for (const name of ['mask', 'words']) bundles[name] = await bundle(name)
  })

  it('mask and words are single files that import nothing', () => {
    for (const text of Object.values(bundles)) expect(text).not.toMatch(/\bimport\s*[{('"*]|\brequire\(/)
  })

  it('a mask goes to COCO RLE and back, and words are found in an answer', async () => {
    const browser = await launchChromium(findChromium()!)
    try {
      const page = await browser.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      writeFileSync(join(folder, 'page.html'), '<!doctype html><title>maskwords</title>')
      await page.route('http://maskwords.test/**', (route) => {
        const name = new URL(route.request().url()).pathname.slice(1)
        const type = name.endsWith('.js') ? 'text/javascript' : 'text/html'
        return route.fulfill({ contentType: type, body: readFileSync(join(folder, name)) })
      })
      await page.goto('http://maskwords.test/page.html')
      // As text: the test runner rewrites the imports of functions that it can see.
      const result = await page.evaluate(`(async () => {
        const mask = await import('/mask.js')
        const words = await import('/words.js')
        const square = mask.maskFromRowMajor({ widthPx: 4, heightPx: 3, bytes: Uint8Array.of(0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0) })
        return { area: mask.area(square), rle: mask.cocoRleFromMask(square), words: Object.keys(words).length }
      })()`)
      expect(errors).toEqual([])
      // Column-major counts 3, 2, 1, 2, 4; from the fourth on the string holds the difference to the count two before.
      expect(result).toMatchObject({ area: 4, rle: { size: [3, 4], counts: '32103' } })
      expect((result as { words: number }).words).toBeGreaterThan(0)
    } finally {
      await browser.close()
    }
  })
})
