// The 8-bit resizes of Pillow's versions and of torchvision, bit for bit, against checksums recorded from each of them.

import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formulaBytes, readTensors } from '../../test/recorded.ts'
import { crc32 } from '../png/checksum.ts'
import { isColumnsFirst, PILLOW_VERSIONS, resizeBicubicPillow } from './pillow.ts'
import { resizeBicubicTorchvision } from './torchvision.ts'

/**
 * CRC-32 of the RGB results of Pillow 12.1.0 (9.5.0, 11.3.0 and 12.0.0 give the same), 12.3.0 (as 12.2.0), 13.0.0 and
 * torchvision 0.29.2. [width, height] from and to.
 */
const RECORDED = [
  [[53, 37], [64, 64], 354660835, 354660835, 354660835, 1649979417],
  [[97, 131], [48, 64], 304793456, 304793456, 304793456, 3350450665],
  [[200, 300], [128, 128], 389867266, 389867266, 3096239445, 2811049338],
  [[243, 321], [298, 34], 4108632159, 4108632159, 3434624668, 3414196167],
  [[2, 226], [4, 199], 3586004368, 2136090160, 2136090160, 1812919799],
  [[30, 40], [31, 20], 1944336240, 1944336240, 1395914620, 2725620211],
  // 101 rows to a width of 1: every sum is of the same column, and the order does not show.
  [[1, 101], [7, 30], 2837035420, 2837035420, 2837035420, 2837035420],
  // 40 rows lost, 20 columns lost: not yet more than twice as many.
  [[41, 61], [21, 21], 1984931354, 1984931354, 1984931354, 1907068628],
  [[40, 61], [20, 20], 1462565570, 1462565570, 1418024023, 3495098955],
  [[640, 9], [644, 28], 4183747019, 4183747019, 4183747019, 3540628736],
  [[20, 500], [3, 7], 1362682153, 1362682153, 424279419, 1362682153],
] as const

const rgb = ([widthPx, heightPx]: readonly [number, number]) => ({
  widthPx,
  heightPx,
  channels: 3,
  bytes: formulaBytes(`resize.${heightPx}x${widthPx}x3`, widthPx * heightPx * 3),
})

describe('8-bit bicubic resizes', () => {
  it('equal those recorded from three Pillows and from torchvision, at sizes on each side of each rule', () => {
    for (const [from, [widthPx, heightPx], ...sums] of RECORDED) {
      const to = { widthPx, heightPx }
      const input = rgb(from)
      const ours = PILLOW_VERSIONS.map((as) => resizeBicubicPillow(input, to, { as }))
      expect([...ours, resizeBicubicTorchvision(input, to)].map((p) => crc32(p.bytes))).toEqual(sums)
    }
  })

  it('are those of Pillow up to 12.1 where none is named: published weights were trained with it', () => {
    const input = rgb([243, 321])
    expect(crc32(resizeBicubicPillow(input, { widthPx: 298, heightPx: 34 }).bytes)).toBe(4108632159)
  })

  it('resize columns first only where rows are lost, and in Pillow 13 wherever the picture grows in width', () => {
    const size = fc.record({
      widthPx: fc.integer({ min: 1, max: 2000 }),
      heightPx: fc.integer({ min: 1, max: 2000 }),
    })
    const property = fc.property(size, size, (from, to) => {
      const columnsFirst = PILLOW_VERSIONS.filter((as) => isColumnsFirst(as, from, to))
      expect(columnsFirst).not.toContain('pillow-12.1')
      if (to.heightPx >= from.heightPx) expect(columnsFirst).toEqual([])
      else if (to.widthPx >= from.widthPx) expect(columnsFirst).toContain('pillow-13')
    })
    fc.assert(property, { numRuns: 500, seed: 13 })
  })
})

const folder = new URL('../../../../../shared/reference/mllm/', import.meta.url)

type ProcessorCase = { key: string; mode: string; width: number; height: number; variant: number }

/** Channel c of a recorded picture (reference/mllm/README.md, "Pictures"). */
function recordedPicture({ width, height, variant }: ProcessorCase, channels: number): Uint8Array {
  const bytes = new Uint8Array(width * height * channels)
  let at = 0
  for (let py = 0; py < height; py++) {
    for (let px = 0; px < width; px++) {
      const x = px + 37 * variant
      const y = py + 53 * variant
      for (let c = 0; c < channels; c++) {
        const waves = Math.floor((x * (c + 3)) / 2) + Math.floor((y * (7 - 2 * c)) / 3)
        bytes[at++] = (waves + (((x >> 5) ^ (y >> 5)) & 15) * 9) & 255
      }
    }
  }
  return bytes
}

describe.skipIf(!existsSync(folder))(
  "pictures resized by Qwen's processors (skipped without ../shared/reference)",
  () => {
    it('equal resizeBicubicTorchvision, grey as three channels', () => {
      const { cases } = JSON.parse(readFileSync(new URL('image-processor.json', folder), 'utf8')) as {
        cases: ProcessorCase[]
      }
      const tensors = readTensors(readFileSync(new URL('image-processor.safetensors', folder)))
      let compared = 0
      for (const item of cases.filter(({ mode }) => mode !== 'RGBA')) {
        const [heightPx, widthPx] = (item as unknown as { resized: [number, number] }).resized
        const channels = item.mode === 'L' ? 1 : 3
        const bytes = recordedPicture(item, channels)
        const picture = { widthPx: item.width, heightPx: item.height, channels, bytes }
        const ours = resizeBicubicTorchvision(picture, { widthPx, heightPx }).bytes
        const stored = tensors.get(`${item.key}.resized`)!.bytes
        const expected = channels === 1 ? stored.filter((_, i) => i % 3 === 0) : stored
        expect(Buffer.compare(ours.subarray(0, expected.length), expected), item.key).toBe(0)
        compared++
      }
      expect(compared).toBe(22)
    })
  },
)
