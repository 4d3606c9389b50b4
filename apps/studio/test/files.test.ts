// Files in and out of the built studio: what is drawn leaves as a dataset and comes back with its classes and phrases; regions change
// their form under the hand.
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  builtSite,
  chromiumPath,
  dropFiles,
  openBrowser,
  openPage,
  SKIPPED,
  serveStudio,
  takeShot,
} from './set-up.ts'

describe.skipIf(chromiumPath === undefined)(`files and forms of regions in the studio${SKIPPED}`, () => {
  let served: Awaited<ReturnType<typeof serveStudio>>
  let browser: Browser
  let page: Page
  const troubles: string[] = []
  const names = () => page.getByRole('list', { name: 'Regions' }).locator('.region-name').allTextContents()
  const field = (name: string) => page.getByRole('textbox', { name }).or(page.getByRole('combobox', { name }))
  const pixels = async (): Promise<number> =>
    Number((await page.locator('.region-more .region-area').textContent())!.replace(/\D/g, ''))
  const save = async (kind: string): Promise<{ name: string; bytes: Uint8Array }> => {
    await page.getByRole('button', { name: 'Export' }).click()
    const saving = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: kind }).click()
    const download = await saving
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
  }
  /** Drags on the canvas, by places in parts of its sides. */
  const drag = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
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
    served = await serveStudio(await builtSite(), { codecs: [{ name: 'getok', source: 'getok' }] })
    browser = await openBrowser()
    page = await openPage(browser, troubles)
    await page.goto(`${served.url}/#sample=lake`)
    await page.getByRole('button', { name: /^sun/ }).waitFor()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })

  it('saves regions with class and phrase as training data, says the command, and opens them again', async () => {
    await page.getByRole('button', { name: /^sailboat/ }).click()
    await field('Class').fill('boat')
    await field('Phrase').fill('the boat that sails')
    const saved = await save('Training data')
    expect(saved.name).toBe('lake-training.zip')
    await page
      .getByText(
        'unzip lake-training.zip -d lake && maskwords prepare jsonl --root lake --to ms-swift -o lake-train',
      )
      .waitFor()
    await takeShot(page, 'saved-training')
    const before = await names()
    await dropFiles(page, [{ ...saved, type: 'application/zip' }])
    await expect.poll(async () => (await names()).length).toBe(2 * before.length)
    await page.getByRole('button', { name: /^boat/ }).last().click()
    expect([await field('Class').inputValue(), await field('Phrase').inputValue()]).toEqual([
      'boat',
      'the boat that sails',
    ])
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await names()).length).toBe(before.length)
  })

  it('opens what it saved for CVAT, Label Studio and YOLO with every region', async () => {
    const before = (await names()).length
    for (const kind of ['CVAT', 'Label Studio', 'YOLO']) {
      const saved = await save(kind)
      await dropFiles(page, [{ ...saved, type: 'application/zip' }])
      await expect.poll(async () => (await names()).length).toBe(2 * before)
      await page.getByRole('button', { name: 'Undo' }).click()
      await expect.poll(async () => (await names()).length).toBe(before)
    }
  })

  it('moves, resizes and pulls a corner of a region, each a step that undo takes back; merges two', async () => {
    await page.keyboard.press('n')
    await page.getByRole('button', { name: 'Box', exact: true }).click()
    await drag([0.3, 0.3], [0.5, 0.5])
    await expect.poll(pixels).toBeGreaterThan(0)
    const box = await pixels()
    await page.getByRole('button', { name: 'Move and resize' }).click()
    await drag([0.4, 0.4], [0.5, 0.45])
    expect(await pixels()).toBe(box)
    await takeShot(page, 'move-and-resize')
    // The lower right handle, where the box was moved to.
    await drag([0.6, 0.55], [0.7, 0.55])
    await expect.poll(pixels).toBeGreaterThan(1.3 * box)
    const wide = await pixels()
    await page.getByRole('button', { name: 'Corners', exact: true }).click()
    await drag([0.7, 0.55], [0.55, 0.45])
    await expect.poll(pixels).toBeLessThan(0.9 * wide)
    await takeShot(page, 'corners')
    for (const wanted of [wide, box, box]) {
      await page.getByRole('button', { name: 'Undo' }).click()
      await expect.poll(pixels).toBe(wanted)
    }
    const before = await names()
    await page.getByRole('combobox', { name: 'Region to merge with' }).selectOption({ label: 'sun' })
    await page.getByRole('button', { name: 'Merge with' }).click()
    await expect.poll(names).toEqual(before.filter((name) => name !== 'sun'))
    expect(await pixels()).toBeGreaterThan(box)
    await page.getByRole('button', { name: /^Split in 2/ }).click()
    await expect.poll(pixels).toBe(box)
  })

  it('nothing went wrong unseen', () => {
    expect(troubles).toEqual([])
  })
})
