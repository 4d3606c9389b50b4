// What the panel draws over the picture: the decoded mask, what the word under the pointer brings, and GETok's geometry.

import type { GetokLayer, OverlayLayer } from '@maskwords/board/state/overlay.ts'
import {
  centreX,
  centreY,
  DELETE,
  gridOf,
  movedX,
  movedY,
  readRegions,
  regionPrompt,
  STAY,
} from '@maskwords/codecs'
import type { Mask } from '@maskwords/mask'
import { type GetokVocabulary, getokVocabulary } from '@maskwords/words'
import type { Card, WordsState } from './cards.ts'
import { CODEC_LOOK } from './chips.ts'
import { contributionIn } from './contribution.ts'

/** Keys of this panel's layers; the canvas draws them in alphabetical order. */
export const LAYER_KEYS = ['words-1-mask', 'words-2-adds', 'words-3-removes', 'words-4-getok'] as const
export type Layers = Readonly<Record<(typeof LAYER_KEYS)[number], OverlayLayer | undefined>>

const ADDS = '#1a7f4b'
const REMOVES = '#b3261e'

/** The layers for what the panel shows. */
export function layersOf({ cards, onPicture, lit, grid }: WordsState): Layers {
  const codec = lit?.codec ?? onPicture
  const card = codec === undefined ? undefined : cards[codec]
  const none: Layers = {
    'words-1-mask': undefined,
    'words-2-adds': undefined,
    'words-3-removes': undefined,
    'words-4-getok': undefined,
  }
  if (codec === undefined || card?.shown === undefined) return none
  const { title, colour } = CODEC_LOOK[codec]
  const contribution = lit?.codec === codec ? contributionIn(card, lit.index) : undefined
  const mask = contribution?.after ?? card.shown.mask
  return {
    'words-1-mask': {
      kind: 'mask',
      mask,
      colour,
      label: `what ${title} draws`,
      ...(contribution === undefined ? {} : { opacity: 0.12 }),
    },
    'words-2-adds':
      contribution === undefined || contribution.addsPx === 0
        ? undefined
        : {
            kind: 'mask',
            mask: contribution.adds,
            colour: ADDS,
            label: 'what this word adds',
            opacity: 0.55,
          },
    'words-3-removes':
      contribution === undefined || contribution.removesPx === 0
        ? undefined
        : {
            kind: 'mask',
            mask: contribution.removes,
            colour: REMOVES,
            label: 'what this word takes away',
            opacity: 0.55,
          },
    'words-4-getok': codec === 'getok' ? rememberedGetok(card, grid, lit?.index) : undefined,
  }
}

/** Whether a layer would draw what another draws: masks are values, and GETok's layers come from a memory of one. */
export function sameLayer(a: OverlayLayer | undefined, b: OverlayLayer | undefined): boolean {
  if (a === b) return true
  if (a?.kind !== 'mask' || b?.kind !== 'mask') return false
  return a.mask === b.mask && a.colour === b.colour && a.opacity === b.opacity
}

let vocabulary: GetokVocabulary | undefined
type GetokInput = readonly [codes: readonly number[], mask: Mask, grid: boolean, lit: number | undefined]
let newest: { readonly input: GetokInput; readonly layer: GetokLayer | undefined } | undefined

function rememberedGetok(
  { codes, mask }: Card,
  grid: boolean,
  lit: number | undefined,
): GetokLayer | undefined {
  const input = [codes, mask, grid, lit] as const
  if (newest === undefined || input.some((part, i) => part !== newest!.input[i]))
    newest = { input, layer: getokLayer({ codes, mask }, grid, lit) }
  return newest.layer
}

/** Box, points and offsets of a card's codes; undefined for codes that say none. */
export function getokLayer(
  card: Pick<Card, 'codes' | 'mask'>,
  showGrid: boolean,
  lit: number | undefined,
): GetokLayer | undefined {
  vocabulary ??= getokVocabulary()
  const { codes, mask } = card
  const { widthPx, heightPx } = mask
  const cells = vocabulary.gridSize
  const grid = gridOf({ widthPx, heightPx, cells })
  let region: ReturnType<typeof readRegions>[number] | undefined
  try {
    region = readRegions(codes, vocabulary)[0]
  } catch {
    // Codes that are being edited into something else: nothing to draw yet.
  }
  if (region === undefined) return undefined
  const { boxCells = [], pointCells, offsets } = region
  const moves = offsets === undefined ? [] : [...(offsets.box ?? []), ...offsets.points]
  const { boxXyxyPx } = regionPrompt(grid, region, offsets)
  const drawnOffsets = [...boxCells, ...pointCells].flatMap((cell, k) => {
    const move = moves[k]
    if (move === undefined || move === STAY) return []
    const fromXyPx = [centreX(grid, cell), centreY(grid, cell)] as const
    if (move === DELETE) return [{ fromXyPx }]
    return [{ fromXyPx, toXyPx: [movedX(grid, cell, move), movedY(grid, cell, move)] as const }]
  })
  // An offset word lights the cell that it moves; a word of other codes, left over from a moment ago, lights none.
  const litCell =
    lit === undefined ? undefined : codes[codes[lit]! < cells * cells ? lit : lit - moves.length]
  const [i, j] = litCell === undefined ? [0, 0] : [litCell % cells, Math.floor(litCell / cells)]
  return {
    kind: 'getok',
    colour: CODEC_LOOK.getok.colour,
    label: "GETok's box and points",
    cells: showGrid ? cells : 0,
    points: Array.from(pointCells, (cell) => ({ xPx: centreX(grid, cell), yPx: centreY(grid, cell) })),
    offsets: drawnOffsets,
    ...(boxXyxyPx === undefined ? {} : { boxXyxyPx }),
    ...(litCell === undefined
      ? {}
      : {
          lit: [
            [
              (i * widthPx) / cells,
              (j * heightPx) / cells,
              ((i + 1) * widthPx) / cells,
              ((j + 1) * heightPx) / cells,
            ],
          ],
        }),
  }
}
