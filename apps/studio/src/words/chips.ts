// A mask's words as chips: what each says, which numbers it can have, and what keys do to it. No React here.

import type { CodecFacts } from '@maskwords/board/engine/backend.ts'
import type { CodecId } from '@maskwords/board/state/types.ts'
import { type GetokVocabulary, getokSymbol } from '@maskwords/words'

/** What codecs are called here, their colours (those of the view "compare") and what their words are. */
export const CODEC_LOOK = {
  samtok: { title: 'SAMTok', colour: '#d55e00', words: 'two words; decoding looks at the picture' },
  himtok: { title: 'HiMTok', colour: '#0072b2', words: 'up to 32 words, coarse to fine' },
  getok: { title: 'GETok', colour: '#009e73', words: 'a box and points on a grid' },
} as const satisfies Record<CodecId, { title: string; colour: string; words: string }>

export type Chip = {
  /** Of the group that it belongs to, for GETok: `box`, `points`, `offsets`; `words` elsewhere. */
  readonly group: 'words' | 'box' | 'points' | 'offsets'
  /** Place among all words, from 0. */
  readonly index: number
  /** What stands on it: a number, a cell, an arrow. */
  readonly face: string
  /** The number that is typed and stepped; undefined for a word that is missing. */
  readonly value: number | undefined
  readonly least: number
  readonly most: number
  /** What the arrow keys' larger sisters (Page Up, Page Down) move by. */
  readonly page: number
  /** `SAMTok word 1 of 2`. */
  readonly name: string
  /** `level 1 code 137 of 256`. */
  readonly says: string
  /** All its numbers, that which the codec said first, the nearest to it in code space next; undefined where numbers are steps. */
  readonly order?: (() => readonly number[]) | undefined
}

/** All codes of a place by their distance from one of them, that one first. */
export type CodeOrder = (place: number, from: number) => readonly number[]

const ARROWS = ['↖', '↑', '↗', '←', '·', '→', '↙', '↓', '↘', '✕'] as const
const MOVES = [
  'left and up',
  'up',
  'right and up',
  'left',
  'stays',
  'right',
  'left and down',
  'down',
  'right and down',
  'deleted',
] as const

/** The chips of codes; GETok's offsets follow its cells, one each. */
export function chipsOf(
  facts: Pick<CodecFacts, 'id' | 'sizes' | 'cells'>,
  codes: readonly number[],
  vocabulary: GetokVocabulary | undefined,
  near: { readonly said?: readonly number[] | undefined; readonly order?: CodeOrder | undefined } = {},
): readonly Chip[] {
  const { title } = CODEC_LOOK[facts.id]
  if (facts.id !== 'getok' || vocabulary === undefined) {
    return codes.map((code, index) => {
      const size = facts.sizes[index] ?? 0
      const missing = code < 0
      const from = near.said?.[index] ?? code
      const { order } = near
      return {
        group: 'words',
        index,
        face: missing ? '–' : String(code),
        value: missing ? undefined : code,
        least: 0,
        most: size - 1,
        page: 16,
        name: `${title} word ${index + 1} of ${codes.length}`,
        says: missing
          ? 'missing'
          : `${facts.id === 'samtok' ? `level ${index + 1} ` : ''}code ${code} of ${size}`,
        order: order === undefined || from < 0 ? undefined : () => order(index, from),
      }
    })
  }
  const n = vocabulary.gridSize
  const cells = n * n
  const grid = codes.filter((code) => code < cells).length
  // A single word is a point; two or more begin with the corners of a box.
  const corners = grid > 1 ? 2 : 0
  return codes.map((code, index): Chip => {
    if (code >= cells) {
      const offset = code - cells
      return {
        group: 'offsets',
        index,
        face: ARROWS[offset] ?? '?',
        value: offset,
        least: 0,
        most: 9,
        page: 3,
        name: `${title} offset ${index - grid + 1} of ${codes.length - grid}`,
        says: MOVES[offset] ?? String(offset),
      }
    }
    const symbol = getokSymbol(code, vocabulary)
    const [i, j] = symbol.kind === 'grid' ? [symbol.i, symbol.j] : [0, 0]
    const corner = index < corners
    return {
      group: corner ? 'box' : 'points',
      index,
      face: `${i},${j}`,
      value: code,
      least: 0,
      most: cells - 1,
      page: n,
      name: corner
        ? `${title} ${index === 0 ? 'top left' : 'bottom right'} corner`
        : `${title} point ${index - corners + 1} of ${grid - corners}`,
      says: `column ${i}, row ${j}`,
    }
  })
}

/** Codes with the number of one chip replaced, kept within what it can be; the same array where nothing changes. */
export function withValue(codes: readonly number[], chip: Chip, value: number): readonly number[] {
  const kept = Math.min(chip.most, Math.max(chip.least, Math.round(value)))
  if (!Number.isFinite(kept)) return codes
  // An offset word's number counts from the first offset word.
  const base = codes[chip.index]! - (chip.value ?? codes[chip.index]!)
  const code = chip.value === undefined ? kept : base + kept
  if (code === codes[chip.index]) return codes
  return codes.map((one, i) => (i === chip.index ? code : one))
}

/**
 * The number after a step of `by`. Codes have no order of their own: a step goes along those that are nearest in code space to
 * the one that the codec said, and back to it. A missing word steps to the first.
 */
export function stepped({ value, least, most, order }: Chip, by: number): number {
  if (value === undefined) return least
  const codes = order?.()
  if (codes === undefined) return Math.min(most, Math.max(least, value + by))
  return codes[Math.min(codes.length - 1, Math.max(0, codes.indexOf(value) + by))]!
}

/** How many steps a chip's number is away from what the codec said; undefined where its numbers have no such order. */
export function rankOf({ value, order }: Chip): number | undefined {
  return value === undefined ? undefined : order?.().indexOf(value)
}

/** The ends of a chip's numbers, in the order in which they are stepped. */
export function endsOf(chip: Chip): readonly [first: number, last: number] {
  const codes = chip.order?.()
  return codes === undefined ? [chip.least, chip.most] : [codes[0]!, codes.at(-1)!]
}

/** What a key does to a chip: a new number, a move of focus along the chips, or nothing. */
export type KeyEffect = { readonly value: number } | { readonly move: number } | undefined

export function effectOfKey(key: string, chip: Chip): KeyEffect {
  switch (key) {
    case 'ArrowUp':
      return { value: stepped(chip, 1) }
    case 'ArrowDown':
      return { value: stepped(chip, -1) }
    case 'PageUp':
      return { value: stepped(chip, chip.page) }
    case 'PageDown':
      return { value: stepped(chip, -chip.page) }
    case 'Home':
      return { value: endsOf(chip)[0] }
    case 'End':
      return { value: endsOf(chip)[1] }
    case 'ArrowLeft':
      return { move: -1 }
    case 'ArrowRight':
      return { move: 1 }
    default:
      return undefined
  }
}

/** What was typed into a chip as a number: digits, or `column,row` of a GETok cell; undefined for anything else. */
export function typedValue(text: string, chip: Chip): number | undefined {
  const trimmed = text.trim()
  const cell = /^(\d{1,4})\s*[,;_ ]\s*(\d{1,4})$/.exec(trimmed)
  if (cell !== null && (chip.group === 'box' || chip.group === 'points')) {
    const [i, j] = [Number(cell[1]), Number(cell[2])]
    return i < chip.page && j < chip.page ? j * chip.page + i : undefined
  }
  if (!/^\d{1,6}$/.test(trimmed)) return undefined
  const value = Number(trimmed)
  return value >= chip.least && value <= chip.most ? value : undefined
}

/** Why a text is no number of a chip, by the chip's name and what it takes; undefined where it is one, or nothing yet. */
export function typedProblem(text: string, chip: Chip): string | undefined {
  if (text.trim() === '' || typedValue(text, chip) !== undefined) return undefined
  const isCell = chip.group === 'box' || chip.group === 'points'
  const takes = isCell
    ? `a column and a row from 0 to ${chip.page - 1}, as 3,4, or a cell from ${chip.least} to ${chip.most}`
    : `a number from ${chip.least} to ${chip.most}`
  return `${chip.name} takes ${takes}; “${text.trim()}” is none.`
}
