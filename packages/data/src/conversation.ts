// A conversation as tasks make it and writers take it: masks are still references, filled with words once encoded. Definition: ours.
import type { DataRecord, RecordPart } from '@maskwords/datasets'

/** How a region is written into text. */
export type RegionForm =
  /** The codec's words; `length` for codecs with a token budget (HiMTok). */
  | { readonly as: 'words'; readonly length?: number }
  /** Numbers 0 to 1000 as the words package formats boxes (Qwen's scale). */
  | { readonly as: 'box' }
  /** GETok's own geometry: grid words of points, of a box, of a line. */
  | { readonly as: 'points' | 'polyline'; readonly count?: number }
  /** GETok's refinement data: a simulated prediction, and the offset words that put it right. One seed, one pair. */
  | { readonly as: 'proposal' | 'refinement'; readonly seed: number; readonly count?: number }

/**
 * A union of regions is one mask (`regions` of several ids), seen in the picture of the conversation with number `picture`
 * (0 by default): in a crop the mask is cut as the crop is and encoded on the crop's pixels.
 */
export type RegionPiece = {
  readonly regions: readonly string[]
  readonly form: RegionForm
  readonly picture?: number
}

/** A piece of a turn: text, a picture, or regions in some form. */
export type Piece = string | RegionPiece | { readonly picture: number }

/** One turn of a conversation. */
export type Turn = { readonly role: 'system' | 'user' | 'assistant'; readonly pieces: readonly Piece[] }

/**
 * The picture itself, or a crop of it around a region's box with `margin` times the box's sides on each side. A side of
 * the crop shorter than `leastSidePx` is widened to it on both sides, then a crop whose shorter side is below `growToPx`
 * is enlarged until it has that many pixels (`cropOfPicture` says where and how large).
 */
export type PictureUse = { readonly crop?: PictureCrop }

/** A part of a picture, enlarged. */
export type PictureCrop = {
  readonly regions: readonly string[]
  readonly margin: number
  readonly leastSidePx?: number
  readonly growToPx?: number
}

/** A conversation whose masks are still regions, before a codec gives them words. */
export type TaskConversation = {
  /** `<record id>/<task>/<number>`: unique and stable. */
  readonly id: string
  readonly task: string
  readonly pictures: readonly PictureUse[]
  readonly turns: readonly Turn[]
  /** For reinforcement learning: what the answer is compared with. Region pieces become words like those of turns. */
  readonly truth?: {
    readonly kind: string
    readonly pieces: readonly Piece[]
    /** The answer that this one refines (GETok, stage two). */
    readonly previous?: readonly Piece[]
    readonly extra?: Readonly<Record<string, string | number | boolean | null>>
  }
}

/** What a task is given besides the record. */
export type TaskOptions = {
  /** Drawn from by name and record, so that the same seed gives the same conversations whatever the order. */
  readonly seed: number
  /** Settings of this task alone (see its `settings`). */
  readonly settings: Readonly<Record<string, number | string | boolean>>
  /** Every category name of the dataset, for distractors. */
  readonly categories: readonly string[]
  /** The language of the masks, where known: `answer: 'auto'` follows its published answers. SAMTok's by default. */
  readonly language?: 'samtok' | 'himtok' | 'getok'
}

/** What asks about records: its name, needs and settings, and how it builds conversations. */
export type Task = {
  readonly name: string
  readonly title: string
  readonly needs: readonly RecordPart[]
  readonly settings: Readonly<
    Record<string, { readonly default: number | string | boolean; readonly help: string }>
  >
  readonly build: (record: DataRecord, options: TaskOptions) => readonly TaskConversation[]
}

/** A conversation with everything filled in: what writers take. */
export type FilledConversation = {
  readonly id: string
  readonly task: string
  readonly dataset: string
  readonly pictures: readonly FilledPicture[]
  /** `<image>` stands for each picture, in order. */
  readonly turns: readonly { readonly role: Turn['role']; readonly text: string }[]
  readonly truth?: {
    readonly kind: string
    readonly text: string
    readonly previous?: string
    /** The true masks as COCO RLE, where they were asked for: rewards that compare pixels need them. */
    readonly masks?: readonly {
      readonly size: readonly [heightPx: number, widthPx: number]
      readonly counts: string
    }[]
    readonly extra?: Readonly<Record<string, string | number | boolean | null>>
  }
}

/** A picture of a finished conversation: its file and size, its bytes where they are wanted. */
export type FilledPicture = {
  /** Path relative to the output folder's picture root, forward slashes. */
  readonly file: string
  readonly widthPx: number
  readonly heightPx: number
  /** Encoded bytes (JPEG or PNG), where the writer asked for them. */
  readonly bytes?: Uint8Array
}

/** What a writer is told: the folder, how pictures are given, the size of shards. */
export type WriterOptions = {
  readonly folder: string
  /** 'path' refers to picture files, 'bytes' embeds them. */
  readonly pictures: 'path' | 'bytes'
  /** Conversations of one shard; a shard is written whole or not at all. */
  readonly shardSize: number
}

/** A file that a writer made. */
export type WrittenFile = { readonly file: string; readonly bytes: number; readonly sha256: string }

/** A trainer's format. A shard's bytes depend on its conversations alone, so that a resumed run gives the same files. */
export type Writer = {
  /** For example `ms-swift`. */
  readonly name: string
  readonly title: string
  readonly wantsBytes: boolean
  readonly shardExtension: string
  /** The bytes of one shard. */
  readonly shard: (
    conversations: readonly FilledConversation[],
    options: WriterOptions,
  ) => Promise<Uint8Array>
  /** Files beside the shards (dataset_info.json, README lines), from the names of all shards and totals. */
  readonly extras: (run: {
    readonly name: string
    readonly shards: readonly string[]
    readonly conversations: number
    readonly options: WriterOptions
  }) => readonly { readonly file: string; readonly text: string }[]
}

/** Keeps the literal types of a task's declaration. */
export function defineTask<const T extends Task>(task: T): T {
  return task
}

/** Keeps the literal types of a writer's declaration. */
export function defineWriter<const W extends Writer>(writer: W): W {
  return writer
}
