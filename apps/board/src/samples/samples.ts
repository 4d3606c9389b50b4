// The pictures that the studio brings along, drawn by scripts/draw-samples.ts, with the masks of what is in them.

import { readPicture } from '../documents/picture.ts'
import { type RegionJson, regionsFromJson } from '../documents/regions-json.ts'
import { StudioError } from '../state/error.ts'
import type { Picture, Region } from '../state/types.ts'

export type Sample = {
  readonly id: string
  readonly title: string
  /** What is to be seen, for people who do not see it. */
  readonly about: string
}

export const SAMPLES: readonly Sample[] = [
  {
    id: 'lake',
    title: 'Evening on a lake',
    about: 'A sailboat, the sun over mountains, a pine and a lifebuoy.',
  },
  { id: 'shelf', title: 'Shelf', about: 'Books, a plant, a lamp, cups and fruit on two boards.' },
  { id: 'orchard', title: 'Orchard', about: 'Trees, a basket and a fence on hills under a cloud.' },
]

/** Where the files of a sample are. */
export const sampleUrl = (id: string, end: 'webp' | 'json'): string =>
  new URL(`samples/${id}.${end}`, document.baseURI).href

/** The picture of a sample and its regions. Throws StudioError where there is none of this name. */
export async function readSample(
  id: string,
  signal?: AbortSignal,
): Promise<{ picture: Picture; regions: Region[] }> {
  const sample = SAMPLES.find((one) => one.id === id)
  if (sample === undefined) {
    throw new StudioError('missing', `there is no sample called “${id}”`, {
      hint: `Samples are ${SAMPLES.map((one) => one.id).join(', ')}.`,
    })
  }
  const [file, masks] = await Promise.all([
    fetched(sampleUrl(id, 'webp'), signal),
    fetched(sampleUrl(id, 'json'), signal),
  ])
  const picture = await readPicture(await file.blob(), {
    name: `${id}.webp`,
    source: `sample:${id}`,
    ...(signal === undefined ? {} : { signal }),
  })
  const { regions: list } = (await masks.json()) as { regions: RegionJson[] }
  const regions = regionsFromJson(list, picture.pixels)
  brought.set(picture, regions)
  return { picture, regions }
}

const brought = new WeakMap<Picture, readonly Region[]>()

/** The list of regions that came with a sample, as long as nothing in it was changed. */
export const ownRegions = (picture: Picture): readonly Region[] | undefined => brought.get(picture)

async function fetched(url: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal: signal ?? null })
  if (!response.ok) {
    throw new StudioError('missing', `${new URL(url).pathname}: the server answered ${response.status}`, {
      hint: 'Is the server that this page came from still the same?',
    })
  }
  return response
}
