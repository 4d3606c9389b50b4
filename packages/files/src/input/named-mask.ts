// A mask with its name and where it was found, and what a caller says of the masks to read.
import type { GroundConvention, Mask } from '@maskwords/mask'
import type { ErrorReport } from '../error.ts'
import type { Size } from '../options.ts'
import type { ReadDialect } from './dialect.ts'
import { baseName } from './found-masks.ts'
import type { Picks } from './picked.ts'

export type NamedMask = {
  readonly label: string
  readonly mask: Mask
  /** The file, as the user named it. */
  readonly file: string
  /** Its place in the file (JSON path, label value), where the file holds more than one mask. */
  readonly at?: string
  readonly id?: number | string
  readonly iscrowd?: boolean
  /** Whose pixels its format draws on where sizes cannot tell. Default: shown. */
  readonly drawnOn?: GroundConvention
}

export type MaskReading = { readonly masks: readonly NamedMask[]; readonly failures: readonly ErrorReport[] }

export type ReadMasksOptions = {
  readonly dialect: ReadDialect
  /** The picture's file name, to find its annotations in a dataset. */
  readonly pictureName?: string | undefined
  readonly imageId?: string | undefined
  /** What is meant where a file has several tasks, annotations or frames. */
  readonly picks?: Picks | undefined
  /** The encoding of text files. Default UTF-8, or as a byte order mark or XML declaration says. */
  readonly encoding?: string | undefined
  /** Size of the picture, for dialects that do not carry one. */
  readonly size?: Size | undefined
  /** EXIF lays the picture on its side: outlines that leave the stated size may have been drawn on the other. */
  readonly isLaid?: boolean | undefined
  /** Values of a label map to take; all but 0 where absent. */
  readonly labels?: readonly number[] | undefined
  readonly maxPixels?: number | undefined
  /** Refuse colour pictures of more ids than this. Default MAX_LABELS. */
  readonly maxLabels?: number | undefined
  readonly jobs?: number | undefined
  /** JSON files that several pictures share, by name: undefined until one is read, then its value for the next picture. */
  readonly parsed?: Map<string, unknown>
  /** Called with remarks that the user should see (a guess that was made, something left out). */
  readonly note?: (text: string) => Promise<void>
  readonly onFile?: (total: number) => void
}

/** A file's name without folders and extension. */
export function stemOf(name: string): string {
  return baseName(name).replace(/\.[^.]+$/, '')
}
