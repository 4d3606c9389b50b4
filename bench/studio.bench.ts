// The studio as a person feels it, in headless Chromium on the built pages: bytes of the first load, time until it can be used,
// from the end of a stroke to words, from an edited word to its mask. `npm run build` first.
//   node --conditions=@maskwords/source --import tsx bench/studio.bench.ts [rounds]
// Promised on 2 cores, picture encoded: words within 150 ms, masks within 100 ms, interactive within 2 s, 300 kB gzipped.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { firstLoadBytes } from '../apps/studio/scripts/first-load.ts'
import { SHIPPED_CODECS, shippedFolder } from '../packages/files/src/codec.ts'
import { openCodecService } from '../packages/server/src/codec-service.ts'
import { listen } from '../packages/server/src/listen.ts'
import { CHROMIUM_HINT, findChromium, launchChromium } from '../scripts/chromium.ts'
import { printMachine } from './harness.ts'

const rounds = Number(process.argv[2] ?? 12)
const SITE = join(import.meta.dirname, '../packages/maskwords/studio')
const CODECS = ['SAMTok', 'HiMTok'] as const
type Codec = (typeof CODECS)[number]

/** What a card has: its words, or also those of the search that follows when nothing else is asked for. */
type Moment = 'waiting' | 'searching'

/** Milliseconds from an event of the page to the moment from which a codec's card waits no more and has been painted. */
async function settled(
  page: Page,
  event: 'pointerup' | 'keydown',
  wanted: readonly Codec[],
  moment: Moment,
  act: () => Promise<void>,
): Promise<Record<Codec, number>> {
  const measured = page.evaluate(
    ({ event, codecs, moment }) =>
      new Promise<Record<string, number>>((resolve) => {
        window.addEventListener(
          event,
          ({ timeStamp }) => {
            const done: Record<string, number> = {}
            const began = new Set<string>()
            const look = (): void => {
              for (const codec of codecs) {
                const card = document.querySelector(`article[aria-label="${codec} words"]`)
                const waits = card === null || card.getAttribute(`data-${moment}`) === 'true'
                if (waits) began.add(codec)
                if (!waits && began.has(codec) && done[codec] === undefined)
                  done[codec] = performance.now() - timeStamp
              }
              if (codecs.every((codec) => done[codec] !== undefined || performance.now() - timeStamp > 3000))
                resolve(done)
              else requestAnimationFrame(look)
            }
            look()
          },
          { once: true, capture: true },
        )
      }),
    { event, codecs: [...wanted] as string[], moment },
  )
  await page.waitForTimeout(50)
  await act()
  return (await measured) as Record<Codec, number>
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const told = (values: readonly number[]): string =>
  `median ${median(values).toFixed(0)} ms, worst ${Math.max(...values).toFixed(0)} ms of ${values.length}`

const chromium = findChromium()
if (chromium === undefined) throw new Error(CHROMIUM_HINT)
printMachine('studio')
readdirSync(SITE)
const opened = await openCodecService({
  host: '127.0.0.1',
  codecs: SHIPPED_CODECS.map((name) => ({ name, source: shippedFolder(name) })),
  workers: 1,
  threads: 1,
  maxPixels: 32_000_000,
  maxBodyBytes: 2 ** 25,
  timeoutMs: 60_000,
  cacheBytes: 2 ** 28,
  studioFolder: SITE,
})
const listening = await listen(opened.service, { host: '127.0.0.1', port: 0, timeoutMs: 60_000 })
const browser = await launchChromium(chromium)
try {
  console.log(`first load ${(firstLoadBytes(SITE) / 1000).toFixed(0)} kB gzipped`)
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  // What tsx puts around named functions is not there in the page.
  await page.addInitScript('globalThis.__name = (named) => named')
  const started = performance.now()
  await page.goto(listening.url)
  await page.getByRole('button', { name: 'Open a picture' }).waitFor()
  console.log(`interactive after ${((performance.now() - started) / 1000).toFixed(2)} s`)
  await page.getByRole('list', { name: 'Samples' }).getByRole('button').first().click()
  await page.getByRole('button', { name: 'Box', exact: true }).click()
  const place = (await page.getByRole('application').boundingBox())!
  const drag = async (x: number, y: number): Promise<void> => {
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 90, y + 80)
    await page.mouse.move(x + 180, y + 150)
    await page.mouse.up()
  }
  await drag(place.x + place.width * 0.3, place.y + place.height * 0.4)
  await page.getByRole('spinbutton', { name: 'HiMTok word 1 of 32' }).waitFor({ timeout: 60_000 })
  await page.getByRole('spinbutton', { name: 'SAMTok word 1 of 2' }).waitFor({ timeout: 60_000 })
  const strokes: Record<Codec, number[]> = { SAMTok: [], HiMTok: [] }
  const searches: Record<Codec, number[]> = { SAMTok: [], HiMTok: [] }
  const edits: Record<Codec, number[]> = { SAMTok: [], HiMTok: [] }
  for (let round = 0; round < rounds; round++) {
    await page.waitForTimeout(1500)
    const [x, y] = [place.x + place.width * (0.2 + 0.03 * round), place.y + place.height * 0.3]
    const stroke = await settled(page, 'pointerup', CODECS, 'waiting', () => drag(x, y))
    for (const codec of CODECS) if (stroke[codec] !== undefined) strokes[codec].push(stroke[codec])
    await page.waitForTimeout(1500)
    const search = await settled(page, 'pointerup', CODECS, 'searching', () => drag(x + 20, y + 40))
    for (const codec of CODECS) if (search[codec] !== undefined) searches[codec].push(search[codec])
    for (const codec of CODECS) {
      await page.waitForTimeout(1000)
      await page.getByRole('spinbutton', { name: new RegExp(`^${codec} word 1 of`) }).focus()
      await page.waitForTimeout(400)
      const edit = await settled(page, 'keydown', [codec], 'waiting', () => page.keyboard.press('ArrowUp'))
      if (edit[codec] !== undefined) edits[codec].push(edit[codec])
    }
  }
  for (const codec of CODECS) {
    console.log(`${codec}: from stroke to words ${told(strokes[codec])} (promised 150)`)
    if (searches[codec].length > 0) console.log(`${codec}: to searched words ${told(searches[codec])}`)
    console.log(`${codec}: from edited word to mask ${told(edits[codec])} (promised 100)`)
  }
  const facts = await page.getByRole('article', { name: 'SAMTok words' }).locator('dl').textContent()
  console.log(`SAMTok's card at the end: ${facts}`)
} finally {
  await browser.close()
  await listening.close()
  await opened.close()
}
