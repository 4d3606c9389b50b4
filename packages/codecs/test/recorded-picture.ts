// The picture of the recorded SAMTok numbers, as a formula of its pixels.
import type { Pixels } from '../src/codec.ts'

/** The picture that the recorded numbers were made with, no resizing involved. */
export function recordedPicture(): Pixels {
  const rgb = new Uint8Array(1024 * 1024 * 3)
  for (let y = 0; y < 1024; y++)
    for (let x = 0; x < 1024; x++)
      for (let c = 0; c < 3; c++)
        rgb[(y * 1024 + x) * 3 + c] =
          Math.floor((x * (c + 3)) / 2) + Math.floor((y * (7 - 2 * c)) / 3) + (((x >> 5) ^ (y >> 5)) & 15) * 9
  return { widthPx: 1024, heightPx: 1024, rgb }
}
