// Several sequences with one beginning in one row: the beginning stands once, and each sequence sees it and itself. Questions of one
// picture share the picture so, and answers to one question the question. Definition: ours; losses are those of the sequences apart.
import type { PlacedPicture, Sequence } from './sequence.ts'

export type PackedRow = {
  readonly sequences: readonly Sequence[]
  readonly ids: Int32Array
  readonly axes: readonly [Int32Array, Int32Array, Int32Array]
  /** 0 for the beginning, 1 and up for the sequences behind it. */
  readonly segments: Int32Array
  readonly pictures: readonly PlacedPicture[]
  readonly pictureOf: Int32Array
  readonly vectorOf: Int32Array
  /** One entry a learned token, sequence by sequence: the place whose scores say it, its id, and the number of its sequence. */
  readonly labels: { readonly from: Int32Array; readonly ids: Int32Array; readonly sequence: Int32Array }
}

/** Tokens of a beginning that sequences share; each has at least one token of its own, and nothing shared is learned. */
export function sharedTokens(a: Sequence, b: Sequence): number {
  const most = Math.min(lastShareable(a), lastShareable(b))
  let length = 0
  while (length < most && sameToken(a, b, length)) length++
  return length
}

function lastShareable({ ids, labelled }: Sequence): number {
  const learned = labelled.indexOf(1)
  return Math.min(ids.length - 1, learned < 0 ? ids.length : learned)
}

function sameToken(a: Sequence, b: Sequence, at: number): boolean {
  const [p, q] = [a.pictureOf[at]!, b.pictureOf[at]!]
  if (p < 0 || q < 0) return p === q && a.ids[at] === b.ids[at]
  return a.pictures[p]!.picture.key === b.pictures[q]!.picture.key && a.vectorOf[at] === b.vectorOf[at]
}

/** Tokens of a row with these sequences. */
export function packedLength(sequences: readonly Sequence[]): number {
  const shared = sharedByAll(sequences)
  return sequences.reduce((sum, { ids }) => sum + ids.length - shared, shared)
}

function sharedByAll(sequences: readonly Sequence[]): number {
  const [first, ...others] = sequences as readonly [Sequence, ...Sequence[]]
  if (others.length === 0) return 0
  return Math.min(...others.map((other) => sharedTokens(first, other)))
}

/** One row of one sequence or several. */
export function packRow(sequences: readonly Sequence[]): PackedRow {
  const shared = sharedByAll(sequences)
  const length = packedLength(sequences)
  const column = () => new Int32Array(length)
  const row = {
    ids: column(),
    axes: [column(), column(), column()] as const,
    segments: column(),
    pictureOf: column(),
    vectorOf: column(),
  }
  const pictures: PlacedPicture[] = []
  const labels: { from: number[]; ids: number[]; sequence: number[] } = { from: [], ids: [], sequence: [] }
  let at = 0
  sequences.forEach((sequence, number) => {
    const own = sequence.pictures.map((placed) => {
      const known = pictures.findIndex(({ picture }) => picture.key === placed.picture.key)
      return known >= 0 ? known : pictures.push(placed) - 1
    })
    const put = (from: number, to: number, segment: number) => {
      for (let i = from; i < to; i++, at++) {
        row.ids[at] = sequence.ids[i]!
        row.axes.forEach((axis, a) => {
          axis[at] = sequence.axes[a]![i]!
        })
        row.segments[at] = segment
        const picture = sequence.pictureOf[i]!
        row.pictureOf[at] = picture < 0 ? -1 : own[picture]!
        row.vectorOf[at] = sequence.vectorOf[i]!
        // Nothing says the very first token of all.
        if (sequence.labelled[i] === 1 && i > 0) {
          // The first token behind the beginning is said by the beginning's last one.
          labels.from.push(i === shared ? shared - 1 : at - 1)
          labels.ids.push(sequence.ids[i]!)
          labels.sequence.push(number)
        }
      }
    }
    if (number === 0) put(0, shared, 0)
    put(shared, sequence.ids.length, number + 1)
  })
  return {
    ...row,
    sequences,
    pictures,
    labels: {
      from: Int32Array.from(labels.from),
      ids: Int32Array.from(labels.ids),
      sequence: Int32Array.from(labels.sequence),
    },
  }
}

/** A sequence that goes on with `ids`, all of them learned: a question and one of its answers. */
export function withAnswer(prompt: Sequence, ids: readonly number[]): Sequence {
  const join = (before: Int32Array, more: (i: number) => number): Int32Array => {
    const whole = new Int32Array(before.length + ids.length)
    whole.set(before)
    for (let i = 0; i < ids.length; i++) whole[before.length + i] = more(i)
    return whole
  }
  const labelled = new Uint8Array(prompt.ids.length + ids.length)
  labelled.set(prompt.labelled)
  labelled.fill(1, prompt.ids.length)
  const axis = (a: 0 | 1 | 2) => join(prompt.axes[a], (i) => prompt.next + i)
  return {
    ...prompt,
    ids: join(prompt.ids, (i) => ids[i]!),
    axes: [axis(0), axis(1), axis(2)],
    pictureOf: join(prompt.pictureOf, () => -1),
    vectorOf: join(prompt.vectorOf, () => 0),
    labelled,
    next: prompt.next + ids.length,
  }
}
