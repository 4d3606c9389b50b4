// Everything about one place of a codec's words: code vectors, their map, and what each code draws. It has a codec of its
// own, so that hundreds of decodings never stand in the way of a mask that someone edits.

import { serveJobs } from '@maskwords/board/engine/job.ts'
import { openNetworks } from '@maskwords/board/engine/networks.ts'
import type { HimtokCodec, Pixels, SamtokCodec } from '@maskwords/codecs'
import { maskFromRowMajor } from '@maskwords/mask'
import { readCodeVectors } from './code-vectors.ts'
import { type CodeLayout, layoutOf } from './layout.ts'
import { changeTile, maskTile, TILE_PX, type TileKind, tileOf } from './tiles.ts'
import type { CodeVectors } from './vectors.ts'

export type CodebookJob = {
  readonly codec: 'samtok' | 'himtok'
  /** Which word of a mask, from 0. */
  readonly place: number
  /** HiMTok: codes said before; a disc's where there are none. SAMTok: first codes to average over. */
  readonly before: readonly number[]
  /** SAMTok decodes with a picture; a grey one where there is none. */
  readonly pixels?: Pixels
  /** All codes, in the order in which they are drawn. */
  readonly order: readonly number[]
  /** How many of them are drawn already; above 0, the page has the map, too. */
  readonly from: number
  readonly baseUrl: string
}

export type CodebookPart =
  | { readonly kind: 'doing'; readonly doing: string; readonly share?: number }
  | { readonly kind: 'map'; readonly vectors: CodeVectors; readonly layout: CodeLayout }
  | {
      readonly kind: 'tiles'
      readonly tileKind: TileKind
      /** How many codes of the order came before; one tile after the other follows. */
      readonly from: number
      readonly tiles: Uint8Array
    }

/** Codes that are decoded in one run. */
const BATCH = 32
const NEUTRAL_PX = 128
const NEUTRAL_GREY = 128
/** SAMTok draws where the logit is above this (the authors' threshold); HiMTok where the probability is above one half. */
const SAMTOK_THRESHOLD = 0.5

serveJobs<CodebookJob, CodebookPart>(async (job, give) => {
  const { codec: id, place, baseUrl } = job
  const tell = (progress: { doing: string; share?: number }) => give({ kind: 'doing', ...progress })
  const { codec } = await openNetworks({ codec: id, baseUrl, device: 'wasm' }, tell)
  if (job.from === 0) tell({ doing: 'making the map' })
  const vectors = await readCodeVectors(id, place, baseUrl)
  if (job.from === 0) give({ kind: 'map', vectors, layout: layoutOf(vectors) })
  const rows = await decoder(job, codec as SamtokCodec & HimtokCodec)
  for (let { from } = job; from < job.order.length; from += BATCH) {
    const codes = job.order.slice(from, from + BATCH)
    const tiles = new Uint8Array(codes.length * TILE_PX * TILE_PX)
    const found = await rows.tiles(codes)
    found.forEach((tile, k) => {
      tiles.set(tile, k * TILE_PX * TILE_PX)
    })
    give({ kind: 'tiles', tileKind: rows.kind, from, tiles })
  }
})

type Rows = { readonly kind: TileKind; tiles(codes: readonly number[]): Promise<Uint8Array[]> }

async function decoder(
  { codec: id, place, before, pixels }: CodebookJob,
  codec: SamtokCodec & HimtokCodec,
): Promise<Rows> {
  const picture = pixels ?? neutralPicture()
  const image = await codec.encodeImage(picture)
  const decode = async (rows: readonly (readonly number[])[]): Promise<Float32Array[]> => {
    const decoded = await codec.decode(image, rows, { logits: true })
    const threshold = id === 'samtok' ? SAMTOK_THRESHOLD : 0
    return decoded.map(({ logits }) => tileOf(logits!.data, logits!.widthPx, threshold))
  }
  if (place === 0) {
    return {
      kind: 'mask',
      tiles: async (codes) => (await decode(codes.map((code) => [code]))).map(maskTile),
    }
  }
  const said = before.length > 0 ? before : await discCodes(codec, picture)
  // SAMTok: each of several first codes. HiMTok: the words before this one.
  const prefixes = id === 'samtok' ? said.map((first) => [first]) : [said.slice(0, place)]
  const bases = await decode(prefixes)
  return {
    kind: 'change',
    tiles: async (codes) => {
      const sums = codes.map(() => new Float32Array(TILE_PX * TILE_PX))
      for (const [p, prefix] of prefixes.entries()) {
        const found = await decode(codes.map((code) => [...prefix, code]))
        found.forEach((tile, k) => {
          for (let i = 0; i < tile.length; i++) sums[k]![i]! += (tile[i]! - bases[p]![i]!) / prefixes.length
        })
      }
      return sums.map(changeTile)
    },
  }
}

function neutralPicture(): Pixels {
  const side = { widthPx: NEUTRAL_PX, heightPx: NEUTRAL_PX }
  return { ...side, rgb: new Uint8Array(NEUTRAL_PX * NEUTRAL_PX * 3).fill(NEUTRAL_GREY) }
}

/** What the codec says of a disc in the middle. */
async function discCodes(codec: SamtokCodec & HimtokCodec, picture: Pixels): Promise<number[]> {
  const { widthPx, heightPx } = picture
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let i = 0; i < bytes.length; i++) {
    const x = (i % widthPx) / widthPx - 0.5
    const y = Math.floor(i / widthPx) / heightPx - 0.5
    bytes[i] = Math.hypot(x, y) < 0.3 ? 1 : 0
  }
  const image = await codec.encodeImage(picture)
  const [words] = await codec.encode(image, [maskFromRowMajor({ widthPx, heightPx, bytes })])
  return [...words!.codes]
}
