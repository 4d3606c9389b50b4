// True masks of a COCO file. Format: cocodataset.org/#format-data.
import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import { type ErrorReport, isRecord, isSamePicture, MaskwordsError, parseJson } from '@maskwords/files'
import { type CocoSegmentation, maskFromCocoSegmentation } from '@maskwords/mask'
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
  if (!isRecord(value) || !Array.isArray(value['images']) || !Array.isArray(value['annotations'])) {
    throw new MaskwordsError('malformed', 'this is no COCO file: it needs the lists images and annotations', {
      file: truth,
      hint: '--truth takes a COCO instances file, or a folder with index.json and labels/*.png',
    })
  }
  const failures: ErrorReport[] = []
  const fail = (at: string, message: string) => failures.push({ code: 'malformed', file: truth, at, message })
  const images = new Map<string, Image>()
  const entries = new Map<string, unknown>()
  const shared = new Set<string>()
  value['images'].forEach((entry: unknown, i) => {
    const image = imageOf(entry)
    const id = isRecord(entry) ? idOf(entry['id']) : undefined
    if (image === undefined || id === undefined)
      fail(`images[${i}]`, 'an image needs id, file_name (inside the folder of pictures), width and height')
    else if (!entries.has(id)) {
      entries.set(id, entry)
      images.set(id, image)
    } else if (isSamePicture(entry, entries.get(id))) {
      fail(`images[${i}]`, `a second image with the id ${id}, alike; the first one counts`)
    } else {
      shared.add(id)
      images.delete(id)
      fail(
        `images[${i}]`,
        `another picture with the id ${id}: which of them its annotations are of is not known, none is used`,
      )
    }
  })
  const masks = new Map<string, StatedTruth[]>()
  const seen = new Set<string>()
  value['annotations'].forEach((entry: unknown, i) => {
    const at = `annotations[${i}]`
    const imageId = isRecord(entry) ? idOf(entry['image_id']) : undefined
    const image = imageId === undefined ? undefined : images.get(imageId)
    // Said once, of the image.
    if (imageId !== undefined && shared.has(imageId)) return
    if (!isRecord(entry) || imageId === undefined || image === undefined) {
      fail(at, 'an annotation needs the image_id of an image of this file')
      return
    }
    const id = idOf(entry['id']) ?? String(i)
    const key = `${imageId}/${id}`
    if (seen.has(key)) {
      fail(at, `a second annotation with the id ${id}`)
      return
    }
    seen.add(key)
    const { widthPx, heightPx } = image
    const segmentation = entry['segmentation'] as CocoSegmentation
    const stated = {
      id,
      isCrowd: entry['iscrowd'] === 1 || entry['iscrowd'] === true,
      read: () => maskFromCocoSegmentation({ widthPx, heightPx, segmentation }),
    }
    const list = masks.get(imageId)
    if (list === undefined) masks.set(imageId, [stated])
    else list.push(stated)
  })
  const folder = options.pictures ?? (await pictureFolder(dirname(truth)))
  const pictures = [...images].map(([id, { file, ...size }]): PlannedPicture => {
    const stated = masks.get(id) ?? []
    return { id, path: join(folder, file), ...size, masks: async () => stated }
  })
  return { kind: 'coco', pictures, failures, sha256: sha256Of(bytes) }
}

/** The folder `images` in a folder where there is one, else the folder itself. */
export async function pictureFolder(folder: string): Promise<string> {
  const inside = join(folder, 'images')
  return (await stat(inside).catch(() => undefined))?.isDirectory() ? inside : folder
}

function imageOf(entry: unknown): Image | undefined {
  if (!isRecord(entry)) return undefined
  const { file_name: file, width, height } = entry
  if (typeof file !== 'string' || file === '' || !isSide(width) || !isSide(height)) return undefined
  // Names of files come from outside: they must not lead out of the folder of pictures.
  const inside = normalize(file.replaceAll('\\', '/'))
  if (isAbsolute(inside) || inside.startsWith('..')) return undefined
  return { file: inside, widthPx: width, heightPx: height }
}

export function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1
}

/** Ids are numbers or texts; 9 and "9" are the same one. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
