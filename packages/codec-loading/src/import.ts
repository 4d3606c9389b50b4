// A published weight file as a ready folder: config.json, and the weights linked, copied or converted. Definition: ours (docs).
// Node only.

import {
  commonPrefix,
  openCheckpointFile,
  type TensorInfo,
  type TensorToWrite,
  writeSafetensorsFile,
  writeWholeFolder,
} from '@maskwords/checkpoint'
import {
  CodecError,
  checkWeights,
  HIMTOK_PUBLISHED,
  type HimtokConfig,
  himtokNetworks,
  parametersOf,
  SAMTOK_PUBLISHED,
  samtokNetworks,
} from '@maskwords/codecs'
import { buildModel, fileWeight } from '@maskwords/graph'
import { CONFIG_FILE, type CodecFolderConfig, formatCodecConfig, WEIGHTS_FILE } from './config-file.ts'
import { type LoadCodecOptions, loadCodec } from './load.ts'
import { recogniseWeights } from './recognise.ts'

export type ImportOptions = Pick<LoadCodecOptions, 'session' | 'signal'> & {
  /** The published file: torch or safetensors. */
  readonly file: string
  /** The folder to make; it must not be there, or be empty. */
  readonly folder: string
  /** For sizes that no shape tells. */
  readonly config?: CodecFolderConfig
  /** Stores the networks so; codebooks stay float32, because codes hang on them. Default: as they are. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16'
}

export type Imported = {
  readonly folder: string
  readonly codec: 'samtok' | 'himtok'
  readonly weights: 'linked' | 'copied' | 'converted'
  readonly byteLength: number
}

/**
 * Turns a published file into a folder for loadCodec, with its networks as ONNX files beside the weights, opens it once as proof, and only then puts it in place. A file that
 * can be used as it is gets a hard link (a copy across disks, never a symbolic link, which the runtime refuses).
 * @throws CodecError `wrong-weights`, `out-of-range`, `not-found`; CheckpointError for files that are no checkpoints.
 */
export async function importCodec(options: ImportOptions): Promise<Imported> {
  const { file, folder } = options
  const fs = await import('node:fs/promises')
  const { resolve } = await import('node:path')
  const target = resolve(folder)
  const there = await fs.readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new CodecError('out-of-range', `${folder} cannot be made a folder: ${error.message}`, {
      hint: 'name a new folder, below folders',
    })
  })
  if (there !== undefined && there.length > 0) {
    throw new CodecError('out-of-range', `${folder} is there already and not empty`, {
      hint: 'name a new folder',
    })
  }
  const source = await openCheckpointFile(file)
  try {
    const prefix = commonPrefix([...source.tensors.keys()])
    const tensors = new Map([...source.tensors].map(([key, info]) => [key.slice(prefix.length), info]))
    const found = options.config ?? recogniseWeights({ name: source.name, tensors })
    if (found.codec === 'sam2' || found.codec === 'getok') {
      throw new CodecError(
        'wrong-weights',
        `${file}: ${found.codec === 'sam2' ? 'a SAM 2 file alone' : 'GETok'} needs no import`,
        {
          hint: "GETok decodes with a SAM 2 file as it is: loadCodec('getok', { segmenter: file })",
        },
      )
    }
    return await writeWholeFolder({
      folder: target,
      refused: (holder) =>
        new CodecError('out-of-range', `${folder} is being written by ${holder}`, {
          hint: 'wait for it or stop it, then run this again',
        }),
      write: async (temporary) => ({
        folder: target,
        ...(await writeCodec(temporary, { source, prefix, tensors, found, options })),
      }),
    })
  } finally {
    await source.close()
  }
}

type Source = Awaited<ReturnType<typeof openCheckpointFile>>

type Written = {
  readonly source: Source
  /** What all names of the file begin with, and its tensors without it. */
  readonly prefix: string
  readonly tensors: ReadonlyMap<string, TensorInfo>
  readonly found: Exclude<
    ReturnType<typeof recogniseWeights> | CodecFolderConfig,
    { codec: 'sam2' | 'getok' }
  >
  readonly options: ImportOptions
}

/** Weights, config.json and networks into an empty folder, opened once as proof. */
async function writeCodec(
  temporary: string,
  { source, prefix, tensors, found, options }: Written,
): Promise<Omit<Imported, 'folder'>> {
  const fs = await import('node:fs/promises')
  const { basename, join } = await import('node:path')
  const { dtype, session, signal } = options
  const usable = prefix === '' && [...tensors.values()].every((info) => !wantsConversion(info))
  let name = WEIGHTS_FILE
  let weights: Imported['weights'] = 'converted'
  if (dtype === undefined && usable) {
    name = source.format === 'safetensors' ? WEIGHTS_FILE : basename(source.name)
    weights = await linkOrCopy(await fs.realpath(source.name), join(temporary, name))
  } else {
    const list = [...tensors].map(
      ([key, info]): TensorToWrite => ({
        name: key,
        dtype: info.dtype,
        shape: info.shape,
        data: () => source.read(info.name),
      }),
    )
    await writeSafetensorsFile(join(temporary, name), {
      tensors: list,
      alignBytes: 4096,
      ...(dtype === undefined
        ? {}
        : {
            storeFloatsAs: (tensor: TensorToWrite) =>
              /^quanti[sz]er?\./.test(tensor.name) ? undefined : dtype,
          }),
      ...(signal === undefined ? {} : { signal }),
    })
  }
  const { codec } = found
  const config = { ...found, codec, weights: name } as CodecFolderConfig
  await fs.writeFile(join(temporary, CONFIG_FILE), formatCodecConfig(config))
  await writeGraphs(temporary, name, config)
  const proof = await loadCodec(temporary, {
    ...(session === undefined ? {} : { session }),
    ...(signal === undefined ? {} : { signal }),
  })
  await proof.close()
  return { codec, weights, byteLength: (await fs.stat(join(temporary, name))).size }
}

/**
 * Writes each network as a small standard ONNX file that refers to the weights beside it, for whoever runs models without
 * this package. Tensors that cannot be referred to as they lie have been converted before.
 */
async function writeGraphs(folder: string, weightsName: string, found: CodecFolderConfig): Promise<void> {
  const { realpath, writeFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const networks =
    found.codec === 'samtok'
      ? samtokNetworks(found.config ?? SAMTOK_PUBLISHED)
      : himtokNetworks((found as { config?: HimtokConfig }).config ?? HIMTOK_PUBLISHED)
  const file = await openCheckpointFile(await realpath(join(folder, weightsName)))
  try {
    const wanted = new Map(
      Object.values(networks).flatMap((outputs) => [...parametersOf(Object.values(outputs))]),
    )
    checkWeights({
      wanted,
      weights: file,
      what: `this ${found.codec}`,
      hint: 'compare with maskwords inspect',
    })
    const weights = (key: string) => fileWeight(file.tensors.get(key)!)
    for (const [name, outputs] of Object.entries(networks)) {
      const { onnx } = buildModel({ outputs, weights, target: 'standard', name })
      await writeFile(join(folder, `${name}.onnx`), onnx)
    }
  } finally {
    await file.close()
  }
}

/** Whether the runtime could not read the tensor where it lies; tensors that no network reads are no reason. */
function wantsConversion(info: Parameters<typeof fileWeight>[0]): boolean {
  if (!/^(?:float|bfloat)/.test(info.dtype)) return false
  try {
    fileWeight(info)
    return false
  } catch {
    return true
  }
}

async function linkOrCopy(from: string, to: string): Promise<'linked' | 'copied'> {
  const { copyFile, link } = await import('node:fs/promises')
  try {
    await link(from, to)
    return 'linked'
  } catch {
    // Another disk, or a file system without hard links.
    await copyFile(from, to)
    return 'copied'
  }
}
