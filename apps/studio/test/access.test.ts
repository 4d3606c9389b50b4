// Nobody is shut out: axe-core finds nothing in any view, light and dark, on a desktop, a small window and a phone; nothing lies on
// anything else or beside the window; and the focus is never lost.
import axe, { type AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  builtSite,
  chromiumPath,
  openBrowser,
  openPage,
  PATIENT,
  SKIPPED,
  serveStudio,
  takeShot,
} from './set-up.ts'

const SIZES = {
  desk: { width: 1440, height: 900 },
  small: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
} as const

describe.skipIf(chromiumPath === undefined)(`the studio for everybody${SKIPPED}`, () => {
  let served: Awaited<ReturnType<typeof serveStudio>>
  let browser: Browser
  let page: Page
  const troubles: string[] = []

  /** What axe-core finds, a line each: rule, element, why. */
  const found = async (only?: readonly string[]): Promise<string[]> => {
    const { violations } = await page.evaluate(
      (rules) =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(
          rules === undefined ? {} : { runOnly: { type: 'rule', values: [...rules] } },
        ) as Promise<AxeResults>,
      only,
    )
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary?.split('\n').at(-1)}`,
      ),
    )
  }
  /** How far the page is wider than the window; controls that lie on each other; controls that reach out of the window. */
  const misplaced = (): Promise<string[]> =>
    page.evaluate(() => {
      const said: string[] = []
      const wide = document.documentElement.scrollWidth - innerWidth
      if (wide > 0) said.push(`the page is ${wide} px wider than the window`)
      const nameOf = (element: Element) =>
        element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? element.tagName
      /** The part of an element that is seen: cut by everything around it that scrolls or hides. */
      const seen = (element: Element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect()
        const box = { left, top, right, bottom }
        for (let around = element.parentElement; around !== null; around = around.parentElement) {
          if (getComputedStyle(around).overflow === 'visible') continue
          const cut = around.getBoundingClientRect()
          box.left = Math.max(box.left, cut.left)
          box.top = Math.max(box.top, cut.top)
          box.right = Math.min(box.right, cut.right)
          box.bottom = Math.min(box.bottom, cut.bottom)
        }
        return box
      }
      const boxes = [...document.querySelectorAll('button, input, select, textarea, a[href], summary')]
        .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .map((element) => ({ element, box: seen(element) }))
        .filter(({ box }) => box.right - box.left > 1 && box.bottom - box.top > 1)
      for (const { element, box } of boxes) {
        if (box.left < -1 || box.right > innerWidth + 1)
          said.push(`${nameOf(element)} reaches out of the window`)
      }
      for (const [i, a] of boxes.entries()) {
        for (const b of boxes.slice(i + 1)) {
          const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
          const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
          if (across > 2 && down > 2 && !a.element.contains(b.element))
            said.push(`${nameOf(a.element)} and ${nameOf(b.element)} lie on each other`)
        }
      }
      return said
    })
  const theme = async (name: 'Dark' | 'Light'): Promise<void> => {
    await page.getByRole('button', { name: `${name} theme` }).click()
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  }
  /** All of a view: names and roles in each size, contrast in both themes. */
  const expectSound = async (name: string): Promise<void> => {
    const said: string[] = []
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport)
      const about = (list: string[]) => said.push(...list.map((one) => `${name}, ${size}: ${one}`))
      about(await misplaced())
      await takeShot(page, `${name}-${size}`)
      // What a small window holds is what a large one holds.
      if (size === 'small') continue
      about(await found())
      if (size !== 'desk') continue
      await theme('Dark')
      about(await found(['color-contrast']))
      await takeShot(page, `${name}-${size}-dark`)
      await theme('Light')
    }
    await page.setViewportSize(SIZES.desk)
    expect(said).toEqual([])
  }
  const tab = (name: string) => page.getByRole('tab', { name }).click()

  beforeAll(async () => {
    served = await serveStudio(await builtSite())
    browser = await openBrowser()
    page = await openPage(browser, troubles, SIZES.desk)
    await page.addInitScript(axe.source)
    await page.goto(served.url)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })

  it('begins', async () => {
    await page.getByRole('button', { name: 'Open a picture' }).waitFor()
    await expectSound('start')
  })

  it('draws, with words of three languages', async () => {
    await page.getByRole('list', { name: 'Samples' }).getByRole('button').first().click()
    await page.getByRole('spinbutton', { name: 'HiMTok word 1 of 32' }).waitFor(PATIENT)
    await page.getByRole('article', { name: 'GETok words' }).getByRole('spinbutton').first().waitFor(PATIENT)
    await page.getByRole('spinbutton', { name: 'SAMTok word 1 of 2' }).waitFor(PATIENT)
    await expectSound('draw')
  }, 90_000)

  it('has menus and a sheet of keys', async () => {
    for (const [button, name] of [
      ['Samples', 'menu-samples'],
      ['Export', 'menu-export'],
    ] as const) {
      await page.getByRole('button', { name: button }).click()
      await page.getByRole('menu').waitFor()
      expect(await found()).toEqual([])
      await takeShot(page, name)
      await page.keyboard.press('Escape')
    }
    await page.getByRole('button', { name: 'Help' }).click()
    await page.getByRole('dialog').waitFor()
    for (const viewport of Object.values(SIZES)) {
      await page.setViewportSize(viewport)
      expect(await found()).toEqual([])
    }
    await takeShot(page, 'help-phone')
    await page.setViewportSize(SIZES.desk)
    await page.keyboard.press('Escape')
  })

  for (const [name, ready] of [
    ['Ask', () => page.getByText('The server behind this page serves no model.').waitFor(PATIENT)],
    [
      'Compare',
      async () => {
        const save = page.getByRole('button', { name: 'Save curve as PNG' })
        await expect.poll(() => save.isEnabled(), PATIENT).toBe(true)
      },
    ],
    [
      'Read',
      async () => {
        await page
          .getByRole('button', { name: /^Grounded caption|^Caption/i })
          .first()
          .click()
        await page.getByText(/masks? drawn$/).waitFor(PATIENT)
      },
    ],
    [
      'Codebook',
      async () => {
        await page.getByRole('region', { name: 'Codebook' }).waitFor()
        await expect.poll(() => page.locator('progress').count(), PATIENT).toBe(0)
      },
    ],
  ] as const)
    it(`shows the view ${name}`, async () => {
      await tab(name)
      await ready()
      await expectSound(name.toLowerCase())
    }, 90_000)

  it('never loses the focus: after deleting, dismissing, closing, undoing to the end, and changing views', async () => {
    const focused = () =>
      page.evaluate(() => {
        const { activeElement: element } = document
        return element === document.body
          ? 'nothing'
          : element?.textContent || element?.getAttribute('aria-label') || ''
      })
    /** Does something with a control by the keyboard, and says where the focus is then. */
    const after = async (name: string, key = 'Enter'): Promise<string> => {
      await page.getByRole('button', { name, exact: true }).first().focus()
      await page.keyboard.press(key)
      await page.evaluate(() => new Promise((done) => setTimeout(done, 150)))
      return focused()
    }
    await page.keyboard.press('Alt+1')
    await page.getByRole('application').waitFor()
    expect(await after('Delete sun')).toMatch(/^mountains/)
    expect(await after('Delete pine')).toMatch(/^lifebuoy/)
    expect(await after('Undo')).toBe('Undo')
    expect(await after('Undo')).toBe('Redo')
    await page.getByRole('button', { name: 'Help' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await focused()).toBe('Help')
    expect(await after('Samples', 'Enter')).toMatch(/Evening on a lake/)
    await page.keyboard.press('Escape')
    expect(await focused()).toBe('Samples')
    await page.getByRole('slider', { name: 'Opacity' }).focus()
    await page.keyboard.press('Alt+4')
    await expect.poll(focused).toBe('Read')
    await page.keyboard.press('Alt+1')
    await expect.poll(focused).toBe('Draw')
  })

  it('nothing went wrong unseen', () => {
    expect(troubles).toEqual([])
  })
})
