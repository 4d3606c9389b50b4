// A street drawn in whole numbers, the same bytes everywhere: a stop sign on a pole, a clock and a ball, which detectors know.
import type { Pixels } from '../src/codec.ts'

const SIDE = 416

type Rgb = readonly [red: number, green: number, blue: number]

/** Colour of the stop sign around (x, y) from its middle; undefined beside it. */
function stopSign(x: number, y: number): Rgb | undefined {
  const octagon = Math.max(Math.abs(x), Math.abs(y), ((Math.abs(x) + Math.abs(y)) * 5) / 7)
  if (octagon > 60) return undefined
  const inLetters = Math.abs(y) < 16 && Math.abs(x) < 44
  const stroke = (x + 44) % 22 < 6 || (Math.abs(y) > 10 && (x + 44) % 22 < 16)
  return octagon > 54 || (inLetters && stroke) ? [240, 240, 240] : [190, 25, 35]
}

function clock(x: number, y: number): Rgb | undefined {
  const squared = x * x + y * y
  if (squared > 50 * 50) return undefined
  if (squared > 43 * 43) return [40, 40, 45]
  const hands = (Math.abs(x) < 3 && y < 4 && y > -36) || (Math.abs(y) < 3 && x > -4 && x < 26)
  const marks =
    squared > 34 * 34 && (Math.abs(x) < 3 || Math.abs(y) < 3 || Math.abs(Math.abs(x) - Math.abs(y)) < 3)
  return hands || marks ? [20, 20, 20] : [245, 243, 235]
}

function ball(x: number, y: number): Rgb | undefined {
  const squared = x * x + y * y
  if (squared > 34 * 34) return undefined
  const light = 255 - Math.floor(((x + 12) * (x + 12) + (y + 12) * (y + 12)) / 20)
  const seam = Math.abs(squared - 18 * 18) < 60 || Math.abs(x - y) < 2
  return seam ? [60, 60, 60] : [light, light, light - 10]
}

/** 416 x 416 pixels. */
export function streetPicture(): Pixels {
  const rgb = new Uint8Array(SIDE * SIDE * 3)
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const grain = ((x * 7919 + y * 104_729 + x * y * 31) >> 3) % 13
      const isPole = Math.abs(x - 110) < 6 && y > 130
      const colour: Rgb =
        stopSign(x - 110, y - 110) ??
        clock(x - 300, y - 110) ??
        ball(x - 280, y - 340) ??
        (isPole
          ? [120, 122, 125]
          : y < 250
            ? [120 + (y >> 2), 165 + (y >> 3), 225]
            : [95 + ((y - 250) >> 2), 125, 60])
      for (let c = 0; c < 3; c++) rgb[3 * (y * SIDE + x) + c] = Math.min(255, colour[c]! + grain)
    }
  return { widthPx: SIDE, heightPx: SIDE, rgb }
}
