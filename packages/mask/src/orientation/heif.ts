// Size and turn of the primary picture of HEIF and AVIF: ispe, irot and imir of its item (ISO/IEC 23008-12, sections 6.5.3, 6.5.10, 6.5.12).

import { type ByteWindow, type PictureHeader, sized, text, view } from './stated-header.ts'

/** Longest `meta` box that is read: grids of a thousand tiles have some 100 kB. */
const MAX_META_BYTES = 2 ** 22

type Box = { readonly type: string; readonly body: Uint8Array }

/** EXIF orientation of a mirror (axis 0 upside down, 1 left to right) behind a turn, by [turn][mirror + 1]. */
const ORIENTATIONS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
] as const

export function heifHeader(at: ByteWindow): PictureHeader | undefined {
  for (let offset = 0, box = 0; box < 64; box++) {
    const head = at(offset, 8)
    if (head === undefined) return undefined
    const length = view(head).getUint32(0)
    if (text(head.subarray(4)) === 'meta') {
      if (length > MAX_META_BYTES) return undefined
      const body = at(offset + 12, length - 12)
      return body === undefined ? undefined : metaHeader(boxesOf(body))
    }
    if (length < 8) return undefined
    offset += length
  }
  return undefined
}

function boxesOf(bytes: Uint8Array): Box[] {
  const boxes: Box[] = []
  for (let offset = 0; offset + 8 <= bytes.length; ) {
    const length = view(bytes).getUint32(offset)
    if (length < 8 || offset + length > bytes.length) break
    boxes.push({
      type: text(bytes.subarray(offset + 4, offset + 8)),
      body: bytes.subarray(offset + 8, offset + length),
    })
    offset += length
  }
  return boxes
}

function metaHeader(meta: readonly Box[]): PictureHeader | undefined {
  const find = (boxes: readonly Box[], type: string) => boxes.find((box) => box.type === type)?.body
  const primary = find(meta, 'pitm')
  const parts = boxesOf(find(meta, 'iprp') ?? new Uint8Array(0))
  const properties = boxesOf(find(parts, 'ipco') ?? new Uint8Array(0))
  const associations = find(parts, 'ipma')
  if (primary === undefined || associations === undefined || primary.length < 6 || associations.length < 8) {
    return undefined
  }
  const item = primary[0] === 0 ? view(primary).getUint16(4) : view(primary).getUint32(4)
  const own = propertiesOf(associations, item).map((index) => properties[index - 1])
  const size = own.find((box) => box?.type === 'ispe')?.body
  if (size === undefined || size.length < 12) return undefined
  const turn = (own.find((box) => box?.type === 'irot')?.body[0] ?? 0) & 3
  const mirror = own.find((box) => box?.type === 'imir')?.body[0]
  const orientation = ORIENTATIONS[turn]![mirror === undefined ? 0 : (mirror & 1) + 1]!
  return sized('heif', view(size).getUint32(4), view(size).getUint32(8), orientation)
}

/** Indices, from 1, of an item's properties. */
function propertiesOf(ipma: Uint8Array, wanted: number): number[] {
  const bytes = view(ipma)
  const isWideItem = ipma[0]! > 0
  const isWideIndex = (ipma[3]! & 1) === 1
  const items = bytes.getUint32(4)
  let at = 8
  for (let i = 0; i < items && at + (isWideItem ? 5 : 3) <= ipma.length; i++) {
    const item = isWideItem ? bytes.getUint32(at) : bytes.getUint16(at)
    at += isWideItem ? 4 : 2
    const count = ipma[at++]!
    const step = isWideIndex ? 2 : 1
    if (at + count * step > ipma.length) return []
    if (item === wanted) {
      return Array.from({ length: count }, (_, k) =>
        isWideIndex ? bytes.getUint16(at + 2 * k) & 0x7fff : ipma[at + k]! & 0x7f,
      )
    }
    at += count * step
  }
  return []
}
