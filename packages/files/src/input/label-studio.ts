// Masks in Label Studio exports: of the one task, annotation and picture that is meant.
import {
  annotationsOf,
  isMinTask,
  type JsonObject,
  type LabelStudioAnnotation,
  type LabelStudioEntry,
  type LabelStudioGroup,
  listedAnnotations,
  liveAnnotations,
  regionGroups,
  regionShapes,
  taskPictures,
  textId,
  withoutUploadPrefix,
} from '@maskwords/annotations'
import { MaskwordsError } from '../error.ts'
import type { FoundMasks, MaskJsonOptions } from './found-masks.ts'
import { ambiguous, picked, samePicture } from './picked.ts'
import { placedMasks } from './placed-masks.ts'

/** The masks of the one task that is meant. Throws MaskwordsError `ambiguous` or `not-found`. */
export function ofTasks(
  tasks: readonly JsonObject[],
  options: MaskJsonOptions,
  at: string,
  isList = true,
): FoundMasks {
  const { name, picks, fileName } = options
  const placed = tasks.map((item, i): LabelStudioEntry => ({ item, at: isList ? `${at}[${i}]` : at }))
  const choice = {
    what: 'task',
    key: 'task' as const,
    idOf: ({ item }: LabelStudioEntry) => textId(item['id']),
    file: name,
  }
  let left = picked({ ...choice, items: placed, picks })
  if (left.length > 1 && fileName !== undefined && picks?.task === undefined) {
    // A task may name several pictures; it is the one of the user's if one of them is.
    const named = left.flatMap(({ item }, i) => taskPictures(item).map((picture) => ({ i, picture })))
    const names = named.map(({ picture }) => picture)
    const found = samePicture(names, fileName)
    const places = found.length > 0 ? found : samePicture(names.map(withoutUploadPrefix), fileName)
    const bare = [...new Set(places.map((place) => named[place]!.i))]
    if (bare.length === 0) {
      throw new MaskwordsError(
        'not-found',
        `none of its ${left.length} tasks is of ${fileName}; the first is of ${names[0] ?? 'no picture'}`,
        {
          file: name,
          hint: `choose one: --pick task=${choice.idOf(left[0]!) ?? '<id>'}`,
        },
      )
    }
    left = bare.map((i) => left[i]!)
  }
  // JSON-MIN has an entry for each annotation of a task.
  const isOneTask = left.every(
    ({ item }) => 'annotation_id' in item && textId(item['id']) === textId(left[0]!.item['id']),
  )
  if (left.length > 1 && !isOneTask) throw ambiguous({ ...choice, items: left })
  const [first] = left as [LabelStudioEntry]
  const annotations = left.flatMap(({ item, at: place }) => annotationsOf(item, place))
  return ofAnnotationList(annotations, options, isMinTask(first.item) ? first.at : `${first.at}.annotations`)
}

/** The masks of the one annotation of a bare list that counts. */
export function ofAnnotations(list: readonly unknown[], options: MaskJsonOptions, at: string): FoundMasks {
  return ofAnnotationList(listedAnnotations(list, at), options, at)
}

/**
 * The regions of the one annotation that counts: not cancelled, no prediction, unless `--pick annotation=` names another.
 * Throws MaskwordsError `ambiguous` for several, `not-found` for none.
 */
function ofAnnotationList(
  all: readonly LabelStudioAnnotation[],
  options: MaskJsonOptions,
  at: string,
): FoundMasks {
  const { name, picks } = options
  const choice = {
    what: 'annotation',
    key: 'annotation' as const,
    idOf: ({ id }: LabelStudioAnnotation) => id,
    file: name,
  }
  if (picks?.annotation !== undefined) {
    const [chosen] = picked({ ...choice, items: all, picks })
    return ofResult(chosen!, options)
  }
  const of = (kind: LabelStudioAnnotation['kind']) => all.filter((one) => one.kind === kind)
  const live = liveAnnotations(all)
  const [cancelled, predicted, others] = [
    of('cancelled').length,
    of('predicted'),
    of('live').length - live.length,
  ]
  if (live.length > 1) throw ambiguous({ ...choice, items: live })
  const said = [
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(predicted.length > 0 ? [`${predicted.length} predicted`] : []),
    ...(others > 0 ? [`${others} beside the ground truth`] : []),
  ].join(' and ')
  const [one] = live
  if (one === undefined) {
    const first = predicted[0] ?? all[0]
    throw new MaskwordsError('not-found', `no annotation that counts${said === '' ? '' : `: ${said}`}`, {
      file: name,
      at: at.replace(/^\./, ''),
      ...(first !== undefined && {
        hint: `take one all the same: --pick annotation=${first.id ?? '<id>'}`,
      }),
    })
  }
  const found = ofResult(one, options)
  if (said === '') return found
  const note = `${name}: annotation ${one.id ?? ''} is read; left out: ${said} (--pick annotation=<id> takes another)`
  return { ...found, notes: [note, ...found.notes] }
}

function ofResult({ entries, at }: LabelStudioAnnotation, options: MaskJsonOptions): FoundMasks {
  if (entries === undefined) {
    throw new MaskwordsError('malformed', 'an annotation has no list `result`', { file: options.name, at })
  }
  return ofRegions(entries, options)
}

/** Regions of one picture. Throws MaskwordsError `ambiguous` where they are of several. */
export function ofRegions(entries: readonly LabelStudioEntry[], options: MaskJsonOptions): FoundMasks {
  const { picks, name } = options
  let left: readonly LabelStudioGroup[] = regionGroups(entries)
  for (const [key, what] of [
    ['picture', 'picture'],
    ['item', 'item'],
  ] as const) {
    const idOf = (group: LabelStudioGroup) => (key === 'item' ? group.itemIndex : group.toName)
    const groups = [...new Map(left.map((group) => [idOf(group), group])).values()]
    // A name of a control says nothing where there is but one.
    if (groups.length < 2 && (key === 'picture' || picks?.[key] === undefined)) continue
    const choice = { items: groups, what, key, idOf, file: name }
    const chosen = picked({ ...choice, picks })
    if (chosen.length > 1) throw ambiguous(choice, ' in one annotation')
    left = left.filter((group) => idOf(group) === idOf(chosen[0]!))
  }
  return placedMasks(regionShapes(left.flatMap((group) => group.entries)), options)
}
