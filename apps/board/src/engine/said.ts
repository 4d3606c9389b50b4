// What codecs have said of regions: written by the words panel, read by whoever exports.
import type { Mask } from '@maskwords/mask'
import { useStudio } from '../state/store.ts'
import type { CodecId } from '../state/types.ts'
import type { Spoken } from './backend.ts'

type Said = { readonly mask: Mask; readonly spoken: Spoken }

/** Regions that are remembered; the one said longest ago goes first. */
const MAX_REGIONS = 1024

const said = new Map<string, Map<CodecId, Said>>()

export function rememberSpoken(regionId: string, codec: CodecId, mask: Mask, spoken: Spoken): void {
  const region = said.get(regionId) ?? new Map<CodecId, Said>()
  said.delete(regionId)
  said.set(regionId, region)
  region.set(codec, { mask, spoken })
  if (said.size > MAX_REGIONS) said.delete(said.keys().next().value!)
}

/** The words of a region's mask as it is now, by codec; undefined where no codec has said any. */
export function spokenOf(regionId: string): Partial<Record<CodecId, Spoken>> | undefined {
  const region = useStudio.getState().document.regions.find(({ id }) => id === regionId)
  const found = [...(said.get(regionId) ?? [])].filter(([, one]) => one.mask === region?.mask)
  if (found.length === 0) return undefined
  return Object.fromEntries(found.map(([codec, { spoken }]) => [codec, spoken]))
}
