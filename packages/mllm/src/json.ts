// Looks into JSON of model folders and servers, whose parts may be anything.
import { isRecord } from '@maskwords/base'

export type Json = Readonly<Record<string, unknown>>

/** The object, or an empty one for anything else. */
export const objectOr = (value: unknown): Json => (isRecord(value) ? value : {})
