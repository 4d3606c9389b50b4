// The codecs in headless Chromium, on onnxruntime-web: the codes that Node gives, and masks that differ in no more than border pixels; the
// detector: the boxes that Node gives.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BundledPage, bundledPage, describeInBrowser } from '../../../scripts/bundled-page.ts'
import { createHiMTok } from '../src/himtok/codec.ts'
import { openNanodet } from '../src/nanodet/detector.ts'
import { createSamTok } from '../src/samtok/codec.ts'
import { himtokThere, nanodetThere, type RoundTrip, samtokThere } from './round-trip.ts'

const WEIGHTS = join(import.meta.dirname, '../../maskwords/weights')

describeInBrowser('in a browser', () => {
  let site: BundledPage
  let page: Page
  beforeAll(async () => {
    site = await bundledPage(join(import.meta.dirname, 'browser-page.ts'), {
      folders: { '/weights/': WEIGHTS },
    })
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

  it('NanoDet-g sees the same things at the same places as in Node', async () => {
    const there = (await page.evaluate('window.nanodet()')) as Awaited<ReturnType<typeof nanodetThere>>
    const here = await nanodetThere(
      openNanodet,
      readFileSync(join(WEIGHTS, 'nanodet-g/weights.safetensors')),
      {
        session,
      },
    )
    expect(site.errors).toEqual([])
    expect(here.found.length).toBeGreaterThan(2)
    expect(there.found.map(({ category }) => category)).toEqual(here.found.map(({ category }) => category))
    const numbers = ({ found, map }: typeof here) => [
      ...found.flatMap(({ boxXyxyPx, score }) => [...boxXyxyPx, score]),
      ...map,
    ]
    const ours = numbers(here)
    expect(Math.max(...numbers(there).map((value, i) => Math.abs(value - ours[i]!)))).toBeLessThan(1e-3)
  })
})
