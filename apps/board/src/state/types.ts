// What the studio holds: one picture, its regions, and what each codec says about each region.
import type { Pixels } from '@maskwords/codecs'
import type { PictureTurn } from '@maskwords/exchange/ground.ts'
import type { Mask, SizePx } from '@maskwords/mask'

/** The codecs that the studio speaks, in the order in which it shows them. */
export const CODECS = ['samtok', 'himtok', 'getok'] as const
export type CodecId = (typeof CODECS)[number]

/** A picture that is open. */
export type Picture = {
  /** SHA-256 of its RGB bytes and size, 64 hexadecimal digits: names it in the address and in caches. */
  readonly id: string
  /** A file's or sample's name, as it was given: text, never markup. */
  readonly name: string
  /** `sample:NAME` for one of the studio's own, so that an address can open it again. */
  readonly source: string | undefined
  /** As viewers show it; of pictures above the limit for work, smaller than the file has it. */
  readonly pixels: Pixels
  /** The size that the file has, as viewers show it, where the pixels are fewer. */
  readonly own?: SizePx
  /** How its file says that viewers turn it, and the size of the pixels in the file. */
  readonly turn?: PictureTurn
  /** To draw with. */
  readonly bitmap: ImageBitmap
}

/** One region that a person drew, loaded or decoded. Masks have the picture's size. */
export type Region = {
  readonly id: string
  readonly name: string
  /** Its class in datasets; empty where its name is its class. */
  readonly category: string
  /** A text that means it, for training; may be empty. */
  readonly phrase: string
  /** `#rrggbb`. */
  readonly colour: string
  readonly visible: boolean
  /** 0 to 1. */
  readonly opacity: number
  readonly mask: Mask
}

/** What undo and redo go through: everything that a person made. */
export type Document = {
  readonly regions: readonly Region[]
  readonly selectedId: string | undefined
}

export const TOOLS = [
  'pan',
  'object',
  'brush',
  'eraser',
  'polygon',
  'box',
  'magic',
  'place',
  'corners',
] as const
export type Tool = (typeof TOOLS)[number]

/** A new region, more of the selected one, or less of it. */
export const COMBINES = ['new', 'add', 'subtract'] as const
export type Combine = (typeof COMBINES)[number]

export const VIEWS = ['draw', 'ask', 'compare', 'read', 'codebook'] as const
export type View = (typeof VIEWS)[number]

/** Something went wrong and the person should know: the real cause and what to do. */
export type Notice = {
  readonly id: number
  readonly kind: 'error' | 'info'
  readonly message: string
  readonly hint?: string
}
