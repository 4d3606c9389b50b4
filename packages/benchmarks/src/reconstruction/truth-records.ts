// True masks of whatever a reader of @maskwords/datasets reads: folders of one's own, whose layout is told from what lies there.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { labelMapCache, type OwnData, readerByName, regionMask } from '@maskwords/datasets'
import type { ErrorReport } from '@maskwords/files'
import type { PlannedPicture, TruthOptions, TruthPlan } from './truth-plan.ts'

/** Plans the pictures of the records that have masks. What is wrong with a record is a failure. Throws as the reader does. */
export async function planRecordTruth(
  { reader, ...own }: OwnData,
  options: Omit<TruthOptions, 'truth'>,
): Promise<TruthPlan> {
  const { signal, pictures: folder } = options
  const failures: ErrorReport[] = []
  const pictures: PlannedPicture[] = []
  const hash = createHash('sha256')
  const cache = labelMapCache()
  const records = readerByName(reader)!.read({
    ...own,
    signal,
    onProblem: ({ kind: code, message, file, at, isKept }) => {
      if (isKept !== true) failures.push({ code, message, file, ...(at !== undefined && { at }) })
    },
  })
  for await (const record of records) {
    hash.update(JSON.stringify(record))
    const { file, widthPx, heightPx, turn } = record.picture
    const masks = record.regions
      .filter(({ shape, isIgnored }) => shape.kind !== 'box' && isIgnored !== true)
      .map((region) => ({
        id: region.id,
        isCrowd: region.isCrowd === true,
        read: () => regionMask(record, region, { root: own.root, labelMapCache: cache }),
      }))
    if (masks.length === 0) continue
    pictures.push({
      id: record.id,
      path: join(folder ?? own.root, file),
      ...{ widthPx, heightPx, masks: async () => masks },
      ...(turn?.ground === 'shown' && { exif: 'apply' as const }),
    })
  }
  return { kind: 'records', pictures, failures, sha256: hash.digest('hex') }
}
