// What pictures read as, against Pillow: the same pixels, and where not, by how much.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPicture } from '@maskwords/files'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runPython } from './python.ts'

type Read = { file: string; width: number; height: number; rgb: string }
const folder = mkdtempSync(join(tmpdir(), 'interop-pictures-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
/** The largest difference of a sample, and the share of samples that differ, by file. */
const differences = new Map<string, { readonly worst: number; readonly share: number }>()
const sizes: string[] = []

beforeAll(async () => {
  for (const { file, width, height, rgb } of await runPython<Read[]>('pictures.py', { folder })) {
    // Pillow turns TIFF by its tag, and nothing else.
    const exif = file.endsWith('.tiff') ? 'apply' : 'ignore'
    const ours = await readPicture(readFileSync(join(folder, file)), { exif })
    const theirs = Buffer.from(rgb, 'base64')
    let [worst, count] = [0, 0]
    for (let i = 0; i < theirs.length; i++) {
      const off = Math.abs(theirs[i]! - ours.rgb[i]!)
      if (off > 0) count++
      worst = Math.max(worst, off)
    }
    if (ours.widthPx !== width || ours.heightPx !== height) sizes.push(file)
    differences.set(file, { worst, share: count / theirs.length })
  }
})

const of = (wanted: RegExp) => [...differences].filter(([file]) => wanted.test(file))

it('GIF, TIFF (turned ones too), WebP, JPEG, PNG and transparency: every sample is Pillow’s', () => {
  expect(sizes).toEqual([])
  const same = of(/^(?!.*(?:avif|16bit)).*$/)
  expect(same.length).toBeGreaterThan(60)
  expect(same.filter(([, { worst }]) => worst > 0)).toEqual([])
})

it('AVIF is off by one level where colours are not thinned out, by more where they are, as docs/cli.md says', () => {
  for (const [file, { worst, share }] of of(/-(?:444|grey)\.avif$/))
    expect([file, worst <= 1, share < 0.2]).toEqual([file, true, true])
  for (const [file, { worst }] of of(/smooth-42\d\.avif$/)) expect([file, worst <= 5]).toEqual([file, true])
  for (const [file, { worst }] of of(/(?:noise|edges)-42\d\.avif$/))
    expect([file, worst > 5, worst <= 100]).toEqual([file, true, true])
})
