// A record without what cannot be used: regions whose geometry is broken or empty go, and what refers to them. Each costs
// itself, never its picture. Definition: ours.

import { messageOf } from '@maskwords/base'
import type { DataProblem, DataRecord, Region } from '@maskwords/datasets'
import { DataError, type LabelMapCache, regionMask } from '@maskwords/datasets'
import { area, isEmpty, type Mask } from '@maskwords/mask'

export type CheckedRecord = {
  readonly record: DataRecord
  /** Masks that were made for the check, by region. */
  readonly masks: Map<string, Mask>
  readonly problems: readonly DataProblem[]
  /** Phrases, captions, relations, dialogues and choices that went with their regions. */
  readonly lostTexts: number
  /** Regions whose pixels are exactly those of an earlier one of the picture. */
  readonly duplicates: number
}

export type CheckOptions = {
  readonly root: string
  readonly cache: LabelMapCache
  /** Whether masks in picture files are looked at, too: slow, so the plan does not. */
  readonly files: boolean
  /** Regions that cover less of their picture go; 0 or absent: none. */
  readonly minShare?: number | undefined
}

export function checkRecord(record: DataRecord, options: CheckOptions): CheckedRecord {
  const masks = new Map<string, Mask>()
  const problems: DataProblem[] = []
  const lost: Region[] = []
  const seen = new Map<string, Mask[]>()
  let duplicates = 0
  for (const region of record.regions) {
    const problem = problemOf(record, region, options, masks)
    if (problem !== undefined) {
      problems.push(problem)
      lost.push(region)
      continue
    }
    const mask = masks.get(region.id)
    if (mask === undefined) continue
    const key = `${mask.edges.length} ${mask.edges[0]} ${mask.edges[mask.edges.length - 1]}`
    const others = seen.get(key) ?? []
    if (others.some((other) => sameEdges(other.edges, mask.edges))) duplicates++
    seen.set(key, [...others, mask])
  }
  if (lost.length === 0) return { record, masks, problems, lostTexts: 0, duplicates }
  return { ...withoutRegions(record, lost), masks, problems, duplicates }
}

/** The record without some of its regions and what refers to them, and how many texts went; their categories count as incomplete. */
export function withoutRegions(
  record: DataRecord,
  lost: readonly Region[],
): { record: DataRecord; lostTexts: number } {
  const gone = new Set(lost)
  const regions = record.regions.filter((region) => !gone.has(region))
  return withoutDangling({ ...record, regions, ...coverageWithout(record, lost) })
}

/** What is known of a record's categories once these regions are lost: of theirs there may be more than what is left. */
function coverageWithout({ coverage }: DataRecord, lost: readonly Region[]): Pick<DataRecord, 'coverage'> {
  if (coverage === undefined || coverage.incomplete === 'any') return {}
  const names = lost.map(({ category }) => category)
  const known = names.filter((name) => name !== undefined)
  // A region without a name could be of any category.
  const incomplete = known.length < names.length ? 'any' : [...new Set([...coverage.incomplete, ...known])]
  return { coverage: { ...coverage, incomplete } }
}

function sameEdges(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function problemOf(
  record: DataRecord,
  region: Region,
  { root, cache, files, minShare = 0 }: CheckOptions,
  masks: Map<string, Mask>,
): DataProblem | undefined {
  const said = (kind: DataProblem['kind'], message: string): DataProblem => ({
    kind,
    message,
    file: record.dataset,
    at: `${record.id}, region ${region.id}`,
  })
  const box = region.boxXywhPx
  if (box !== undefined && !box.every((value) => Number.isFinite(value))) {
    return said('bad-geometry', `region ${region.id} of record ${record.id} has a box of [${box.join(', ')}]`)
  }
  if (masks.has(region.id)) {
    return said('duplicate-id', `record ${record.id} has the region ${region.id} twice; the first one counts`)
  }
  const { kind } = region.shape
  if (kind === 'box') {
    if (box !== undefined && box[2] > 0 && box[3] > 0) return undefined
    return said(
      'bad-geometry',
      `region ${region.id} of record ${record.id} has neither a mask nor a box with sides`,
    )
  }
  if (kind !== 'coco' && !files) return undefined
  try {
    const mask = regionMask(record, region, { root, labelMapCache: cache })
    if (isEmpty(mask)) {
      return said('empty-mask', `region ${region.id} of record ${record.id} covers no pixel`)
    }
    const share = area(mask) / (mask.widthPx * mask.heightPx)
    if (share < minShare) {
      const is = `${(100 * share).toPrecision(2)} % of its picture`
      return said(
        'small-mask',
        `region ${region.id} of record ${record.id} covers ${is}: left out (--min-area)`,
      )
    }
    masks.set(region.id, mask)
    return undefined
  } catch (error) {
    // Whatever outside bytes make the readers of masks throw costs this region alone.
    const message = messageOf(error)
    const isPlaced = error instanceof DataError
    return said('bad-geometry', isPlaced ? message : `region ${region.id} of record ${record.id}: ${message}`)
  }
}

/** The record without texts that refer to regions it does not have, and how many those were. */
function withoutDangling(record: DataRecord): { record: DataRecord; lostTexts: number } {
  const ids = new Set(record.regions.map((region) => region.id))
  const has = (id: string) => ids.has(id)
  const next = {
    ...record,
    phrases: record.phrases.filter((phrase) => phrase.regions.every(has)),
    captions: record.captions.filter((caption) => caption.spans.every((span) => span.regions.every(has))),
    relations: record.relations.filter((one) => has(one.subject) && has(one.object)),
    dialogues: record.dialogues.filter((turns) =>
      turns.every((turn) => turn.pieces.every((piece) => typeof piece === 'string' || has(piece.region))),
    ),
    choices: record.choices.filter((choice) =>
      choice.question.every((piece) => typeof piece === 'string' || has(piece.region)),
    ),
  }
  const count = (one: DataRecord) =>
    one.phrases.length +
    one.captions.length +
    one.relations.length +
    one.dialogues.length +
    one.choices.length
  return { record: next, lostTexts: count(record) - count(next) }
}
