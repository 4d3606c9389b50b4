// The view Ask of the built studio in headless Chromium, with a tiny real model behind the real server; what a test must time or break is
// said by a scripted one. Pictures of it are left in out/studio to be looked at.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MllmError, type MultimodalModel, openModel } from '@maskwords/mllm'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedFolder } from '../../../packages/files/src/codec.ts'
import { lastText, scriptedModel } from '../../../packages/mllm/test/scripted-model.ts'
import { writeTinyModel } from '../../../packages/mllm/test/tiny-model.ts'
import {
  builtSite,
  chromiumPath,
  DESK,
  openBrowser,
  openPage,
  PATIENT,
  PHONE,
  SKIPPED,
  serveStudio,
  takeShot,
} from './set-up.ts'

const CAPTION =
  'A <p>cup</p> <|mt_start|><|mt_0011|><|mt_0347|><|mt_end|> stands on <p>a table</p> <|mt_start|><|mt_0200|><|mt_0301|><|mt_end|>.'

describe.skipIf(chromiumPath === undefined)(`Ask in a browser${SKIPPED}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'studio-ask-'))
  let served: Awaited<ReturnType<typeof serveStudio>>
  let browser: Browser
  let page: Page
  const troubles: string[] = []
  const asked: string[] = []
  /** The scripted answer goes on when this is called. */
  let goOn: (() => void) | undefined

  const shot = (name: string) => takeShot(page, name)
  const question = () => page.getByRole('textbox', { name: 'Question' })
  const answers = () => page.getByRole('region', { name: 'Conversation' }).getByRole('listitem')
  const send = async (text: string): Promise<void> => {
    await question().fill(text)
    await question().press('Enter')
  }

  /** Real answers, but for questions that a test wants answered slowly, at length, or not. */
  const openBoth = async (): Promise<MultimodalModel> => {
    await writeTinyModel(join(folder, 'tiny'))
    const real = await openModel(join(folder, 'tiny'), { threads: 1 })
    const scripted = scriptedModel(
      (text) => (text.includes('broken') ? 'It is <|mt_start|><|mt_0011|><|mt_0347|>' : CAPTION),
      {
        between: async (said) => {
          if (said.endsWith('<|mt_0011|>')) {
            if (lastAsked.includes('broken'))
              throw new MllmError('server', 'the model behind this server is gone')
            await new Promise<void>((resolve) => {
              goOn = resolve
            })
          }
        },
      },
    )
    let lastAsked = ''
    return {
      ...real,
      facts: { ...real.facts, notes: ['tiny, with random weights: its answers mean nothing'] },
      ask: (conversation, options) => {
        lastAsked = lastText(conversation)
        asked.push(JSON.stringify(conversation.map(({ role, content }) => [role, content]).at(-1)))
        const isScripted = /slowly|broken/.test(lastAsked)
        return (isScripted ? scripted : real).ask(conversation, { ...options, maxTokens: 24 })
      },
      close: () => real.close(),
    }
  }
  const serve = async (model: boolean) => {
    served = await serveStudio(await builtSite(), {
      codecs: [{ name: 'samtok-nano', source: shippedFolder('samtok-nano') }],
      ...(model && {
        model: { id: 'tiny-words', open: openBoth, hidden: [], answerTimeoutMs: 60_000, maxHeld: 8 },
      }),
    })
  }
  const open = async (): Promise<void> => {
    page = await openPage(browser, troubles)
    await page.goto(`${served.url}/#sample=lake&view=ask`)
  }

  beforeAll(async () => {
    browser = await openBrowser()
    await serve(true)
    await open()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('says which model answers, and asks by Enter; a mask comes with its words, their probabilities and others', async () => {
    await page.getByText('tiny-words').waitFor(PATIENT)
    await page.getByRole('combobox', { name: 'Answer' }).selectOption('forced')
    await send('Please segment the sailboat.')
    const mask = page.getByRole('button', { name: /^mask 1/ })
    await mask.waitFor(PATIENT)
    await mask.click()
    const detail = page.getByRole('region', { name: 'Mask 1' })
    await expect.poll(() => detail.getByRole('listitem').count()).toBe(2)
    expect(await detail.getByRole('meter').first().getAttribute('aria-label')).toBe('Probability of word 1')
    await detail.getByText(/px, .* % of the picture; said with a probability of/).waitFor(PATIENT)
    await shot('ask')
  })

  it('steps through the other masks by keys, and draws each', async () => {
    const detail = page.getByRole('region', { name: 'Mask 1' })
    const before = await detail.getByRole('status').textContent()
    await detail.getByRole('radio', { name: /as said/ }).focus()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => detail.getByRole('radio').nth(1).isChecked()).toBe(true)
    await expect
      .poll(async () => (await detail.getByRole('status').textContent())?.includes('drawing'))
      .toBe(false)
    expect(await detail.getByRole('status').textContent()).toMatch(/px, /)
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => detail.getByRole('status').textContent(), PATIENT).toBe(before)
  })

  it('points at a mask of an answer in the next question, in its own words', async () => {
    const words = await page.getByRole('button', { name: /^mask 1/ }).getAttribute('title')
    await question().fill('Describe slowly')
    await page.getByRole('button', { name: 'Point at it in the question' }).click()
    expect(await question().inputValue()).toBe('Describe slowly {mask:1} ')
    await expect
      .poll(() => page.getByRole('list', { name: 'The question points at' }).innerText())
      .toBe('mask 1')
    await page.getByRole('combobox', { name: 'Answer' }).selectOption('free')
    await question().press('Enter')
    await page.getByText('mask 2 …').waitFor(PATIENT)
    expect(asked.at(-1)).toContain(JSON.stringify(words).slice(1, -1))
    await shot('ask-answering')
    goOn!()
    await page.getByRole('button', { name: /^mask 3/ }).waitFor(PATIENT)
    await expect.poll(() => answers().nth(1).getAttribute('aria-busy')).toBe('false')
    expect(await answers().nth(1).innerText()).not.toContain('<|mt_')
  })

  it('stops by Escape and keeps what was said', async () => {
    await send('slowly again')
    await page.getByText('mask 4 …').waitFor(PATIENT)
    await question().press('Escape')
    await page.getByText('You stopped this answer.').waitFor(PATIENT)
    expect(await answers().nth(2).innerText()).toContain('cannot be read')
    goOn!()
  })

  it('an answer that breaks off is kept and says why', async () => {
    await send('a broken one')
    await page.getByText(/The answer broke off: the model behind this server is gone/).waitFor(PATIENT)
    await shot('ask-broken-off')
    await page.getByRole('button', { name: 'Take these masks over as regions' }).click()
    await page.getByText('3 masks became regions.').waitFor()
  })

  it('keeps the conversation while another view is open, and fits a phone in the dark', async () => {
    await page.getByRole('tab', { name: 'Read' }).click()
    await page.getByRole('tab', { name: 'Ask' }).click()
    await expect.poll(() => answers().count()).toBe(4)
    await page.getByRole('button', { name: 'Dark theme' }).click()
    await shot('ask-dark')
    await page.setViewportSize(PHONE)
    await shot('ask-phone')
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(wide).toBeLessThanOrEqual(0)
  })

  it('points at a region of Draw as a mask', async () => {
    await page.setViewportSize(DESK)
    await question().fill('slowly, what is ')
    await page.getByRole('combobox', { name: 'Point at' }).selectOption({ label: 'mask 1' })
    await question().press('Enter')
    await page.getByText(/mask \d+ …/).waitFor(PATIENT)
    expect(asked.at(-1)).toMatch(/slowly, what is .*<\|mt_start\|><\|mt_\d{4}\|><\|mt_\d{4}\|><\|mt_end\|>/)
    goOn!()
  })

  it('a server without a model says how to start one', async () => {
    await page.close()
    await served.close()
    await serve(false)
    await open()
    await page.getByText('The server behind this page serves no model.').waitFor(PATIENT)
    await page.getByText('maskwords serve --model ./Qwen3-VL-4B-SAMTok').waitFor()
    await shot('ask-no-model')
    expect(troubles).toEqual([])
  })
})
