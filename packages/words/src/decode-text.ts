// Bytes to text without a guess: UTF-8 unless a byte order mark, the text's own declaration or the user says otherwise, and an error
// with the byte where they do not fit (Unicode 3.9 D92; WHATWG Encoding Standard for the other encodings).
import { WordsError } from './error.ts'

export type DecodeTextOptions = {
  /** The encoding that the user chose, by any usual name. A byte order mark in the bytes wins over it. */
  readonly encoding?: string | undefined
  /** The encoding that the text itself declares, as XML does; `encoding` wins over it. */
  readonly declared?: string | undefined
}

/** Names in use, Python's and Windows' among them, that TextDecoder does not know or takes for something wider. */
const ALIASES: Readonly<Record<string, string>> = {
  ascii: 'utf-8',
  'us-ascii': 'utf-8',
  utf8: 'utf-8',
  'utf-8-sig': 'utf-8',
  utf16: 'utf-16le',
  'utf-16': 'utf-16le',
  'utf-16-le': 'utf-16le',
  'utf-16-be': 'utf-16be',
  latin1: 'windows-1252',
  'latin-1': 'windows-1252',
  cp1252: 'windows-1252',
  ansi: 'windows-1252',
  cp936: 'gb18030',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  'gb-2312': 'gb18030',
  cp932: 'shift_jis',
  sjis: 'shift_jis',
  'shift-jis': 'shift_jis',
  cp949: 'euc-kr',
  cp950: 'big5',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
}

/** Windows-1252 from 0x80 to 0x9f; the five places without a character are refused. Engines differ here, so it is written out. */
const WINDOWS_1252 = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ'

/** The encoding of a name as TextDecoder calls it. Throws WordsError `unsupported`. */
export function encodingOf(name: string): string {
  const plain = name.trim().toLowerCase().replaceAll('_', '-')
  const label = Object.hasOwn(ALIASES, plain) ? ALIASES[plain]! : name.trim().toLowerCase()
  try {
    return new TextDecoder(label).encoding
  } catch (cause) {
    throw new WordsError(
      'unsupported',
      `no encoding of text is called ${JSON.stringify(name.slice(0, 40))}`,
      {
        cause,
        hint: 'utf-8, utf-16le, utf-16be, gb18030, big5, shift_jis, euc-jp, euc-kr, windows-1252, ...',
      },
    )
  }
}

/** The encoding that a byte order mark says, and how many bytes it takes. Throws WordsError `unsupported` for UTF-32. */
export function byteOrderMark(
  bytes: Uint8Array,
): { readonly encoding: string; readonly length: number } | undefined {
  const [a, b, c, d] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', length: 3 }
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) {
    throw new WordsError('unsupported', 'the text is UTF-32, by its byte order mark', { at: 0, hint: SAVE })
  }
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', length: 2 }
  return a === 0xfe && b === 0xff ? { encoding: 'utf-16be', length: 2 } : undefined
}

/** The encoding that XML bytes declare: `<?xml version="1.0" encoding="gbk"?>`. */
export function declaredXmlEncoding(bytes: Uint8Array): string | undefined {
  let head = ''
  for (let i = 0; i < Math.min(bytes.length, 256); i++) head += String.fromCharCode(bytes[i]!)
  return /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1]
}

const SAVE = 'save it as UTF-8'

/**
 * The text of some bytes, without a byte order mark. Never holds a character that stands for an unreadable byte.
 * @throws WordsError `malformed` with the first byte (`at`) that does not fit, `unsupported` for encodings that are not known
 */
export function decodeText(bytes: Uint8Array, options: DecodeTextOptions = {}): string {
  const mark = byteOrderMark(bytes)
  const asked = options.encoding ?? options.declared
  // A declaration that can be read byte by byte is not in UTF-16, whatever it says.
  const isWide =
    options.encoding === undefined && asked !== undefined && encodingOf(asked).startsWith('utf-16')
  const encoding = mark?.encoding ?? (asked === undefined || isWide ? 'utf-8' : encodingOf(asked))
  const isGuess = mark === undefined && asked === undefined
  if (isGuess && wideWithoutMark(bytes) !== undefined) throw notText(bytes, 0, encoding, true)
  const start = mark?.length ?? 0
  const body = bytes.subarray(start)
  if (encoding === 'windows-1252') return ofWindows1252(body)
  try {
    // `ignoreBOM` keeps a second mark, which is a character of the text.
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(body)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    const at = start + firstBadByte(body, encoding)
    throw notText(bytes, at, encoding, isGuess)
  }
}

function notText(bytes: Uint8Array, at: number, encoding: string, isGuess: boolean): WordsError {
  const wide = isGuess ? wideWithoutMark(bytes) : undefined
  const byte =
    bytes[at] === undefined ? 'the end' : `byte ${at} (0x${bytes[at].toString(16).padStart(2, '0')})`
  return new WordsError(
    'malformed',
    `the text is not ${encoding.toUpperCase()}: ${byte} does not fit${wide === undefined ? '' : `; it looks like ${wide.toUpperCase()} without a byte order mark`}`,
    {
      at,
      hint: isGuess
        ? `save it as UTF-8, or say its encoding: --encoding ${wide ?? 'gb18030, windows-1252, ...'}`
        : `save it as UTF-8, or say another encoding: --encoding`,
    },
  )
}

/** UTF-16 by its zero bytes: ASCII letters have one each, first or second. */
export function wideWithoutMark(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes.length < 4 || bytes.length % 2 !== 0) return undefined
  if (bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0) return 'utf-16le'
  return bytes[0] === 0 && bytes[1] !== 0 && bytes[2] === 0 && bytes[3] !== 0 ? 'utf-16be' : undefined
}

function ofWindows1252(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let from = 0; from < bytes.length; from += 4096) {
    const codes = Array.from(bytes.subarray(from, from + 4096), (byte, i) => {
      if (byte < 0x80 || byte > 0x9f) return byte
      const code = WINDOWS_1252.charCodeAt(byte - 0x80)
      if (code === 0) throw notText(bytes, from + i, 'windows-1252', false)
      return code
    })
    parts.push(String.fromCharCode(...codes))
  }
  return parts.join('')
}

/** The first byte of the character that a strict decoder refuses. */
export function firstBadByte(bytes: Uint8Array, encoding = 'utf-8'): number {
  return encoding === 'utf-8' ? firstNonUtf8(bytes) : firstRefused(bytes, encoding)
}

/** Table 3-7 of the Unicode Standard, walked. */
function firstNonUtf8(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]!
    if (lead < 0x80) {
      i++
      continue
    }
    const length =
      lead >= 0xc2 && lead <= 0xdf
        ? 2
        : lead >= 0xe0 && lead <= 0xef
          ? 3
          : lead >= 0xf0 && lead <= 0xf4
            ? 4
            : 0
    if (length === 0) return i
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    for (let k = 1; k < length; k++) {
      const byte = bytes[i + k]
      if (byte === undefined || byte < (k === 1 ? least : 0x80) || byte > (k === 1 ? most : 0xbf)) return i
    }
    i += length
  }
  return bytes.length
}

/** No character of an encoding that TextDecoder knows has more bytes, with what switches sets before it. */
const LONGEST_CHARACTER = 8

/** By halves: the longest beginning that a decoder takes; then back to where the character that is still open begins. */
function firstRefused(bytes: Uint8Array, encoding: string): number {
  const takes = (length: number, stream: boolean): boolean => {
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(0, length), { stream })
      return true
    } catch {
      return false
    }
  }
  let [good, bad] = [0, bytes.length]
  if (takes(bad, true)) good = bad
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (takes(middle, true)) good = middle
    else bad = middle
  }
  for (let length = good; length > Math.max(0, good - LONGEST_CHARACTER); length--) {
    if (takes(length, false)) return length
  }
  return Math.max(0, good - LONGEST_CHARACTER)
}
