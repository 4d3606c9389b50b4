// What `npm install maskwords` leaves: a runtime that runs, fetched from the registry alone, without the files of other machines.
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Installed, installed, isBuilt } from './installed.ts'

/** Measured on Linux x64: the package, ONNX Runtime, sharp with libvips, and what they need. */
const MOST_MEGABYTES = 150

const bytesUnder = (path: string): number => {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + bytesUnder(join(path, name)), 0)
}

describe.skipIf(!isBuilt)('the installed package (skipped: `npm run build` has not been run)', () => {
  let place: Installed
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(place.folder, 'node_modules/maskwords/bin/maskwords.js'), ...args], {
      cwd: place.folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  beforeAll(async () => {
    place = await installed()
  }, 300_000)

  it('asks no host but the registry for anything', () => {
    expect(place.asked).toEqual([])
  })

  it('has ONNX Runtime, and draws, encodes and decodes with a network at once', () => {
    const { checks } = JSON.parse(run('doctor', '--json')) as { checks: { name: string; status: string }[] }
    expect(checks.find(({ name }) => name.startsWith('ONNX'))).toMatchObject({ status: 'ok' })
    const out = mkdtempSync(join(tmpdir(), 'demo-'))
    try {
      run('demo', '--codec', 'samtok-nano', '-o', out)
      expect(readdirSync(out)).toContain('overlay.png')
    } finally {
      rmSync(out, { recursive: true })
    }
  })

  it('brings the libraries of this machine and of no other', () => {
    const libraries = join(place.folder, 'node_modules/maskwords-onnxruntime/bin/napi-v6')
    expect(readdirSync(libraries)).toEqual([platform()])
    expect(readdirSync(join(libraries, platform()))).toEqual([arch()])
    expect(bytesUnder(join(place.folder, 'node_modules')) / 2 ** 20).toBeLessThan(MOST_MEGABYTES)
  })

  it('marks the CUDA files of Linux on x64 as nothing to fetch, in words', () => {
    const mark = join(
      place.folder,
      'node_modules/maskwords-onnxruntime/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so',
    )
    if (platform() !== 'linux' || arch() !== 'x64') expect(existsSync(mark)).toBe(false)
    else expect(readFileSync(mark, 'utf8')).toContain('ONNXRUNTIME_NODE_INSTALL=true')
  })

  it('names pages by a path that can be opened from where the command runs', () => {
    const help = run('prepare', '--help')
    const pages = help.match(/\S*docs[\\/][\w-]+\.md/g)!
    expect(pages.length).toBeGreaterThan(2)
    expect(pages.filter((page) => !existsSync(join(place.folder, page.replace(/^\(/, ''))))).toEqual([])
  })
})
