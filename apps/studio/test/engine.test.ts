// The engine in headless Chromium, under the policy that the server sets: the words that Node says for the same masks.
import { join } from 'node:path'
import { type LoadedCodec, loadCodec } from '@maskwords/codec-loading'
import type { CodecCallOptions, MaskCodec } from '@maskwords/codecs'
import { area } from '@maskwords/mask'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drawScene } from '../../../packages/commands/src/demo/scene.ts'
import { PAGE_POLICY } from '../../../packages/server/src/studio-pages.ts'
import { type BundledPage, bundledPage, describeInBrowser } from '../../../scripts/bundled-page.ts'
import type { Told } from './engine-page.ts'

/** As many of the scene's things as the page says. */
const THINGS = 3

const WEIGHTS = join(import.meta.dirname, '../../../packages/maskwords/weights')

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

describeInBrowser('the engine in a browser', () => {
  let site: BundledPage
  let page: Page
  beforeAll(async () => {
    site = await bundledPage(join(import.meta.dirname, 'engine-page.ts'), {
      headers: { 'content-security-policy': PAGE_POLICY },
      folders: { '/models/': WEIGHTS },
    })
    page = await site.open()
  })
  afterAll(() => site?.close())

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
      expect(site.errors).toEqual([])
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
})
