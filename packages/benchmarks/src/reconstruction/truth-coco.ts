// True masks of a COCO file. Format: cocodataset.org/#format-data.

import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize } from 'node:path'
import {
  annotationMask,
  asObject,
  cocoImages,
  cocoLists,
  idAt,
  isCrowd,
  type JsonObject,
  repeatedAnnotations,
  sizeAt,
  textAt,
} from '@maskwords/annotations'
import { type ErrorReport, MaskwordsError, parseJson } from '@maskwords/files'
import type { RecordId } from '@maskwords/words'
import {
  type PlannedPicture,
  type StatedTruth,
  sha256Of,
  type TruthOptions,
  type TruthPlan,
} from './truth-plan.ts'

type Image = { readonly file: string; readonly widthPx: number; readonly heightPx: number }

/** Plans the pictures of a COCO file. Bad entries are failures, the others are used. Throws MaskwordsError `malformed`. */
export async function planCocoTruth(bytes: Uint8Array, options: TruthOptions): Promise<TruthPlan> {
  const { truth } = options
  const value = parseJson(bytes, truth)
  const lists = cocoLists(value)
  if (lists === undefined) {
    throw new MaskwordsError('malformed', 'this is no COCO file: it needs the lists images and annotations', {
      file: truth,
      hint: '--truth takes a COCO instances file, or a folder with index.json and labels/*.png',
    })
  }
  const failures: ErrorReport[] = []
  const fail = (at: string, message: string) => failures.push({ code: 'malformed', file: truth, at, message })
  const listed = cocoImages(lists.images)
  const images = new Map<RecordId, Image>()
  for (const [id, entry] of listed.byId) {
    const image = imageOf(entry)
    if (image !== undefined) images.set(id, image)
    else fail(`images[${listed.places.get(id)}]`, IMAGE_WANTED)
  }
  for (const { place, id, kind } of listed.notes) {
    const at = `images[${place}]`
    if (kind === 'no-id') fail(at, IMAGE_WANTED)
    else if (kind === 'copy') fail(at, `a second image with the id ${id}, alike; the first one counts`)
    else
      fail(
        at,
        `another picture with the id ${id}: which of them its annotations are of is not known, none is used`,
      )
  }
  const { annotations } = lists
  const copies = new Set<number>()
  const names = new Map<number, string>()
  for (const { place, id, isCopy } of repeatedAnnotations(annotations)) {
    // Ids are only names: two regions of one name are two regions.
    if (isCopy) copies.add(place)
    else names.set(place, `${id}#${place}`)
    fail(
      `annotations[${place}]`,
      `a second annotation with the id ${id}${isCopy ? ', alike; the first one counts' : ', not alike; both are used'}`,
    )
  }
  const masks = new Map<RecordId, StatedTruth[]>()
  annotations.forEach((item, place) => {
    const at = `annotations[${place}]`
    const entry = asObject(item)
    const imageId = idAt(entry, 'image_id')
    const image = imageId === undefined ? undefined : images.get(imageId)
    // Said once, of the image.
    if (copies.has(place) || (imageId !== undefined && listed.refused.has(imageId))) return
    if (entry === undefined || imageId === undefined || image === undefined) {
      fail(at, 'an annotation needs the image_id of an image of this file')
      return
    }
    const stated = {
      id: names.get(place) ?? String(idAt(entry, 'id') ?? place),
      isCrowd: isCrowd(entry),
      read: () => {
        const found = annotationMask(entry, image)
        if (found.lost === undefined) return found.value
        throw new MaskwordsError('malformed', found.lost.message)
      },
    }
    const list = masks.get(imageId)
    if (list === undefined) masks.set(imageId, [stated])
    else list.push(stated)
  })
  const [first] = images.values()
  const folder = options.pictures ?? (await pictureFolder(dirname(truth), first?.file))
  const pictures = [...images].map(([id, { file, ...size }]): PlannedPicture => {
    const stated = masks.get(id) ?? []
    return { id: String(id), path: join(folder, file), ...size, masks: async () => stated }
  })
  return { kind: 'coco', pictures, failures, sha256: sha256Of(bytes) }
}

/**
 * Where the pictures of a truth lie: in `images` of its folder (of `annotations/`, beside it, as CVAT has it), or in the folder itself;
 * where that holds no picture of the name `first`, in the one of its folders that does.
 */
export async function pictureFolder(folder: string, first?: string): Promise<string> {
  const roots = basename(folder) === 'annotations' ? [folder, dirname(folder)] : [folder]
  const usual = roots.flatMap((root) => [join(root, 'images', 'default'), join(root, 'images')])
  if (first === undefined) return (await firstOf(usual, 'isDirectory')) ?? folder
  const others = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const places = [
    ...usual,
    folder,
    ...others.flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : [])).sort(),
  ]
  const found = await firstOf(
    places.map((place) => join(place, first)),
    'isFile',
  )
  if (found === undefined) return await pictureFolder(folder)
  return places.find((place) => join(place, first) === found)!
}

async function firstOf(paths: readonly string[], is: 'isFile' | 'isDirectory'): Promise<string | undefined> {
  for (const path of paths) if ((await stat(path).catch(() => undefined))?.[is]() === true) return path
  return undefined
}

const IMAGE_WANTED = 'an image needs id, file_name (inside the folder of pictures), width and height'

function imageOf(entry: JsonObject): Image | undefined {
  const file = textAt(entry, 'file_name')
  const size = sizeAt(entry)
  if (file === undefined || size === undefined) return undefined
  // Names of files come from outside: they must not lead out of the folder of pictures.
  const inside = normalize(file.replaceAll('\\', '/'))
  if (isAbsolute(inside) || inside.startsWith('..')) return undefined
  return { file: inside, ...size }
}
