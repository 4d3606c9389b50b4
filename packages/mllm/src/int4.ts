// The 4-bit file of a model: text layers in blocks of 4 bits, head and eyes in wider blocks of 8, all else in float32. Written once, a part of
// a matrix in memory at a time; a writing that was killed goes on behind the last whole tensor.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PlannedTensor, SafetensorsPlan } from '@maskwords/checkpoint'
import { makeFolders, openCheckpointFile, planSafetensors, takeLock } from '@maskwords/checkpoint'
import { cacheFolder } from '@maskwords/codec-loading'
import type { BlockScheme } from '@maskwords/graph'
import { blockParameters, toBlocks } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import { qwenPrefixes } from '@maskwords/models'
import { MllmError } from './error.ts'
import { networkWeights } from './network-outputs.ts'
import type { ModelWeights } from './weights.ts'
import { openRows } from './weights.ts'

export const INT4_FILE = 'maskwords-int4.safetensors'
/** Changes when the same source would be written otherwise. */
const VERSION = '2'
/** Values that share a scale, by bits. At 8 bits wide blocks cost no precision worth naming and a third less time than 32. */
const BLOCK_SIZES = { 4: 32, 8: 128 } as const
/** Numbers of a matrix that are in memory at a time. */
const CHUNK_VALUES = 16 * 1024 * 1024

type Part = {
  readonly name: string
  readonly shape: readonly number[]
  /** Undefined: kept in float32. */
  readonly scheme: BlockScheme | undefined
}

/** How a weight is kept: 4 bits in the text layers, 8 in the head and the eyes; norms, biases and tables as they are. */
export function schemeOfWeight(
  name: string,
  shape: readonly number[],
  config: QwenConfig,
): BlockScheme | undefined {
  if (shape.length !== 2 || name.endsWith('pos_embed.weight')) return undefined
  const layers = `${qwenPrefixes(config.family).text}.layers.`
  const bits = name.startsWith(layers) ? 4 : 8
  return { bits, blockSize: BLOCK_SIZES[bits] }
}

const partsOf = (config: QwenConfig): Part[] =>
  networkWeights(config).map(({ name, shape }) => ({
    name,
    shape,
    scheme: schemeOfWeight(name, shape, config),
  }))

function planFile(parts: readonly Part[], source: string): SafetensorsPlan {
  const tensors = parts.flatMap(({ name, shape, scheme }) => {
    if (scheme === undefined) return [{ name, dtype: 'float32' as const, shape, data: NO_DATA }]
    const { blocks, scales } = blockParameters(name, shape as [number, number], scheme)
    return [
      { ...blocks, dtype: 'uint8' as const, data: NO_DATA },
      { ...scales, dtype: 'float32' as const, data: NO_DATA },
    ]
  })
  const metadata = { format: 'maskwords-int4', version: VERSION, source }
  return planSafetensors({ tensors, metadata, order: 'given', alignBytes: 64 })
}

/** Planning looks at shapes alone. */
const NO_DATA = () => new Uint8Array(0)

/** Places of a file that are looked at beside its beginning, and bytes at each. */
const SAMPLES = 64
const SAMPLE_BYTES = 64 * 1024

/**
 * A hash of config.json and of every shard's size, header and 64 evenly spread places: another checkpoint under the same name is
 * noticed in a tenth of a second, where hashing 8 GB would take half a minute.
 */
export async function sourceHash(path: string, weights: ModelWeights): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(path, 'config.json')))
  for (const file of weights.files) {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      hash.update(`${size};`)
      const bytes = new Uint8Array(SAMPLE_BYTES)
      for (let i = 0; i < SAMPLES; i++) {
        // The first place is the header, the last one the end; small files are read whole.
        const at =
          size <= SAMPLES * SAMPLE_BYTES
            ? i * SAMPLE_BYTES
            : Math.floor((i / (SAMPLES - 1)) * (size - SAMPLE_BYTES))
        const { bytesRead } = await handle.read(bytes, 0, SAMPLE_BYTES, at)
        hash.update(bytes.subarray(0, bytesRead))
      }
    } finally {
      await handle.close()
    }
  }
  return hash.digest('hex')
}

async function madeFrom(file: string, source: string): Promise<boolean> {
  try {
    const checkpoint = await openCheckpointFile(file)
    await checkpoint.close()
    const { metadata } = checkpoint
    return metadata.get('source') === source && metadata.get('version') === VERSION
  } catch {
    return false
  }
}

export type Int4Options = {
  /** Told how many tensors of how many are written. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * The path of the model's 4-bit file, which is made where it is not there or was made from other weights: beside the model, or in the
 * cache folder where that cannot be written to.
 * @throws MllmError `damaged` for weights that cannot be read; errors of the file system as they are.
 */
export async function int4File(
  path: string,
  config: QwenConfig,
  weights: ModelWeights,
  options: Int4Options = {},
): Promise<string> {
  const source = await sourceHash(path, weights)
  const beside = join(path, INT4_FILE)
  const cached = join(await cacheFolder(), 'int4', `${source}.safetensors`)
  for (const file of [beside, cached]) if (await madeFrom(file, source)) return file
  const writable = await access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
  const file = writable ? beside : cached
  await makeFolders(dirname(file))
  const unlock = await turnOf(file)
  try {
    // Another run may have written it while this one waited.
    if (!(await madeFrom(file, source))) await writeInt4(file, partsOf(config), source, weights, options)
  } finally {
    unlock()
  }
  return file
}

/** How often a run looks whether another has written the file. */
const LOOK_EVERY_MS = 500

/** One run writes the file at a time: two would write into one partial file, and the first to end would put the other's half in place. */
async function turnOf(file: string): Promise<() => void> {
  const busy = new Error('busy')
  for (;;) {
    try {
      return await takeLock(`${file}.lock`, () => busy)
    } catch (error) {
      if (error !== busy) throw error
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }
}

async function writeInt4(
  file: string,
  parts: readonly Part[],
  source: string,
  weights: ModelWeights,
  { onProgress }: Int4Options,
): Promise<void> {
  const plan = planFile(parts, source)
  const partial = `${file}.partial`
  const begun = await stat(partial).then(
    () => true,
    () => false,
  )
  const handle = await open(partial, begun ? 'r+' : 'w+')
  try {
    const done = begun ? await wholeTensors(handle, plan) : 0
    if (done === 0) {
      await handle.truncate(0)
      await handle.write(plan.header, 0, plan.header.length, 0)
    }
    const placeOf = new Map(plan.tensors.map((tensor, index) => [tensor.name, { tensor, index }]))
    let written = 0
    for (const part of parts) {
      const last = part.scheme === undefined ? part.name : `${part.name}.scales`
      const { index } = placeOf.get(last)!
      if (index >= done) await writePart(handle, part, (name) => placeOf.get(name)!.tensor, weights)
      onProgress?.(++written, parts.length)
    }
    await handle.truncate(plan.byteLength)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(partial, file)
}

type Handle = Awaited<ReturnType<typeof open>>

/** How many of the first tensors a file holds whole, behind the header of this plan; 0 for a file of another plan. */
async function wholeTensors(handle: Handle, plan: SafetensorsPlan): Promise<number> {
  const { size } = await handle.stat()
  const head = new Uint8Array(plan.header.length)
  const { bytesRead } = await handle.read(head, 0, head.length, 0)
  if (bytesRead < head.length || Buffer.compare(head, plan.header) !== 0) return 0
  const missing = plan.tensors.findIndex(({ byteOffset, byteLength }) => byteOffset + byteLength > size)
  // The last whole one may have been cut by a crash of the machine; it costs little to write it again.
  return Math.max(0, (missing === -1 ? plan.tensors.length : missing) - 1)
}

async function writePart(
  handle: Handle,
  { name, shape, scheme }: Part,
  placeOf: (name: string) => PlannedTensor,
  weights: ModelWeights,
): Promise<void> {
  const put = async (bytes: ArrayBufferView, at: number) => {
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let done = 0; done < view.length; ) {
      const { bytesWritten } = await handle.write(view, done, view.length - done, at + done)
      done += bytesWritten
    }
  }
  if (scheme === undefined) {
    await put(await weights.read(name), placeOf(name).byteOffset)
    return
  }
  const [rows, columns] = shape as readonly [number, number]
  const info = weights.find(name)
  if (info === undefined || String(info.shape) !== String(shape)) {
    throw new MllmError('damaged', `the checkpoint has no weight "${name}" of [${shape}]`, {
      hint: 'is config.json the one of these weights?',
    })
  }
  const [blocks, scales] = [placeOf(`${name}.blocks`), placeOf(`${name}.scales`)]
  const reader = openRows(info)
  try {
    const step = Math.max(1, Math.floor(CHUNK_VALUES / columns))
    let [blockAt, scaleAt] = [blocks.byteOffset, scales.byteOffset]
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row)
      const made = toBlocks(reader.range(row, count), { rows: count, columns, ...scheme })
      await put(made.data, blockAt)
      await put(made.scales, scaleAt)
      blockAt += made.data.byteLength
      scaleAt += made.scales.byteLength
    }
  } finally {
    reader.close()
  }
}

/** How far the making of the 4-bit file has come. */
export type LoadProgress = { readonly step: 'int4'; readonly done: number; readonly total: number }
