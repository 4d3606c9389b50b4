// The codecs in headless Chromium, on onnxruntime-web: the codes that Node gives, and masks that differ in no more than border pixels.
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BundledPage, bundledPage, describeInBrowser } from '../../../scripts/bundled-page.ts'
import { createHiMTok } from '../src/himtok/codec.ts'
import { createSamTok } from '../src/samtok/codec.ts'
import { himtokThere, type RoundTrip, samtokThere } from './round-trip.ts'

describeInBrowser('in a browser', () => {
  let site: BundledPage
  let page: Page
  beforeAll(async () => {
    site = await bundledPage(join(import.meta.dirname, 'browser-page.ts'))
    page = await site.open()
  })
  afterAll(() => site?.close())

  const session = { worker: false, threads: 1 } as const
  const same = (there: RoundTrip, here: RoundTrip): void => {
    expect(site.errors).toEqual([])
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
})
