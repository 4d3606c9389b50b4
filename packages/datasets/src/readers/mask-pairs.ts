// Photos and their masks, paired by name: `cup.jpg` with `cup.png`, `cup_mask.png` or `cup_1.png`, `cup_2.png`, in one folder or in two. Definition: ours,
// from how people keep them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { byCodeUnits, messageOf } from '@maskwords/base'
import { DataError } from '@maskwords/inputs'
import { type PngImage, readPng } from '@maskwords/mask'
import { entriesOf } from '../annotation-kind.ts'
import { keysOf, nameIn, photoOf, photosByName, saysMask, stemOf } from '../mask-names.ts'
import type { DataRecord, Reader, ReaderOptions, Region } from '../record.ts'
import { NAME_FILES, valueNames, valuesOf, voidMessage, voidOf } from './label-maps.ts'
import { PICTURE_EXTENSIONS } from './picture-place.ts'
import { joined, Reading } from './reading.ts'

const PHOTO_FOLDERS = ['images', 'image', 'imgs', 'img', 'photos', 'photo', 'pictures', 'jpegimages', 'input']
const MASK_FOLDERS = [
  'masks',
  'mask',
  'labels',
  'label',
  'annotations',
  'segmentations',
  'segmentation',
  'seg',
]
const MORE_MASK_FOLDERS = ['gt', 'groundtruth', 'ground_truth', 'targets', 'target', 'output', 'mattes']
const SPLITS = ['train', 'val', 'test']
/** A picture of ids has a colour a thing; more colours are a photograph. */
const MOST_COLOURS = 256

export const maskPairs: Reader = {
  name: 'masks',
  title: 'Photos and their masks, paired by name',
  layout: [
    '<name>.jpg with <name>.png, <name>_mask.png or <name>_1.png, <name>_2.png, ... beside it; <name>_cup.png is a mask of a cup',
    'or photos in images/ (photos/, ...) and masks of these names in masks/ (labels/, gt/, ...), also in {split}/, or <folder>/ with <folder>_masks/',
    'masks/<name>/ holds the masks of one photo, masks/cup/ those of cups; a mask of several values is a label map (names.json as for label-map)',
  ],
  splits: SPLITS,
  gives: ['masks'],
  read,
}

/** Where photos and masks lie: in one folder, or in two. */
type Pair = readonly [photos: string, masks: string]

async function* read(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('masks', options, 'all')
  const pairs = pairsIn(reading, options.split)
  let found: ReturnType<typeof paired> | undefined
  let pair: Pair | undefined
  for (pair of pairs) {
    found = paired(reading, pair)
    if (found.masks.size > 0) break
  }
  if (pair === undefined || found === undefined || found.masks.size === 0) {
    const looked = pairs.map(([photos, masks]) =>
      photos === masks ? `pairs in ${photos || '.'}/` : `${photos || '.'}/ with ${masks}/`,
    )
    const [photo] = found?.photos ?? []
    if (photo !== undefined) {
      throw new DataError(
        'wrong-layout',
        `${options.root} has photos, as ${photo}, and no mask of their names`,
        {
          file: options.root,
          hint: 'a.jpg with a.png, a_mask.png, or images/ with masks/; where an annotation file elsewhere is about them: --annotations my.json --root <this folder>',
        },
      )
    }
    reading.failLayout(
      looked.length > 0 ? looked : ['photos with a mask of the same name', 'images/ with masks/'],
    )
  }
  const names = valueNames(reading, NAME_FILES)
  for (const [photo, files] of found.masks) {
    reading.signal?.throwIfAborted()
    const record = recordOf(reading, photo, files, names)
    if (record !== undefined) yield record
    await new Promise((resolve) => setImmediate(resolve))
  }
  const [photoFolder, maskFolder] = pair
  const bare = found.photos.filter((photo) => !found.masks.has(photo))
  if (bare.length > 0) {
    const message = `${bare.length} of ${found.photos.length} photos have no mask, as ${bare[0]}: they are left out`
    reading.doubt('missing-picture', message, photoFolder || '.')
  }
  for (const file of found.alone)
    reading.problem('missing-picture', `${file} belongs to no photo in ${photoFolder || 'this folder'}`, file)
  const [smeared] = found.smeared
  if (smeared !== undefined) {
    const message = `${maskFolder}/ holds ${found.smeared.length} masks that are no PNG, as ${smeared}: save them as PNG, other formats smear their edges`
    reading.problem('bad-geometry', message, maskFolder)
  }
}

/** Places to look into, the likely ones first. */
function pairsIn(reading: Reading, split: string | undefined): Pair[] {
  const plain = (folder: string) => folder.slice(folder.lastIndexOf('/') + 1).toLowerCase()
  const within = (base: string): Pair[] => {
    const folders = reading.foldersIn(base)
    const photos = folders.filter((folder) => PHOTO_FOLDERS.includes(plain(folder)))
    const masks = [MASK_FOLDERS, MORE_MASK_FOLDERS].flatMap((list) =>
      folders.filter((folder) => list.includes(plain(folder))),
    )
    const sisters = folders.flatMap((folder): Pair[] =>
      folders
        .filter((other) => new RegExp(`^(${MASK_FOLDERS.join('|')}|gt)$`).test(suffixOf(other, folder) ?? ''))
        .map((other) => [folder, other]),
    )
    return [
      ...[...photos, base].flatMap((photo) => masks.map((mask): Pair => [photo, mask])),
      ...sisters,
      ...[base, ...photos].map((folder): Pair => [folder, folder]),
    ]
  }
  const inSplits = (split === undefined ? SPLITS : [split]).flatMap((name): Pair[] => [
    ...(reading.hasFolder(name) ? within(name) : []),
    ...within('')
      .filter(
        ([photos, masks]) =>
          reading.hasFolder(joined(photos, name)) && reading.hasFolder(joined(masks, name)),
      )
      .map(([photos, masks]): Pair => [joined(photos, name), joined(masks, name)]),
  ])
  return split === undefined ? [...within(''), ...inSplits] : inSplits
}

/** `masks` of `train_masks` and `train`. */
function suffixOf(name: string, start: string): string | undefined {
  return name.startsWith(start) && /^[ _.-]/.test(name.slice(start.length))
    ? name.slice(start.length + 1).toLowerCase()
    : undefined
}

type MaskFile = { readonly file: string; readonly category?: string }

function paired(reading: Reading, [photoFolder, maskFolder]: Pair) {
  const isOneFolder = photoFolder === maskFolder
  const pictures = reading.filesIn(photoFolder, PICTURE_EXTENSIONS)
  const isPng = (file: string) => file.toLowerCase().endsWith('.png')
  // Of two files of one name the PNG is the mask.
  const byStem = photosByName([...pictures].sort((a, b) => Number(isPng(a)) - Number(isPng(b))))
  const masks = new Map<string, MaskFile[]>()
  const alone: string[] = []
  const add = (photo: string, entry: MaskFile) => {
    const list = masks.get(photo)
    if (list === undefined) masks.set(photo, [entry])
    else list.push(entry)
  }
  const place = (file: string, category: string | undefined, mayBePhoto: boolean) => {
    const owner = photoOf(file, byStem)
    if (owner === undefined) {
      if (!mayBePhoto) alone.push(file)
      return
    }
    if (mayBePhoto && !isMaskBeside(reading, file, owner.rest)) return
    for (const key of keysOf(file)) if (byStem.get(key) === file) byStem.delete(key)
    const named = category ?? nameIn(owner.rest)
    add(owner.photo, { file, ...(named === undefined ? {} : { category: named }) })
  }
  // Short names first: what is a mask itself (a_cup.png) owns no other (a_cup_2.png).
  const files = reading.filesIn(maskFolder, ['.png']).sort((a, b) => a.length - b.length || byCodeUnits(a, b))
  for (const file of files) place(file, undefined, isOneFolder)
  if (!isOneFolder) {
    for (const { name } of entriesOf(join(reading.root, maskFolder)).filter((entry) => entry.isDirectory())) {
      const within = reading.filesIn(joined(maskFolder, name), ['.png'])
      const photo = byStem.get(name.normalize('NFC'))
      for (const file of within) {
        if (photo === undefined) {
          place(file, nameIn(name), false)
          continue
        }
        const category = nameIn(stemOf(file))
        add(photo, { file, ...(category === undefined ? {} : { category }) })
      }
    }
  }
  const owned = new Set([...masks.values()].flat().map(({ file }) => file))
  return {
    photos: pictures.filter((file) => !owned.has(file)),
    masks: new Map([...masks].filter(([photo]) => !owned.has(photo)).sort(([a], [b]) => byCodeUnits(a, b))),
    alone,
    smeared: isOneFolder
      ? []
      : reading.filesIn(maskFolder, PICTURE_EXTENSIONS).filter((file) => !isPng(file)),
  }
}

/** Whether a PNG beside a photo is its mask: it says so, or has no colours; `scene_2.png` may be the next photo of a scene. */
function isMaskBeside(reading: Reading, file: string, rest: string): boolean {
  if (saysMask(rest)) return true
  try {
    const image = readPng(readFileSync(join(reading.root, file)))
    if (image.colour === 'palette') return true
    const values = valuesOf(image, !isGrey(image))
    return values.length <= (isGrey(image) ? 64 : 16)
  } catch {
    return false
  }
}

function recordOf(
  reading: Reading,
  photo: string,
  files: readonly MaskFile[],
  names: ReadonlyMap<number, string>,
): DataRecord | undefined {
  const images: { entry: MaskFile; image: PngImage }[] = []
  const unread: string[] = []
  for (const entry of files) {
    try {
      images.push({ entry, image: readPng(readFileSync(join(reading.root, entry.file))) })
    } catch (error) {
      unread.push(`${entry.file} is no readable PNG: ${messageOf(error)}`)
    }
  }
  const [first] = images
  const { widthPx, heightPx } = first?.image ?? {}
  const picture =
    first === undefined
      ? undefined
      : reading.picture(photo, { widthPx, heightPx, start: 'pictures' }, first.entry.file, photo)
  for (const message of unread) reading.problem('bad-geometry', message, photo)
  if (picture === undefined) return undefined
  const regions = images.flatMap(({ entry, image }) => {
    const { file, category } = entry
    if (image.widthPx !== widthPx || image.heightPx !== heightPx) {
      const message = `${file} is ${image.widthPx} x ${image.heightPx}, another mask of ${photo} ${widthPx} x ${heightPx}`
      reading.lostRegion({ kind: 'wrong-size', message }, category, file, photo)
      return []
    }
    return regionsOf(reading, entry, image, names, images.length > 1)
  })
  return reading.record(stemOf(photo), picture, { regions }, photo)
}

function regionsOf(
  reading: Reading,
  { file, category }: MaskFile,
  image: PngImage,
  names: ReadonlyMap<number, string>,
  isOneOfSeveral: boolean,
): Region[] {
  const isColour = !isGrey(image)
  const values = valuesOf(image, isColour).filter((value) => value !== 0)
  // A black mask says that there is nothing.
  if (values.length === 0) return []
  const named = (own: string | undefined) => (own === undefined ? {} : { category: own })
  const own = isOneOfSeveral ? stemOf(file) : ''
  const whole = own === '' ? '1' : own
  if (isColour && values.length > MOST_COLOURS) {
    const message = `${file} has ${values.length} colours: it is a picture, no mask`
    reading.lostRegion({ kind: 'bad-geometry', message }, category, file, file)
    return []
  }
  if (!isColour && image.colour !== 'palette' && values.length > 1 && isSoft(image)) {
    const atLeast = Math.ceil((2 ** image.bitDepth - 1) / 2)
    return [{ id: whole, shape: { kind: 'mask-file', file, atLeast }, ...named(category) }]
  }
  const voidValue = values.length === 1 ? undefined : voidOf(values, names, isColour)
  if (voidValue !== undefined && values.includes(voidValue))
    reading.doubtOnce(`void ${voidValue}`, 'bad-field', voidMessage(voidValue, isColour), file)
  return values.map((value): Region => {
    const isVoid = value === voidValue
    const id = values.length === 1 ? whole : own === '' ? String(value) : `${own}/${value}`
    return {
      id,
      shape: { kind: 'label-map', file, value, channel: isColour ? 'rgb-id' : 'first' },
      ...named(names.get(value) ?? category),
      ...(isVoid ? { isIgnored: true } : {}),
    }
  })
}

/** Whether red, green and blue agree everywhere, or there is one plane. */
function isGrey(image: PngImage): boolean {
  if (image.colour !== 'rgb' && image.colour !== 'rgba') return true
  const { samples } = image
  const step = image.colour === 'rgb' ? 3 : 4
  for (let i = 0; i < samples.length; i += step)
    if (samples[i] !== samples[i + 1] || samples[i] !== samples[i + 2]) return false
  return true
}

/** Whether values are those of one mask with soft edges: nearly all pixels at both ends of the scale, the others between. */
function isSoft({ samples, widthPx, heightPx, bitDepth }: PngImage): boolean {
  const full = 2 ** bitDepth - 1
  const step = samples.length / (widthPx * heightPx)
  let [black, white, all] = [0, 0, 0]
  for (let i = 0; i < samples.length; i += step) {
    if (samples[i] === 0) black++
    else if (samples[i] === full) white++
    all++
  }
  return white > 0 && black + white >= 0.9 * all && all - black - white < white
}
