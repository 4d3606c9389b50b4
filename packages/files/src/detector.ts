// The detector that ships: what `loadNanodet` of the public index opens.
import { loadNanodet as loadFolder } from '@maskwords/codec-loading'
import type { Nanodet, NanodetOptions } from '@maskwords/codecs'
import { shippedFolder } from './codec.ts'

/**
 * Opens NanoDet-g, a detector of COCO's 80 categories that ships with this package, or the NanoDet of another folder (config.json and
 * weights.safetensors). `features(picture)` gives its maps, scores and distances; `detections` of `maskwords/models` makes boxes of
 * them. Close it after use.
 * @throws CodecError `not-found` without a config.json, `damaged` and `out-of-range` for its config.json, `wrong-weights` for
 * weights of something else; CheckpointError for weights that are missing or no checkpoint
 */
export function loadNanodet(
  folder = shippedFolder('nanodet-g'),
  options: Omit<NanodetOptions, 'config'> = {},
): Promise<Nanodet> {
  return loadFolder(folder, options)
}
