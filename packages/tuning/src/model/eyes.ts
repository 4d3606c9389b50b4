// How pictures reach the network while it is trained: through the vision tower inside the graph, or as vectors made before where the
// tower does not move. A detector that looks before the eyes never moves.

import { MaskwordsError } from '@maskwords/files'
import type { Feed, Tensor } from '@maskwords/graph'
import { input } from '@maskwords/graph'
import type { Patches } from '@maskwords/mllm'
import type { Eyes, Features, Looking } from '@maskwords/mllm/engine'
import { openEyes, openLooking, Recent } from '@maskwords/mllm/engine'
import type { DetectorEyesConfig, PatchGrid, QwenGraphOptions, QwenVisionConfig } from '@maskwords/models'
import {
  detectorEyes,
  detectorEyesInputs,
  detectorEyesShape,
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

type EyesModel = Pick<BaseModel, 'config' | 'pictures' | 'weights'>

export type EyesOptions = {
  /** Bytes of pictures that are kept ready. */
  readonly cacheBytes: number
  readonly threads?: number | undefined
  /** Whether networks of pictures run in a thread of their own (the default) or in this one. */
  readonly worker?: boolean
}

const lookingOf = (model: EyesModel, { threads, worker = true }: EyesOptions): Looking =>
  openLooking(model, model.weights.checkpoint, { worker, threads })

async function patchesFor({ picture, grid }: PlacedPicture, looking: Looking): Promise<Patches> {
  const pixels = await picture.read()
  const patches = await looking.patches(pixels)
  // A detector's grid is the same for all pictures.
  const ofSize = pixels.widthPx === picture.widthPx && pixels.heightPx === picture.heightPx
  if (!ofSize || patches.grid.rows !== grid.rows || patches.grid.columns !== grid.columns) {
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
export function movingEyes(model: EyesModel, options: EyesOptions): TrainingEyes {
  const vision = model.config.vision!
  const looking = lookingOf(model, options)
  const eyes = vision.kind === 'detector' ? detectorGraph(vision) : towerGraph(vision)
  return {
    ...eyes,
    look: remembering(options.cacheBytes, async (placed) => {
      const patches = await patchesFor(placed, looking)
      return { patches, vectors: vectorsOf(patches.grid, model) }
    }),
    close: () => looking.close(),
  }
}

type EyesGraph = Pick<TrainingEyes, 'graph' | 'feeds'>

function detectorGraph(vision: DetectorEyesConfig): EyesGraph {
  const { cells, cellWidth, objectWidth } = detectorEyesShape(vision)
  return {
    graph: () => ({ features: detectorEyes(detectorEyesInputs(vision), vision), deepstack: [] }),
    feeds: (looked) => {
      // A batch of text alone: the eyes see a picture of nothing that stands nowhere.
      const pictures = Math.max(1, looked.length)
      const shown = new Float32Array(pictures * cells * cellWidth)
      const things = new Float32Array(pictures * vision.objects * objectWidth)
      looked.forEach(({ patches }, i) => {
        shown.set(patches!.values.subarray(0, cells * cellWidth), i * cells * cellWidth)
        things.set(patches!.values.subarray(cells * cellWidth), i * vision.objects * objectWidth)
      })
      return {
        'eyes.cells': { data: shown, shape: [pictures, cells, cellWidth] },
        'eyes.objects': { data: things, shape: [pictures, vision.objects, objectWidth] },
      }
    },
  }
}

function towerGraph(vision: QwenVisionConfig): EyesGraph {
  const inputs = visionInputs(vision)
  // A batch of text alone: the tower sees one token of grey that stands nowhere.
  const nothing: Patches = {
    grid: { frames: 1, rows: vision.merge, columns: vision.merge },
    values: new Float32Array(vision.merge ** 2 * patchValues(vision)),
  }
  return {
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
  }
}

/** A tower that does not move: each picture goes through it once, in a thread of its own unless told otherwise. */
export function steadyEyes(model: EyesModel, options: EyesOptions): TrainingEyes {
  const { config } = model
  const { width } = config.text
  const stacks = config.vision!.deepstackBlocks.length
  const looking = lookingOf(model, options)
  const eyes: Eyes = openEyes(
    { config, forOutputs: () => ({ weights: model.weights.places }) },
    { worker: options.worker ?? true, threads: options.threads },
  )
  const names = ['seen.features', ...Array.from({ length: stacks }, (_, i) => `seen.deepstack.${i}`)]
  return {
    look: remembering(options.cacheBytes, async (placed) => {
      const patches = await patchesFor(placed, looking)
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
    async close() {
      await looking.close()
      await eyes.close()
    },
  }
}
