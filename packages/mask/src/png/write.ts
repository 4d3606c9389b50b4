// Writing samples to a PNG file (PNG specification, sections 7 to 11): one IDAT chunk, no interlacing, no ancillary data but tRNS.

import { MaskError } from '../error.ts'
import { checkSize } from '../mask.ts'
import { checkPicture, type Picture } from '../picture.ts'
import { writeChunks } from './chunks.ts'
import { deflateZlib } from './deflate.ts'
import { applyFilters, type PngFilterChoice } from './filter.ts'
import { checkPngKind, PNG_COLOURS, type PngColour, type PngImage, pngChannels } from './format.ts'

type Chunk = { type: string; data: Uint8Array }

export type WritePngOptions = {
  /** How rows are prepared for compression. Default: `adaptive` for 8 and 16 bit pictures, `none` for palettes and fewer bits. */
  filter?: PngFilterChoice
}

/**
 * Writes a PNG file. Samples are taken as they are (not scaled): 0 to 2^bitDepth - 1, for a palette 0 to its last
 * entry. Throws MaskError: `malformed` for a colour and bit depth that PNG does not have, `size-mismatch` for a
 * wrong count of samples or palette entries, `out-of-range` for a sample or an empty picture.
 */
export function writePng(image: PngImage, options: WritePngOptions = {}): Uint8Array {
  return pngOfRows(image, deflateZlib(pngRows(image, options)))
}

/** The rows of a PNG file with their filter bytes, as they go into a zlib stream. Throws as `writePng`. */
export function pngRows(image: PngImage, options: WritePngOptions = {}): Uint8Array {
  const { widthPx, heightPx, colour, bitDepth, samples } = image
  checkPngKind(colour, bitDepth)
  checkSize(widthPx, heightPx)
  if (widthPx === 0 || heightPx === 0) {
    throw new MaskError('out-of-range', `a PNG cannot be empty, got ${widthPx} x ${heightPx} pixels`)
  }
  const perRow = widthPx * pngChannels(colour)
  if (samples.length !== perRow * heightPx) {
    throw new MaskError(
      'size-mismatch',
      `a ${colour} picture of ${widthPx} x ${heightPx} has ${perRow * heightPx} samples, got ${samples.length}`,
    )
  }
  checkSamples(image)
  const rowBytes = Math.ceil((perRow * bitDepth) / 8)
  const pixelBytes = Math.max(1, (pngChannels(colour) * bitDepth) >> 3)
  const filter = options.filter ?? (colour === 'palette' || bitDepth < 8 ? 'none' : 'adaptive')
  const packed = packSamples(samples, heightPx, perRow, rowBytes, bitDepth)
  return applyFilters(packed, heightPx, rowBytes, pixelBytes, filter)
}

/** The file around rows that were compressed by whatever is fastest where the caller runs. `image` is the one of `pngRows`. */
export function pngOfRows(image: PngImage, compressed: Uint8Array): Uint8Array {
  const { widthPx, heightPx, colour, bitDepth, paletteRgba } = image
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, widthPx)
  view.setUint32(4, heightPx)
  header[8] = bitDepth
  header[9] = PNG_COLOURS[colour].code
  const chunks: Chunk[] = [{ type: 'IHDR', data: header }]
  if (paletteRgba !== undefined) chunks.push(...paletteChunks(paletteRgba))
  if (image.transparentSample !== undefined) {
    const bytes = new Uint8Array(image.transparentSample.length * 2)
    for (const [i, value] of image.transparentSample.entries())
      new DataView(bytes.buffer).setUint16(i * 2, value)
    chunks.push({ type: 'tRNS', data: bytes })
  }
  chunks.push({ type: 'IDAT', data: compressed }, { type: 'IEND', data: new Uint8Array(0) })
  return writeChunks(chunks)
}

/** Writes an 8-bit picture as grey, grey with alpha, RGB or RGBA, by its number of channels. */
export function pictureToPng(picture: Picture, options: WritePngOptions = {}): Uint8Array {
  checkPicture(picture)
  const { widthPx, heightPx, channels, bytes } = picture
  const colour = (['grey', 'grey-alpha', 'rgb', 'rgba'] as const)[channels - 1] as PngColour
  return writePng({ widthPx, heightPx, colour, bitDepth: 8, samples: bytes }, options)
}

function checkSamples(image: PngImage): void {
  const { colour, bitDepth, samples, paletteRgba, transparentSample } = image
  let limit = 2 ** bitDepth
  if ((colour === 'palette') !== (paletteRgba !== undefined)) {
    throw new MaskError('size-mismatch', 'paletteRgba goes with the colour kind palette, and only with it')
  }
  if (paletteRgba !== undefined) {
    const entries = paletteRgba.length / 4
    if (!Number.isInteger(entries) || entries < 1 || entries > limit) {
      throw new MaskError(
        'size-mismatch',
        `paletteRgba has ${paletteRgba.length} bytes, wanted 4 for each of 1 to ${limit} colours`,
      )
    }
    limit = entries
  }
  if (transparentSample !== undefined) {
    const wanted = colour === 'grey' ? 1 : colour === 'rgb' ? 3 : 0
    if (transparentSample.length !== wanted || transparentSample.some((v) => !(v >= 0 && v < limit))) {
      throw new MaskError(
        'out-of-range',
        `transparentSample does not fit a ${colour} picture of ${bitDepth} bits`,
      )
    }
  }
  if (limit === (samples instanceof Uint16Array ? 65536 : 256)) return
  for (let i = 0; i < samples.length; i++) {
    if (samples[i]! < limit) continue
    throw new MaskError(
      'out-of-range',
      `sample ${i} is ${samples[i]}, this picture allows 0 to ${limit - 1}`,
      {
        at: i,
      },
    )
  }
}

function paletteChunks(rgba: Uint8Array): Chunk[] {
  const entries = rgba.length / 4
  const plte = new Uint8Array(entries * 3)
  let opaqueFrom = entries
  while (opaqueFrom > 0 && rgba[opaqueFrom * 4 - 1] === 255) opaqueFrom--
  const trns = new Uint8Array(opaqueFrom)
  for (let i = 0; i < entries; i++) {
    for (let c = 0; c < 3; c++) plte[i * 3 + c] = rgba[i * 4 + c]!
    if (i < opaqueFrom) trns[i] = rgba[i * 4 + 3]!
  }
  const chunks: Chunk[] = [{ type: 'PLTE', data: plte }]
  if (opaqueFrom > 0) chunks.push({ type: 'tRNS', data: trns })
  return chunks
}

function packSamples(
  samples: Uint8Array | Uint16Array,
  rows: number,
  perRow: number,
  rowBytes: number,
  bitDepth: number,
): Uint8Array {
  if (bitDepth === 8 && samples instanceof Uint8Array) return samples
  const out = new Uint8Array(rows * rowBytes)
  if (bitDepth === 8) {
    out.set(samples)
  } else if (bitDepth === 16) {
    for (let i = 0; i < samples.length; i++) {
      out[2 * i] = samples[i]! >> 8
      out[2 * i + 1] = samples[i]! & 255
    }
  } else {
    for (let row = 0; row < rows; row++) {
      const from = row * perRow
      const to = row * rowBytes
      let i = 0
      if (bitDepth === 1) {
        // Masks: eight samples at a time.
        for (let s = from, byte = to; i + 8 <= perRow; i += 8, s += 8) {
          const high =
            (samples[s]! << 7) | (samples[s + 1]! << 6) | (samples[s + 2]! << 5) | (samples[s + 3]! << 4)
          const low =
            (samples[s + 4]! << 3) | (samples[s + 5]! << 2) | (samples[s + 6]! << 1) | samples[s + 7]!
          out[byte++] = high | low
        }
      }
      for (; i < perRow; i++) {
        const bit = i * bitDepth
        out[to + (bit >> 3)]! |= samples[from + i]! << (8 - bitDepth - (bit & 7))
      }
    }
  }
  return out
}
