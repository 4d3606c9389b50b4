// dataset.json: what a finished run says of itself, for whoever uses its files. Definition: ours.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '@maskwords/datasets'
import type { CodecStamp } from './config.ts'
import type { PlannedSource } from './plan.ts'

export const STAMP_FILE = 'dataset.json'

/** What a folder says of how it was made, compared when a run goes on. */
export type Stamp = {
  readonly name: string
  readonly version: string
  readonly writer: string
  readonly pictures: 'path' | 'bytes'
  readonly seed: number
  readonly configSha256: string
  readonly datasetSha256: string
  readonly codec: CodecStamp
  readonly tasks: readonly {
    readonly name: string
    readonly settings: Readonly<Record<string, number | string | boolean>>
  }[]
  /** Whether truths hold the masks themselves, too. */
  readonly truthMasks: boolean
  readonly sources: readonly Omit<PlannedSource, 'root'>[]
  readonly conversations: number
  readonly shards: readonly {
    readonly file: string
    readonly bytes: number
    readonly sha256: string
    readonly conversations: number
  }[]
}

/** What a reader of the stamp needs; files of other programs are called dataset.json, too. */
export type ReadStamp = Pick<Stamp, 'codec' | 'writer' | 'tasks'> & Partial<Stamp>

/** The stamp of a folder that `prepare` wrote; undefined where there is none. Throws DataError `bad-file` for what is no stamp. */
export async function readStamp(folder: string): Promise<ReadStamp | undefined> {
  const file = join(folder, STAMP_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new DataError('io', `${file} cannot be read`, { file, cause: error })
  }
  try {
    const stamp = JSON.parse(text) as ReadStamp
    const isStamp =
      typeof stamp.codec.name === 'string' && typeof stamp.writer === 'string' && Array.isArray(stamp.tasks)
    if (isStamp) return stamp
  } catch {
    // Said below.
  }
  throw new DataError('bad-file', `${file} is no stamp of maskwords prepare`, { file })
}
