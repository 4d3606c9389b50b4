// All readers by name.

import { catalogueOf } from '@maskwords/base'
import { DataError } from '@maskwords/inputs'
import type { Reader } from '../record.ts'
import { ade20k } from './ade20k.ts'
import { coco, entitySeg, lvis, objects365, paco, v3det } from './coco.ts'
import { cvat } from './cvat.ts'
import { copsRef, invig, visual7w } from './dialogue-grounding.ts'
import { flickr30k, granDf, panopticNarratives } from './grounded-captions.ts'
import { hubTables } from './hub-tables.ts'
import { jsonl } from './jsonl.ts'
import { mdvpBench, videoReferD } from './judged-regions.ts'
import { ade20kScenes, labelMaps } from './label-maps.ts'
import { labelStudio } from './label-studio.ts'
import { labelme, reasonSeg } from './labelme.ts'
import { lisaPlus } from './lisa-plus.ts'
import { maskPairs } from './mask-pairs.ts'
import { mmr, muse } from './multi-target.ts'
import { coconut, cocoPanoptic } from './panoptic.ts'
import { psg } from './psg.ts'
import { grefCoco, refCocoReaders, refGta, refZom } from './refer.ts'
import { dam, dlcBench, gar, groundingSuite, regionCaptions } from './region-captions.ts'
import { sa1b } from './sa1b.ts'
import { segllm } from './segllm.ts'
import { withSoundText } from './sound-text.ts'
import { yolo } from './yolo.ts'

const ALL: readonly Reader[] = [
  ade20k,
  ade20kScenes,
  coco,
  cocoPanoptic,
  coconut,
  copsRef,
  cvat,
  dam,
  dlcBench,
  entitySeg,
  flickr30k,
  gar,
  granDf,
  grefCoco,
  groundingSuite,
  hubTables,
  invig,
  jsonl,
  labelMaps,
  labelStudio,
  labelme,
  lisaPlus,
  lvis,
  maskPairs,
  mdvpBench,
  mmr,
  muse,
  objects365,
  paco,
  panopticNarratives,
  psg,
  ...refCocoReaders,
  reasonSeg,
  refGta,
  refZom,
  regionCaptions,
  sa1b,
  segllm,
  v3det,
  videoReferD,
  visual7w,
  yolo,
]

const CATALOGUE = catalogueOf(
  [...ALL].sort((a, b) => (a.name < b.name ? -1 : 1)).map(withSoundText),
  (name) => new DataError('bad-option', `There is a dataset ${name} already.`),
)

/** Every reader, by name: the published ones with their names sorted, then those that plugins brought. */
export const READERS: Readonly<Record<string, Reader>> = CATALOGUE.byName

/** Makes a reader known by its name, from now on and in this thread. Throws DataError `bad-option` for a name that is taken. */
export const addReader = (reader: Reader): void => CATALOGUE.add(withSoundText(reader))

/** The reader of a name, or undefined. */
export const readerByName = (name: string): Reader | undefined => CATALOGUE.named(name)
