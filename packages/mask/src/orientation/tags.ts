// The orientation tag as EXIF (a TIFF structure) and XMP (an attribute or element of XML) write it.

const valid = (value: number): number | undefined => (value >= 1 && value <= 8 ? value : undefined)

/** Tag 0x0112 of a TIFF structure, with or without "Exif\0\0" before it; undefined where there is none that makes sense. */
export function exifOrientation(block: Uint8Array): number | undefined {
  const isNamed = block[0] === 0x45 && block[1] === 0x78 && block[2] === 0x69 && block[3] === 0x66
  const tiff = isNamed ? block.subarray(6) : block
  if (tiff.length < 14) return undefined
  const isLittle = tiff[0] === 0x49
  const bytes = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const directory = bytes.getUint32(4, isLittle)
  if (directory + 2 > tiff.length) return undefined
  const entries = bytes.getUint16(directory, isLittle)
  for (let i = 0, entry = directory + 2; i < entries && entry + 12 <= tiff.length; i++, entry += 12) {
    if (bytes.getUint16(entry, isLittle) !== 0x0112) continue
    // Published writers use SHORT; some write LONG.
    const isLong = bytes.getUint16(entry + 2, isLittle) === 4
    return valid(isLong ? bytes.getUint32(entry + 8, isLittle) : bytes.getUint16(entry + 8, isLittle))
  }
  return undefined
}

/** `tiff:Orientation` of an XMP packet, in the two spellings that Pillow reads. */
export function xmpOrientation(block: Uint8Array): number | undefined {
  const packet = new TextDecoder('latin1').decode(block)
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(packet)
  return found === null ? undefined : valid(Number(found[1]))
}
