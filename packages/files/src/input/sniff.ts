// What bytes are, from their first few: file signatures as their formats define them. Never from the name of the file.
import { wideWithoutMark } from '@maskwords/words'

export type FileKind =
  | 'png'
  | 'jpeg'
  | 'webp'
  | 'gif'
  | 'tiff'
  | 'avif'
  | 'heic'
  | 'bmp'
  | 'svg'
  | 'zip'
  | 'gzip'
  | 'pdf'
  | 'pickle'
  | 'numpy'
  | 'safetensors'
  | 'gguf'
  | 'onnx'
  | 'lfs-pointer'
  | 'json'
  | 'xml'
  | 'html'
  | 'text'
  | 'empty'
  | 'binary'

/** Picture formats that are read (AVIF, WebP, TIFF, GIF and JPEG through sharp). */
export const PICTURE_KINDS: readonly FileKind[] = ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif', 'heic']

/** The kind of some bytes. Text kinds are told by their first character after blanks and a byte order mark. */
export function sniff(bytes: Uint8Array): FileKind {
  if (bytes.length === 0) return 'empty'
  const starts = (...values: number[]) => values.every((value, i) => bytes[i] === value)
  const ascii = (from: number, length: number) =>
    String.fromCharCode(...bytes.subarray(from, Math.min(from + length, bytes.length)))
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'png'
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 4) === 'WEBP') return 'webp'
  if (ascii(0, 5) === 'GIF87' || ascii(0, 5) === 'GIF89') return 'gif'
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x4d, 0x4d, 0, 0x2a)) return 'tiff'
  if (ascii(4, 4) === 'ftyp') {
    const brands = ascii(8, 24)
    if (brands.includes('avif') || brands.includes('avis')) return 'avif'
    if (/hei[cxms]|mif1|hev[cx]/.test(brands)) return 'heic'
  }
  if (ascii(0, 2) === 'BM' && bytes.length > 26 && bytes[14]! >= 12 && bytes[15] === 0) return 'bmp'
  if (starts(0x50, 0x4b, 3, 4) || starts(0x50, 0x4b, 5, 6)) return 'zip'
  if (starts(0x1f, 0x8b)) return 'gzip'
  if (ascii(0, 5) === '%PDF-') return 'pdf'
  if (starts(0x93) && ascii(1, 5) === 'NUMPY') return 'numpy'
  if (ascii(0, 4) === 'GGUF') return 'gguf'
  if (starts(0x80) && bytes[1]! >= 2 && bytes[1]! <= 5) return 'pickle'
  if (ascii(0, 40).startsWith('version https://git-lfs')) return 'lfs-pointer'
  // safetensors: a 64-bit header length, then a JSON object; the length of any real header is far below 2^32.
  if (
    bytes.length > 9 &&
    bytes[8] === 0x7b &&
    bytes[4] === 0 &&
    bytes[5] === 0 &&
    bytes[6] === 0 &&
    bytes[7] === 0
  ) {
    return 'safetensors'
  }
  if (starts(0x08) && bytes[1]! >= 3 && bytes[1]! <= 12 && (bytes[2] === 0x12 || bytes[2] === 0x3a))
    return 'onnx'
  return sniffText(bytes)
}

function sniffText(bytes: Uint8Array): FileKind {
  const text = sniffedText(bytes.subarray(0, 4096))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters tell binary data from text.
  if (text === undefined || /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text)) return 'binary'
  const trimmed = text.trimStart()
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return 'json'
  if (/^<!doctype html|^<html/i.test(trimmed)) return 'html'
  if (/^<svg[\s>]/i.test(afterProlog(trimmed))) return 'svg'
  if (trimmed.startsWith('<?xml') || /^<(annotations|image|mask)[\s>]/.test(afterProlog(trimmed)))
    return 'xml'
  return 'text'
}

/** The beginning of a text, good enough to tell JSON from XML: in UTF-16 by its zero bytes, else byte by byte where it is no UTF-8. */
function sniffedText(head: Uint8Array): string | undefined {
  const isWide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  if (isWide || wideWithoutMark(head.subarray(0, head.length & ~1)) !== undefined) {
    const isBig = head[0] === 0 || head[0] === 0xfe
    return new TextDecoder(isBig ? 'utf-16be' : 'utf-16le').decode(head, { stream: true })
  }
  try {
    // Trailing bytes of a cut multi-byte character are no sign of binary data: `stream` lets them be.
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
  } catch {
    return Array.from(head, (byte) => String.fromCharCode(byte)).join('')
  }
}

/** XML text after its declaration, comments and document type: where the first element begins. */
function afterProlog(text: string): string {
  let rest = text
  for (;;) {
    const close = rest.startsWith('<!--') ? '-->' : /^<[?!]/.test(rest) ? '>' : undefined
    if (close === undefined) return rest
    const end = rest.indexOf(close)
    if (end < 0) return ''
    rest = rest.slice(end + close.length).trimStart()
  }
}

/** The kind in words, for messages. */
export function kindInWords(kind: FileKind): string {
  const words: Partial<Record<FileKind, string>> = {
    empty: 'an empty file',
    binary: 'binary data of no known format',
    json: 'JSON text',
    xml: 'XML text',
    html: 'a web page',
    text: 'plain text',
    zip: 'a zip archive',
    'lfs-pointer': 'a Git LFS pointer (the file itself was not downloaded)',
    pickle: 'a Python pickle',
    numpy: 'a NumPy array',
  }
  return words[kind] ?? `a${/^[aehio]/i.test(kind) ? 'n' : ''} ${kind.toUpperCase()} file`
}
