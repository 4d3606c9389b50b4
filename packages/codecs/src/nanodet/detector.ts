// NanoDet as an open session: pictures to the maps, class scores and distances of its network (RangiLyu/nanodet).
import { input } from '@maskwords/graph'
import {
  NANODET_G,
  type NanodetConfig,
  nanodet,
  nanodetProblems,
  type RawDetections,
} from '@maskwords/models'
import { type CodecCallOptions, checkPicture, type PictureSize, type Pixels } from '../codec.ts'
import { CodecError } from '../error.ts'
import { lifetimeOf } from '../lifetime.ts'
import { type NetworkOptions, type Outputs, openParts, parametersOfParts } from '../networks.ts'
import { runOf } from '../runs.ts'
import { smoothPixels } from '../sam2/prompt.ts'
import type { CodecWeights } from '../weights.ts'

/** What the network says of a picture; lists from fine to coarse. `detections` of maskwords/models makes boxes of it. */
export type NanodetFeatures = PictureSize &
  RawDetections & {
    /** The pyramid's maps [width, side, side]: strides of 8, 16 and 32 pixels of the squashed picture. */
    readonly maps: readonly Float32Array[]
  }

export type Nanodet = {
  readonly config: NanodetConfig
  /** One pass over the picture. Throws CodecError for a picture that is none, `wrong-owner` after `close`. */
  features(picture: Pixels, options?: CodecCallOptions): Promise<NanodetFeatures>
  /** Frees the network; twice is harmless. */
  close(): Promise<void>
}

export type NanodetOptions = NetworkOptions & {
  /** Default NanoDet-g. */
  readonly config?: NanodetConfig
  /** What stands before the network's own keys. Default nothing. */
  readonly prefix?: string
}

const HINT =
  'weights/nanodet-g of this package holds such a file; scripts/convert-nanodet.ts of the repository makes it'

const networksOf = (config: NanodetConfig, prefix: string): { readonly picture: Outputs } => {
  const pixels = input('pixels', 'float32', [1, config.imagePx, config.imagePx, 3])
  const lists = Object.entries(nanodet(pixels, config, prefix))
  return {
    picture: Object.fromEntries(
      lists.flatMap(([name, list]) => list.map((tensor, level) => [`${name}.${level}`, tensor])),
    ),
  }
}

/** Keys and shapes of all weights that a NanoDet reads. */
export function nanodetParameters(config: NanodetConfig, prefix = ''): Map<string, readonly number[]> {
  return parametersOfParts({ networks: networksOf(config, prefix) })
}

/** The picture as the network takes it: squashed to its square by the antialiased bilinear filter, [imagePx, imagePx, 3], RGB from 0 to 255. */
export const nanodetPixels = (picture: Pixels, config: Pick<NanodetConfig, 'imagePx'>): Float32Array =>
  smoothPixels(picture, config.imagePx)

/**
 * Opens a NanoDet from its weights (an open checkpoint, or a function of keys and shapes).
 * Throws CodecError `out-of-range` for a configuration that cannot be built, `wrong-weights` for weights that do not fit.
 */
export async function openNanodet(weights: CodecWeights, options: NanodetOptions = {}): Promise<Nanodet> {
  const { config = NANODET_G, prefix = '' } = options
  const problems = nanodetProblems(config)
  if (problems.length > 0)
    throw new CodecError('out-of-range', `this NanoDet cannot be built: ${problems.join('; ')}`)
  const parts = { networks: networksOf(config, prefix), what: 'this NanoDet', hint: HINT }
  const { picture: session } = (await openParts({ ...options, weights }, parts)).sessions
  const { check, close } = lifetimeOf({
    kind: 'nanodet',
    name: 'nanodet',
    is: 'detector',
    sessions: [session],
  })
  return {
    config,
    async features(picture, call = {}) {
      check()
      checkPicture(picture)
      if (picture.rgb === undefined)
        throw new CodecError('missing-input', 'a detector needs the pixels of the picture')
      const { widthPx, heightPx } = picture
      const result = await session.run({ pixels: nanodetPixels(picture, config) }, runOf(call))
      const list = (name: string): Float32Array[] =>
        [0, 1, 2].map((level) => result[`${name}.${level}`]!.data as Float32Array)
      return { widthPx, heightPx, maps: list('maps'), scores: list('scores'), distances: list('distances') }
    },
    close,
  }
}
