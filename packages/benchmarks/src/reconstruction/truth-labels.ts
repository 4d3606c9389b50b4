// True masks of a folder of label maps: `images/<id>.jpg` (or another format), `labels/<id>_<k>.png` with one segmentation
// of the picture each, labels from 1, and `index.json`, a list of { id, width, height, segmentations }. Layout: our own.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { idAt, sideAt, sizeAt } from '@maskwords/annotations'
import {
  type ErrorReport,
  located,
  MAX_JSON_BYTES,
  MAX_PICTURE_FILE_BYTES,
  MaskwordsError,
  parseJson,
  readFileCapped,
} from '@maskwords/files'
import { labelMapFromPng, masksFromLabelMap, type SizePx } from '@maskwords/mask'
import { pictureFolder } from './truth-coco.ts'
import {
  type PlannedPicture,
  type StatedTruth,
  sha256Of,
  type TruthOptions,
  type TruthPlan,
} from './truth-plan.ts'

/** Segmentations of one picture; BSDS500 has up to 9. */
const MAX_SEGMENTATIONS = 1000

/** Plans the pictures of the folder's index. Bad entries are failures. Throws MaskwordsError where there is no index. */
export async function planLabelTruth(options: TruthOptions): Promise<TruthPlan> {
  const { truth, signal } = options
  const indexPath = join(truth, 'index.json')
  const bytes = await readFileCapped(indexPath, indexPath, MAX_JSON_BYTES, signal).catch((error: unknown) => {
    if (!(error instanceof MaskwordsError) || error.code !== 'not-found') throw error
    throw new MaskwordsError('not-found', 'this folder has no index.json', {
      file: truth,
      hint: 'wanted: index.json, labels/<id>_<k>.png and images/<id>.jpg; or give a COCO file',
    })
  })
  const index = parseJson(bytes, indexPath)
  if (!Array.isArray(index)) {
    throw new MaskwordsError(
      'malformed',
      'the index must be a list of { id, width, height, segmentations }',
      {
        file: indexPath,
      },
    )
  }
  const folder = options.pictures ?? (await pictureFolder(truth))
  const files = await pictureFiles(folder)
  const failures: ErrorReport[] = []
  const pictures = new Map<string, PlannedPicture>()
  index.forEach((entry: unknown, i) => {
    const fail = (message: string) =>
      failures.push({ code: 'malformed', file: indexPath, at: `[${i}]`, message })
    const stated = idAt(entry, 'id')
    const id = String(stated)
    const size = sizeAt(entry)
    const segmentations = sideAt(entry, 'segmentations')
    if (stated === undefined || size === undefined || segmentations === undefined) {
      fail('an entry needs id, width, height and segmentations')
    } else if (/[\\/]/.test(id) || segmentations > MAX_SEGMENTATIONS) {
      fail(`an id without slashes and at most ${MAX_SEGMENTATIONS} segmentations are wanted`)
    } else if (pictures.has(id)) {
      fail(`a second entry with the id ${id}`)
    } else {
      pictures.set(id, {
        id,
        path: join(folder, files.get(id) ?? `${id}.jpg`),
        ...size,
        masks: () => segmentationMasks(truth, id, segmentations, { ...size, signal }),
      })
    }
  })
  return { kind: 'label-maps', pictures: [...pictures.values()], failures, sha256: sha256Of(bytes) }
}

/** Picture files by their name without ending. */
async function pictureFiles(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch(() => [] as string[])
  const files = new Map<string, string>()
  for (const name of names.sort()) {
    const match = /^(.+)\.(?:jpe?g|png|webp|avif|tiff?|gif)$/i.exec(name)
    if (match && !files.has(match[1]!)) files.set(match[1]!, name)
  }
  return files
}

async function segmentationMasks(
  truth: string,
  id: string,
  segmentations: number,
  { widthPx, heightPx, signal }: SizePx & { readonly signal: AbortSignal },
): Promise<StatedTruth[]> {
  const stated: StatedTruth[] = []
  for (let k = 0; k < segmentations; k++) {
    const name = `labels/${id}_${k}.png`
    try {
      const bytes = await readFileCapped(join(truth, name), name, MAX_PICTURE_FILE_BYTES, signal)
      const map = labelMapFromPng(bytes, { maxSampleBytes: widthPx * heightPx * 8 })
      if (map.widthPx !== widthPx || map.heightPx !== heightPx) {
        throw new MaskwordsError(
          'size-mismatch',
          `the label map is ${map.widthPx} x ${map.heightPx}, the index says ${widthPx} x ${heightPx}`,
          { file: name },
        )
      }
      for (const { label, mask } of masksFromLabelMap(map)) {
        stated.push({ id: `${k}:${label}`, isCrowd: false, read: () => mask })
      }
    } catch (error) {
      const failure = located(error, name)
      // One broken map must not take the others of its picture along: its failure is told where its mask would be read.
      stated.push({
        id: `${k}`,
        isCrowd: false,
        read: () => {
          throw failure
        },
      })
    }
  }
  return stated
}
