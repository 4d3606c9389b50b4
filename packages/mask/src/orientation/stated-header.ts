// What a picture's first bytes state, whatever its format: size and orientation, and the few bytes at a time they are read from.

export type PictureHeader = {
  readonly format: 'jpeg' | 'png' | 'webp' | 'tiff' | 'heif' | 'gif' | 'bmp'
  /** Of the stored pixels. */
  readonly widthPx: number
  readonly heightPx: number
  /** EXIF orientation, 1 to 8: of EXIF, else of XMP (as Pillow has it); of HEIF's irot and imir. */
  readonly orientation: number
}

/** `wanted` bytes from `offset` on; undefined where the file ends before. */
export type ByteWindow = (offset: number, wanted: number) => Uint8Array | undefined

export function sized(
  format: PictureHeader['format'],
  widthPx: number,
  heightPx: number,
  orientation: number | undefined,
): PictureHeader | undefined {
  return widthPx > 0 && heightPx > 0
    ? { format, widthPx, heightPx, orientation: orientation ?? 1 }
    : undefined
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function text(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += String.fromCharCode(byte)
  return out
}
