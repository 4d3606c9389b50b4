// A folder of made-up scenes with referring questions, in gRefCOCO's layout: images/, instances.json, grefs(unc).json; every reader of
// such files takes it. A scene is a function of the seed and its number.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@maskwords/base'
import type { Random } from '@maskwords/codecs'
import { randomInt } from '@maskwords/codecs'
import { pick, seededBy } from '@maskwords/data'
import { type DataRecord, inHoldout, type Reader, regionMask } from '@maskwords/datasets'
import {
  ensureFolder,
  isTypedError,
  MaskwordsError,
  openKeptLines,
  readPicture,
  requireSharp,
  throwIfAborted,
  writeWhole,
} from '@maskwords/files'
import { area, cocoRleFromMask, tightBox } from '@maskwords/mask'
import {
  COLOURS,
  type ComposeOptions,
  cutoutOf,
  drawnNames,
  drawShapes,
  groundOf,
  type Photograph,
  pasteInto,
  type ScenePicture,
  SHAPES,
} from './compose.ts'
import { nounOf } from './nouns.ts'
import { QUESTION_KINDS, type Question, type QuestionKind, questionsOf } from './questions.ts'

export type SceneSettings = {
  readonly seed: number
  readonly count: number
  /** The longer side of a scene. */
  readonly sidePx: number
  /** Share of scenes that are drawn shapes. */
  readonly drawn: number
  /** Share of the others that are a photograph alone. */
  readonly plain: number
  /** Most things pasted into a photograph. */
  readonly pasted: number
  /** Which pictures stay out: part k of n by their id, as everywhere. */
  readonly holdout: { readonly part: number; readonly parts: number } | undefined
}

export type MakeScenesOptions = {
  readonly settings: SceneSettings
  /** Photographs with masks and categories; may be undefined where all scenes are drawn. */
  readonly source: { readonly reader: Reader; readonly root: string } | undefined
  /** Where the scenes go. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly onScene: (done: number) => void
  /** A photograph or a region that cannot be used, and why. */
  readonly onProblem: (message: string) => void
}

export type MadeScenes = {
  readonly scenes: number
  readonly things: number
  readonly questions: Readonly<Record<QuestionKind, number>>
}

/** Cut-outs cover at least this share of their photograph, at least this many pixels, and are in one piece with few gaps. */
const LEAST_CUTOUT_PX = 1500
const MOST_QUESTIONS: Readonly<Record<QuestionKind, number>> = {
  class: 3,
  all: 1,
  count: 1,
  place: 2,
  size: 1,
  relation: 2,
  two: 1,
  none: 4,
}
const DRAWN_THINGS = 6
const JPEG_QUALITY = 92

type SceneLine = {
  readonly scene: number
  readonly file: string
  readonly widthPx: number
  readonly heightPx: number
  readonly things: readonly {
    readonly category: string
    readonly segmentation: { readonly size: readonly number[]; readonly counts: unknown }
    readonly bbox: readonly number[]
    readonly area: number
  }[]
  readonly questions: readonly Question[]
}

type Source = {
  readonly photographs: readonly DataRecord[]
  readonly categories: readonly string[]
  open(index: number): Promise<Photograph | undefined>
}

/**
 * Makes scenes, or goes on where a run into the same folder was stopped. The same settings give the same files.
 * @throws MaskwordsError `not-found` where there is no photograph to use, `usage` for a folder of other settings, `write-failed`,
 * `missing-dependency` without sharp.
 */
export async function makeScenes(options: MakeScenesOptions): Promise<MadeScenes> {
  const { settings, folder, signal } = options
  const sharp = await requireSharp('jpeg', folder)
  const source =
    settings.drawn >= 1 || !options.source ? undefined : await openSource(options, options.source)
  await ensureFolder(join(folder, 'images'))
  await claim(folder, { ...settings, of: options.source?.reader.name ?? null }, signal)
  const lines = new Map<number, SceneLine>()
  const kept = await openKeptLines(
    join(folder, 'scenes.jsonl'),
    (value) => {
      const line = value as SceneLine
      lines.set(line.scene, line)
    },
    { signal },
  )
  try {
    options.onScene(lines.size)
    for (let scene = 0; scene < settings.count; scene++) {
      throwIfAborted(signal)
      if (lines.has(scene)) continue
      const random = seededBy(settings.seed, 'scene', scene)
      const made = await makeScene(random, settings, source)
      const file = `${String(scene).padStart(7, '0')}.jpg`
      const { widthPx, heightPx, rgb } = made.picture.pixels
      const bytes = await sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
        .jpeg({ quality: JPEG_QUALITY })
        .toBuffer()
      await writeWhole(join(folder, 'images', file), bytes, signal)
      const line: SceneLine = {
        scene,
        file,
        widthPx,
        heightPx,
        things: made.picture.things.map(({ category, mask }) => {
          const { x, y, width, height } = tightBox(mask)
          return {
            category,
            segmentation: cocoRleFromMask(mask),
            bbox: [x, y, width, height],
            area: area(mask),
          }
        }),
        questions: made.questions,
      }
      lines.set(scene, line)
      await kept.append(line)
      options.onScene(lines.size)
    }
  } finally {
    await kept.close()
  }
  return await writeIndex(folder, settings.count, lines, signal)
}

/** A folder belongs to one set of settings. */
async function claim(folder: string, settings: unknown, signal: AbortSignal): Promise<void> {
  const path = join(folder, 'scenes.json')
  const text = `${JSON.stringify(settings, undefined, 2)}\n`
  const before = await readFile(path, 'utf8').catch(() => undefined)
  if (before === undefined) await writeWhole(path, new TextEncoder().encode(text), signal)
  else if (before !== text) {
    throw new MaskwordsError('usage', 'the folder has scenes of other settings', {
      file: path,
      hint: 'give another folder, or the settings in this file',
    })
  }
}

async function openSource(
  { settings, signal, onProblem }: MakeScenesOptions,
  { reader, root }: NonNullable<MakeScenesOptions['source']>,
): Promise<Source> {
  const photographs: DataRecord[] = []
  const categories = new Set<string>()
  for await (const record of reader.read({ root, signal, onProblem: ({ message }) => onProblem(message) })) {
    for (const { category } of record.regions) if (category !== undefined) categories.add(category)
    const { holdout } = settings
    if (holdout === undefined || !inHoldout(record.id, holdout.part, holdout.parts)) photographs.push(record)
  }
  if (photographs.length === 0) {
    throw new MaskwordsError('not-found', 'there is no photograph to make scenes from', { file: root })
  }
  const lost = new Set<number>()
  return {
    photographs,
    categories: [...categories].sort(),
    async open(index) {
      if (lost.has(index)) return undefined
      try {
        return await photographOf(photographs[index]!, root, onProblem, signal)
      } catch (error) {
        if (signal.aborted || !isTypedError(error)) throw error
        lost.add(index)
        onProblem(messageOf(error))
        return undefined
      }
    },
  }
}

async function photographOf(
  record: DataRecord,
  root: string,
  onProblem: (message: string) => void,
  signal: AbortSignal,
): Promise<Photograph> {
  const { file } = record.picture
  const { widthPx, heightPx, rgb } = await readPicture(join(root, file), {
    exif: record.picture.turn?.ground === 'stored' ? 'ignore' : 'apply',
    signal,
  })
  if (widthPx !== record.picture.widthPx || heightPx !== record.picture.heightPx) {
    throw new MaskwordsError(
      'size-mismatch',
      `the picture is ${widthPx} x ${heightPx}, its masks are ${record.picture.widthPx} x ${record.picture.heightPx} (width x height)`,
      { file },
    )
  }
  const { coverage } = record
  const unsure = new Set<string>(Array.isArray(coverage?.incomplete) ? coverage.incomplete : [])
  const things = record.regions.flatMap((region) => {
    const { category } = region
    if (category === undefined) return []
    if (region.isCrowd === true || region.isIgnored === true) {
      unsure.add(category)
      return []
    }
    try {
      const mask = regionMask(record, region, { root })
      return area(mask) === 0 ? [] : [{ category, mask }]
    } catch (error) {
      if (!isTypedError(error)) throw error
      unsure.add(category)
      onProblem(messageOf(error))
      return []
    }
  })
  return { pixels: { widthPx, heightPx, rgb }, things, unsure }
}

async function makeScene(
  random: Random,
  settings: SceneSettings,
  source: Source | undefined,
): Promise<{ picture: ScenePicture; questions: Question[] }> {
  if (source === undefined || random() < settings.drawn) {
    const picture = drawShapes(random, { sidePx: settings.sidePx, most: DRAWN_THINGS })
    const all = Object.keys(COLOURS).flatMap((colour) =>
      Object.keys(SHAPES).flatMap((shape) => drawnNames(`${colour} ${shape}`)),
    )
    return { picture, questions: questionsAbout(picture, [...new Set(all)], drawnNames, random) }
  }
  const picture = await composed(random, settings, source)
  return { picture, questions: questionsAbout(picture, source.categories, (name) => [name], random) }
}

async function composed(random: Random, settings: SceneSettings, source: Source): Promise<ScenePicture> {
  const options: ComposeOptions = { sidePx: settings.sidePx, leastWindow: 0.6, shares: [0.015, 0.25] }
  let scene = groundOf(await anyPhotograph(random, source), random, options)
  if (random() < settings.plain) return scene
  const count = randomInt(random, 1, Math.max(1, settings.pasted))
  for (let i = 0; i < count; i++) {
    const present = scene.things.map(({ category }) => category)
    // A second one of what is there, half of the time: places, sizes and numbers tell them apart.
    const wanted = present.length > 0 && random() < 0.5 ? pick(random, present) : undefined
    const cutout = await anyCutout(random, source, wanted)
    if (cutout !== undefined) scene = pasteInto(scene, cutout, random, options)
  }
  return scene
}

/** Photographs that are tried before it is said that none can be read. */
const TRIES = 50

async function anyPhotograph(random: Random, source: Source): Promise<Photograph> {
  for (let i = 0; i < TRIES; i++) {
    const found = await source.open(Math.floor(random() * source.photographs.length))
    if (found !== undefined) return found
  }
  throw new MaskwordsError('not-found', `${TRIES} photographs in a row could not be read`)
}

async function anyCutout(random: Random, source: Source, wanted: string | undefined) {
  for (let i = 0; i < TRIES; i++) {
    const index = Math.floor(random() * source.photographs.length)
    const record = source.photographs[index]!
    if (wanted !== undefined && !record.regions.some(({ category }) => category === wanted)) continue
    const photograph = await source.open(index)
    const fit = (photograph?.things ?? []).flatMap(({ category, mask }, at) => {
      const { x, y, width, height } = tightBox(mask)
      // What the frame cuts off looks cut off anywhere else, and sparse masks are what shows between other things.
      const whole = x > 0 && y > 0 && x + width < mask.widthPx && y + height < mask.heightPx
      const solid = area(mask) >= LEAST_CUTOUT_PX && area(mask) > 0.3 * width * height
      return whole && solid && (wanted === undefined || category === wanted) ? [at] : []
    })
    if (fit.length > 0) return cutoutOf(photograph!, pick(random, fit))
  }
  return undefined
}

function questionsAbout(
  { things, unsure, pixels }: ScenePicture,
  names: readonly string[],
  namesOf: (category: string) => readonly string[],
  random: Random,
): Question[] {
  const present = new Set(things.flatMap(({ category }) => namesOf(category)))
  const pixelCount = pixels.widthPx * pixels.heightPx
  return questionsOf(
    things.map(({ category, mask }) => {
      const { x, y, width, height } = tightBox(mask)
      return {
        names: namesOf(category),
        share: area(mask) / pixelCount,
        x: (x + width / 2) / pixels.widthPx,
        y: (y + height / 2) / pixels.heightPx,
      }
    }),
    {
      random,
      nounOf,
      absent: names.filter((name) => !present.has(name) && !unsure.has(name)),
      unsure,
      most: MOST_QUESTIONS,
    },
  )
}

/** The annotation files, from the lines of all scenes. */
async function writeIndex(
  folder: string,
  count: number,
  lines: ReadonlyMap<number, SceneLine>,
  signal: AbortSignal,
): Promise<MadeScenes> {
  const scenes = Array.from({ length: count }, (_, i) => lines.get(i)!)
  const names = [...new Set(scenes.flatMap(({ things }) => things.map(({ category }) => category)))].sort()
  const categories = names.map((name, i) => ({ id: i + 1, name }))
  const categoryId = new Map(categories.map(({ id, name }) => [name, id]))
  const annotations: unknown[] = []
  const refs: unknown[] = []
  const questions = Object.fromEntries(QUESTION_KINDS.map((kind) => [kind, 0])) as Record<
    QuestionKind,
    number
  >
  for (const line of scenes) {
    const first = annotations.length + 1
    const image_id = line.scene + 1
    line.things.forEach(({ category, ...rest }, i) => {
      annotations.push({
        id: first + i,
        image_id,
        category_id: categoryId.get(category)!,
        iscrowd: 0,
        ...rest,
      })
    })
    for (const { kind, text, targets } of line.questions) {
      questions[kind]++
      refs.push({
        ref_id: refs.length + 1,
        image_id,
        file_name: line.file,
        split: 'train',
        kind,
        no_target: targets.length === 0,
        ann_id: targets.length === 0 ? [-1] : targets.map((at) => first + at),
        category_id: [...new Set(targets.map((at) => categoryId.get(line.things[at]!.category)!))],
        sentences: [{ sent_id: refs.length + 1, sent: text }],
      })
    }
  }
  const images = scenes.map(({ scene, file, widthPx, heightPx }) => ({
    id: scene + 1,
    file_name: file,
    width: widthPx,
    height: heightPx,
  }))
  const write = (name: string, value: unknown) =>
    writeWhole(join(folder, name), new TextEncoder().encode(`${JSON.stringify(value)}\n`), signal)
  await write('instances.json', { images, annotations, categories })
  await write('grefs(unc).json', refs)
  return { scenes: scenes.length, things: annotations.length, questions }
}
