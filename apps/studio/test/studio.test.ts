// The built studio in headless Chromium, served by the service of `maskwords serve`: what a person does, from the first
// picture to a link that brings everything back. Pictures of it are left in out/studio to be looked at.
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { area, maskFromPng, pictureToPng } from '@maskwords/mask'
import type { Browser, Locator, Page, Route } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstLoadBytes } from '../scripts/first-load.ts'
import {
  builtSite,
  chromiumPath,
  dropFiles,
  openBrowser,
  openPage,
  PATIENT,
  PHONE,
  SKIPPED,
  serveStudio,
  takeShot,
} from './set-up.ts'

describe.skipIf(chromiumPath === undefined)(`the studio in a browser${SKIPPED}`, () => {
  let site: string
  let served: Awaited<ReturnType<typeof serveStudio>>
  let browser: Browser
  let page: Page
  const troubles: string[] = []

  const shot = (name: string) => takeShot(page, name)
  const card = (title: string): Locator => page.getByRole('article', { name: `${title} words` })
  const word = (name: string): Locator => page.getByRole('spinbutton', { name, exact: true })
  const textOf = (title: string) => page.getByRole('textbox', { name: `${title} words as text` }).inputValue()
  const regions = () => page.getByRole('list', { name: 'Regions' }).getByRole('listitem')
  const spoken = async (): Promise<void> => {
    await word('SAMTok word 1 of 2').waitFor(PATIENT)
    await word('HiMTok word 1 of 32').waitFor(PATIENT)
    await card('GETok').getByRole('spinbutton').first().waitFor(PATIENT)
    await expect
      .poll(async () => page.locator('[data-waiting=true], [data-searching=true]').count(), PATIENT)
      .toBe(0)
  }
  const dragBox = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
    await page.getByRole('button', { name: 'Box', exact: true }).click()
    const place = (await page.getByRole('application').boundingBox())!
    const at = ([x, y]: readonly [number, number]) =>
      [place.x + x * place.width, place.y + y * place.height] as const
    await page.mouse.move(...at(from))
    await page.mouse.down()
    await page.mouse.move(...at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]))
    await page.mouse.move(...at(to))
    await page.mouse.up()
  }

  beforeAll(async () => {
    site = await builtSite()
    served = await serveStudio(site)
    browser = await openBrowser()
    page = await openPage(browser, troubles)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })

  it('loads at most 127.5 kB gzipped before it can be used', () => {
    expect(firstLoadBytes(site)).toBeLessThanOrEqual(127_500)
  })

  it('opens under a policy that runs no inline script, with samples to begin with', async () => {
    const response = await page.goto(served.url)
    const policy = response!.headers()['content-security-policy']!
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe-inline')
    expect(await response!.text()).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|<style|\son\w+=/i)
    await page.getByRole('button', { name: 'Open a picture' }).waitFor()
    await shot('at-rest')
  })

  it('turns a picture that the browser leaves as it lies, and the masks of its stored pixels with it', async () => {
    const raw = { create: { width: 60, height: 40, channels: 3, background: '#a33' } } as const
    // Chromium turns JPEG by its EXIF, and WebP not.
    for (const format of ['webp', 'jpeg'] as const) {
      const picture = await sharp(raw).withMetadata({ orientation: 6 }).toFormat(format).toBuffer()
      const name = `turned.${format}`
      const segmentation = [[0, 0, 30, 0, 30, 20, 0, 20]]
      const images = [{ id: 1, file_name: name, width: 60, height: 40 }]
      const coco = JSON.stringify({ images, annotations: [{ id: 1, image_id: 1, segmentation }] })
      await dropFiles(page, [
        { name, type: `image/${format}`, bytes: picture },
        { name: 'coco.json', type: 'application/json', bytes: Buffer.from(coco) },
      ])
      await page.getByText(`${name}, 40 x 60`).first().waitFor(PATIENT)
      await page.getByText(`COCO annotations of ${name}; turned as the picture is (EXIF 6)`).first().waitFor()
      await expect.poll(() => regions().count()).toBe(1)
    }
    await page.goto(served.url)
  })

  it('draws a box and says it in three languages', async () => {
    await page.getByRole('list', { name: 'Samples' }).getByRole('button').first().click()
    await page.getByRole('application', { name: /^Canvas with / }).waitFor()
    const before = await regions().count()
    await page.keyboard.press('n')
    await dragBox([0.3, 0.3], [0.6, 0.7])
    await expect.poll(() => regions().count()).toBe(before + 1)
    await spoken()
    expect(await textOf('SAMTok')).toMatch(/^<\|mt_start\|>(<\|mt_\d{4}\|>){2}<\|mt_end\|>$/)
    expect(await textOf('HiMTok')).toMatch(/^<\|mt_start\|>(<\|mt_\d+\|>){32}<\|mt_end\|>$/)
    expect(await textOf('GETok')).toContain('<grid')
    await shot('words')
  }, 120_000)

  it('a stepped word changes text and mask at once, and goes back', async () => {
    const chip = word('SAMTok word 1 of 2')
    const [said, iou] = [await textOf('SAMTok'), await card('SAMTok').locator('.words-iou').textContent()]
    const code = await chip.inputValue()
    await chip.focus()
    // The nearest code in code space, not the next number; the step before it is the code that was said.
    await expect.poll(() => chip.getAttribute('aria-valuetext')).toBe(`level 1 code ${code} of 256`)
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => chip.inputValue()).not.toBe(code)
    await expect.poll(() => chip.getAttribute('title')).toContain(`neighbour 1 of code ${code}`)
    expect(await textOf('SAMTok')).not.toBe(said)
    await expect.poll(() => card('SAMTok').locator('.words-iou').textContent()).not.toBe(iou)
    await shot('edited-word')
    await page.getByRole('button', { name: 'SAMTok: back to what was said' }).click()
    await expect.poll(() => textOf('SAMTok')).toBe(said)
    await chip.fill('300')
    const problem = card('SAMTok').getByRole('alert')
    expect(await problem.textContent()).toBe(
      'SAMTok word 1 of 2 takes a number from 0 to 255; “300” is none.',
    )
    await chip.press('Escape')
    await problem.waitFor({ state: 'detached' })
  })

  it('a text that is no mask says where it goes wrong', async () => {
    const box = page.getByRole('textbox', { name: 'SAMTok words as text' })
    await box.fill('<|mt_start|><|mt_9999|><|mt_0300|><|mt_end|>')
    await card('SAMTok').getByRole('alert').or(card('SAMTok').getByText('Read with repairs')).waitFor()
    await shot('text-problem')
    const back = card('SAMTok').getByRole('button', { name: 'back to the words' })
    if (await back.isVisible()) await back.click()
    const said = page.getByRole('button', { name: 'SAMTok: back to what was said' })
    if (await said.isEnabled()) await said.click()
  })

  it('slides HiMTok from 32 words to 4, and fewer words carry fewer bits', async () => {
    const slider = page.getByRole('slider', { name: 'HiMTok words that are read' })
    const bits = () => card('HiMTok').locator('dd').nth(1).textContent()
    expect(await bits()).toBe('320')
    await slider.fill('4')
    await expect.poll(bits).toBe('40')
    expect(await slider.getAttribute('aria-valuetext')).toBe('4 of 32 words')
    await slider.fill('32')
  })

  it('clicks on a thing and off it, and a box, become an object; each click can be taken back, Enter accepts', async () => {
    const before = await regions().count()
    await page.keyboard.press('o')
    const place = (await page.getByRole('application').boundingBox())!
    const at = (x: number, y: number) => ({ position: { x: x * place.width, y: y * place.height } })
    const canvas = page.getByRole('application')
    const undo = page.getByRole('button', { name: 'Undo click' })
    const shown = (clicks: number) =>
      page.getByText(new RegExp(`Over the picture: .*The object of ${clicks} clicks`)).waitFor({
        ...PATIENT,
        state: 'attached',
      })
    await canvas.click(at(0.45, 0.5))
    await shown(1)
    await canvas.click({ ...at(0.2, 0.2), button: 'right' })
    await shown(2)
    await expect.poll(() => page.getByText('Looking for the object').count(), PATIENT).toBe(0)
    await shot('object')
    await page.keyboard.press('Control+z')
    await shown(1)
    expect(await regions().count()).toBe(before)
    await canvas.press('Enter')
    await expect.poll(() => regions().count()).toBe(before + 1)
    expect(await undo.isDisabled()).toBe(true)
    await canvas.click(at(0.3, 0.3))
    await shown(1)
    await page.keyboard.press('Escape')
    await expect.poll(() => undo.isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect.poll(() => regions().count()).toBe(before)
  }, 90_000)

  it('takes a decoded mask over as a region; undo and redo follow', async () => {
    const before = await regions().count()
    await page.getByRole('button', { name: "Take as region: SAMTok's mask" }).click()
    await expect.poll(() => regions().count()).toBe(before + 1)
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect.poll(() => regions().count()).toBe(before)
    await page.getByRole('button', { name: 'Redo' }).click()
    await expect.poll(() => regions().count()).toBe(before + 1)
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect.poll(() => regions().count()).toBe(before)
  })

  it('compares the three codecs with numbers and a curve', async () => {
    await page.getByRole('tab', { name: 'Compare' }).click()
    const scores = page.getByRole('table', { name: 'Scores' })
    await expect
      .poll(
        () =>
          scores
            .getByRole('row')
            .filter({ hasText: /0\.\d{3}/ })
            .count(),
        PATIENT,
      )
      .toBe(3)
    const numbers = await scores
      .getByRole('row')
      .filter({ hasText: 'HiMTok' })
      .getByRole('cell')
      .allTextContents()
    expect(Number(numbers[0])).toBeGreaterThan(0.3)
    expect(numbers.slice(4, 6)).toEqual(['34', '320'])
    await shot('compare')
    const hash = () => new URL(page.url()).hash
    await page.getByRole('radio', { name: 'Whole picture' }).check()
    await expect.poll(hash).toContain('compare=whole')
    await page.getByRole('radio', { name: 'Around the region' }).check()
    await expect.poll(hash).not.toContain('compare=')
  }, 90_000)

  it('reads an answer: phrases with masks, repairs with places, markup as text', async () => {
    await page.getByRole('tab', { name: 'Read' }).click()
    await page
      .getByRole('button', { name: /^Grounded caption|^Caption/i })
      .first()
      .click()
    const answer = page.getByRole('textbox', { name: "Model's answer" })
    await expect.poll(async () => (await answer.inputValue()).includes('mt_start'), PATIENT).toBe(true)
    const phrases = page.getByRole('region', { name: 'Text of the answer' }).getByRole('button')
    await phrases.first().waitFor()
    await expect.poll(() => page.getByText(/masks? drawn$/).count(), PATIENT).toBeGreaterThan(0)
    await shot('read')
    const caption = await answer.inputValue()
    await page.getByRole('button', { name: 'Boxes', exact: true }).click()
    const boxes = page.getByRole('region', { name: 'Boxes of the answer' }).getByRole('button')
    await boxes.first().waitFor()
    await phrases.first().click()
    expect(await boxes.first().getAttribute('aria-pressed')).toBe('true')
    expect(await boxes.first().textContent()).toMatch(/x \d+ to \d+, y \d+ to \d+ px$/)
    await shot('read-boxes')
    await answer.fill(
      `<img src=x onerror="document.title='injected'"><script>document.title='injected'</script> ${caption}` +
        ' and a <p>broken</p><|mt_start|><|mt_0001|><|mt_0002|><|mt_0300|><|mt_end|>',
    )
    await page.getByRole('region', { name: 'Repairs' }).getByRole('listitem').first().waitFor()
    const shown = page.getByRole('region', { name: 'Text of the answer' })
    await expect.poll(() => shown.textContent()).toContain('<img src=x onerror=')
    expect(await shown.locator('img, script').count()).toBe(0)
    expect(await page.title()).toBe('maskwords studio')
    await shot('read-repaired')
    await answer.fill(caption)
  }, 90_000)

  it('a file that is no picture is refused with its cause, and its name stays text', async () => {
    await page.getByRole('tab', { name: 'Draw' }).click()
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Open picture' }).click()
    await (await choosing).setFiles({
      name: '<img src=x onerror=alert(1)>.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture at all'),
    })
    const notice = page
      .getByRole('region', { name: 'Notices' })
      .getByRole('alert')
      .filter({ hasText: 'onerror' })
    await notice.waitFor()
    expect(await notice.textContent()).toContain('<img src=x onerror=alert(1)>.png')
    expect(await notice.locator('img').count()).toBe(0)
    await shot('error')
    await notice.getByRole('button', { name: 'Dismiss' }).click()
  })

  it('shows the map of a codebook', async () => {
    await page.getByRole('tab', { name: 'Codebook' }).click()
    await page.getByRole('region', { name: 'Codebook' }).waitFor()
    await expect.poll(() => page.locator('progress').count(), PATIENT).toBe(0)
    await shot('codebook')
    await page.getByRole('tab', { name: 'Draw' }).click()
  }, 90_000)

  it('a reload brings picture, regions and words back from the address', async () => {
    const [count, text] = [await regions().count(), await textOf('SAMTok')]
    await expect.poll(() => new URL(page.url()).hash).toContain('regions=')
    // The address follows a little later.
    await expect.poll(() => new URL(page.url()).hash).not.toContain('codebook')
    await page.reload()
    await spoken()
    expect(await regions().count()).toBe(count)
    expect(await textOf('SAMTok')).toBe(text)
  }, 90_000)

  it('the server says the same words as the browser', async () => {
    const words = async () => (await textOf('HiMTok')).split('><')
    const [samtok, himtok] = [await textOf('SAMTok'), await words()]
    // The choice shows while the server is still asked, however long it takes to answer.
    const late = async (route: Route) => {
      await setTimeout(500)
      await route.continue()
    }
    await page.route('**/v1/codecs', late, { times: 1 })
    await page.getByRole('radio', { name: 'server' }).check()
    await expect.poll(() => card('HiMTok').locator('dd').last().textContent(), PATIENT).toMatch(/server/)
    await spoken()
    expect(await textOf('SAMTok')).toBe(samtok)
    // Each runtime rounds in its own way, and a search may take another turn for some of the 32.
    const found = await words()
    expect(found).toHaveLength(himtok.length)
    expect(found.filter((word, k) => word === himtok[k]).length).toBeGreaterThan(himtok.length / 2)
    await page.getByRole('radio', { name: 'browser' }).check()
    await spoken()
  }, 120_000)

  it('a server with a token asks for it in place, and keeps it out of the address and of sessions', async () => {
    const token = 'a-token-of-this-test'
    const locked = await serveStudio(site, { token, codecs: [{ name: 'getok', source: 'getok' }] })
    const desk = page
    // What the server refuses is written as an error, as it should be.
    page = await openPage(browser, [])
    try {
      await page.goto(locked.url)
      await page.getByRole('list', { name: 'Samples' }).getByRole('button').first().click()
      const server = page.getByRole('radio', { name: 'server' })
      await server.click()
      const field = page.getByLabel('Token of the server')
      await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true)
      await page.keyboard.type('another-token')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').filter({ hasText: 'this is not its token' }).waitFor()
      await shot('token')
      await field.fill(token)
      await page.keyboard.press('Enter')
      await field.waitFor({ state: 'detached' })
      expect(await server.isChecked()).toBe(true)
      await page.keyboard.press('n')
      await dragBox([0.3, 0.3], [0.6, 0.7])
      await expect.poll(() => card('GETok').locator('dd').last().textContent(), PATIENT).toMatch(/server/)
      await expect.poll(() => new URL(page.url()).hash).toMatch(/regions=.*sample=/)
      expect(page.url()).not.toContain(token)
      expect(JSON.stringify(await page.evaluate(() => ({ ...localStorage })))).not.toContain(token)
      await page.reload()
      await expect.poll(() => card('GETok').locator('dd').last().textContent(), PATIENT).toMatch(/server/)
    } finally {
      await page.close()
      page = desk
      await locked.close()
    }
  }, 90_000)

  it('the magic selection on 12 megapixels leaves the page free, and Escape gives it up', async () => {
    const size = { widthPx: 4000, heightPx: 3000 }
    const grey = { ...size, channels: 3, bytes: new Uint8Array(36e6).fill(120) } as const
    const desk = page
    page = await openPage(browser, troubles)
    try {
      await page.goto(served.url)
      const choosing = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: 'Open a picture' }).click()
      const buffer = Buffer.from(pictureToPng(grey))
      await (await choosing).setFiles({ name: 'grey.png', mimeType: 'image/png', buffer })
      const canvas = page.getByRole('application', { name: /^Canvas with grey/ })
      await canvas.waitFor(PATIENT)
      await page.keyboard.press('w')
      // A quick machine would be done before the key comes: the worker's code is a while on its way.
      const late = async (route: Route) => {
        await setTimeout(1000)
        await route.continue().catch(() => {})
      }
      await page.route('**/flood.worker*', late, { times: 1 })
      await canvas.click()
      await page.getByText('Selecting similar colours').waitFor()
      await page.keyboard.press('Escape')
      expect(await page.getByText('Selecting similar colours').count()).toBe(0)
      expect(await regions().count()).toBe(0)
      await canvas.click()
      await expect.poll(() => regions().count(), PATIENT).toBe(1)
      await expect.poll(() => regions().first().textContent()).toContain('100.0 %')
    } finally {
      await page.close()
      page = desk
    }
  }, 90_000)

  it('several pictures keep what was made on each; undo on an untouched one goes back to the one before', async () => {
    const desk = page
    page = await openPage(browser, troubles)
    try {
      await page.goto(served.url)
      await page.getByRole('button', { name: 'Open a folder' }).waitFor()
      const files = [60, 120, 180].map((grey, i) => {
        const bytes = new Uint8Array(300 * 200 * 3).fill(grey)
        const png = pictureToPng({ widthPx: 300, heightPx: 200, channels: 3, bytes })
        return { name: `photo-${i + 1}.png`, type: 'image/png', bytes: png }
      })
      await dropFiles(page, files)
      const named = (name: string) => page.getByRole('application', { name: `Canvas with ${name}` })
      await named('photo-1.png').waitFor(PATIENT)
      const strip = page.getByRole('navigation', { name: 'Pictures' })
      await expect.poll(() => strip.getByRole('listitem').count()).toBe(3)
      await dragBox([0.3, 0.3], [0.5, 0.5])
      await expect.poll(() => regions().count()).toBe(1)
      await page.keyboard.press('PageDown')
      await named('photo-2.png').waitFor()
      expect(await regions().count()).toBe(0)
      await page.getByText('photo-1.png keeps its regions.').first().waitFor()
      await strip.getByRole('button', { name: 'photo-3.png' }).click()
      await named('photo-3.png').waitFor()
      await shot('several')
      await page.keyboard.press('PageDown')
      await named('photo-1.png').waitFor()
      await expect.poll(() => regions().count()).toBe(1)
      await page.keyboard.press('PageDown')
      await named('photo-2.png').waitFor()
      await page.keyboard.press('Control+z')
      await named('photo-1.png').waitFor()
      await expect.poll(() => regions().count()).toBe(1)
      await page.keyboard.press('Control+z')
      await expect.poll(() => regions().count()).toBe(0)
      await page.keyboard.press('Control+y')
      await expect.poll(() => new URL(page.url()).hash).toContain('regions=')
      await page.goto('about:blank')
      await page.goto(served.url)
      const recent = page.getByRole('region', { name: 'Recent' })
      await recent.getByRole('button', { name: 'photo-1.png' }).waitFor()
      await shot('recent')
      await recent.getByRole('button', { name: 'photo-1.png' }).click()
      await named('photo-1.png').waitFor()
      await expect.poll(() => regions().count()).toBe(1)
      await page.goto('about:blank')
      await page.goto(served.url)
      await page.getByRole('button', { name: 'Forget them' }).click()
      await recent.waitFor({ state: 'detached' })
    } finally {
      await page.close()
      page = desk
    }
  }, 90_000)

  it('works with 30 megapixels at less and saves their masks at full size; refuses what no browser holds', async () => {
    const size = { widthPx: 6000, heightPx: 5000 }
    const bytes = new Uint8Array(90e6).fill(90)
    bytes.fill(200, 30e6, 60e6)
    const picture = pictureToPng({ ...size, channels: 3, bytes })
    const desk = page
    page = await openPage(browser, troubles)
    try {
      await page.goto(served.url)
      const choosing = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: 'Open a picture' }).click()
      const file = { name: 'large.png', mimeType: 'image/png', buffer: Buffer.from(picture) }
      await (await choosing).setFiles(file)
      await page.getByText('large.png, 6000 x 5000 (worked with at 4486 x 3739)').waitFor(PATIENT)
      await dragBox([0.4, 0.4], [0.6, 0.6])
      await expect.poll(() => regions().count(), PATIENT).toBe(1)
      const saving = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export' }).click()
      await page.getByRole('menuitem', { name: /^Mask of the selected region/ }).click()
      const saved = maskFromPng(readFileSync(await (await saving).path()))
      expect([saved.widthPx, saved.heightPx]).toEqual([6000, 5000])
      expect(area(saved) / 30e6).toBeGreaterThan(0.01)
      const head = Buffer.from(picture.subarray(0, 64))
      head.writeUInt32BE(20_000, 16)
      head.writeUInt32BE(10_000, 20)
      await dropFiles(page, [{ name: 'huge.png', type: 'image/png', bytes: head }])
      const refusal = page.getByRole('alert').filter({ hasText: 'huge.png' })
      await refusal.waitFor()
      expect(await refusal.textContent()).toContain(
        '20000 x 10000 pixels (200.0 million), the studio opens up to 134 million',
      )
      expect(await regions().count()).toBe(1)
    } finally {
      await page.close()
      page = desk
    }
  }, 90_000)

  it('is dark on request, and fits a phone', async () => {
    await page.getByRole('button', { name: 'Dark theme' }).click()
    await shot('dark')
    await page.setViewportSize(PHONE)
    await page.getByRole('application').waitFor()
    await shot('phone-dark')
    await page.getByRole('button', { name: 'Light theme' }).click()
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(wider).toBeLessThanOrEqual(0)
    await shot('phone')
  })

  it('nothing went wrong unseen', () => {
    expect(troubles).toEqual([])
  })
})
