// Seeded masks for the tests of this folder: blobs with an occluding cut, thin lines, and a naive twin of erosion and
// dilation. Not part of the package's public names.

import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import { randomFrom } from '../src/getok/random.ts'

/** A star-shaped blob of 1 % to 45 % of a square, three in ten with a straight cut through it. */
export function blob(seed: number, sidePx = 210): Mask {
  const random = randomFrom(seed)
  const radius = sidePx * Math.sqrt((0.01 + 0.44 * random() ** 2) / Math.PI)
  const margin = Math.min(radius * 1.1, sidePx / 2)
  const cx = margin + random() * (sidePx - 2 * margin)
  const cy = margin + random() * (sidePx - 2 * margin)
  const waves = [2, 3, 5].map((count) => ({ count, size: 0.25 * random(), phase: 2 * Math.PI * random() }))
  const cut = random() < 0.3 ? { angle: Math.PI * random(), half: 0.12 * radius } : undefined
  const bytes = new Uint8Array(sidePx * sidePx)
  for (let y = 0; y < sidePx; y++) {
    for (let x = 0; x < sidePx; x++) {
      const dx = x + 0.5 - cx
      const dy = y + 0.5 - cy
      const angle = Math.atan2(dy, dx)
      let reach = radius
      for (const { count, size, phase } of waves) reach *= 1 + size * Math.cos(count * angle + phase)
      const across = cut === undefined ? 1e9 : Math.abs(dx * Math.sin(cut.angle) - dy * Math.cos(cut.angle))
      if (Math.hypot(dx, dy) < reach && across > (cut?.half ?? 0)) bytes[y * sidePx + x] = 1
    }
  }
  return maskFromRowMajor({ widthPx: sidePx, heightPx: sidePx, bytes })
}

/** A thin wavy line across a square: objects that no erosion survives. */
export function thinLine(seed: number, sidePx = 210): Mask {
  const random = randomFrom(seed)
  const [level, swing, phase] = [0.3 + 0.4 * random(), 0.2 * random(), 6.28 * random()]
  const bytes = new Uint8Array(sidePx * sidePx)
  const half = 1 + Math.floor(random() * 2)
  for (let x = Math.floor(sidePx * 0.1); x < sidePx * 0.9; x++) {
    const y = Math.floor(sidePx * (level + swing * Math.sin(phase + (6 * x) / sidePx)))
    for (let v = Math.max(y - half, 0); v <= Math.min(y + half, sidePx - 1); v++) bytes[v * sidePx + x] = 1
  }
  return maskFromRowMajor({ widthPx: sidePx, heightPx: sidePx, bytes })
}
