// A training run on disk: checkpoints/step-<n>/{state.safetensors, run.json}, each written under another name and renamed whole.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  CheckpointError,
  makeFolders,
  openCheckpointFile,
  removeLeftBehind,
  takeLock,
  temporaryBeside,
  writeSafetensorsFile,
} from '@maskwords/checkpoint'
import { GraphError, loadRuntime } from '@maskwords/graph'
import type { NamedTensor, TrainState } from './state.ts'

const FORMAT = 'maskwords training checkpoint'
const VERSION = 1

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** What is saved beside the tensors. */
export type RunRecord = {
  readonly step: number
  /** What must be the same for a run to go on exactly: seed, training step, the user's configuration. */
  readonly identity: { readonly [key: string]: JsonValue }
  /** Sums of metrics since the last line of the log. */
  readonly pending: {
    readonly count: number
    readonly sums: Readonly<Record<string, number>>
    /** An evaluation of this step that a stop cut short. */
    readonly evaluation?: true
  }
  readonly best: { readonly step: number; readonly value: number } | null
  /** Of a live source of batches. */
  readonly source?: JsonValue
  /** Versions and thread count: with others the same run may give other last bits. */
  readonly environment: Readonly<Record<string, string>>
}

export type SavedRun = { readonly path: string; readonly record: RunRecord; readonly state: TrainState }

const nameOf = (step: number): string => `step-${String(step).padStart(9, '0')}`

export class RunFolder {
  readonly path: string
  private readonly checkpoints: string
  /** Lets others use the folder. */
  readonly unlock: () => void

  private constructor(path: string, checkpoints: string, unlock: () => void) {
    this.path = path
    this.checkpoints = checkpoints
    this.unlock = unlock
  }

  /**
   * Makes the folder where it is missing, locks it, and removes what an interrupted save left.
   * @throws GraphError `file` where another run trains in this folder.
   */
  static async open(path: string): Promise<RunFolder> {
    const checkpoints = join(path, 'checkpoints')
    await makeFolders(checkpoints)
    const lock = join(path, 'run.lock')
    const unlock = await takeLock(lock, (holder) => {
      const hint = `wait for it or stop it; if there is no such run, remove ${lock}`
      return new GraphError('file', `${path}: ${holder} trains in this folder`, { hint })
    })
    // The lock is ours: what has a temporary name here, nobody writes.
    for (const place of [path, checkpoints]) removeLeftBehind(place, 'all')
    return new RunFolder(path, checkpoints, unlock)
  }

  get metricsPath(): string {
    return join(this.path, 'metrics.jsonl')
  }

  /** Steps of the checkpoints that are there, in rising order. */
  steps(): number[] {
    return readdirSync(this.checkpoints)
      .map((name) => /^step-(\d+)$/.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
  }

  pathOf(step: number): string {
    return join(this.checkpoints, nameOf(step))
  }

  /** Saves a checkpoint; it is there whole or not at all, whatever happens to the process or the machine meanwhile. */
  async save(state: TrainState, record: RunRecord): Promise<string> {
    const final = this.pathOf(state.step)
    const temporary = temporaryBeside(final)
    mkdirSync(temporary)
    try {
      await writeSafetensorsFile(join(temporary, 'state.safetensors'), {
        tensors: [...state.tensors].map(([name, { data, shape }]) => ({
          name,
          dtype: 'float32' as const,
          shape,
          data: data as Float32Array<ArrayBuffer>,
        })),
        metadata: { format: FORMAT, step: String(state.step) },
      })
      const file = openSync(join(temporary, 'run.json'), 'w')
      writeFileSync(file, `${JSON.stringify({ format: FORMAT, version: VERSION, ...record }, null, 2)}\n`)
      fsyncSync(file)
      closeSync(file)
      renameSync(temporary, final)
      this.flush()
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true })
      throw error
    }
    return final
  }

  /** Renames are on the disk once their folder is flushed; Windows has no such call. */
  private flush(): void {
    if (process.platform === 'win32') return
    const folder = openSync(this.checkpoints, 'r')
    fsyncSync(folder)
    closeSync(folder)
  }

  /** Removes all checkpoints but the `last` newest and those of the steps in `keep`. */
  prune(last: number, keep: readonly number[]): void {
    for (const step of this.steps().slice(0, -last || undefined)) {
      if (!keep.includes(step)) rmSync(this.pathOf(step), { recursive: true, force: true })
    }
  }

  /**
   * Reads the newest checkpoint of these steps that is whole. Damaged ones are set aside, and said.
   * @throws what `load` says of the newest where no other is left.
   */
  async loadNewest(steps: readonly number[], onMessage?: (text: string) => void): Promise<SavedRun> {
    const damaged: { readonly step: number; readonly error: Error }[] = []
    for (const step of [...steps].reverse()) {
      try {
        const saved = await this.load(step)
        for (const { step: lost, error } of damaged) {
          const aside = this.setAside(lost)
          onMessage?.(
            `${error.message}: the checkpoint is damaged and kept as ${aside}; going back to step ${step}`,
          )
        }
        return saved
      } catch (error) {
        if (!saysDamaged(error)) throw error
        damaged.push({ step, error })
      }
    }
    throw damaged[0]!.error
  }

  private setAside(step: number): string {
    const path = this.pathOf(step)
    for (let k = 1; ; k++) {
      const aside = `${path}.damaged${k === 1 ? '' : `-${k}`}`
      if (existsSync(aside)) continue
      renameSync(path, aside)
      return aside
    }
  }

  /** Reads the checkpoint of a step. @throws GraphError `malformed`, CheckpointError for the tensors' file. */
  async load(step: number): Promise<SavedRun> {
    const path = this.pathOf(step)
    const record = readRecord(join(path, 'run.json'))
    const file = await openCheckpointFile(join(path, 'state.safetensors'))
    try {
      const tensors = new Map<string, NamedTensor>()
      for (const [name, { shape }] of file.tensors) {
        tensors.set(name, { data: await file.read(name, { as: 'float32' }), shape })
      }
      return { path, record, state: { step: record.step, tensors } }
    } finally {
      await file.close()
    }
  }
}

/** Whether an error says that a file is cut off or holds something else, not that it cannot be read now, or by this program. */
function saysDamaged(error: unknown): error is Error {
  if (error instanceof GraphError) return error.code === 'malformed' || error.code === 'file'
  return error instanceof CheckpointError && error.code !== 'io' && error.code !== 'unsupported'
}

/** What the last bits of a run depend on besides its settings. */
export async function environmentOf(threads: number | undefined): Promise<Record<string, string>> {
  const runtime = await loadRuntime()
  return {
    node: process.version,
    onnxruntime: runtime.env?.versions?.['node'] ?? 'unknown',
    platform: `${process.platform}-${process.arch}`,
    threads: String(threads ?? 'default'),
  }
}

function readRecord(path: string): RunRecord {
  if (!existsSync(path)) throw new GraphError('file', `${path} is missing: this is no whole checkpoint`)
  let record: RunRecord & { format?: unknown; version?: unknown }
  try {
    record = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new GraphError('malformed', `${path} is no JSON`, {
      cause,
      hint: 'remove this checkpoint to begin anew',
    })
  }
  const { format, version, step, identity, pending } = record ?? {}
  if (format !== FORMAT || version !== VERSION) {
    throw new GraphError(
      'unsupported',
      `${path}: "${format}" version ${version}; this program reads "${FORMAT}" version ${VERSION}`,
    )
  }
  if (!Number.isSafeInteger(step) || typeof identity !== 'object' || typeof pending?.count !== 'number') {
    throw new GraphError('malformed', `${path} lacks its step, identity or pending sums`)
  }
  return record
}

/** The first place in which two JSON values differ, as "a.b.2: 3, not 4"; undefined where they are equal. */
export function firstDifference(
  now: JsonValue | undefined,
  saved: JsonValue | undefined,
  at = '',
): string | undefined {
  if (now === saved) return undefined
  if (
    typeof now === 'object' &&
    typeof saved === 'object' &&
    now &&
    saved &&
    Array.isArray(now) === Array.isArray(saved)
  ) {
    const [left, right] = [now, saved] as unknown as [Record<string, JsonValue>, Record<string, JsonValue>]
    for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()) {
      const found = firstDifference(left[key], right[key], at === '' ? key : `${at}.${key}`)
      if (found) return found
    }
    return undefined
  }
  return `${at}: ${JSON.stringify(now)} now, ${JSON.stringify(saved)} saved`
}
