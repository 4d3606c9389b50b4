// What reading gives: a value with what is doubtful about it, or why it is lost. Definition: ours.

/** What can be wrong with a part of a file; the words for people are in the message. */
export type LossKind =
  | 'missing-picture'
  | 'wrong-size'
  | 'bad-geometry'
  | 'duplicate-id'
  | 'dangling-id'
  | 'bad-field'
  | 'unsafe-path'
  | 'empty-mask'

/** Why a part of a sample is lost, or what is doubtful about one that is kept. */
export type Loss = {
  readonly kind: LossKind
  readonly message: string
  /** What of an annotation it is about, for those who count by that. */
  readonly about?: 'area' | 'box' | 'exchanged-sides' | 'leading-zero'
}

/** A part of a sample, or why it is lost. */
export type Found<T> =
  | { readonly value: T; readonly doubts?: readonly Loss[]; readonly lost?: undefined }
  | { readonly lost: Loss; readonly value?: undefined }

export function bad(kind: LossKind, message: string): { lost: Loss } {
  return { lost: { kind, message } }
}

/** The same with one more doubt; what is lost stays lost. */
export function withDoubt<T>(found: Found<T>, message: string, kind: LossKind = 'bad-geometry'): Found<T> {
  if (found.lost !== undefined) return found
  return { ...found, doubts: [...(found.doubts ?? []), { kind, message }] }
}

/** A piece of any value for a message. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
