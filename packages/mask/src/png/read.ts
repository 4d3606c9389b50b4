// Reading a PNG file into its samples: header, palette, transparency, data, interlacing (PNG specification, sections 7 to 11).

import { MaskError } from '../error.ts'
import { type PngChunk, readChunks, readUint32 } from './chunks.ts'
import { undoFilters } from './filter.ts'
import {
  ADAM7,
  MAX_PNG_SAMPLE_BYTES,
  PNG_COLOURS,
  type PngBitDepth,
  type PngColour,
  type PngImage,
  pngChannels,
} from './format.ts'
import { inflateZlib, STREAM_PADDING_BYTES } from './inflate.ts'

export type ReadPngOptions = {
  /** Refuse pictures whose unpacked samples take more bytes than this. Default MAX_PNG_SAMPLE_BYTES. */
  maxSampleBytes?: number
}

type Header = {
  readonly widthPx: number
  readonly heightPx: number
  readonly colour: PngColour
  readonly bitDepth: PngBitDepth
  readonly interlaced: boolean
}

/** One rectangle of rows in the data stream: the whole picture, or one of seven interlacing passes. */
type Pass = {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
  readonly columns: number
  readonly rows: number
}

/**
 * Reads the size, colour and bit depth of a PNG file without unpacking it.
 * Throws MaskError as readPng does, but for the data.
 */
export function readPngHeader(file: Uint8Array): Header {
  return headerOf(file, readChunks(file))
}

/**
 * Reads a PNG file of any kind: grey, grey with alpha, RGB, RGBA or palette, 1 to 16 bits, interlaced or not. All
 * checksums are checked. Samples stay as stored (pictureFromPng makes 8-bit pixels of them); gamma, colour
 * profiles, text and animation frames are ignored.
 *
 * Throws MaskError: `malformed` where the file breaks the format, is cut off or fails a checksum; `too-large` where
 * the samples would take more than `maxSampleBytes` (before anything is unpacked); `unsupported` where the file
 * holds a critical chunk that no PNG specification names.
 */
export function readPng(file: Uint8Array, options: ReadPngOptions = {}): PngImage {
  const chunks = readChunks(file)
  const header = headerOf(file, chunks)
  const { widthPx, heightPx, colour, bitDepth } = header
  const limit = options.maxSampleBytes ?? MAX_PNG_SAMPLE_BYTES
  const channels = pngChannels(colour)
  const sampleBytes = widthPx * heightPx * channels * (bitDepth === 16 ? 2 : 1)
  if (sampleBytes > limit) {
    throw new MaskError(
      'too-large',
      `the PNG picture of ${widthPx} x ${heightPx} would take ${sampleBytes} bytes, the limit is ${limit}`,
      { hint: 'raise maxSampleBytes if you trust the file, or make the picture smaller' },
    )
  }
  const palette = paletteOf(file, chunks, header)
  const passes = passesOf(header)
  let dataBytes = 0
  for (const pass of passes) dataBytes += pass.rows * (1 + rowBytesOf(pass.columns, header))
  const data = inflateZlib(joinData(file, chunks), dataBytes)
  const samples = header.interlaced ? deinterlace(data, passes, header) : plain(data, passes[0]!, header)
  if (palette.paletteRgba !== undefined) checkIndices(samples, palette.paletteRgba.length / 4, widthPx)
  return { widthPx, heightPx, colour, bitDepth, samples, ...palette }
}

function bad(
  message: string,
  at: number,
  hint = 'the file is damaged, or its writer does not follow the format',
): never {
  throw new MaskError('malformed', message, { at, hint })
}

function headerOf(file: Uint8Array, chunks: readonly PngChunk[]): Header {
  const chunk = chunks[0]!
  if (chunk.type !== 'IHDR' || chunk.end - chunk.start !== 13) {
    bad('the PNG file does not begin with an IHDR chunk of 13 bytes', chunk.start - 8)
  }
  const at = chunk.start
  const widthPx = readUint32(file, at)
  const heightPx = readUint32(file, at + 4)
  const bitDepth = file[at + 8]!
  const code = file[at + 9]!
  const interlace = file[at + 12]!
  if (widthPx === 0 || heightPx === 0 || widthPx > 0x7fffffff || heightPx > 0x7fffffff) {
    bad(`the PNG header says ${widthPx} x ${heightPx} pixels; both must be 1 to 2147483647`, at)
  }
  const colour = (Object.keys(PNG_COLOURS) as PngColour[]).find((name) => PNG_COLOURS[name].code === code)
  if (colour === undefined) bad(`the PNG header has the unknown colour type ${code}`, at + 9)
  if (!PNG_COLOURS[colour].bitDepths.includes(bitDepth)) {
    bad(`the PNG header says ${colour} with ${bitDepth} bits, which does not exist`, at + 8)
  }
  if (file[at + 10] !== 0 || file[at + 11] !== 0 || interlace > 1) {
    bad('the PNG header names an unknown compression, filter or interlace method', at + 10)
  }
  return { widthPx, heightPx, colour, bitDepth: bitDepth as PngBitDepth, interlaced: interlace === 1 }
}

function paletteOf(
  file: Uint8Array,
  chunks: readonly PngChunk[],
  header: Header,
): Pick<PngImage, 'paletteRgba' | 'transparentSample'> {
  const { colour, bitDepth } = header
  const firstData = chunks.findIndex((chunk) => chunk.type === 'IDAT')
  const before = firstData < 0 ? chunks : chunks.slice(0, firstData)
  for (const chunk of chunks) {
    const critical = (chunk.type.charCodeAt(0) & 32) === 0
    if (critical && !['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(chunk.type)) {
      throw new MaskError('unsupported', `the PNG file holds the unknown critical chunk ${chunk.type}`, {
        at: chunk.start - 8,
      })
    }
  }
  const plte = before.find((chunk) => chunk.type === 'PLTE')
  const trns = before.find((chunk) => chunk.type === 'tRNS')
  const trnsBytes = trns === undefined ? 0 : trns.end - trns.start
  if (colour === 'palette') {
    if (plte === undefined)
      bad('the PNG file has palette pixels but no PLTE chunk before its data', file.length)
    const bytes = plte.end - plte.start
    const entries = bytes / 3
    if (bytes === 0 || bytes % 3 !== 0 || entries > 2 ** bitDepth) {
      bad(`the PLTE chunk has ${bytes} bytes; wanted 3 for each of 1 to ${2 ** bitDepth} colours`, plte.start)
    }
    if (trnsBytes > entries) {
      bad(`the tRNS chunk has ${trnsBytes} entries for ${entries} palette colours`, trns!.start)
    }
    const paletteRgba = new Uint8Array(entries * 4).fill(255)
    for (let i = 0; i < entries; i++) {
      for (let c = 0; c < 3; c++) paletteRgba[i * 4 + c] = file[plte.start + i * 3 + c]!
      if (i < trnsBytes) paletteRgba[i * 4 + 3] = file[trns!.start + i]!
    }
    return { paletteRgba }
  }
  if (trns === undefined || colour === 'grey-alpha' || colour === 'rgba') return {}
  const channels = pngChannels(colour)
  if (trnsBytes !== channels * 2) {
    bad(`the tRNS chunk has ${trnsBytes} bytes, wanted ${channels * 2} for ${colour}`, trns.start)
  }
  const transparentSample: number[] = []
  for (let c = 0; c < channels; c++) {
    const value = (file[trns.start + c * 2]! << 8) | file[trns.start + c * 2 + 1]!
    transparentSample.push(value & (2 ** bitDepth - 1))
  }
  return { transparentSample }
}

/** The data of all IDAT chunks in a row, with the padding that the inflater wants. */
function joinData(file: Uint8Array, chunks: readonly PngChunk[]): Uint8Array {
  const first = chunks.findIndex((chunk) => chunk.type === 'IDAT')
  if (first < 0) bad('the PNG file has no IDAT chunk', file.length)
  let end = first
  let bytes = 0
  for (; chunks[end]!.type === 'IDAT'; end++) bytes += chunks[end]!.end - chunks[end]!.start
  const stray = chunks.findIndex((chunk, i) => i >= end && chunk.type === 'IDAT')
  if (stray >= 0) bad('the IDAT chunks of the PNG file do not follow each other', chunks[stray]!.start - 8)
  const joined = new Uint8Array(bytes + STREAM_PADDING_BYTES)
  let at = 0
  for (let i = first; i < end; i++) {
    joined.set(file.subarray(chunks[i]!.start, chunks[i]!.end), at)
    at += chunks[i]!.end - chunks[i]!.start
  }
  return joined
}

function passesOf(header: Header): Pass[] {
  const { widthPx, heightPx } = header
  if (!header.interlaced) return [{ x: 0, y: 0, dx: 1, dy: 1, columns: widthPx, rows: heightPx }]
  const passes: Pass[] = []
  for (const { x, y, dx, dy } of ADAM7) {
    const columns = Math.ceil((widthPx - x) / dx)
    const rows = Math.ceil((heightPx - y) / dy)
    if (columns > 0 && rows > 0) passes.push({ x, y, dx, dy, columns, rows })
  }
  return passes
}

function rowBytesOf(columns: number, header: Header): number {
  return Math.ceil((columns * pngChannels(header.colour) * header.bitDepth) / 8)
}

function pixelBytesOf(header: Header): number {
  return Math.max(1, (pngChannels(header.colour) * header.bitDepth) >> 3)
}

function plain(data: Uint8Array, pass: Pass, header: Header): Uint8Array | Uint16Array {
  const rowBytes = rowBytesOf(pass.columns, header)
  undoFilters(data, 0, pass.rows, rowBytes, pixelBytesOf(header), 0)
  const samplesPerRow = pass.columns * pngChannels(header.colour)
  if (header.bitDepth === 8) return data.subarray(0, pass.rows * rowBytes)
  if (header.bitDepth === 16) return swapInPlace(data, pass.rows * samplesPerRow)
  return unpackBits(data, pass.rows, rowBytes, samplesPerRow, header.bitDepth)
}

/** 16-bit samples come with the high byte first; the array is reused so that a large picture is held once. */
function swapInPlace(data: Uint8Array, count: number): Uint16Array {
  const out = new Uint16Array(data.buffer, 0, count)
  for (let i = 0; i < count; i++) out[i] = (data[2 * i]! << 8) | data[2 * i + 1]!
  return out
}

function unpackBits(
  data: Uint8Array,
  rows: number,
  rowBytes: number,
  samplesPerRow: number,
  bitDepth: number,
): Uint8Array {
  const out = new Uint8Array(rows * samplesPerRow)
  const mask = 2 ** bitDepth - 1
  const perByte = 8 / bitDepth
  let to = 0
  for (let row = 0; row < rows; row++) {
    let from = row * rowBytes
    const end = to + samplesPerRow
    while (to < end) {
      const byte = data[from++]!
      const stop = Math.min(to + perByte, end)
      if (byte === 0) {
        to = stop
        continue
      }
      for (let shift = 8 - bitDepth; to < stop; shift -= bitDepth) out[to++] = (byte >> shift) & mask
    }
  }
  return out
}

function deinterlace(data: Uint8Array, passes: readonly Pass[], header: Header): Uint8Array | Uint16Array {
  const channels = pngChannels(header.colour)
  const total = header.widthPx * header.heightPx * channels
  const out = header.bitDepth === 16 ? new Uint16Array(total) : new Uint8Array(total)
  let start = 0
  for (const pass of passes) {
    const rowBytes = rowBytesOf(pass.columns, header)
    undoFilters(data, start, pass.rows, rowBytes, pixelBytesOf(header), start)
    const mask = 2 ** header.bitDepth - 1
    for (let row = 0; row < pass.rows; row++) {
      const line = start + row * rowBytes
      let to = ((pass.y + row * pass.dy) * header.widthPx + pass.x) * channels
      for (let column = 0; column < pass.columns; column++) {
        for (let c = 0; c < channels; c++) {
          const sample = column * channels + c
          if (header.bitDepth === 8) out[to + c] = data[line + sample]!
          else if (header.bitDepth === 16) {
            out[to + c] = (data[line + 2 * sample]! << 8) | data[line + 2 * sample + 1]!
          } else {
            const bit = sample * header.bitDepth
            out[to + c] = (data[line + (bit >> 3)]! >> (8 - header.bitDepth - (bit & 7))) & mask
          }
        }
        to += pass.dx * channels
      }
    }
    start += pass.rows * (rowBytes + 1)
  }
  return out
}

function checkIndices(samples: Uint8Array | Uint16Array, entries: number, widthPx: number): void {
  if (entries === 256) return
  for (let i = 0; i < samples.length; i++) {
    if (samples[i]! < entries) continue
    throw new MaskError(
      'malformed',
      `pixel (${i % widthPx}, ${Math.floor(i / widthPx)}) has palette index ${samples[i]}, the palette has ${entries} colours`,
    )
  }
}
