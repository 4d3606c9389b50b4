// Requests and answers of /v1/codecs, /v1/pictures, /v1/masks, /v1/text and /v1/render as zod schemas. One definition: values are
// checked with it, /openapi.json shows it, and the types of `maskwords/client` are inferred from it.
import { z } from 'zod'

/** Masks of one request. Pictures of COCO have at most some hundred; SA-1B's fullest some five hundred, in two requests. */
export const MAX_REQUEST_MASKS = 256
/** Longest side that a mask or picture may state; the product has a limit of its own. */
export const MAX_SIDE_PX = 2 ** 20
/** Longest text to parse, in UTF-16 units; a model answer of 32,768 mask tokens has some 360,000. */
export const MAX_TEXT_CHARS = 2 ** 19
/** Numbers in one list of a mask: runs, or coordinates of one polygon. */
const MAX_NUMBERS = 2 ** 22
/** Most prefixes of one mask's words in a request: the longest published language has 32 words. */
const MAX_PREFIXES = 32

const side = z.int().min(1).max(MAX_SIDE_PX)
const label = z.string().max(256)
const id = z.union([z.string().max(256), z.number()])

export const sizeSchema = z.strictObject({ widthPx: side, heightPx: side }).describe('size of a picture')
export const pictureHandleSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a handle has 64 hexadecimal digits')
  .describe('handle of a picture, as POST /v1/pictures gave it')
const codecName = z.string().min(1).max(128).describe('name of a codec, as GET /v1/codecs lists it')

const counts = z.array(z.int().min(0)).max(MAX_NUMBERS)
const ring = z.array(z.number()).max(MAX_NUMBERS)
const cocoSize = z.tuple([side, side]).describe('height, width in pixels, as COCO writes it')
const named = { id: id.optional(), label: label.optional() }

/** The ways to write one mask in a request, by the key that tells them apart. */
export const maskForms = {
  counts: z
    .strictObject({ ...named, size: cocoSize, counts: z.union([z.string().max(2 ** 24), counts]) })
    .describe("COCO RLE, column-major: compressed text or plain run lengths, background's first"),
  rowMajorCounts: z
    .strictObject({ ...named, size: cocoSize.optional(), rowMajorCounts: counts })
    .describe("run lengths row by row, background's first"),
  polygons: z
    .strictObject({ ...named, polygons: z.array(ring).min(1).max(10_000) })
    .describe('polygons x, y, x, y, ... in pixels of the picture, filled by the rule of COCO and united'),
  boxXyxyPx: z
    .strictObject({ ...named, boxXyxyPx: z.tuple([z.number(), z.number(), z.number(), z.number()]) })
    .describe('left, top, right, bottom in pixels; right and bottom exclusive'),
  png: z
    .strictObject({
      ...named,
      png: z
        .string()
        .max(2 ** 26)
        .describe('base64, with or without data:image/png;base64,'),
    })
    .describe('a PNG of one mask: 0 is background; soft edges count from the middle value on'),
  cvatRle: z
    .strictObject({ ...named, cvatRle: counts })
    .describe("CVAT's: row-major run lengths within a box, then left, top, right, bottom (inclusive)"),
  labelStudioRle: z
    .strictObject({ ...named, labelStudioRle: z.array(z.int().min(0).max(255)).max(MAX_NUMBERS) })
    .describe("bytes of Label Studio's brush RLE"),
  annotation: z
    .strictObject({ ...named, annotation: z.record(z.string(), z.unknown()) })
    .describe('one object as COCO, CVAT, Label Studio or labelme write it'),
} as const

export const maskInputSchema = z.union(Object.values(maskForms))

/** What `dialect` of a decode request may be; each is written as the form of the same name above is read. */
export const OUTPUT_DIALECTS = [
  'coco-rle',
  'coco-counts',
  'row-major-counts',
  'polygons',
  'png',
  'cvat-rle',
  'labelstudio-rle',
] as const

export const maskOutputSchema = z.union([
  z.object({ size: z.tuple([z.int(), z.int()]), counts: z.union([z.string(), z.array(z.int())]) }),
  z.object({ size: z.tuple([z.int(), z.int()]), rowMajorCounts: z.array(z.int()) }),
  z.object({ polygons: z.array(z.array(z.number())) }),
  z.object({ png: z.string() }),
  z.object({ cvatRle: z.array(z.int()) }),
  z.object({ labelStudioRle: z.array(z.int()) }),
])

const pictureOrSize = {
  picture: pictureHandleSchema.optional(),
  size: sizeSchema.optional().describe('instead of a picture, for codecs that need none'),
}

const itemError = z
  .object({
    code: z.string(),
    message: z.string(),
    at: z.union([z.string(), z.number()]).optional(),
    hint: z.string().optional(),
  })
  .describe('why this one has no result; its neighbours have theirs')

const milliseconds = z.number().describe('milliseconds')

// Codecs

export const codecInfoSchema = z.object({
  name: z.string(),
  kind: z.enum(['samtok', 'himtok', 'getok']),
  needsPicture: z.boolean().describe('false: `size` is enough to encode and decode'),
  usesPicture: z.boolean().describe('true: the picture changes what words decode to'),
  tokens: z.object({ min: z.int(), max: z.int().nullable() }).describe('vocabulary words of one mask'),
  bits: z.number().nullable().describe('information in the codes of a full mask; null where it varies'),
  vocabularySize: z.int(),
  encodeOptions: z.array(z.string()).describe('keys of `options` that /v1/masks/encode takes for it'),
  decodeOptions: z.array(z.string()).describe('keys of `options` that /v1/masks/decode takes for it'),
  prefixes: z.boolean().describe('true: `length` and `lengths` of /v1/masks/decode work'),
  scores: z.boolean().describe("true: decoded masks come with the decoder's own estimate of the IoU"),
})
export const codecListSchema = z.object({ codecs: z.array(codecInfoSchema), default: z.string() })

export const vocabularySchema = z.object({
  codec: z.string(),
  kind: z.enum(['samtok', 'himtok', 'getok']),
  codesPerLevel: z.int().optional().describe('samtok'),
  levels: z.int().optional().describe('samtok'),
  codes: z.int().optional().describe('himtok'),
  maxLength: z.int().optional().describe('himtok'),
  gridSize: z.int().optional().describe('getok: cells a side'),
  words: z.array(z.string()).describe("all words in the vocabulary's own order"),
})

// Pictures

const encodedPicture = z.object({
  codec: z.string(),
  cached: z.boolean().describe('the encoded picture was there already'),
  from: z.enum(['memory', 'disk', 'computed', 'not-needed']),
  ms: milliseconds,
})
export const pictureSchema = z.object({
  picture: pictureHandleSchema,
  widthPx: z.int(),
  heightPx: z.int(),
  format: z.string(),
  orientation: z.int().describe('EXIF orientation of the file, 1 to 8; applied unless exif=ignore'),
  cached: z.boolean().describe('nothing had to be decoded or encoded'),
  encoded: z.array(encodedPicture).describe('one for each codec that was asked for'),
  times: z.object({ readMs: milliseconds, totalMs: milliseconds }),
})
export const pictureInfoSchema = z.object({
  picture: pictureHandleSchema,
  widthPx: z.int(),
  heightPx: z.int(),
  pixels: z.boolean().describe('its pixels are kept, so that any codec may encode it and it may be rendered'),
  encoded: z.array(z.string()).describe('codecs whose encoded picture is kept'),
})
/** What the query of POST /v1/pictures says. */
export const pictureQuery = {
  codec: 'a codec to encode the picture for; may be given several times',
  exif: 'apply (default) turns the pixels as viewers do; ignore leaves them as stored',
} as const

// Masks to words

export const encodeOptionsSchema = z.strictObject({
  length: z.int().min(1).max(1024).optional().describe('himtok: words to keep, from the coarse end'),
  search: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('samtok, himtok: code rows that are tried for each mask'),
  refine: z.boolean().optional().describe('getok: add offset words'),
})
const drawnOn = z
  .enum(['stored', 'shown'])
  .optional()
  .describe(
    'which pixels the masks lie on where EXIF turns the picture and their sizes cannot tell: as they lie in the file, or as viewers show them (default: those of the picture)',
  )
export const encodeRequestSchema = z.strictObject({
  codec: codecName,
  ...pictureOrSize,
  masks: z.array(maskInputSchema).min(1).max(MAX_REQUEST_MASKS),
  options: encodeOptionsSchema.optional(),
  resizeMasks: z
    .boolean()
    .optional()
    .describe('bring masks of another size to that of the picture (nearest) instead of refusing them'),
  drawnOn,
})
const maskWords = z.object({
  ...named,
  text: z.string(),
  codes: z.array(z.int()),
  tokens: z.int(),
  bits: z.number(),
  areaPx: z.int(),
  turned: z
    .boolean()
    .optional()
    .describe(
      'the mask was drawn on the other pixels of a picture that EXIF turns, and was turned onto these',
    ),
})
export const encodeAnswerSchema = z.object({
  codec: z.string(),
  widthPx: z.int(),
  heightPx: z.int(),
  results: z.array(z.union([maskWords, z.object({ ...named, error: itemError })])),
  failed: z.int().describe('masks without a result'),
  cached: z.boolean().describe('the encoded picture was there already'),
  times: z.object({ pictureMs: milliseconds, readMs: milliseconds, encodeMs: milliseconds }),
})

// Words to masks

export const decodeOptionsSchema = z.strictObject({
  threshold: z
    .number()
    .min(-100)
    .max(100)
    .optional()
    .describe('samtok: logit (default 0.5), himtok: probability (default 0.5) above which a pixel is in'),
  missing: z
    .enum(['skip', 'official', 'zero', 'bias'])
    .optional()
    .describe('what stands for missing codes; samtok: skip, official; himtok: zero, bias'),
})
const words = z.union([
  z.string().min(1).max(MAX_TEXT_CHARS).describe('mask words as text'),
  z.array(z.int().min(-1)).min(1).max(4096).describe('codes, as /v1/masks/encode gives them'),
])
const length = z.int().min(1).max(1024)
export const decodeRequestSchema = z.strictObject({
  codec: codecName,
  ...pictureOrSize,
  words: z.array(words).min(1).max(MAX_REQUEST_MASKS),
  length: length.optional().describe('decode only the first codes of each mask (samtok, himtok)'),
  lengths: z
    .array(length)
    .min(1)
    .max(MAX_PREFIXES)
    .optional()
    .describe('also decode these prefixes of each mask: coarse to fine'),
  dialect: z.enum(OUTPUT_DIALECTS).optional().describe('how masks are written (default coco-rle)'),
  tolerancePx: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('polygons: how far corners may move (default 0)'),
  logits: z.boolean().optional().describe("also the decoder's own map, before the threshold"),
  options: decodeOptionsSchema.optional(),
})
const measured = {
  mask: maskOutputSchema,
  areaPx: z.int(),
  boxXyxyPx: z
    .tuple([z.int(), z.int(), z.int(), z.int()])
    .nullable()
    .describe('left, top, right, bottom (exclusive); null for an empty mask'),
  score: z.number().optional().describe("the decoder's own estimate of the IoU"),
}
const decodedMask = z.object({
  ...measured,
  codes: z.array(z.int()).describe('the codes that were decoded'),
  logits: z
    .object({ widthPx: z.int(), heightPx: z.int(), float32: z.string().describe('base64, little endian') })
    .optional()
    .describe('row-major, over the whole picture; above the threshold is foreground'),
  prefixes: z.array(z.object({ length: z.int(), ...measured })).optional(),
})
export const decodeAnswerSchema = z.object({
  codec: z.string(),
  widthPx: z.int(),
  heightPx: z.int(),
  results: z.array(z.union([decodedMask, z.object({ error: itemError })])),
  failed: z.int().describe('words without a result'),
  cached: z.boolean().describe('the encoded picture was there already, or none is needed'),
  times: z.object({ pictureMs: milliseconds, decodeMs: milliseconds, writeMs: milliseconds }),
})

// Text

export const parseRequestSchema = z.strictObject({
  text: z.string().max(MAX_TEXT_CHARS),
  codec: codecName.optional().describe('whose words to look for; default: told from their spelling'),
  thoughtOpen: z
    .boolean()
    .optional()
    .describe(
      'whether the template opened a thought that the text begins in; default: told by its closing tag',
    ),
})
const range = { start: z.int(), end: z.int() }
const place = z.object(range)
const placedText = z.object({ ...range, text: z.string() })
const maskIndices = z.array(z.int()).describe('indices into `masks`')
const foundMask = z.object({
  ...range,
  words: z.string().describe('what /v1/masks/decode takes'),
  kind: z.enum(['samtok', 'himtok', 'getok']).describe('whose words these are, by their spelling'),
  codec: z.string().nullable().describe('the served codec that reads them; null where none does'),
  codes: z.array(z.int()),
  status: z.enum(['complete', 'repaired', 'rejected']),
  repairs: z.array(z.object({ ...range, kind: z.string() })),
  label: z.string().optional(),
  inThought: z.boolean().describe('inside <think>: not part of the answer'),
})
const entry = z.object({
  ...range,
  label: z.string().optional(),
  masks: maskIndices,
  problems: z.array(z.string()),
})
export const parseAnswerSchema = z.object({
  codec: z.string().nullable().describe('the codec that reads these words; null where none does'),
  kind: z.enum(['samtok', 'himtok', 'getok']).nullable(),
  masks: z.array(foundMask).describe('every span of mask words, by place in the text (UTF-16 units)'),
  answer: place.describe('the range that counts as the answer'),
  thought: place.nullable(),
  noTarget: z.boolean().describe('the answer says that nothing matches'),
  caption: z
    .object({
      plain: z.string().describe('the caption without words and tags'),
      phrases: z.array(
        z.object({ ...range, phrase: placedText, masks: maskIndices, problems: z.array(z.string()) }),
      ),
    })
    .nullable(),
  entries: z.array(entry).describe('objects of a JSON answer (mask_2d, label)'),
  triples: z
    .array(
      z.object({
        ...range,
        subject: entry,
        predicate: placedText.nullable(),
        object: entry,
        problems: z.array(z.string()),
      }),
    )
    .describe('relations of a scene graph'),
  references: z
    .array(
      z.object({
        ...range,
        phrase: placedText.nullable(),
        boxes: z.array(z.tuple([z.int(), z.int(), z.int(), z.int()])).describe('0 to 999 of the picture'),
        problems: z.array(z.string()),
      }),
    )
    .describe('<ref> and <box> of HiMTok and InternVL'),
  problems: z.array(z.object({ ...range, kind: z.string() })).describe('what belongs to no mask'),
})

// Pictures of masks

const colour = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'a colour is #rrggbb')
  .describe('#rrggbb')
export const renderRequestSchema = z.strictObject({
  ...pictureOrSize,
  background: colour.optional().describe('with `size`: the ground (default #16181e)'),
  masks: z
    .array(
      z.strictObject({
        mask: maskInputSchema,
        colour: colour.optional().describe('default: one after the other from a palette'),
        opacity: z.number().min(0).max(1).optional().describe('of the fill; default 0.42'),
        contourPx: z.int().min(0).max(64).optional().describe('default: by the size of the picture'),
        name: label.optional().describe('written on the mask'),
      }),
    )
    .max(MAX_REQUEST_MASKS),
  drawnOn,
  format: z.enum(['png', 'webp']).optional().describe('default png'),
  longestSidePx: z.int().min(16).max(MAX_SIDE_PX).optional().describe('make larger pictures smaller'),
})

/** Masks of a picture to say in words. */
export type EncodeRequest = z.input<typeof encodeRequestSchema>
/** Words to read back on a picture. */
export type DecodeRequest = z.input<typeof decodeRequestSchema>
/** A text with words of masks to take apart. */
export type ParseRequest = z.input<typeof parseRequestSchema>
/** A picture with masks on it to draw. */
export type RenderRequest = z.input<typeof renderRequestSchema>
/** A mask as it may be given to the service, in one of its dialects. */
export type MaskInput = z.input<typeof maskInputSchema>
/** A mask as the service answers it, in the dialect that was asked for. */
export type MaskOutput = z.output<typeof maskOutputSchema>
/** The dialects in which the service answers masks. */
export type OutputDialect = (typeof OUTPUT_DIALECTS)[number]
/** One codec of the service: its language, tokens of a mask, vocabulary. */
export type CodecInfo = z.output<typeof codecInfoSchema>
/** Answer of `codecs`: the codecs that the service has. */
export type CodecList = z.output<typeof codecListSchema>
/** The words of a codec, in the order of their ids. */
export type VocabularyListing = z.output<typeof vocabularySchema>
/** Answer of `uploadPicture`: the name by which the service keeps the picture, and its size. */
export type PictureAnswer = z.output<typeof pictureSchema>
/** What the service keeps of a picture, and for which codecs. */
export type PictureInfoAnswer = z.output<typeof pictureInfoSchema>
/** Answer of `encodeMasks`: words, or an error, for each mask asked. */
export type EncodeAnswer = z.output<typeof encodeAnswerSchema>
/** Answer of `decodeWords`: a mask, or an error, for each item asked. */
export type DecodeAnswer = z.output<typeof decodeAnswerSchema>
/** Answer of `parseText`: the spans of a text, what was repaired, what else it says. */
export type ParseAnswer = z.output<typeof parseAnswerSchema>
