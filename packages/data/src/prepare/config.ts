// What a run of `prepare` is asked for, as data: everything here decides the bytes that are written. Definition: ours.
import { canonicalJson, sha256 } from './canonical.ts'
import type { RepairMode } from './picture-limits.ts'
import type { TaskSpec } from './source-spec.ts'

/** A source of a run: dataset, split, folder, weight. */
export type PrepareSource = {
  readonly reader: string
  readonly split?: string
  /** The dataset's folder, absolute. Not part of the configuration's hash: `picturePrefix` is. */
  readonly root: string
  /** What stands before a picture's path in the written files: the way from their folder to the dataset's. */
  readonly picturePrefix: string
  readonly weightPercent: number
  /** The annotation file that was named, relative to the root. */
  readonly annotations?: string
}

/** Which codec wrote the words, by what decides them. */
export type CodecStamp = {
  readonly name: string
  /** Its words, as `extend-vocab --words` names them: `samtok-256x2`. */
  readonly vocabulary?: string
  /** Grid size, refinement and whatever else the codec was opened with. */
  readonly options: Readonly<Record<string, string | number | boolean>>
  /** SHA-256 of its weight files; absent for codecs without weights. */
  readonly weightsSha256?: string
}

/** All that decides the files of a run; its hash names them. */
export type PrepareConfig = {
  readonly version: string
  readonly sources: readonly PrepareSource[]
  readonly tasks: readonly TaskSpec[]
  /** Nobody named these tasks: one that makes nothing is no surprise, as long as others do. Not part of the hash. */
  readonly tasksAreUsual?: boolean
  readonly codec: CodecStamp
  readonly writer: string
  /** Plugins that took part, by the bytes of their modules. */
  readonly plugins?: readonly { readonly sha256: string }[]
  readonly pictures: 'path' | 'bytes'
  /** Conversations of a shard. */
  readonly shardSize: number
  readonly seed: number
  /** Records of each source at most. */
  readonly limit?: number
  /** `auto`: a source of which no picture is found is kept, paths only; else missing pictures cost their samples. */
  readonly missingPictures: 'auto' | 'drop' | 'keep'
  /** The encoding of the sources' text files, where it was chosen. */
  readonly encoding?: string
  /** What is done to pictures at which the trainer stops; absent: they are only said. */
  readonly repair?: RepairMode
  /** Which of two different pictures or categories of one id counts; undefined: none. */
  readonly sameId?: 'first' | 'last'
  /** What regions without a category are called; absent: nothing. */
  readonly regionName?: string
  /** Regions below this share of their picture are left out; absent: none. */
  readonly minShare?: number
  /** Labels whose words read back below this IoU are left out; absent: none. */
  readonly minIou?: number
  readonly emptyThink: boolean
  readonly truthMasks: boolean
  /** The folder that picture paths in the files are relative to, absolute. Not part of the hash. */
  readonly pictureBase: string
  /** What stands before `pictures/` in the paths of crops: nothing where paths are relative to the written files. */
  readonly cropPrefix: string
}

/** SHA-256 of everything in the configuration that decides bytes, folders aside. */
export function configHash(config: PrepareConfig): string {
  const { sources, pictureBase: _base, tasksAreUsual: _usual, ...rest } = config
  return sha256(canonicalJson({ ...rest, sources: sources.map(({ root: _root, ...source }) => source) }))
}
