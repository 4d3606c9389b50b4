// What encode and roundtrip do first: the picture, its masks, and the two brought to one size.
import type { MaskCodec } from '@maskwords/codecs'
import { area, chooseGround, type Mask, resizeMaskNearest } from '@maskwords/mask'
import { DEFAULT_CODEC, type LoadCodecOptions, languageOfOptions, loadCodec, SPEAKERS } from './codec.ts'
import type { Context } from './command.ts'
import { type ErrorReport, MaskwordsError } from './error.ts'
import { MAX_PICTURE_FILE_BYTES, readInput } from './input/bytes.ts'
import { readMasks } from './input/masks.ts'
import type { NamedMask } from './input/named-mask.ts'
import { parsePicks } from './input/picked.ts'
import { localSource } from './local-source.ts'
import type { OptionValues, Size } from './options.ts'
import { describePicture, type PictureInfo } from './picture/describe.ts'
import { decodePicture, type ReadPicture } from './picture/read.ts'
import type {
  CODEC_OPTIONS,
  DECODE_OPTIONS,
  ENCODE_OPTIONS,
  MASK_OPTIONS,
  PICTURE_OPTIONS,
} from './shared-options.ts'

type CodecContext = Pick<Context, 'io' | 'path'> & {
  readonly options: OptionValues<typeof CODEC_OPTIONS & typeof ENCODE_OPTIONS & typeof DECODE_OPTIONS>
}
type LoadContext = Context<typeof PICTURE_OPTIONS & typeof MASK_OPTIONS>
type PictureContext = Context<typeof PICTURE_OPTIONS>

export type Loaded = {
  readonly picture: ReadPicture
  readonly name: string
  readonly masks: readonly NamedMask[]
  readonly failures: ErrorReport[]
}

/** The codec that the options name or, by what they set, mean, and how it is opened. */
export function codecRequest(
  { options, path }: Pick<CodecContext, 'options' | 'path'>,
  fallback: string = DEFAULT_CODEC,
): { readonly source: string; readonly options: Omit<LoadCodecOptions, 'signal'> } {
  const { codec, n, refine, segmenter, length, search, threshold, pillow, threads } = options
  const language = {
    ...(n !== undefined && { n }),
    ...(refine !== undefined && { refine }),
    ...(segmenter !== undefined && { segmenter: localSource(path, segmenter) }),
    ...(length !== undefined && { length }),
    ...(search !== undefined && { search }),
    ...(threshold !== undefined && { threshold }),
    ...(pillow !== undefined && { pillow }),
  }
  const meant = languageOfOptions(language)
  return {
    source: localSource(path, codec ?? (meant === undefined ? fallback : SPEAKERS[meant])),
    options: { ...language, ...(threads !== undefined && { threads }) },
  }
}

/**
 * The codec that the options name; where they name none, one of the language whose options they set, else `fallback`. The
 * caller closes it. Throws as `loadCodec`.
 */
export async function openCodec(context: CodecContext, fallback?: string): Promise<MaskCodec> {
  const { source, options } = codecRequest(context, fallback)
  return loadCodec(source, { ...options, signal: context.io.signal })
}

/** A picture whose header has been read; its pixels wait until the masks have said which way up they are. */
export type OpenedPicture = { readonly name: string; readonly bytes: Uint8Array; readonly info: PictureInfo }

/** Reads the picture file and its header. */
export async function openPicture(context: PictureContext, file: string): Promise<OpenedPicture> {
  const { name, bytes } = await readInput(context.io, file, MAX_PICTURE_FILE_BYTES)
  const maxPixels = context.options['max-pixels']
  const info = await describePicture(bytes, { name, ...(maxPixels !== undefined && { maxPixels }) })
  return { name, bytes, info }
}

/**
 * Decodes an opened picture by the command's options. Where --exif is auto, the orientation is that of which the words
 * were made, if their file says it (`madeOf`), else `masks` decide.
 */
export async function decodeOpened(
  context: PictureContext,
  opened: OpenedPicture,
  masks: readonly Pick<NamedMask, 'mask' | 'drawnOn'>[] = [],
  madeOf?: 'apply' | 'ignore',
): Promise<ReadPicture> {
  const { options, io } = context
  const isSaid = madeOf !== undefined && (options.exif ?? 'auto') === 'auto'
  const exif = isSaid ? madeOf : await chooseOrientation(context, opened, masks)
  if (isSaid && opened.info.orientation !== 1) {
    const { name, info } = opened
    const done = exif === 'apply' ? 'applied' : 'ignored'
    await context.talk.note(
      `${name}: EXIF orientation ${info.orientation} ${done}, as where the words were made`,
    )
  }
  return await decodePicture(opened.bytes, opened.info, {
    name: opened.name,
    exif,
    alpha: options.alpha ?? 'drop',
    icc: options.icc ?? 'ignore',
    signal: io.signal,
  })
}

/** Which pixels the masks lie on: the one rule of @maskwords/mask, as `prepare` has it; said wherever the picture is turned. */
async function chooseOrientation(
  context: PictureContext,
  { info, name }: OpenedPicture,
  masks: readonly Pick<NamedMask, 'mask' | 'drawnOn'>[],
): Promise<'apply' | 'ignore'> {
  const wanted = context.options.exif ?? 'auto'
  if (wanted !== 'auto') return wanted
  const { orientation, storedWidthPx, storedHeightPx } = info
  if (orientation === 1) return 'apply'
  const isStoredFormat = masks.some(({ drawnOn }) => drawnOn === 'stored') && info.format !== 'tiff'
  const stored = { widthPx: storedWidthPx, heightPx: storedHeightPx }
  const convention = isStoredFormat ? 'stored' : 'shown'
  const choice = chooseGround({ stored, orientation, stated: masks.map(({ mask }) => mask), convention })
  const said = `${name}: EXIF orientation ${orientation}`
  if (choice?.ground === 'stored') {
    const why =
      choice.by === 'size'
        ? `the masks are ${storedWidthPx} x ${storedHeightPx}, as stored`
        : 'sizes cannot tell, and COCO masks lie on the stored pixels'
    await context.talk.note(`${said} ignored: ${why}; decode with --exif ignore`)
    return 'ignore'
  }
  if (masks.length > 0 && choice?.by === 'convention') {
    await context.talk.note(`${said} applied; masks drawn on the stored pixels need --exif ignore`)
  } else if (masks.length === 0) {
    await context.talk.note(`${said} applied; words made of the stored pixels need --exif ignore`)
  }
  return 'apply'
}

/** Reads the first argument as the picture and the others as masks. Throws only where nothing is left to work on. */
export async function loadPictureAndMasks(context: LoadContext): Promise<Loaded> {
  const [file, ...maskFiles] = context.args as [string, ...string[]]
  if (context.args.filter((name) => name === '-').length > 1) {
    throw new MaskwordsError('usage', 'stdin (-) can be read once only')
  }
  return await loadWithMasks(context, file, maskFiles)
}

/** The same of one picture of many; `parsed` keeps annotation files that several pictures share. */
export async function loadWithMasks(
  context: LoadContext,
  file: string,
  maskFiles: readonly string[],
  parsed?: Map<string, unknown>,
): Promise<Loaded> {
  const { io, options, talk } = context
  const opened = await openPicture(context, file)
  const { info, name } = opened
  const stored = (options.exif ?? 'auto') === 'ignore'
  const size: Size = stored ? { widthPx: info.storedWidthPx, heightPx: info.storedHeightPx } : info
  const progress = talk.progress(maskFiles.length, 'file')
  const reading = await readMasks(io, maskFiles, {
    dialect: options['mask-format'] ?? 'auto',
    pictureName: file === '-' ? undefined : file,
    imageId: options['image-id'],
    picks: parsePicks(options.pick),
    encoding: options.encoding,
    size: { widthPx: size.widthPx, heightPx: size.heightPx },
    ...((options.exif ?? 'auto') === 'auto' &&
      info.orientation !== 1 && { isLaid: info.orientation >= 5 && info.widthPx !== info.heightPx }),
    labels: labelList(options),
    maxPixels: options['max-pixels'],
    jobs: options.jobs,
    note: (text) => talk.note(text),
    ...(parsed !== undefined && { parsed }),
    onFile: (total) => progress.step(total),
  })
  await progress.clear()
  const failures: ErrorReport[] = [...reading.failures]
  const picture = await decodeOpened(context, opened, reading.masks)
  const masks: NamedMask[] = []
  for (const item of reading.masks) {
    const { mask } = item
    const place = { file: item.file, ...(item.at !== undefined && { at: item.at }) }
    if (mask.widthPx !== picture.widthPx || mask.heightPx !== picture.heightPx) {
      if (options['resize-mask'] !== true) {
        failures.push({ code: 'size-mismatch', ...place, ...sizeMismatch(mask, picture) })
        continue
      }
      masks.push({
        ...item,
        mask: resizeMaskNearest(mask, { widthPx: picture.widthPx, heightPx: picture.heightPx }),
      })
    } else if (area(mask) === 0) {
      failures.push({
        code: 'malformed',
        ...place,
        message: `the mask "${item.label}" is empty: there is nothing to say`,
        hint: 'leave it out, or look at it with maskwords inspect',
      })
    } else {
      masks.push(item)
    }
  }
  if (masks.length === 0 && failures.length === 0) {
    throw new MaskwordsError('not-found', 'there are no masks in these files for this picture', {
      file: maskFiles.join(', '),
    })
  }
  return { picture, name, masks, failures }
}

function sizeMismatch(mask: Mask, picture: ReadPicture): { message: string; hint: string } {
  const { info } = picture
  const stored =
    info.orientation >= 5 && mask.widthPx === info.storedWidthPx && mask.heightPx === info.storedHeightPx
  const shown = info.orientation >= 5 && mask.widthPx === info.widthPx && mask.heightPx === info.heightPx
  const message = `the mask is ${mask.widthPx} x ${mask.heightPx}, the picture is ${picture.widthPx} x ${picture.heightPx} (width x height)`
  if (stored) return { message, hint: '--exif ignore: the mask fits the stored pixels' }
  if (shown) return { message, hint: '--exif apply: the mask fits the picture as viewers show it' }
  return { message, hint: '--resize-mask brings the mask to the size of the picture' }
}

/** The values of --labels. Throws MaskwordsError `usage`. */
export function labelList(options: { readonly labels?: string }): number[] | undefined {
  const text = options.labels
  if (text === undefined) return undefined
  const values = text.split(',').map((part) => (/^\s*\d{1,8}\s*$/.test(part) ? Number(part) : -1))
  if (!values.includes(-1)) return values
  throw new MaskwordsError('usage', `--labels takes numbers with commas between, as in 3,7; got "${text}"`)
}

/** Failures that are spelled out on stderr; `--json` has all. */
const SHOWN_FAILURES = 20

/** Reports the failures on stderr; the exit code of a command that went on without them. */
export async function reportFailures(
  context: Pick<Context, 'talk'>,
  failures: readonly ErrorReport[],
): Promise<0 | 1> {
  for (const report of failures.slice(0, SHOWN_FAILURES)) await context.talk.failure(report)
  if (failures.length > SHOWN_FAILURES) {
    await context.talk.failure({
      code: 'more',
      message: `and ${failures.length - SHOWN_FAILURES} more (--json lists all)`,
    })
  }
  return failures.length === 0 ? 0 : 1
}
