// The codecs in headless Chromium, on onnxruntime-web: the codes that Node gives, and masks that differ in no more than border pixels.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_HINT, findChromium, launchChromium } from '../../../scripts/chromium.ts'
import { isolatedSite } from '../../../scripts/isolated-site.ts'
import { createHiMTok } from '../src/himtok/codec.ts'
import { createSamTok } from '../src/samtok/codec.ts'
import { himtokThere, type RoundTrip, samtokThere } from './round-trip.ts'

const ROOT = join(import.meta.dirname, '../../..')
const chromiumPath = findChromium()
const folder = mkdtempSync(join(tmpdir(), 'codecs-browser-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PAGE = `
import { createHiMTok, createSamTok } from '@maskwords/codecs'
import { openWebSession } from '@maskwords/graph/web'
import { himtokThere, samtokThere } from ${JSON.stringify(join(import.meta.dirname, 'round-trip.ts'))}
const runtime = { target: 'web', open: (model) => openWebSession(model, { threads: 2 }) }
window.samtok = () => samtokThere(createSamTok, { runtime })
window.himtok = () => himtokThere(createHiMTok, { runtime })
`

async function bundle(): Promise<void> {
  const source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(
    join(source, 'index.html'),
    '<!doctype html><title>codecs</title><script type="module" src="./page.js"></script>',
  )
  writeFileSync(join(source, 'page.js'), PAGE)
  const sourceOf = (name: string): string => join(ROOT, 'packages', name, 'src/index.ts')
  await build({
    configFile: false,
    logLevel: 'error',
    root: source,
    base: './',
    resolve: {
      conditions: ['@maskwords/source', 'import', 'module', 'browser', 'default'],
      alias: [
        { find: /^@maskwords\/graph\/web$/, replacement: join(ROOT, 'packages/graph/src/session/web.ts') },
        ...['mask', 'words', 'checkpoint', 'graph', 'models', 'codecs'].map((name) => ({
          find: new RegExp(`^@maskwords/${name}$`),
          replacement: sourceOf(name),
        })),
      ],
    },
    worker: { format: 'es' },
    build: { outDir: join(folder, 'site'), minify: false, target: 'es2022' },
  })
}

const server = isolatedSite(join(folder, 'site'))

describe.skipIf(chromiumPath === undefined)(
  `in a browser${chromiumPath === undefined ? ` (skipped: ${CHROMIUM_HINT})` : ''}`,
  () => {
    let browser: Browser
    let page: Page
    const errors: string[] = []
    beforeAll(async () => {
      await bundle()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      browser = await launchChromium(chromiumPath!)
      page = await browser.newPage()
      page.on('pageerror', (error) => errors.push(error.message))
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      await page.waitForFunction('window.himtok')
    })
    afterAll(async () => {
      await browser?.close()
      server.close()
    })

    const session = { worker: false, threads: 1 } as const
    const same = (there: RoundTrip, here: RoundTrip): void => {
      expect(errors).toEqual([])
      expect(there.texts).toEqual(here.texts)
      expect(there.codes).toEqual(here.codes)
      there.masks.forEach((mask, m) => {
        const other = here.masks[m]!
        const differing = mask.reduce((count, bit, i) => count + (bit === other[i] ? 0 : 1), 0)
        expect(differing / mask.length).toBeLessThan(0.001)
      })
    }

    it('SAMTok on a Hiera of 1024 pixels gives the same words and masks as in Node', async () => {
      const there = (await page.evaluate('window.samtok()')) as RoundTrip
      same(there, await samtokThere(createSamTok, { session }))
      expect(there.codes.every((row) => row.length === 2)).toBe(true)
    })

    it('HiMTok gives the same words and masks as in Node', async () => {
      const there = (await page.evaluate('window.himtok()')) as RoundTrip
      same(there, await himtokThere(createHiMTok, { session }))
      expect(there.codes.every((row) => row.length === 32)).toBe(true)
    })
  },
)
