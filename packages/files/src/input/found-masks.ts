// Masks as a text states them, before one is decoded: what readers of every format hand on, and how they name it.
import type { DrawnShape, GroundConvention } from '@maskwords/mask'
import { type ErrorReport, MaskwordsError, reportOf } from '../error.ts'
import { type Picks, samePicture } from './picked.ts'

/** A mask as some file states it. Sizes are in pixels; `at` is its path in the JSON, or its place in the XML. */
export type StatedMask = {
  readonly label: string
  readonly id: number | string | undefined
  readonly at: string
  readonly iscrowd: boolean
  /** Whose pixels the file's format draws on, where a picture that EXIF turns could be either. Default: shown. */
  readonly drawnOn?: GroundConvention
} & (
  | {
      readonly dialect: 'coco-rle' | 'coco-counts'
      readonly size: readonly [height: number, width: number]
      readonly counts: string | readonly number[]
    }
  /** What annotation tools draw; several shapes are one mask together. */
  | {
      readonly dialect: 'shapes'
      readonly size: StatedSize | undefined
      readonly shapes: readonly DrawnShape[]
    }
)

export type FoundMasks = {
  readonly stated: readonly StatedMask[]
  /** Entries of a list that say no mask, and shapes that are not read; their neighbours are in `stated`. */
  readonly failures: readonly ErrorReport[]
  /** What was chosen or left out on purpose. */
  readonly notes: readonly string[]
}

/** A search under way: options, and what it lost and says. */
export type Finding = MaskJsonOptions & {
  readonly failures: ErrorReport[]
  readonly notes: string[]
}

export type StatedSize = { readonly widthPx: number; readonly heightPx: number }

export type JsonDialect = 'coco-rle' | 'coco-counts' | 'coco-polygon' | 'cvat-rle' | 'labelstudio-rle'

export type MaskJsonOptions = {
  readonly name: string
  /** Which picture of a dataset: its id. */
  readonly imageId?: string | undefined
  /** Which picture of a dataset: its file name, folders ignored. */
  readonly fileName?: string | undefined
  /** What the user chose where a file has several pictures, tasks or frames. */
  readonly picks?: Picks | undefined
  /** What a bare list of numbers is; without it such a list is refused. */
  readonly dialect?: JsonDialect | undefined
  /** Size of the picture, for dialects that do not carry one. */
  readonly size?: StatedSize | undefined
}

/** The complaint that a dialect needs a size that nobody stated. */
export function noSize(options: Pick<MaskJsonOptions, 'name'>, at: string, dialect: string): MaskwordsError {
  return new MaskwordsError(
    'ambiguous',
    `${dialect === 'shapes' ? 'the file' : dialect} does not say how large the picture is`,
    {
      file: options.name,
      at: at || 'top level',
      hint: 'say it: --size WIDTHxHEIGHT',
    },
  )
}

export function labelOf(
  item: Readonly<Record<string, unknown>>,
  options: Pick<MaskJsonOptions, 'name'>,
): string {
  const { label } = item
  return typeof label === 'string' || typeof label === 'number' ? String(label) : stem(options)
}

export function idOf(item: Readonly<Record<string, unknown>>): number | string | undefined {
  const { id } = item
  return typeof id === 'number' || typeof id === 'string' ? id : undefined
}

export function stem(options: Pick<MaskJsonOptions, 'name'>): string {
  return baseName(options.name).replace(/\.[^.]+$/, '')
}

/** The last part of a path, whichever slash it is written with. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** Runs `read`; its typed error is a failure of one entry where there are others, and an error where it stands alone. */
export function oneOf(entries: number, failures: ErrorReport[], read: () => void): void {
  try {
    read()
  } catch (error) {
    if (entries < 2 || !(error instanceof MaskwordsError)) throw error
    failures.push(reportOf(error))
  }
}

/** Says that a file of one picture names another than the user's: it may have been renamed, or be the wrong file. */
export function noteOtherPicture(stated: unknown, { fileName, name, notes }: Finding): void {
  if (typeof stated !== 'string' || stated === '' || fileName === undefined) return
  if (samePicture([stated], fileName).length > 0) return
  notes.push(
    `${name}: it names the picture ${baseName(stated)}, not ${baseName(fileName)}; its masks are taken all the same`,
  )
}
