// True masks of a folder of label maps: `images/<id>.jpg` (or another format), `labels/<id>_<k>.png` with one segmentation
// of the picture each, labels from 1, and `index.json`, a list of { id, width, height, segmentations }. Layout: our own.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ErrorReport,
  isRecord,
  located,
  MAX_JSON_BYTES,
  MAX_PICTURE_FILE_BYTES,
  MaskwordsError,
  parseJson,
  readFileCapped,
} from '@maskwords/files'
import { labelMapFromPng, masksFromLabelMap } from '@maskwords/mask'
import { idOf, isSide, pictureFolder } from './truth-coco.ts'
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
    const id = isRecord(entry) ? idOf(entry['id']) : undefined
    const { width, height, segmentations } = isRecord(entry) ? entry : {}
    if (id === undefined || !isSide(width) || !isSide(height) || !isSide(segmentations)) {
      fail('an entry needs id, width, height and segmentations')
    } else if (/[\\/]/.test(id) || segmentations > MAX_SEGMENTATIONS) {
      fail(`an id without slashes and at most ${MAX_SEGMENTATIONS} segmentations are wanted`)
    } else if (pictures.has(id)) {
      fail(`a second entry with the id ${id}`)
    } else {
      pictures.set(id, {
        id,
        path: join(folder, files.get(id) ?? `${id}.jpg`),
        widthPx: width,
        heightPx: height,
        masks: () => segmentationMasks(truth, id, segmentations, { width, height, signal }),
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
  { width, height, signal }: { width: number; height: number; signal: AbortSignal },
): Promise<StatedTruth[]> {
  const stated: StatedTruth[] = []
  for (let k = 0; k < segmentations; k++) {
    const name = `labels/${id}_${k}.png`
    try {
      const bytes = await readFileCapped(join(truth, name), name, MAX_PICTURE_FILE_BYTES, signal)
      const map = labelMapFromPng(bytes, { maxSampleBytes: width * height * 8 })
      if (map.widthPx !== width || map.heightPx !== height) {
        throw new MaskwordsError(
          'size-mismatch',
          `the label map is ${map.widthPx} x ${map.heightPx}, the index says ${width} x ${height}`,
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
