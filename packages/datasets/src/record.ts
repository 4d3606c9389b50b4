// The common record that every reader gives and every task takes: one picture with all that a dataset says of it. Definition: ours.
import type { SameId } from '@maskwords/annotations'
import type { DataProblem } from '@maskwords/inputs'
import type { CocoSegmentation, GroundChoice } from '@maskwords/mask'

/** A picture by its file; readers never decode pixels. */
export type PictureFile = {
  /** Path relative to the dataset's root, with forward slashes. Checked to stay inside the root. */
  readonly file: string
  readonly widthPx: number
  readonly heightPx: number
  /** Words of its licence, where the dataset says so. */
  readonly licence?: string
  /** Where the file says that viewers turn it: how, and which pixels the masks lie on; width and height are those. */
  readonly turn?: PictureTurn
}

export type PictureTurn = {
  /** EXIF orientation, 2 to 8. */
  readonly orientation: number
  readonly ground: GroundChoice['ground']
  /** Why: only that size fits, only there do the outlines fit, or the format's convention where both would. */
  readonly by: 'size' | 'outlines' | 'convention'
}

/** Where the pixels of a region are written. A value, so that a million regions stay small until one is used. */
export type RegionShape =
  /** COCO polygons, RLE or a box, as `maskFromCocoSegmentation` takes them. */
  | { readonly kind: 'coco'; readonly segmentation: CocoSegmentation }
  /** All pixels of one value in a PNG: `channel` 'rgb-id' reads R + 256 G + 65536 B (COCO panoptic), 'first' the first channel. */
  | {
      readonly kind: 'label-map'
      readonly file: string
      readonly value: number
      readonly channel: 'first' | 'rgb-id'
    }
  /** Non-zero pixels of a mask picture; of one with soft edges those whose value is at least this. */
  | { readonly kind: 'mask-file'; readonly file: string; readonly atLeast?: number }
  /** Only a box is known: x, y, width, height. */
  | { readonly kind: 'box' }

/** A region of a picture: its mask in some dialect, a box, a category. */
export type Region = {
  /** Unique inside its record, stable from run to run. */
  readonly id: string
  readonly shape: RegionShape
  /** x, y, width, height in pixels, where the dataset states it. */
  readonly boxXywhPx?: readonly [number, number, number, number]
  readonly category?: string
  readonly isCrowd?: boolean
  /** Pixels that no metric counts (ReasonSeg's `ignore`). */
  readonly isIgnored?: boolean
  readonly isThing?: boolean
  /** Texts that describe this region alone: region captions. */
  readonly captions?: readonly string[]
}

/** A text that refers to regions: none (no target), one, or several together. */
export type Phrase = {
  readonly text: string
  readonly regions: readonly string[]
  /** 'sentence' for a question or reasoning instruction (ReasonSeg, LISA++), 'phrase' for a noun phrase. Default 'phrase'. */
  readonly form?: 'phrase' | 'sentence'
  /** The answer in words, where the dataset has one (LISA++, MUSE, MMR). */
  readonly answer?: string
  readonly id?: string
}

/** A caption whose spans are grounded in regions. Offsets in UTF-16 code units, end exclusive, ascending and disjoint. */
export type GroundedCaptionRecord = {
  readonly text: string
  readonly spans: readonly {
    readonly start: number
    readonly end: number
    readonly regions: readonly string[]
  }[]
  /** A span lost a region, so the caption says less than the dataset does. */
  readonly isIncomplete?: true
}

/** A relation of two regions: subject, predicate, object. */
export type Relation = { readonly subject: string; readonly predicate: string; readonly object: string }

/** A dialogue about the picture. `{region:ID}` is not parsed from text: pieces say where regions stand. */
export type DialogueTurn = {
  readonly role: 'user' | 'assistant'
  readonly pieces: readonly (string | { readonly region: string })[]
}

/** One choice of several: question, options, the index of the right one. */
export type Choice = {
  readonly question: readonly (string | { readonly region: string })[]
  readonly options: readonly string[]
  readonly right: number
  /** What each option is worth, where a judge asks the question about a description; words where it counts for itself. */
  readonly scores?: readonly (number | string)[]
  /** For example recognition, positive, negative (DLC-Bench). */
  readonly kind?: string
}

/**
 * What is known of the categories in a picture beyond its regions. A record without it knows nothing: no category counts as
 * absent from its picture, and of none are the regions all that there are.
 */
export type Coverage = {
  /** Categories known to be absent: 'others' for all of the dataset that neither a region nor `incomplete` names, or a list. */
  readonly absent: 'others' | readonly string[]
  /** Categories of which there may be more than the regions: lost, or not labelled to the last; 'any' where it may be any. */
  readonly incomplete: 'any' | readonly string[]
}

/** One picture of a dataset and all that the dataset says of it. */
export type DataRecord = {
  /** Unique in its dataset and split, stable from run to run. */
  readonly id: string
  readonly dataset: string
  readonly split?: string
  readonly picture: PictureFile
  readonly regions: readonly Region[]
  readonly phrases: readonly Phrase[]
  readonly captions: readonly GroundedCaptionRecord[]
  readonly relations: readonly Relation[]
  readonly dialogues: readonly (readonly DialogueTurn[])[]
  readonly choices: readonly Choice[]
  /** Undefined where a dataset labels only what its texts speak of. */
  readonly coverage?: Coverage
}

/** What a reader is told: the folder, the split, what to do with problems. */
export type ReaderOptions = {
  /** The dataset's folder. */
  readonly root: string
  readonly split?: string
  readonly signal?: AbortSignal
  /** The encoding of the dataset's text files. Default UTF-8; a byte order mark wins over it. */
  readonly encoding?: string | undefined
  readonly onProblem: (problem: DataProblem) => void
  /**
   * What to do with records whose picture file is not there: 'drop' them with a problem each (default), or 'keep' those
   * whose size the annotations state (enough for codecs that do not look at the picture, and for metrics).
   */
  readonly missingPictures?: 'drop' | 'keep'
  /**
   * Which of two different pictures (or categories) of one id counts: none (default: what lies under that id is refused, for it
   * could be of either), the first, or the last, as pycocotools has it.
   */
  readonly sameId?: SameId
  /** The annotation file, relative to the root, in place of those that the layout names: of readers that take one. */
  readonly annotations?: string
  /** What regions without a category are called; without it nothing is asked by their name. */
  readonly regionName?: string
}

/** Parts of a record: what readers fill and tasks need. */
export type RecordPart =
  | 'masks'
  | 'boxes'
  | 'phrases'
  | 'captions'
  | 'region-captions'
  | 'relations'
  | 'dialogues'
  | 'choices'

/** Pictures of a dataset that are no files of their own. */
export type PictureStore = {
  /** The bytes of a record's picture by its name. Throws DataError `io`, `bad-file`. */
  bytes(picture: string): Promise<Uint8Array>
}

/** A published dataset's layout. `read` streams; it throws DataError only for a layout that is wrong as a whole. */
export type Reader = {
  /** For example `refcoco`. */
  readonly name: string
  readonly title: string
  /** The published layout in a few lines: which files are looked for, relative to the root. */
  readonly layout: readonly string[]
  readonly splits: readonly string[]
  /** Parts of the record that this reader fills. */
  readonly gives: readonly RecordPart[]
  /** Whether the annotation file may have any name (`annotations` of the options). */
  readonly takesAnnotations?: boolean
  readonly read: (options: ReaderOptions) => AsyncIterable<DataRecord>
  /** Of datasets whose pictures are no files of their own: where they come from. */
  readonly pictures?: (root: string) => PictureStore
}

/** Keeps the literal types of a reader's declaration. */
export function defineReader<const R extends Reader>(reader: R): R {
  return reader
}
