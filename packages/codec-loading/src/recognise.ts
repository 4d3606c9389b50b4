// What a weight file is, by its keys and shapes: SAMTok (arXiv 2601.16093), HiMTok (ICCV 2025), or one of the files that are
// mistaken for them. Configurations as far as shapes tell; the rest by the published sizes.

import {
  CodecError,
  type HimtokConfig,
  SAMTOK_PREFIX,
  type SamtokConfig,
  type WeightFile,
} from '@maskwords/codecs'
import { HIMTOK_CONFIG, SAM2_CONFIGS, type Sam2Config } from '@maskwords/models'

export type Recognised =
  | { readonly codec: 'samtok'; readonly config: SamtokConfig }
  | { readonly codec: 'himtok'; readonly config: HimtokConfig }
  | { readonly codec: 'sam2'; readonly config: Sam2Config; readonly prefix: string }

type Tensors = WeightFile['tensors']

/** Heads of the published TiTok transformers, by their width; shapes do not tell. */
const TITOK_HEADS: ReadonlyMap<number, number> = new Map([
  [512, 8],
  [768, 12],
  [1024, 16],
])

const wrong = (file: string, found: string, hint: string): CodecError =>
  new CodecError('wrong-weights', `${file}: ${found}`, { hint })

const CONFIG_HINT =
  'put it in a folder with a config.json that says the configuration (docs/samtok.md, docs/himtok.md)'

/** Cells and latents of a HiMTok that are believed of a file; the published one has 289, and attention takes their square. */
const MAX_ROWS = 8192
/** Sides of one tensor here: embeddings have at least two axes, and none is empty. */
const MIN_RANK = 2

function shapeAt(tensors: Tensors, key: string): readonly number[] | undefined {
  const shape = tensors.get(key)?.shape
  return shape !== undefined && shape.length >= MIN_RANK && shape.every((side) => side >= 1)
    ? shape
    : undefined
}

function countBlocks(tensors: Tensors, before: string, after: string): number {
  let count = 0
  while (tensors.has(`${before}${count}${after}`)) count++
  return count
}

/**
 * The codec that a file belongs to. Reads nothing but the listing.
 * Throws CodecError `wrong-weights` that says what the file is instead, and what to do.
 */
export function recogniseWeights(file: Pick<WeightFile, 'name' | 'tensors'>): Recognised {
  const { name, tensors } = file
  const patches = [...tensors.keys()].find((key) =>
    key.endsWith('image_encoder.trunk.patch_embed.proj.weight'),
  )
  if (patches !== undefined) return recogniseSam2(name, tensors, patches)
  if (tensors.has('latent_tokens')) return { codec: 'himtok', config: recogniseHimtok(name, tensors) }
  const sample = [...tensors.keys()].slice(0, 3).join(', ')
  if (
    tensors.has('model.embed_tokens.weight') ||
    [...tensors.keys()].some((key) => /(^|\.)layers\.\d+\.self_attn\.q_proj/.test(key) && !/sam_/.test(key))
  ) {
    throw wrong(
      name,
      `these are the weights of a language model (${tensors.size} tensors), not of a mask tokenizer`,
      'the mask tokenizer is a file of its own beside it: mask_tokenizer_256x2.pth (SAMTok), himtok.pth (HiMTok)',
    )
  }
  throw wrong(
    name,
    `its ${tensors.size} tensors (${sample || 'none'}${tensors.size > 3 ? ', ...' : ''}) are of no codec known here`,
    'SAMTok files hold image_encoder.trunk.* and quantizer.codebooks.*, HiMTok files latent_tokens and quantize.*; see `maskwords inspect`',
  )
}

function recogniseSam2(file: string, tensors: Tensors, patches: string): Recognised {
  const prefix = patches.slice(0, -'image_encoder.trunk.patch_embed.proj.weight'.length)
  const books = countBlocks(tensors, 'quantizer.codebooks.', '.weight')
  const own = shapeAt(tensors, `${prefix}sam_mask_encoder.mask_tokens.weight`)
  if (prefix.startsWith('hf_model.') || prefix.startsWith('module.')) {
    throw wrong(
      file,
      `its keys begin with "${prefix}", as a trainer writes them`,
      '`maskwords import` takes the prefix off and writes a ready folder',
    )
  }
  const sam2 = sam2Config(file, tensors, prefix)
  if (own === undefined && books === 0) return { codec: 'sam2', config: sam2, prefix }
  const book = shapeAt(tensors, 'quantizer.codebooks.0.weight')
  if (own === undefined || book === undefined) {
    throw wrong(
      file,
      own === undefined
        ? 'a SAM 2 with codebooks, but without the mask encoder (sam_mask_encoder.*)'
        : 'a SAM 2 with a mask encoder, but without codebooks (quantizer.codebooks.*)',
      'the published mask tokenizer is mask_tokenizer_256x2.pth, with 992 tensors; fetch it again',
    )
  }
  if (own[0] !== 1) {
    throw wrong(
      file,
      `its mask encoder reads ${own[0]} mask tokens at once`,
      'published tokenizers have one; others are not read',
    )
  }
  const config: SamtokConfig = { sam2, codesPerLevel: book[0]! - 1, levels: books }
  return { codec: 'samtok', config: prefix === SAMTOK_PREFIX ? config : { ...config, prefix } }
}

/** A SAM 2 of published size with the file's picture-independent widths. */
function sam2Config(file: string, tensors: Tensors, prefix: string): Sam2Config {
  const trunk = `${prefix}image_encoder.trunk`
  const embedDim = shapeAt(tensors, `${trunk}.patch_embed.proj.weight`)?.[0]
  const stages: number[] = []
  const blocks = countBlocks(tensors, `${trunk}.blocks.`, '.norm1.weight')
  let width = 0
  for (let block = 0; block < blocks; block++) {
    const to = shapeAt(tensors, `${trunk}.blocks.${block}.attn.proj.weight`)?.[0] ?? 0
    if (to === width) stages[stages.length - 1]!++
    else stages.push(1)
    width = to
  }
  const published = Object.entries(SAM2_CONFIGS).find(
    ([, { trunk: known }]) => known.embedDim === embedDim && String(known.stages) === String(stages),
  )
  if (published === undefined) {
    throw wrong(
      file,
      `a SAM 2 whose Hiera has ${embedDim} channels and stages of ${stages.join(', ')} blocks, which is no published size; heads, windows and global blocks cannot be read off shapes`,
      CONFIG_HINT,
    )
  }
  return published[1]
}

function recogniseHimtok(file: string, tensors: Tensors): HimtokConfig {
  const need = (key: string): readonly number[] => {
    const shape = shapeAt(tensors, key)
    if (shape === undefined)
      throw wrong(file, `a TiTok without "${key}"`, 'HiMTok is the himtok.pth of its release')
    return shape
  }
  const book = need('quantize.embedding.weight')
  if (!tensors.has('quantize.embedding_proj.weight')) {
    throw wrong(
      file,
      `a TiTok with a codebook of ${book[0]} x ${book[1]} without projection: the picture tokenizer that HiMTok started from`,
      'HiMTok is the himtok.pth of its release; its codebook is 1024 x 12 with quantize.embedding_proj.weight',
    )
  }
  const [latents, encoderWidth] = need('latent_tokens') as readonly [number, number]
  const [, , patchPx = 0] = need('encoder.patch_embed.weight')
  const cells = need('encoder.positional_embedding')[0]! - 1
  const side = Math.round(Math.sqrt(cells))
  if (patchPx < 1 || side < 1 || side ** 2 !== cells || cells + latents > MAX_ROWS) {
    throw wrong(
      file,
      `a TiTok of ${cells} cells of ${patchPx} pixels and ${latents} latents, which makes no square picture or a too large one`,
      CONFIG_HINT,
    )
  }
  const transformer = (name: 'encoder' | 'decoder', width: number): HimtokConfig['encoder'] => {
    const heads = TITOK_HEADS.get(width)
    if (heads === undefined) {
      throw wrong(
        file,
        `a HiMTok whose ${name} is ${width} wide, which is no published size; heads cannot be read off shapes`,
        CONFIG_HINT,
      )
    }
    return { width, layers: countBlocks(tensors, `${name}.transformer.`, '.ln_1.weight'), heads }
  }
  const decoderWidth = need('decoder.decoder_embed.weight')[0]!
  const top = need('pixel_decoder.conv_out.weight')
  const levels = countBlocks(tensors, 'pixel_decoder.up.', '.block.0.conv1.weight')
  const channels = top[1]!
  return {
    sizePx: side * patchPx,
    patchPx,
    latents,
    codebookSize: book[0]!,
    codeSize: book[1]!,
    encoder: transformer('encoder', encoderWidth),
    decoder: transformer('decoder', decoderWidth),
    pixelDecoder: {
      inputChannels: need('pixel_decoder.conv_in.weight')[1]!,
      channels,
      multipliers: Array.from(
        { length: levels },
        (_, level) => need(`pixel_decoder.up.${level}.block.0.conv1.weight`)[0]! / channels,
      ),
      blocks:
        countBlocks(tensors, 'pixel_decoder.mid.', '.conv1.weight') || HIMTOK_CONFIG.pixelDecoder.blocks,
      outputChannels: top[0]!,
    },
    mlpRatio: need('encoder.transformer.0.mlp.c_fc.weight')[0]! / encoderWidth,
    profile: 'compat',
  }
}
