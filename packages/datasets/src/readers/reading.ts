// What every reader does alike: finding the files of a layout, reporting lost samples, checking pictures. Definition: ours.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Found, Loss, SameId } from '@maskwords/annotations'
import { byCodeUnits, messageOf, nearest } from '@maskwords/base'
import {
  DataError,
  type DataProblem,
  type JsonItem,
  type JsonLine,
  jsonItems,
  jsonLines,
  readJsonFile,
  readText,
} from '@maskwords/inputs'
import type { GroundConvention, PictureHeader } from '@maskwords/mask'
import { fileExists, folderExists, safeRelativePath } from '../paths.ts'
import type { Coverage, DataRecord, PictureFile, ReaderOptions, Region } from '../record.ts'
import { type CocoIndex, type CocoIndexOptions, openCocoIndex } from './coco-index.ts'
import { AlikeNames, type NameStart, type StatedPath, statedPaths } from './picture-place.ts'
import { pictureFileHeader } from './picture-size.ts'
import { groundedPicture, turnedByOutlines } from './picture-turn.ts'
import { reservedName } from './reserved-names.ts'

export type PictureFacts = {
  /** As the annotations state it; read from the picture's file where they do not. */
  readonly widthPx?: number | undefined
  readonly heightPx?: number | undefined
  readonly licence?: string | undefined
  /** What a relative name begins at. Default: the folders of pictures. */
  readonly start?: NameStart
  /** Which pixels the format's masks lie on where a turned picture's sizes cannot tell. Default: stored, as Pillow reads them. */
  readonly drawnOn?: GroundConvention
}

/** 'all' where a dataset labels every object of its categories, so that a category without a region is absent. */
export type Labels = 'all' | 'some'

/** One run of a reader over one split. */
export class Reading {
  readonly dataset: string
  readonly root: string
  readonly signal: AbortSignal | undefined
  readonly onProblem: (problem: DataProblem) => void
  readonly sameId: SameId
  private readonly encoding: string | undefined
  private readonly keepsMissing: boolean
  private readonly labels: Labels
  private readonly named: string | undefined
  private readonly regionName: string | undefined
  /** Categories of which a region was lost since the record began; undefined for one that nobody knows. */
  private readonly lostCategories = new Set<string | undefined>()
  private readonly saidOnce = new Set<string>()
  /** Folders that pictures were found in, the last successful one first. */
  private folders: string[]
  private readonly ids = new Set<string>()
  private readonly alike: AlikeNames
  /** Pictures that were found by the end of a path that leads elsewhere, and that path. */
  private readonly guessed = new Map<string, string>()
  private splitName: string | undefined

  constructor(dataset: string, options: ReaderOptions, labels: Labels = 'some') {
    this.dataset = dataset
    this.root = options.root
    this.signal = options.signal
    this.onProblem = options.onProblem
    this.encoding = options.encoding
    this.sameId = options.sameId ?? 'refuse'
    this.labels = labels
    this.named = options.annotations
    this.regionName = options.regionName
    this.keepsMissing = options.missingPictures === 'keep'
    this.splitName = options.split
    this.folders = ['']
    this.alike = new AlikeNames(options.root)
    if (!folderExists(options.root, '')) {
      throw new DataError('io', `there is no folder ${options.root}`, { file: options.root })
    }
  }

  get split(): string | undefined {
    return this.splitName
  }

  /** Says that something was lost. A region of the picture that is being read counts as lost, of a category nobody knows. */
  problem(kind: DataProblem['kind'], message: string, file: string, at?: string): void {
    this.lostCategories.add(undefined)
    this.onProblem(at === undefined ? { kind, message, file } : { kind, message, file, at })
  }

  /** Says that something was lost that is no region: a phrase, a caption. */
  lostText(kind: DataProblem['kind'], message: string, file: string, at: string): void {
    this.onProblem({ kind, message, file, at })
  }

  /** Says that a region of this category was lost from the picture that is being read. */
  lostRegion(loss: Loss, category: string | undefined, file: string, at: string): void {
    this.lostCategories.add(category)
    this.onProblem({ kind: loss.kind, message: `${at}: ${loss.message}`, file, at })
  }

  /** Says what was wrong or doubtful where nothing was lost. */
  doubt(kind: DataProblem['kind'], message: string, file: string, at?: string): void {
    this.onProblem({ kind, message, file, ...(at === undefined ? {} : { at }), isKept: true })
  }

  /** The same of something that every picture may have: the first time only. */
  doubtOnce(key: string, kind: DataProblem['kind'], message: string, file: string): void {
    if (this.saidOnce.has(key)) return
    this.saidOnce.add(key)
    this.doubt(kind, message, file)
  }

  /** The picture that is being read may show more of this category than its regions say; of any, where it is left out. */
  mayLack(category?: string): void {
    this.lostCategories.add(category)
  }

  /** The value found, with what is doubtful about it said; or undefined, with its loss said. */
  keep<T>(found: Found<T>, file: string, at: string, category?: string): T | undefined {
    if (found.lost !== undefined) {
      this.lostRegion(found.lost, category, file, at)
      return undefined
    }
    for (const { kind, message } of found.doubts ?? []) this.doubt(kind, `${at}: ${message}`, file, at)
    return found.value
  }

  /** What is known of categories beyond the regions of the picture that is being read; undefined: nothing. */
  coverage(): Coverage | undefined {
    if (this.labels === 'some') return undefined
    return { absent: 'others', incomplete: this.incomplete() }
  }

  /** Categories of which a region of this picture was lost. */
  incomplete(): Coverage['incomplete'] {
    const { lostCategories } = this
    return lostCategories.has(undefined) ? 'any' : [...(lostCategories as Set<string>)].sort(byCodeUnits)
  }

  /** The elements of one list of a JSON file; `''` is the document itself. */
  async *list(file: string, list = ''): AsyncGenerator<Extract<JsonItem, { kind: 'element' }>> {
    const { onProblem, signal, encoding } = this
    const options = { lists: [list], file, onProblem, encoding, ...(signal === undefined ? {} : { signal }) }
    for await (const item of jsonItems(join(this.root, file), options))
      if (item.kind === 'element') yield item
  }

  lines(file: string): AsyncGenerator<JsonLine> {
    const { onProblem, signal, encoding } = this
    return jsonLines(join(this.root, file), {
      file,
      onProblem,
      encoding,
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** A COCO-like file's index. */
  cocoIndex(file: string, options: Partial<CocoIndexOptions> = {}): Promise<CocoIndex> {
    const { onProblem, signal, encoding, sameId } = this
    return openCocoIndex(join(this.root, file), { file, onProblem, signal, encoding, sameId, ...options })
  }

  /** A small JSON file, whole; undefined, with a problem said, where it cannot be read. */
  json(file: string): unknown {
    try {
      return readJsonFile(join(this.root, file), file, { encoding: this.encoding })
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      this.problem('bad-field', error.message, file)
      return undefined
    }
  }

  /** A small text file, whole; undefined, with a problem said, where it cannot be read. */
  text(file: string): string | undefined {
    try {
      return readText(join(this.root, file), file, { encoding: this.encoding })
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      this.problem('bad-field', error.message, file)
      return undefined
    }
  }

  /**
   * The annotation file: the one that was asked for by name, else the first of these (see `find`), else what `others` finds.
   * @throws DataError `io` where the named one is not there, `wrong-layout`
   */
  annotations(candidates: readonly string[], splits: readonly string[], others?: () => string[]): string {
    const { named: asked } = this
    if (asked !== undefined) {
      if (fileExists(this.root, asked)) return asked
      throw new DataError('io', `there is no file ${asked}`, {
        file: join(this.root, asked),
        hint: `an annotation file is looked for from here, then from the dataset's folder ${this.root}`,
      })
    }
    const found = this.findOptional(candidates, splits)
    if (found !== undefined) return found
    const isFree = this.splitName === undefined
    const named = candidates.filter((candidate) => !/^\{split\}\.\w+$/.test(candidate))
    const there = splitsThere(this.root, named)
    // A split of a name that nobody publishes is one all the same, where it is the only one.
    if (isFree && there.length === 1) return this.find(candidates, there)
    const [other, ...more] = isFree && there.length === 0 ? (others?.() ?? []) : []
    if (more.length > 0) {
      throw new DataError(
        'wrong-layout',
        `${this.root} has several annotation files: ${[other, ...more].slice(0, 12).join(', ')}`,
        {
          file: this.root,
          hint: `name the file that counts in the place of its folder: ${other}; of prepare --annotations does it, too`,
        },
      )
    }
    return other ?? this.failLayout(this.namesOf(candidates, splits), candidates, there)
  }

  /**
   * The first of these files that is there, with `{split}` filled in: the split asked for, or each of `splits` in turn.
   * Throws DataError `wrong-layout` that says what was looked for and what the folder holds.
   */
  find(candidates: readonly string[], splits: readonly string[]): string {
    const found = this.findOptional(candidates, splits)
    if (found !== undefined) return found
    this.failLayout(this.namesOf(candidates, splits), candidates)
  }

  findOptional(candidates: readonly string[], splits: readonly string[]): string | undefined {
    for (const split of this.splitName === undefined ? [...splits, ''] : [this.splitName]) {
      for (const candidate of candidates) {
        if (candidate.includes('{split}') && split === '') continue
        const name = candidate.replaceAll('{split}', split)
        if (safeRelativePath(name) !== name || !fileExists(this.root, name)) continue
        if (candidate.includes('{split}')) this.splitName = split
        return name
      }
    }
    return undefined
  }

  private namesOf(candidates: readonly string[], splits: readonly string[]): string[] {
    const named = this.splitName === undefined ? splits : [this.splitName]
    return candidates.flatMap((candidate) =>
      candidate.includes('{split}')
        ? named.map((split) => candidate.replaceAll('{split}', split))
        : [candidate],
    )
  }

  /** Says what was looked for; where a split was asked for, which splits are there by `templates` with `{split}` in them. */
  failLayout(
    lookedFor: readonly string[],
    templates: readonly string[] = [],
    there: readonly string[] = this.splitName === undefined ? [] : splitsThere(this.root, templates),
  ): never {
    const shown = lookedFor.length > 12 ? [...lookedFor.slice(0, 12), '...'] : lookedFor
    if (there.length > 0) this.failSplit(there, `: looked for ${shown.join(', ')}`)
    throw new DataError(
      'wrong-layout',
      `${this.root} is not laid out as ${this.dataset} is: looked for ${shown.join(', ')}; the folder holds ${folderSummary(this.root)}`,
      { file: this.root, hint: `see the layout of ${this.dataset} in docs/datasets.md` },
    )
  }

  /** Says that the split asked for is not there, or that one must be asked for, and which are. */
  failSplit(there: readonly string[], lookedFor = ''): never {
    const { splitName } = this
    const what =
      splitName === undefined
        ? `${this.root} has several splits of ${this.dataset}, and none of the usual ones`
        : `${this.dataset} has no split ${splitName} in ${this.root}`
    const near = splitName === undefined ? undefined : nearest(splitName, there)
    throw new DataError('wrong-layout', `${what}${lookedFor}; there is ${there.slice(0, 12).join(', ')}`, {
      file: this.root,
      hint: `${near === undefined ? 'choose one of them:' : 'did you mean'} ${this.dataset}:${near ?? there[0]}`,
    })
  }

  exists(path: string): boolean {
    return fileExists(this.root, path)
  }

  hasFolder(path: string): boolean {
    return folderExists(this.root, path)
  }

  /** Files of a folder with one of these extensions, sorted by name, as paths relative to the root. */
  filesIn(folder: string, extensions: readonly string[]): string[] {
    if (!folderExists(this.root, folder)) return []
    return readdirSync(join(this.root, folder), { withFileTypes: true })
      .filter(
        // Names with a dot before them are other programs' notes: macOS writes ._a.json beside a.json.
        (entry) =>
          !entry.isDirectory() &&
          !entry.name.startsWith('.') &&
          extensions.some((end) => entry.name.toLowerCase().endsWith(end)),
      )
      .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`))
      .sort(byCodeUnits)
  }

  foldersIn(folder: string): string[] {
    if (!folderExists(this.root, folder)) return []
    return readdirSync(join(this.root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`))
      .sort(byCodeUnits)
  }

  /** Where pictures may lie, relative to the root, `{split}` filled in, in the order they are tried; '' is the root. */
  picturesIn(folders: readonly string[]): void {
    const { splitName } = this
    this.folders = folders
      .filter((folder) => splitName !== undefined || !folder.includes('{split}'))
      .map((folder) => folder.replaceAll('{split}', splitName ?? ''))
      .filter((folder) => folder === '' || safeRelativePath(folder) === folder)
  }

  /** Says that pictures also lie in this folder, tried first. */
  alsoIn(folder: string): void {
    this.folders = [folder, ...this.folders.filter((other) => other !== folder)]
  }

  /**
   * Begins a picture, that of a name in an annotation: its place under the root, and its size. Undefined, with a problem said, where
   * the name leaves the folder, the file is missing (see `missingPictures`), or sizes contradict each other or are unknown.
   */
  picture(name: unknown, facts: PictureFacts, file: string, at: string): PictureFile | undefined {
    this.lostCategories.clear()
    const paths = statedPaths(name, file, this.root, facts.start)
    const [closest] = paths
    if (closest === undefined) {
      const shown = JSON.stringify(name)?.slice(0, 120) ?? 'nothing'
      this.problem(
        'unsafe-path',
        `${at}: the picture's name ${shown} is no path inside the dataset`,
        file,
        at,
      )
      return undefined
    }
    const { widthPx, heightPx } = facts
    const isStated = isSide(widthPx) && isSide(heightPx)
    if (
      !isStated &&
      ((widthPx !== undefined && !isSide(widthPx)) || (heightPx !== undefined && !isSide(heightPx)))
    ) {
      this.problem('wrong-size', `${at}: a picture of ${widthPx} x ${heightPx} pixels cannot be`, file, at)
      return undefined
    }
    const licence = facts.licence === undefined ? {} : { licence: facts.licence }
    const places = this.locate(paths)
    if (places.length > 1) {
      const message = `${at}: ${JSON.stringify(name)} could be ${places.join(' or ')}, whose names differ only in the case of letters`
      this.problem('missing-picture', message, file, at)
      return undefined
    }
    const [found] = places
    if (found !== undefined && paths[0]!.isGuess && !this.isFirstGuess(found, String(name))) {
      const message = `${at}: ${JSON.stringify(name)} and ${JSON.stringify(this.guessed.get(found))} lead elsewhere on this machine, and both end like ${found}; the first counts`
      this.problem('missing-picture', message, file, at)
      return undefined
    }
    if (found === undefined) {
      const last = paths.at(-1)!
      const first = last.isFromRoot ? last.path : joined(this.folders[0]!, last.path)
      if (this.keepsMissing && isStated) return { file: first, widthPx, heightPx, ...licence }
      this.problem('missing-picture', `${at}: there is no picture ${first}`, file, at)
      return undefined
    }
    let header: PictureHeader | undefined
    try {
      header = pictureFileHeader(join(this.root, found))
    } catch (error) {
      this.problem('missing-picture', `${at}: ${found} cannot be read: ${messageOf(error)}`, file, at)
      return undefined
    }
    if (header === undefined) {
      if (isStated) return { file: found, widthPx, heightPx, ...licence }
      this.problem('wrong-size', `${at}: ${found} does not say its size, nor do the annotations`, file, at)
      return undefined
    }
    const grounded = groundedPicture(header, isStated ? { widthPx, heightPx } : undefined, facts.drawnOn)
    if (grounded === undefined) {
      this.problem(
        'wrong-size',
        `${at}: ${found} is ${header.widthPx} x ${header.heightPx}, the annotations say ${widthPx} x ${heightPx}`,
        file,
        at,
      )
      return undefined
    }
    return { file: found, ...grounded, ...licence }
  }

  /** Whether a picture of this name in the annotation file `file`, or several, are there. */
  isThere(name: unknown, file: string, start: NameStart): boolean {
    return this.locate(statedPaths(name, file, this.root, start)).length > 0
  }

  /** The one picture of this name, whatever its format, in the folders of pictures; undefined for none or several. */
  pictureOfStem(stem: string): string | undefined {
    for (const folder of this.folders) {
      const found = this.alike.pictures(joined(folder, stem))
      if (found.length === 1) return found[0]!.slice(folder === '' ? 0 : folder.length + 1)
    }
    return undefined
  }

  /** Pictures beside an annotation file: of its name, whatever their format. */
  picturesBeside(file: string): readonly string[] {
    return this.alike.pictures(file.replace(/\.[^./]*$/, ''))
  }

  /** The one file that is meant; several where names that differ only in case could be. */
  private locate(paths: readonly StatedPath[]): readonly string[] {
    for (const { path, isFromRoot } of paths) {
      const folders = isFromRoot ? [''] : this.folders
      const exact = folders.findIndex((folder) => fileExists(this.root, joined(folder, path)))
      if (exact >= 0) {
        const folder = folders[exact]!
        if (exact > 0) this.alsoIn(folder)
        return [joined(folder, path)]
      }
      for (const folder of folders) {
        const alike = this.alike.files(joined(folder, path))
        if (alike.length > 0) return alike
      }
    }
    return []
  }

  /** Whether no other path led to this picture by its end alone. */
  private isFirstGuess(found: string, name: string): boolean {
    const before = this.guessed.get(found)
    if (before === undefined) this.guessed.set(found, name)
    return before === undefined || before === name
  }

  /** A record with the parts given and the others empty; undefined, with a problem said, where its id was there before. */
  record(
    id: string,
    picture: PictureFile,
    parts: Partial<Omit<DataRecord, 'id' | 'dataset' | 'split' | 'picture'>>,
    file: string,
  ): DataRecord | undefined {
    if (this.ids.has(id)) {
      this.problem('duplicate-id', `record ${id} stands twice; the first one counts`, file, id)
      return undefined
    }
    this.ids.add(id)
    return this.knownNewRecord(id, picture, parts)
  }

  /** The same where ids cannot repeat by construction: nothing is remembered, so memory stays flat. */
  knownNewRecord(
    id: string,
    picture: PictureFile,
    parts: Partial<Omit<DataRecord, 'id' | 'dataset' | 'split' | 'picture'>>,
  ): DataRecord {
    const { onProblem } = this
    const { regionName } = this
    const regions = (parts.regions ?? []).map((region) =>
      this.withoutReservedName(
        regionName === undefined || region.category !== undefined || region.isIgnored === true
          ? region
          : { ...region, category: regionName },
      ),
    )
    // A region without a name may be of any category.
    if (regions.some(({ category, isIgnored }) => category === undefined && isIgnored !== true))
      this.mayLack()
    const own = this.coverage()
    const stated = parts.coverage
    const coverage =
      stated === undefined
        ? own
        : {
            absent: this.withoutPresent(stated.absent, regions, id),
            incomplete: joinedNames(stated, this.incomplete()),
          }
    return {
      id,
      dataset: this.dataset,
      ...(this.splitName === undefined ? {} : { split: this.splitName }),
      picture: turnedByOutlines(picture, parts.regions ?? [], { onProblem, file: this.dataset, at: id }),
      phrases: [],
      captions: [],
      relations: [],
      dialogues: [],
      choices: [],
      ...parts,
      regions,
      ...(coverage === undefined ? {} : { coverage }),
    }
  }

  /** Categories stated as absent, without those that a region has: the file contradicts itself, and the region is there. */
  private withoutPresent(
    absent: Coverage['absent'],
    regions: readonly Region[],
    id: string,
  ): Coverage['absent'] {
    if (absent === 'others') return absent
    const present = new Set(regions.map(({ category }) => category))
    const left = absent.filter((name) => !present.has(name))
    if (left.length < absent.length) {
      const names = absent.filter((name) => present.has(name)).join(', ')
      this.doubt(
        'bad-field',
        `${id}: ${names} is stated as absent, and a region has it; it is not asked for as absent`,
        this.dataset,
        id,
      )
    }
    return left
  }

  /** A region of a reserved label is no target: its pixels are ignored, and what they hide is not known. */
  private withoutReservedName(region: Region): Region {
    // What only texts speak of is named by their words: there, a background is a thing.
    if (region.category === undefined || this.labels === 'some') return region
    const reserved = reservedName(region.category)
    if (reserved === undefined) return region
    if (reserved === 'hiding') this.mayLack()
    const { category, ...rest } = region
    this.doubtOnce(
      `reserved ${category}`,
      'bad-field',
      `${JSON.stringify(category)} is a reserved label, no category: its regions are never asked for`,
      this.dataset,
    )
    return { ...rest, isIgnored: true }
  }
}

function joinedNames({ incomplete }: Coverage, more: Coverage['incomplete']): Coverage['incomplete'] {
  if (incomplete === 'any' || more === 'any') return 'any'
  return [...new Set([...incomplete, ...more])].sort(byCodeUnits)
}

export function joined(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}

function isSide(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value > 0 && value < 2 ** 31
}

/** Names in a folder for an error: a dozen, sorted. */
function folderSummary(root: string): string {
  const names = readdirSync(root, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort(byCodeUnits)
  if (names.length === 0) return 'nothing'
  return names.length > 12
    ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`
    : names.join(', ')
}

/** Names that `{split}` can stand for in some templates of paths, by what the folder holds. */
function splitsThere(root: string, templates: readonly string[]): string[] {
  const found = new Set<string>()
  for (const template of templates) {
    const parts = template.split('/').filter((part) => part !== '')
    const place = parts.findIndex((part) => part.includes('{split}'))
    if (place < 0) continue
    const folder = parts.slice(0, place).join('/')
    const [before = '', after = ''] = parts[place]!.split('{split}')
    if (!folderExists(root, folder)) continue
    for (const name of readdirSync(join(root, folder))) {
      if (!name.startsWith(before) || !name.endsWith(after) || name.length <= before.length + after.length)
        continue
      const split = name.slice(before.length, name.length - after.length)
      const whole = parts.join('/').replaceAll('{split}', split)
      const isThere = template.endsWith('/') ? folderExists(root, whole) : fileExists(root, whole)
      if (isThere && !split.startsWith('.')) found.add(split)
    }
  }
  return [...found].sort(byCodeUnits)
}
