// Seeded mutations of well-formed input, 100,000 of each kind: a mask or a MaskError, quickly and in little memory.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { patternMask, seededRandom } from '../test/masks.ts'
import { type CocoRle, cocoCountsFromMask, cocoRleFromMask, maskFromCocoRle } from './coco-rle.ts'
import { contoursFromMask } from './contours.ts'
import { cvatRleFromMask, maskFromCvatRle } from './cvat-rle.ts'
import { MaskError } from './error.ts'
import { labelStudioRleFromMask, maskFromLabelStudioRle } from './label-studio-rle.ts'
import type { Mask } from './mask.ts'
import { maskFromCocoPolygons } from './polygon.ts'

const CASES = 100_000
/** Processor time, so that a busy machine does not count; a pause of the collector may, so a few cases may be slow. */
const SLOW_CASES = 3
const SLOW_MS = 100
const MEMORY_BYTES = 200e6

type Random = () => number

/** Reads CASES inputs; everything but a mask or a MaskError, a slow case or grown memory fails. */
function survives(
  makeInput: (random: Random) => () => Mask,
  seed: number,
): { read: number; refused: number } {
  const random = seededRandom(seed)
  const before = process.memoryUsage()
  let mostBytes = 0
  let slow = 0
  let read = 0
  let refused = 0
  for (let i = 0; i < CASES; i++) {
    const run = makeInput(random)
    const start = process.cpuUsage()
    try {
      const { widthPx, heightPx, edges } = run()
      let last = -1
      for (const edge of edges) {
        if (edge <= last) throw new Error(`case ${i}: edges do not rise`)
        last = edge
      }
      if (last > widthPx * heightPx || edges.length % 2 !== 0)
        throw new Error(`case ${i}: edges leave the picture`)
      read++
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      refused++
    }
    const { user, system } = process.cpuUsage(start)
    if (user + system > SLOW_MS * 1000) slow++
    if (i % 1000 === 0) {
      const now = process.memoryUsage()
      mostBytes = Math.max(mostBytes, now.arrayBuffers - before.arrayBuffers)
    }
  }
  expect(slow).toBeLessThanOrEqual(SLOW_CASES)
  expect(mostBytes).toBeLessThan(MEMORY_BYTES)
  return { read, refused }
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

const ODD_NUMBERS = [
  0,
  1,
  -1,
  2,
  0.5,
  1e9,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  -(2 ** 31),
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
]

const someMasks = Array.from({ length: 200 }, (_, i) => patternMask(1 + (i % 29), 1 + ((i * 7) % 31), i))

// Real annotations beside ours, where they are beside the repository.
const golden = new URL('../../../../shared/reference/coco-rle.golden.json', import.meta.url)
const realMasks: Mask[] = existsSync(golden)
  ? (JSON.parse(readFileSync(golden, 'utf8')) as { masks: CocoRle[] }).masks
      .filter(({ counts }) => counts.length < 400)
      .slice(0, 200)
      .map(maskFromCocoRle)
  : []
const allMasks = [...someMasks, ...realMasks]

function mutatedText(random: Random, text: string): string {
  let out = text
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const at = Math.floor(random() * (out.length + 1))
    const kind = random()
    // Half of the new characters are of the format, where more can go wrong than a refusal.
    const character = String.fromCharCode(
      random() < 0.8 ? 48 + Math.floor(random() * 64) : Math.floor(random() * 400),
    )
    if (kind < 0.4) out = out.slice(0, at) + character + out.slice(at + 1)
    else if (kind < 0.6) out = out.slice(0, at) + character + out.slice(at)
    else if (kind < 0.8) out = out.slice(0, at) + out.slice(at + 1)
    else if (kind < 0.9) out = out.slice(0, at)
    else out = out + out.slice(at)
  }
  return out
}

function mutatedNumbers(random: Random, numbers: ArrayLike<number>): number[] {
  const out = Array.from(numbers)
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const at = Math.floor(random() * (out.length + 1))
    const kind = random()
    if (kind < 0.4 && at < out.length)
      out[at] = random() < 0.5 ? out[at]! + pick(random, [-1, 1, 0.5]) : pick(random, ODD_NUMBERS)
    else if (kind < 0.6) out.splice(at, 0, pick(random, ODD_NUMBERS))
    else if (kind < 0.8) out.splice(at, 1)
    else if (kind < 0.9) out.length = at
    else out.push(...out.slice(at))
  }
  return out
}

const mutatedSize = (random: Random, side: number): number =>
  random() < 0.9 ? side : random() < 0.5 ? side + pick(random, [-1, 1]) : pick(random, ODD_NUMBERS)

test('100,000 mutated COCO texts', () => {
  const sources = allMasks.map(cocoRleFromMask)
  const { read, refused } = survives((random) => {
    const { size, counts } = pick(random, sources)
    const rle = {
      size: [mutatedSize(random, size[0]), mutatedSize(random, size[1])] as [number, number],
      counts: mutatedText(random, counts),
    }
    return () => maskFromCocoRle(rle)
  }, 1)
  // The mutations reach the readers' depths only if both happen often.
  expect(Math.min(read, refused)).toBeGreaterThan(1000)
})

test('100,000 mutated lists of COCO counts', () => {
  const sources = allMasks.map(cocoCountsFromMask)
  const { read, refused } = survives((random) => {
    const { size, counts } = pick(random, sources)
    const rle = { size: size as [number, number], counts: mutatedNumbers(random, counts) }
    return () => maskFromCocoRle(rle)
  }, 2)
  expect(Math.min(read, refused)).toBeGreaterThan(1000)
})

test('100,000 mutated polygon lists', () => {
  const sources = allMasks.map((mask) => ({
    mask,
    polygons: contoursFromMask(mask).map(({ outer }) => outer),
  }))
  const { read, refused } = survives((random) => {
    const { mask, polygons } = pick(random, sources)
    const widthPx = mutatedSize(random, mask.widthPx)
    const heightPx = mutatedSize(random, mask.heightPx)
    const changed = polygons.map((ring) => {
      if (random() < 0.3) return ring
      const out = mutatedNumbers(random, ring)
      return out.length % 2 === 1 && random() < 0.8 ? [...out, pick(random, ODD_NUMBERS)] : out
    })
    return () => maskFromCocoPolygons({ widthPx, heightPx, polygons: changed })
  }, 3)
  expect(Math.min(read, refused)).toBeGreaterThan(1000)
})

test('100,000 mutated CVAT lists', () => {
  const sources = allMasks.map((mask) => ({ mask, points: cvatRleFromMask(mask) }))
  const { read, refused } = survives((random) => {
    const { mask, points } = pick(random, sources)
    const widthPx = mutatedSize(random, mask.widthPx)
    const heightPx = mutatedSize(random, mask.heightPx)
    const changed = mutatedNumbers(random, points)
    return () => maskFromCvatRle({ widthPx, heightPx, points: changed })
  }, 4)
  expect(Math.min(read, refused)).toBeGreaterThan(500)
})

test('100,000 mutated Label Studio lists', () => {
  const sources = someMasks.map((mask) => ({ mask, rle: labelStudioRleFromMask(mask) }))
  const { read, refused } = survives((random) => {
    const { mask, rle } = pick(random, sources)
    const widthPx = mutatedSize(random, mask.widthPx)
    const changed = rle.slice()
    for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
      const at = (random() < 0.2 ? 0 : 7) + Math.floor(random() * Math.max(1, changed.length - 7))
      if (at < changed.length) changed[at] = changed[at]! ^ (1 << Math.floor(random() * 8))
    }
    const cut = random() < 0.1 ? changed.subarray(0, Math.floor(random() * changed.length)) : changed
    return () => maskFromLabelStudioRle({ widthPx, heightPx: mask.heightPx, rle: cut })
  }, 5)
  expect(Math.min(read, refused)).toBeGreaterThan(1000)
})
