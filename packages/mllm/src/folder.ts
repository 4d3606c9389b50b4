// A folder with a published model: its small JSON files, read once and named in errors.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MllmError } from './error.ts'

/** The largest tokenizer.json of a published model has 33 MB. */
const MAX_FILE_BYTES = 256 * 1024 * 1024

export type ModelFolder = {
  readonly path: string
  /** Parsed; undefined where there is no such file. */
  json(name: string): Promise<unknown>
  text(name: string): Promise<string | undefined>
}

/**
 * Looks at a folder; nothing is read yet.
 * @throws MllmError `not-found` where it is none; reading throws `damaged` for broken JSON.
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) {
    throw new MllmError('not-found', `${path} is no folder`, {
      hint: 'give the folder of a model: config.json, tokenizer.json and *.safetensors, as the hub serves them',
    })
  }
  const text = async (name: string): Promise<string | undefined> => {
    const file = join(path, name)
    const size = await stat(file).then(
      (info) => info.size,
      () => undefined,
    )
    if (size === undefined) return undefined
    if (size > MAX_FILE_BYTES) {
      throw new MllmError('too-large', `${file}: ${size} bytes; at most ${MAX_FILE_BYTES} are read`)
    }
    return readFile(file, 'utf8')
  }
  return {
    path,
    text,
    async json(name) {
      const content = await text(name)
      if (content === undefined) return undefined
      try {
        return JSON.parse(content) as unknown
      } catch (cause) {
        throw new MllmError('damaged', `${join(path, name)} is no JSON: ${(cause as Error).message}`, {
          cause,
          hint: content.startsWith('version https://git-lfs')
            ? 'this is a Git LFS pointer: run git lfs pull'
            : 'was the download cut short? fetch the file again',
        })
      }
    },
  }
}
