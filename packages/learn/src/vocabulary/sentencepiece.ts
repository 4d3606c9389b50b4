// The pieces of a SentencePiece model file (`tokenizer.model`): field 1 of its protobuf, in the order of their ids.
// Format: google/sentencepiece, src/sentencepiece_model.proto (ModelProto.pieces, SentencePiece.piece).
import { LearnError } from '../error.ts'

/** Pieces of one file. The largest published models have 256,000. */
export const MAX_PIECES = 4_000_000

/** The pieces, index = id. Throws LearnError `malformed` for bytes that are no such file, `too-large` beyond MAX_PIECES. */
export function sentencePieces(bytes: Uint8Array, file: string): string[] {
  const pieces: string[] = []
  const utf8 = new TextDecoder('utf-8')
  for (const [field, from, until] of fields(bytes, 0, bytes.length, file)) {
    if (field !== 1) continue
    if (pieces.length >= MAX_PIECES) {
      throw new LearnError('too-large', `more than ${MAX_PIECES} pieces`, { file })
    }
    let piece: string | undefined
    for (const [inner, start, end] of fields(bytes, from, until, file)) {
      if (inner === 1) piece = utf8.decode(bytes.subarray(start, end))
    }
    if (piece === undefined) throw malformed(file, from, 'a piece has no text')
    pieces.push(piece)
  }
  if (pieces.length === 0) throw malformed(file, 0, 'there are no pieces in it')
  return pieces
}

/** Length-delimited fields as [number, start, end]; the others are passed over. */
function* fields(
  bytes: Uint8Array,
  from: number,
  until: number,
  file: string,
): Generator<readonly [field: number, start: number, end: number]> {
  let position = from
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 64; shift += 7) {
      if (position >= until) throw malformed(file, position, 'a number runs over the end')
      const byte = bytes[position++]
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw malformed(file, position, 'a number has more than 64 bits')
  }
  while (position < until) {
    const key = varint()
    const field = Math.floor(key / 8)
    const wire = key % 8
    const start = position
    if (wire === 0) varint()
    else if (wire === 1) position += 8
    else if (wire === 5) position += 4
    else if (wire === 2) {
      const length = varint()
      const begin = position
      position += length
      if (position <= until) yield [field, begin, position]
    } else throw malformed(file, start, `wire type ${wire} does not exist`)
    if (position > until) throw malformed(file, start, 'a field runs over the end')
  }
}

function malformed(file: string, at: number, what: string): LearnError {
  return new LearnError('malformed', `this is no SentencePiece model: ${what}`, {
    file,
    at,
    hint: 'fetch tokenizer.model again; a Git LFS pointer is a text of three lines',
  })
}
