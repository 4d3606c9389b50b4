// Options that several commands share, declared once.

import { CODEC_NAMES, PILLOW_CHOICES } from './codec.ts'
import { READ_DIALECTS } from './input/dialect.ts'
import type { OptionSpecs } from './options.ts'

export const CODEC_OPTIONS = {
  codec: {
    type: 'text',
    valueName: 'codec',
    names: CODEC_NAMES,
    help: 'samtok-nano, himtok-nano, getok, getok:16, a folder or file with weights, or a pulled hub id (default samtok-nano)',
  },
  segmenter: {
    type: 'text',
    valueName: 'file',
    help: 'getok: SAM 2 (or SAMTok) weights to decode with, instead of the coarse decoder',
  },
  threads: {
    type: 'integer',
    min: 1,
    max: 256,
    help: 'threads of the networks (default one a physical core)',
  },
  n: {
    type: 'integer',
    min: 2,
    max: 128,
    help: 'getok: cells a side of the grid (default 32; 16 is coarser, 64 finer)',
  },
  pillow: {
    type: 'choice',
    choices: PILLOW_CHOICES,
    help: 'samtok, himtok: the Pillow that resizes pictures and masks (default 12.1, as the weights were trained)',
  },
} as const satisfies OptionSpecs

/** Of commands that make words. */
export const ENCODE_OPTIONS = {
  refine: { type: 'flag', help: 'getok: add offset words that move the points by half cells' },
  length: {
    type: 'integer',
    min: 1,
    max: 1024,
    help: 'himtok: words of a mask, coarse to fine; fewer are a coarser mask (default all 32)',
  },
  search: {
    type: 'integer',
    min: 1,
    max: 1024,
    help: 'samtok, himtok: code rows that are tried for each mask (default as the codec says; 1 none but the nearest)',
  },
} as const satisfies OptionSpecs

/** Of commands that make masks. */
export const DECODE_OPTIONS = {
  threshold: {
    type: 'number',
    min: -100,
    max: 100,
    help: 'what counts as mask: himtok above this probability (default 0.5), samtok above this logit (default 0)',
  },
} as const satisfies OptionSpecs

export const PICTURE_OPTIONS = {
  exif: {
    type: 'choice',
    choices: ['auto', 'apply', 'ignore'],
    help: 'EXIF orientation: auto applies it unless the masks fit the stored pixels only (default auto)',
  },
  alpha: {
    type: 'choice',
    choices: ['drop', 'white', 'black'],
    help: 'transparent pixels: drop the alpha channel, or put them on a ground (default drop)',
  },
  icc: {
    type: 'choice',
    choices: ['ignore', 'apply'],
    help: 'embedded colour profile of RGB pictures (default ignore, as PIL does)',
  },
  'max-pixels': {
    type: 'integer',
    min: 1,
    max: 2 ** 28,
    help: 'refuse larger pictures and masks (default 50000000)',
  },
} as const satisfies OptionSpecs

/** Of answers, whose text alone does not say it. */
export const THOUGHT_OPTION = {
  type: 'flag',
  help: 'the template opened a thought (<think>) that answers begin in: one that was cut off before its end is no answer',
} as const satisfies OptionSpecs[string]

export const JOBS_OPTION = {
  jobs: {
    type: 'integer',
    min: 1,
    max: 64,
    help: 'files or masks at the same time (default 4); results never depend on it',
  },
} as const satisfies OptionSpecs

/** Of text files that hold masks. */
export const TEXT_OPTIONS = {
  pick: {
    type: 'text',
    valueName: 'list',
    help: 'which of several in one file: task=2,annotation=11,item=0 (Label Studio), frame=0 (CVAT), picture=a.png',
  },
  encoding: {
    type: 'text',
    valueName: 'name',
    help: 'of text files: utf-8, gb18030, windows-1252, shift_jis, utf-16le, ... (default utf-8, or as the file declares)',
  },
} as const satisfies OptionSpecs

export const MASK_OPTIONS = {
  'mask-format': { type: 'choice', choices: READ_DIALECTS, help: 'what the mask files are (default auto)' },
  'image-id': {
    type: 'text',
    valueName: 'id',
    help: 'which picture of a dataset file (default: by file name)',
  },
  ...TEXT_OPTIONS,
  labels: {
    type: 'text',
    valueName: 'list',
    help: 'values of a label map to take, as in 3,7 (default all but 0)',
  },
  'resize-mask': { type: 'flag', help: 'bring masks of another size to the size of the picture (nearest)' },
  ...JOBS_OPTION,
} as const satisfies OptionSpecs
