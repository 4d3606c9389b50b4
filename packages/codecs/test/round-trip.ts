// Masks to words and back with small networks of made-up weights: the same code in Node and in a page. No Node API.
import { bytesFromMemory, openCheckpoint } from '@maskwords/checkpoint'
import { type Mask, maskFromRowMajor, rowMajorBytes } from '@maskwords/mask'
import { type Detection, detections, HIMTOK_CONFIG, SAM2_CONFIGS } from '@maskwords/models'
import { formulaWeights } from '../../graph/test/formula-weights.ts'
import type { createHiMTok, HimtokOptions } from '../src/himtok/codec.ts'
import type { NanodetOptions, openNanodet } from '../src/nanodet/detector.ts'
import type { createSamTok, SamtokOptions } from '../src/samtok/codec.ts'
import { recordedPicture } from './recorded-picture.ts'
import { streetPicture } from './street-picture.ts'

export type RoundTrip = { texts: string[]; codes: number[][]; masks: number[][] }

const [WIDTH, HEIGHT] = [96, 72]
const disc = (x: number, y: number, radius: number): Mask =>
  maskFromRowMajor({
    widthPx: WIDTH,
    heightPx: HEIGHT,
    bytes: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
      Math.hypot((i % WIDTH) - x, Math.floor(i / WIDTH) - y) < radius ? 1 : 0,
    ),
  })
const masks = [disc(20, 20, 15), disc(60, 40, 25), disc(48, 36, 60)]
const size = { widthPx: WIDTH, heightPx: HEIGHT }

/** SAMTok 256 x 2 with the small Hiera of the recorded numbers. */
export async function samtokThere(
  create: typeof createSamTok,
  options: Pick<SamtokOptions, 'session' | 'runtime' | 'precision'>,
): Promise<RoundTrip> {
  const trunk = {
    ...SAM2_CONFIGS.large.trunk,
    embedDim: 24,
    heads: 1,
    stages: [1, 2, 4, 1],
    globalBlocks: [4, 6],
    windows: [8, 4, 14, 7],
  }
  const config = { sam2: { ...SAM2_CONFIGS.large, trunk }, codesPerLevel: 256, levels: 2 }
  const codec = await create({ ...options, config, weights: formulaWeights })
  const image = { ...(await codec.encodeImage(recordedPicture())), ...size }
  const words = await codec.encode(image, masks)
  const decoded = await codec.decode(image, words)
  await codec.close()
  return told(words, decoded)
}

/** HiMTok with the small transformers of the recorded numbers. */
export async function himtokThere(
  create: typeof createHiMTok,
  options: Pick<HimtokOptions, 'session' | 'runtime' | 'precision'>,
): Promise<RoundTrip> {
  const small = { width: 64, layers: 3, heads: 4 }
  const config = {
    ...HIMTOK_CONFIG,
    encoder: small,
    decoder: small,
    pixelDecoder: { ...HIMTOK_CONFIG.pixelDecoder, channels: 32 },
    profile: 'compat' as const,
  }
  const codec = await create({ ...options, config, weights: formulaWeights })
  const image = await codec.encodeImage(size)
  const words = await codec.encode(image, masks)
  const decoded = await codec.decode(image, words)
  await codec.close()
  return told(words, decoded)
}

/** What the shipped detector sees in the drawn street, and its coarsest map. */
export async function nanodetThere(
  open: typeof openNanodet,
  file: Uint8Array,
  options: Pick<NanodetOptions, 'session' | 'runtime'>,
): Promise<{ found: Detection[]; map: number[] }> {
  const weights = await openCheckpoint(bytesFromMemory(file), { name: 'nanodet-g' })
  const network = await open(weights, options)
  const features = await network.features(streetPicture())
  await network.close()
  return { found: detections(features, network.config, features), map: [...features.maps[2]!] }
}

function told(
  words: readonly { text: string; codes: readonly number[] }[],
  decoded: readonly { mask: Mask }[],
): RoundTrip {
  return {
    texts: words.map((word) => word.text),
    codes: words.map((word) => [...word.codes]),
    masks: decoded.map(({ mask }) => Array.from(rowMajorBytes(mask))),
  }
}
