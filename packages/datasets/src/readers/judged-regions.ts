// Benchmarks of descriptions that a judge scores: MDVP-Bench (Draw-and-Understand, arXiv 2403.20271) and VideoRefer-Bench-D (arXiv 2501.00599),
// of the latter the one frame that names the object.
import { asObject, checkedSegmentation, idAt, listAt, member, numberAt, textAt } from '@maskwords/annotations'
import type { DataRecord, DialogueTurn, Reader, ReaderOptions, Region } from '../record.ts'
import { cocoRegion } from './coco-regions.ts'
import { joined, Reading } from './reading.ts'

const MDVP_FOLDERS = ['MDVP-bench', 'MDVP-Bench', '']

async function* readMdvp(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('mdvp-bench', options)
  const files = mdvpFiles(reading).filter(
    (file) => options.split === undefined || phaseOf(file) === options.split,
  )
  if (files.length === 0) {
    reading.failLayout(['MDVP-bench/{domain}/{domain}_box.json', '{domain}/*.json', '*.json'])
  }
  for (const file of files) {
    const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')))
    reading.picturesIn([folder, joined(folder, 'images'), 'images', ''])
    for await (const { value, index } of reading.list(file)) {
      const record = mdvpRecord(reading, value, file, index)
      if (record !== undefined) yield record
    }
  }
}

/** Files of questions: those of each domain's folder, else those of the root. */
function mdvpFiles(reading: Reading): string[] {
  for (const folder of MDVP_FOLDERS) {
    const own = reading.foldersIn(folder).flatMap((domain) => reading.filesIn(domain, ['.json']))
    if (own.length > 0) return own
  }
  return reading.filesIn('', ['.json'])
}

const phaseOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/i, '')

function mdvpRecord(reading: Reading, value: unknown, file: string, index: number): DataRecord | undefined {
  const at = `entry ${index}`
  const picture = reading.picture(textAt(value, 'image_name', 'image_path', 'image'), {}, file, at)
  if (picture === undefined) return undefined
  const answer = textAt(value, 'answer', 'caption', 'gt')
  if (answer === undefined) {
    reading.problem('bad-field', `${at} has no answer to compare with`, file, at)
    return undefined
  }
  const annotation = asObject(member(value, 'annotation')) ?? asObject(value) ?? {}
  const masks = listOf(member(annotation, 'mask_rle') ?? member(annotation, 'segmentation'))
  const boxes = boxesOf(member(annotation, 'bbox'))
  if (masks.length === 0 && boxes.length === 0) {
    reading.problem(
      'bad-geometry',
      `${at} points at its region with points alone, which are no mask`,
      file,
      at,
    )
    return undefined
  }
  const regions: Region[] = []
  const count = Math.max(masks.length, boxes.length)
  for (let k = 0; k < count; k++) {
    const geometry = {
      ...(masks[k] !== undefined && { segmentation: masks[k] }),
      ...(boxes[k] !== undefined && { bbox: boxes[k] }),
    }
    const { widthPx, heightPx } = picture
    const region = reading.keep(cocoRegion(geometry, { id: String(k), widthPx, heightPx }), file, at)
    if (region === undefined) return undefined
    regions.push(region)
  }
  const question = textAt(value, 'question', 'text')
  const pieces: DialogueTurn['pieces'] = [
    ...(question === undefined ? [] : [question.trim()]),
    ...regions.map(({ id }) => ({ region: id })),
  ]
  return reading.knownNewRecord(`${phaseOf(file)}/${index}`, picture, {
    regions,
    dialogues: [
      [
        { role: 'user', pieces },
        { role: 'assistant', pieces: [answer.trim()] },
      ],
    ],
  })
}

/** Masks of a row: one, or several. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [value]
  // One outline of numbers is one mask.
  if (typeof value[0] === 'number') return [[value]]
  return value
}

function boxesOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) return []
  return typeof value[0] === 'number' ? [value] : value
}

const VIDEOREFER_FILES = ['VideoRefer-Bench-D.json', 'VideoRefer-Bench/VideoRefer-Bench-D.json']

async function* readVideoRefer(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('videorefer-d', options)
  const file = reading.find(VIDEOREFER_FILES, [])
  reading.picturesIn(['frames', 'images', 'Panda-70M-part', 'videos/Panda-70M-part', ''])
  for await (const { value, index } of reading.list(file)) {
    const at = `entry ${index}`
    const frame = numberAt(value, 'frame_idx')
    const [object] = listAt(value, 'annotation')
    const stated = frame === undefined ? undefined : member(member(object, String(frame)), 'segmentation')
    const caption = textAt(value, 'caption')
    const video = textAt(value, 'video')
    if (frame === undefined || stated === undefined || caption === undefined || video === undefined) {
      reading.problem(
        'bad-field',
        `${at} lacks its video, caption, frame_idx or the mask of that frame`,
        file,
        at,
      )
      continue
    }
    const picture = framePicture(reading, video, frame, index, stated, file, at)
    if (picture === undefined) continue
    const segmentation = reading.keep(checkedSegmentation(stated, picture), file, at)
    if (segmentation === undefined) continue
    const region: Region = { id: '0', shape: { kind: 'coco', segmentation }, captions: [caption.trim()] }
    const id = String(idAt(value, 'id') ?? index)
    const record = reading.record(id, picture, { regions: [region] }, file)
    if (record !== undefined) yield record
  }
}

/** The frame as a picture of its own: videos are not read, so somebody has taken it out. */
function framePicture(
  reading: Reading,
  video: string,
  frame: number,
  index: number,
  mask: unknown,
  file: string,
  at: string,
) {
  const stem = video.replace(/\.[^./]*$/, '')
  const number = String(frame).padStart(5, '0')
  const names = [
    `${stem}/${number}`,
    `${index}/${number}`,
    `${stem}_${frame}`,
    `${stem}_${number}`,
    stem,
  ].flatMap((name) => [`${name}.jpg`, `${name}.png`])
  const [heightPx, widthPx] = listAt(mask, 'size').map(Number)
  const found = names.find((name) => reading.isThere(name, file, 'pictures'))
  return reading.picture(found ?? names[0], { widthPx, heightPx }, file, at)
}

export const mdvpBench: Reader = {
  name: 'mdvp-bench',
  title: 'MDVP-Bench: questions about marked regions, with answers to compare with',
  layout: [
    'MDVP-bench/{domain}/{split}.json: [{ image_name, question, answer, bbox }], pictures beside them',
    'or *.json: [{ image_path, mask_rle, caption }]',
  ],
  splits: [],
  gives: ['boxes', 'dialogues'],
  read: readMdvp,
}

export const videoReferD: Reader = {
  name: 'videorefer-d',
  title: 'VideoRefer-Bench-D: descriptions of an object, shown in one frame',
  layout: [
    'VideoRefer-Bench-D.json: [{ video, caption, frame_idx, annotation: [{ "<frame>": { segmentation } }] }]',
    'frames/<video>/<frame, five digits>.jpg, or <video>.jpg: the frame as a picture',
  ],
  splits: [],
  gives: ['masks', 'region-captions'],
  read: readVideoRefer,
}
