// The files that the studio saves: masks, words, an overlay, the session.
import { writeCoco } from '@maskwords/annotations'
import { base, stem } from '@maskwords/exchange/choose.ts'
import { type DatasetId, datasetOf } from '@maskwords/exchange/dataset.ts'
import { zipOf } from '@maskwords/exchange/zip.ts'
import { drawMasks, isEmpty, maskToPng, pictureHeader, type SizePx } from '@maskwords/mask'
import { currentStage } from '../canvas/stage.ts'
import { rgbOf } from '../canvas/tile.ts'
import { sampleUrl } from '../samples/samples.ts'
import { StudioError } from '../state/error.ts'
import { notifyError, selectedRegion, setBusy, useStudio } from '../state/store.ts'
import { CODECS, type CodecId, type Picture, type Region } from '../state/types.ts'
import { urlTexts } from '../state/url.ts'
import { annotatedOf } from './annotated.ts'
import type { ExportId } from './export-list.ts'
import { kept } from './kept.ts'
import { ownMask } from './own-size.ts'
import { sessionOf } from './session.ts'

/** A file to be saved, and what the person should know of it. */
export type SavedFile = {
  readonly name: string
  readonly body: Blob
  readonly said?: { readonly message: string; readonly hint: string }
}

/** The file of what is open, and its name. Throws StudioError `missing` where there is nothing to save. */
export async function fileOf(id: ExportId): Promise<SavedFile> {
  const state = useStudio.getState()
  const { picture, document } = state
  if (picture === undefined)
    throw new StudioError('missing', 'no picture is open', { hint: 'Open one first.' })
  const named = picture.name.replace(/\.[a-z0-9]+$/i, '')
  switch (id) {
    case 'mask': {
      const region = selected(selectedRegion(state))
      const mask = ownMask(region.mask, picture)
      return { name: `${named}-${plain(region.name)}.png`, body: pngBlob(maskToPng(mask)) }
    }
    case 'coco':
    case 'coco-plain': {
      const as = id === 'coco' ? 'runs' : 'counts'
      const description = 'Regions drawn in maskwords studio'
      const { value } = writeCoco([annotatedOf(picture, document.regions)], { as, description })
      return { name: `${named}-coco.json`, body: jsonBlob(value) }
    }
    case 'training':
    case 'yolo':
    case 'cvat':
    case 'label-studio':
    case 'label-map':
      return datasetFile(id, picture, document.regions)
    case 'words':
      return { name: `${named}-words.json`, body: jsonBlob(await wordsOf(picture, document.regions)) }
    case 'words-text': {
      const region = selected(selectedRegion(state))
      const { regions } = await wordsOf(picture, [region])
      const lines = CODECS.flatMap((codec) => regions[0]!.words[codec]?.text ?? [])
      if (lines.length === 0) {
        throw new StudioError('missing', `${region.name} is empty: there is nothing to say`, {
          hint: 'Draw it first.',
        })
      }
      return {
        name: `${named}-${plain(region.name)}.txt`,
        body: new Blob([`${lines.join('\n')}\n`], { type: 'text/plain' }),
      }
    }
    case 'overlay':
      return { name: `${named}-regions.png`, body: await overlayOf(picture, document.regions) }
    case 'session': {
      const png =
        picture.source === undefined
          ? new Uint8Array(await (await pictureBlob(picture)).arrayBuffer())
          : undefined
      const place = currentStage()?.place
      return {
        name: `${named}-session.json`,
        body: jsonBlob(sessionOf({ picture, document, png, place, address: await urlTexts() })),
      }
    }
  }
}

/** Regions with their picture as a folder of the format, packed, and the command that makes training data of it. */
async function datasetFile(id: DatasetId, picture: Picture, regions: readonly Region[]): Promise<SavedFile> {
  const { file, bytes, of } = await pictureFile(picture)
  const folder = plain(stem(picture.name))
  const { files, command, left } = datasetOf(id, [{ ...annotatedOf(of, regions, file), bytes }], folder)
  const name = `${folder}-${id}.zip`
  const body = new Blob([zipOf(files) as Uint8Array<ArrayBuffer>], { type: 'application/zip' })
  const lost = left.length === 0 ? '' : `; not in it: ${left.join(', ')}`
  const message = `${name}: ${regions.length} ${regions.length === 1 ? 'region' : 'regions'}${lost}.`
  return { name, body, said: { message, hint: `To training data: unzip ${name} -d ${folder} && ${command}` } }
}

/**
 * The picture's own file where the browser has it and nothing turns it, else its pixels as PNG; `of` is the picture that lies in
 * that file.
 */
async function pictureFile(
  picture: Picture,
): Promise<{ readonly file: string; readonly bytes: Uint8Array; readonly of: Picture }> {
  const { pixels, turn, source } = picture
  const sample = /^sample:(\w+)$/.exec(source ?? '')?.[1]
  const stored =
    sample === undefined
      ? (await kept('picture', picture.id))?.body
      : await (await fetch(sampleUrl(sample, 'webp'))).blob()
  const bytes = stored === undefined ? undefined : new Uint8Array(await stored.arrayBuffer())
  const header = bytes === undefined ? undefined : pictureHeader(bytes)
  const isSize = (size: SizePx | undefined) =>
    size !== undefined && header?.widthPx === size.widthPx && header.heightPx === size.heightPx
  // Of a session the browser keeps a picture of the size that was worked with.
  const { own: _, ...worked } = picture
  const file = base(picture.name)
  if (bytes !== undefined && turn === undefined && /\.(?:png|jpe?g|webp|bmp)$/i.test(file)) {
    if (isSize(picture.own)) return { file, bytes, of: picture }
    if (isSize(pixels)) return { file, bytes, of: worked }
  }
  const png = new Uint8Array(await (await pictureBlob(picture)).arrayBuffer())
  const { turn: __, ...shown } = worked
  return { file: `${stem(file)}.png`, bytes: png, of: shown }
}

type WordsJson = {
  readonly text: string
  readonly codes: readonly number[]
  readonly tokens: number
  readonly bits: number
}

/**
 * What each codec says of each region: as the panel "Words" has it, else asked for now. A codec that fails is left out and
 * told of; where all do, its error is thrown.
 */
async function wordsOf(picture: Picture, regions: readonly Region[]) {
  const { backend, spokenOf } = await import('../engine/index.ts')
  const failed = new Map<CodecId, unknown>()
  const out: { id: string; name: string; words: Partial<Record<CodecId, WordsJson>> }[] = []
  for (const [i, { id, name, mask }] of regions.entries()) {
    const words: Partial<Record<CodecId, WordsJson>> = {}
    for (const codec of isEmpty(mask) ? [] : CODECS) {
      if (failed.has(codec)) continue
      setBusy(`Saying ${name} (${i + 1} of ${regions.length})`)
      try {
        const { text, codes, tokens, bits } =
          spokenOf(id)?.[codec] ?? (await backend().speak(codec, picture, mask))
        words[codec] = { text, codes, tokens, bits }
      } catch (error) {
        failed.set(codec, error)
      }
    }
    out.push({ id, name, words })
  }
  if (failed.size === CODECS.length) throw failed.values().next().value
  for (const [codec, error] of failed) notifyError(error, `Words of ${codec} are left out`)
  const { widthPx, heightPx } = picture.pixels
  return { picture: { name: picture.name, widthPx, heightPx }, regions: out }
}

/** Contours are about a 300th of the shorter side, at least one pixel. */
async function overlayOf({ pixels }: Picture, regions: readonly Region[]): Promise<Blob> {
  const { widthPx, heightPx, rgb } = pixels
  const contourPx = Math.max(1, Math.round(Math.min(widthPx, heightPx) / 300))
  const styles = regions
    .filter(({ visible }) => visible)
    .map(({ mask, colour, opacity }) => ({ mask, colour: rgbOf(colour), opacity, contourPx }))
  const drawn = drawMasks({ widthPx, heightPx, channels: 3, bytes: rgb }, styles)
  return rgbBlob(drawn.widthPx, drawn.heightPx, drawn.bytes)
}

const pictureBlob = ({ pixels: { widthPx, heightPx, rgb } }: Picture): Promise<Blob> =>
  rgbBlob(widthPx, heightPx, rgb)

/** RGB as a PNG file, by the browser. */
async function rgbBlob(widthPx: number, heightPx: number, rgb: Uint8Array): Promise<Blob> {
  const image = new ImageData(widthPx, heightPx)
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    image.data[to] = rgb[from]!
    image.data[to + 1] = rgb[from + 1]!
    image.data[to + 2] = rgb[from + 2]!
    image.data[to + 3] = 255
  }
  const canvas = new OffscreenCanvas(widthPx, heightPx)
  canvas.getContext('2d')!.putImageData(image, 0, 0)
  return canvas.convertToBlob({ type: 'image/png' })
}

function selected(region: Region | undefined): Region {
  if (region !== undefined) return region
  throw new StudioError('missing', 'no region is selected', { hint: 'Select one in the list of regions.' })
}

/** A region's name as a part of a file's name. */
export function plain(name: string): string {
  return (
    name
      .normalize('NFKD')
      .replace(/[^\w-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60)
      .toLowerCase() || 'region'
  )
}

const pngBlob = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/png' })
const jsonBlob = (value: object) =>
  new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' })
