// How pictures reach the network while it is trained: through the vision tower inside the graph, or as vectors made before where the
// tower does not move. Other eyes (a detector's maps, say) are another `TrainingEyes`.

import { MaskwordsError } from '@maskwords/files'
import type { Feed, Tensor } from '@maskwords/graph'
import { input } from '@maskwords/graph'
import type { Patches } from '@maskwords/mllm'
import { patchesOfPicture } from '@maskwords/mllm'
import type { Eyes, Features } from '@maskwords/mllm/engine'
import { openEyes, Recent } from '@maskwords/mllm/engine'
import type { PatchGrid, QwenGraphOptions } from '@maskwords/models'
import {
  patchesOf,
  patchValues,
  qwenVision,
  visionFeeds,
  visionInputs,
  visionLayout,
} from '@maskwords/models'
import type { PlacedPicture } from '../text/sequence.ts'
import type { BaseModel } from './base.ts'

/** A picture ready to be fed: as patches, which the eyes of the moment turn into vectors, or as vectors. */
export type Looked = {
  /** Vectors that it becomes: one a token. */
  readonly vectors: number
  readonly patches?: Patches
  readonly features?: Features
}

export type TrainingEyes = {
  /** Reads a picture. Pictures that come again are found in memory. Rejects where it cannot be read. */
  look(placed: PlacedPicture): Promise<Looked>
  /** The vectors of all pictures of a batch, one after the other, [seen, width]; deepstack's of the same shape. */
  graph(options: QwenGraphOptions): { readonly features: Tensor; readonly deepstack: readonly Tensor[] }
  /** What the inputs of `graph` are fed, and perhaps more. */
  feeds(looked: readonly Looked[]): Record<string, Feed>
  close(): Promise<void>
}

type EyesModel = Pick<BaseModel, 'config' | 'pictures'>

async function patchesFor({ picture, grid }: PlacedPicture, model: EyesModel): Promise<Patches> {
  const patches = patchesOfPicture(await picture.read(), model.pictures!.image)
  if (patches.grid.rows !== grid.rows || patches.grid.columns !== grid.columns) {
    throw new MaskwordsError(
      'size-mismatch',
      `the picture is not of ${picture.widthPx} x ${picture.heightPx} pixels as stated`,
      {
        file: picture.key,
      },
    )
  }
  return patches
}

const vectorsOf = (grid: PatchGrid, model: EyesModel): number =>
  patchesOf(grid) / model.config.vision!.merge ** 2

/** Least recently used pictures go first. */
function remembering(bytes: number, make: (placed: PlacedPicture) => Promise<Looked>): TrainingEyes['look'] {
  const known = new Recent<Looked>(bytes)
  return async (placed) => {
    const { key } = placed.picture
    const before = known.get(key)
    if (before !== undefined) return before
    const looked = await make(placed)
    const { patches, features } = looked
    const arrays = [patches?.values, features?.features, ...(features?.deepstack ?? [])]
    known.set(
      key,
      looked,
      arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0),
    )
    return looked
  }
}

/** The tower in the graph, trained with the rest or passed through. */
export function movingEyes(model: EyesModel, options: { cacheBytes: number }): TrainingEyes {
  const vision = model.config.vision!
  const inputs = visionInputs(vision)
  // A batch of text alone: the tower sees one token of grey that stands nowhere.
  const nothing: Patches = {
    grid: { frames: 1, rows: vision.merge, columns: vision.merge },
    values: new Float32Array(vision.merge ** 2 * patchValues(vision)),
  }
  return {
    look: remembering(options.cacheBytes, async (placed) => {
      const patches = await patchesFor(placed, model)
      return { patches, vectors: vectorsOf(patches.grid, model) }
    }),
    graph: (graphOptions) => qwenVision(inputs, vision, graphOptions),
    feeds: (looked) => {
      const patches = looked.length === 0 ? [nothing] : looked.map((one) => one.patches!)
      const pixels = new Float32Array(patches.reduce((sum, { values }) => sum + values.length, 0))
      let at = 0
      for (const { values } of patches) {
        pixels.set(values, at)
        at += values.length
      }
      return visionFeeds(
        visionLayout(
          patches.map(({ grid }) => grid),
          vision,
        ),
        pixels,
      )
    },
    close: async () => {},
  }
}

/** A tower that does not move: each picture goes through it once, in a thread of its own unless told otherwise. */
export function steadyEyes(
  model: EyesModel & Pick<BaseModel, 'weights'>,
  options: { cacheBytes: number; threads?: number | undefined; worker?: boolean },
): TrainingEyes {
  const { config } = model
  const { width } = config.text
  const stacks = config.vision!.deepstackBlocks.length
  const eyes: Eyes = openEyes(
    { config, forOutputs: () => ({ weights: model.weights.places }) },
    { worker: options.worker ?? true, threads: options.threads },
  )
  const names = ['seen.features', ...Array.from({ length: stacks }, (_, i) => `seen.deepstack.${i}`)]
  return {
    look: remembering(options.cacheBytes, async (placed) => {
      const patches = await patchesFor(placed, model)
      const features = await eyes.see(patches)
      return { features, vectors: vectorsOf(patches.grid, model) }
    }),
    graph: () => {
      const [features, ...deepstack] = names.map((name) => input(name, 'float32', ['seen', width]))
      return { features: features!, deepstack }
    },
    feeds: (looked) => {
      const vectors = looked.reduce((sum, one) => sum + one.vectors, 0)
      const join = (part: (features: Features) => Float32Array): Feed => {
        const data = new Float32Array(vectors * width)
        let at = 0
        for (const { features } of looked) {
          data.set(part(features!), at)
          at += part(features!).length
        }
        return { data, shape: [vectors, width] }
      }
      return Object.fromEntries(
        names.map((name, i) => [
          name,
          join((features) => (i === 0 ? features.features : features.deepstack[i - 1]!)),
        ]),
      )
    },
    close: () => eyes.close(),
  }
}
