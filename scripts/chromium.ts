// Where the browser tests find Chromium: the system's package, never a download by the test tool.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
]

/** What to tell a person whose machine has no browser for the tests. */
export const CHROMIUM_HINT =
  'no Chromium found: `sudo apt-get install chromium` (or set CHROMIUM_PATH to a Chrome or Chromium program) to run the browser tests'

/** The browser's path, or undefined where there is none. */
export function findChromium(): string | undefined {
  const wanted = process.env.CHROMIUM_PATH
  if (wanted !== undefined) return existsSync(wanted) ? wanted : undefined
  return CANDIDATES.find((path) => existsSync(path))
}

/** A headless browser that makes no connection of its own. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Vitest's global set-up: on a bare CI machine, where we are root and Debian's packages are there, install the browser. */
export function setup(): void {
  if (findChromium() !== undefined) return
  if (process.env.CI && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write('Installing Chromium for the browser tests (apt-get install chromium)\n')
    const options = { stdio: 'ignore' as const, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    try {
      execFileSync('apt-get', ['update', '-q'], options)
      execFileSync('apt-get', ['install', '-y', '-q', 'chromium'], options)
      return
    } catch {
      // The hint below says what is left to do by hand.
    }
  }
  process.stderr.write(`${CHROMIUM_HINT}\n`)
}
