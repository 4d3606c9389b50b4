// A session as JSON: the picture (by name of a sample, or inside as PNG), regions as run lengths, and what was on view.

import type { SizePx } from '@maskwords/mask'
import { StudioError } from '../state/error.ts'
import type { Document, Picture } from '../state/types.ts'
import { formatHash, parseHash } from '../state/url.ts'
import { base64Of, bytesOfBase64 } from './compact.ts'
import { type RegionJson, regionsFromJson, regionToJson } from './regions-json.ts'

export const SESSION_FORMAT = 'maskwords-studio-session'
const VERSION = 1

/** Middle of the screen in the picture, and CSS pixels a pixel of the picture. */
export type Place = { readonly zoom: number; readonly x: number; readonly y: number }

export type SessionJson = {
  readonly format: typeof SESSION_FORMAT
  readonly version: typeof VERSION
  readonly picture: {
    readonly name: string
    readonly id: string
    readonly widthPx: number
    readonly heightPx: number
    /** `sample:NAME`, or `png` below. */
    readonly source?: string
    /** The size of the picture's file, where it is larger. */
    readonly own?: { readonly widthPx: number; readonly heightPx: number }
    /** The picture in base64. */
    readonly png?: string
  }
  readonly regions: readonly RegionJson[]
  readonly selected?: string
  readonly place?: Place
  /** The rest of the address: view, codec, edited words, answer. */
  readonly address: string
}

/** The session of what is open; `png` is the picture's file, needed unless it is a sample. */
export function sessionOf(options: {
  readonly picture: Picture
  readonly document: Document
  readonly png: Uint8Array | undefined
  readonly place: Place | undefined
  readonly address: ReadonlyMap<string, string>
}): SessionJson {
  const { picture, document, png, place, address } = options
  const rest = new Map(
    [...address].filter(([key]) => !['sample', 'picture', 'regions', 'region'].includes(key)),
  )
  return {
    format: SESSION_FORMAT,
    version: VERSION,
    picture: {
      name: picture.name,
      id: picture.id,
      widthPx: picture.pixels.widthPx,
      heightPx: picture.pixels.heightPx,
      ...(picture.source === undefined ? {} : { source: picture.source }),
      ...(picture.own === undefined ? {} : { own: picture.own }),
      ...(png === undefined ? {} : { png: base64Of(png) }),
    },
    regions: document.regions.map(regionToJson),
    ...(document.selectedId === undefined ? {} : { selected: document.selectedId }),
    ...(place === undefined ? {} : { place }),
    address: formatHash(rest),
  }
}

export type Session = {
  readonly picture: {
    readonly name: string
    readonly widthPx: number
    readonly heightPx: number
    readonly own: SizePx | undefined
    readonly sample: string | undefined
    readonly png: Uint8Array | undefined
  }
  readonly document: Document
  readonly place: Place | undefined
  readonly address: ReadonlyMap<string, string>
}

export const isSession = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && (json as { format?: unknown }).format === SESSION_FORMAT

/** Reads a session. Throws StudioError `malformed` with the place, or `unsupported` for a newer version. */
export function sessionFromJson(json: unknown): Session {
  const wanted = (key: string, what: string) =>
    new StudioError('malformed', `session: “${key}” is not ${what}`, {
      hint: 'The file was changed by hand or cut off.',
    })
  const {
    version,
    picture,
    regions,
    selected,
    place,
    address = '',
  } = json as Readonly<Record<string, unknown>>
  if (version !== VERSION) {
    throw new StudioError(
      'unsupported',
      `session of version ${String(version)}; this studio reads version ${VERSION}`,
      {
        hint: 'It was written by another version of maskwords: use that one.',
      },
    )
  }
  if (typeof picture !== 'object' || picture === null) throw wanted('picture', 'an object')
  const { name, widthPx, heightPx, source, own, png } = picture as Readonly<Record<string, unknown>>
  if (typeof name !== 'string') throw wanted('picture.name', 'text')
  for (const [key, side] of Object.entries({ widthPx, heightPx })) {
    if (!Number.isInteger(side) || (side as number) < 1 || (side as number) > 65535) {
      throw wanted(`picture.${key}`, 'a number of pixels')
    }
  }
  const sample = typeof source === 'string' ? /^sample:(\w+)$/.exec(source)?.[1] : undefined
  if (png !== undefined && typeof png !== 'string') throw wanted('picture.png', 'base64')
  let file: Uint8Array | undefined
  try {
    file = png === undefined ? undefined : bytesOfBase64(png)
  } catch {
    throw wanted('picture.png', 'base64')
  }
  if (file === undefined && sample === undefined)
    throw wanted('picture', 'there: neither a sample nor a picture inside')
  if (typeof address !== 'string') throw wanted('address', 'text')
  const size = { widthPx: widthPx as number, heightPx: heightPx as number }
  const list = regionsFromJson(regions, size)
  return {
    picture: { name, ...size, own: ownOf(own), sample, png: file },
    document: { regions: list, selectedId: list.find(({ id }) => id === selected)?.id },
    place: placeOf(place),
    address: parseHash(address),
  }
}

function ownOf(value: unknown): SizePx | undefined {
  const { widthPx, heightPx } = (value ?? {}) as Readonly<Record<string, unknown>>
  const isSide = (side: unknown): side is number =>
    Number.isInteger(side) && (side as number) > 0 && (side as number) <= 65535
  return isSide(widthPx) && isSide(heightPx) ? { widthPx, heightPx } : undefined
}

function placeOf(value: unknown): Place | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { zoom, x, y } = value as Readonly<Record<string, unknown>>
  if (![zoom, x, y].every((number) => typeof number === 'number' && Number.isFinite(number))) return undefined
  return (zoom as number) > 0 ? { zoom: zoom as number, x: x as number, y: y as number } : undefined
}
