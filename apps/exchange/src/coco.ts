// COCO JSON (cocodataset.org, "data format"): the annotations of the open picture.
import {
  annotationMask,
  asObject,
  categoryName,
  cocoCategories,
  cocoImages,
  drawnOnAt,
  entriesAt,
  idAt,
  type JsonObject,
  member,
  namesInWords,
  plainSegmentation,
  repeatedAnnotations,
  sizeAt,
  textAt,
  texts,
} from '@maskwords/annotations'
import { type Ground, type Mask, maskFromCocoSegmentation } from '@maskwords/mask'
import type { RecordId } from '@maskwords/words'
import { chosenEntry } from './choose.ts'
import { StudioError } from './error.ts'
import { type ChosenGround, chosenGround, type Grounds } from './ground.ts'
import { checkCount, type LoadedMasks, labelled, MAX_NAME_CHARACTERS, type NamedMask } from './loaded.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }
/**
 * Masks of a parsed JSON value for a picture: a COCO file (of which the annotations of this picture are taken: by file
 * name, else by size where only one picture has it), one picture's annotations as SA-1B has them, a list of annotations,
 * or run lengths alone. Throws StudioError where there is nothing for this picture.
 */
export function masksFromCoco(json: unknown, picture: Grounds): LoadedMasks {
  const { rows, names, readAs, said, image, convention } = rowsFor(json, picture)
  const annotations = rows.map(annotationOf)
  const masks: NamedMask[] = []
  const causes: string[] = []
  checkCount(rows.length)
  const ground = groundOf(picture, annotations, { image, convention })
  for (const [i, annotation] of annotations.entries()) {
    const found = annotation === undefined ? undefined : annotationMask(annotation, ground.size)
    if (found === undefined) causes.push(`annotation ${i} is no object`)
    else if (found.lost !== undefined) causes.push(`annotation ${i}: ${found.lost.message}`)
    else masks.push(namedOf(ground.shown(found.value), rows[i], i, names))
  }
  if (masks.length === 0) {
    throw new StudioError('malformed', causes[0] ?? 'the file has no annotation of this picture', {
      hint: 'A segmentation is a list of polygons or run lengths { size: [height, width], counts }, of the picture’s size.',
    })
  }
  const [cause] = causes
  return {
    masks,
    refused: causes.length,
    ...(cause === undefined ? {} : { cause }),
    readAs: [readAs, ...said, ...ground.said].join('; '),
  }
}

/** An entry as an annotation: run lengths alone are one, too. */
function annotationOf(row: unknown): JsonObject | undefined {
  return member(row, 'counts') === undefined ? asObject(row) : { segmentation: row }
}

/** Which pixels of the picture the annotations lie on: of the size that their image states, else their run lengths. */
function groundOf(
  picture: Grounds,
  annotations: readonly (JsonObject | undefined)[],
  { image, convention }: Pick<Rows, 'image' | 'convention'>,
): ChosenGround {
  const segmentations = annotations.flatMap((annotation) => {
    const { value } = plainSegmentation(member(annotation, 'segmentation'), undefined)
    return value === undefined ? [] : [value]
  })
  const ofImage = sizeAt(image)
  const ofRuns = segmentations.flatMap((value) =>
    'counts' in value ? [{ widthPx: value.size[1], heightPx: value.size[0] }] : [],
  )
  const outlines = segmentations.map(
    (segmentation) => (on: Size) =>
      maskFromCocoSegmentation({ widthPx: on.widthPx, heightPx: on.heightPx, segmentation }),
  )
  const ground = chosenGround(picture, {
    stated: ofImage === undefined ? ofRuns : [ofImage],
    convention,
    outlines: ofRuns.length > 0 ? [] : outlines,
  })
  if (ground !== undefined) return ground
  // What their run lengths say is told of each annotation.
  if (ofImage === undefined) return { size: picture, shown: (mask) => mask, said: [] }
  throw new StudioError(
    'size-mismatch',
    `the file says that ${textAt(image, 'file_name') ?? 'its picture'} has ${ofImage.widthPx} x ${ofImage.heightPx} pixels; the open picture has ${picture.widthPx} x ${picture.heightPx}`,
    { hint: 'Open the picture in the size for which the masks were made.' },
  )
}

type Rows = {
  readonly rows: readonly unknown[]
  readonly names: ReadonlyMap<RecordId, string>
  readonly readAs: string
  /** What is left out on purpose. */
  readonly said: readonly string[]
  readonly image?: JsonObject | undefined
  /** Whose pixels masks lie on where sizes cannot tell. */
  readonly convention: Ground
}

function rowsFor(json: unknown, picture: Grounds): Rows {
  const bare = { names: new Map<RecordId, string>(), said: [], convention: 'shown' } as const
  if (Array.isArray(json)) {
    if (json.some((item) => asObject(member(item, 'data')) !== undefined))
      throw notCoco('these are tasks of Label Studio')
    return { ...bare, rows: json, readAs: 'a list of annotations' }
  }
  if (asObject(json) === undefined) throw notCoco('the JSON is neither an object nor a list')
  if (member(json, 'counts') !== undefined)
    return { ...bare, rows: [json], readAs: 'one mask in run lengths' }
  const annotations = entriesAt(json, 'annotations')
  if (annotations === undefined) throw notCoco('the JSON has no list “annotations”')
  const { byId, refused } = cocoCategories(entriesAt(json, 'categories') ?? [])
  const said = [...refused].map(
    ([id, names]) => `category ${id} is ${names.join(' or ')}: its regions go without a name`,
  )
  const names = new Map(
    [...byId].flatMap(([id, entry]) => {
      const name = categoryName(entry)
      return name === undefined ? [] : [[id, name] as const]
    }),
  )
  const images = entriesAt(json, 'images')
  if (images === undefined) {
    const image = asObject(member(json, 'image'))
    return { ...bare, rows: annotations, names, readAs: 'annotations of one picture', said, image }
  }
  const image = imageFor(images, picture)
  const id = idAt(image, 'id', 'image_id')
  const name = textAt(image, 'file_name', 'coco_url') ?? 'the picture'
  const places = annotations.flatMap((row, place) =>
    id !== undefined && idAt(row, 'image_id') === id ? [place] : [],
  )
  if (places.length === 0) {
    throw new StudioError('missing', `the file knows ${name} but has no annotation of it`, {
      hint: 'Nothing to load; other pictures of the file may have annotations.',
    })
  }
  const copies = repeatedAnnotations(annotations, places).filter(({ isCopy }) => isCopy)
  const left = places.filter((place) => !copies.some((copy) => copy.place === place))
  if (copies.length > 0) said.push(`${copies.length} that stand twice are taken once`)
  return {
    rows: left.map((place) => annotations[place]),
    names,
    readAs: `COCO annotations of ${name}`,
    said,
    image,
    convention: drawnOnAt(image) ?? 'stored',
  }
}

function imageFor(images: readonly unknown[], picture: Grounds): JsonObject {
  const rows = images.map(asObject).filter((row) => row !== undefined)
  const image = chosenEntry(picture, {
    entries: rows,
    namesOf: (row) => texts(textAt(row, 'file_name', 'coco_url')),
    sizeOf: (row) => sizeAt(row),
    isSame: (a, b) => idAt(a, 'id') === idAt(b, 'id'),
    convention: 'stored',
    namedBy: '“file_name” of the COCO file',
  })
  checkShared(rows, image)
  return image
}

/** Of two different pictures with one id, nobody knows whose its annotations are. */
function checkShared(images: readonly JsonObject[], image: JsonObject): void {
  const id = idAt(image, 'id', 'image_id')
  const names = id === undefined ? undefined : cocoImages(images).refused.get(id)
  if (names === undefined) return
  throw new StudioError(
    'malformed',
    `image ${id} of the file is ${namesInWords(names)}: which of them its annotations are of is not known`,
    { hint: 'Give each image of the file its own id.' },
  )
}

function namedOf(mask: Mask, row: unknown, index: number, names: ReadonlyMap<RecordId, string>): NamedMask {
  const category = idAt(row, 'category_id')
  const named = category === undefined ? undefined : names.get(category)
  const phrase = textAt(row, 'caption')?.slice(0, MAX_NAME_CHARACTERS)
  const label = named ?? textAt(row, 'name') ?? textAt(row, 'label')
  const one = labelled(mask, label, phrase ?? `Annotation ${idAt(row, 'id') ?? index + 1}`)
  return phrase === undefined ? one : { ...one, phrase }
}

function notCoco(message: string): StudioError {
  return new StudioError('malformed', message, {
    hint: 'The studio reads COCO and labelme JSON, lists of annotations, run lengths, PNG masks and label maps, and its own sessions; others by maskwords convert.',
  })
}
