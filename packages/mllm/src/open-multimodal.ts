// A model by what a user calls it: a folder, a hub id that was pulled, or the address of a server.
import { existsSync } from 'node:fs'
import { hubFolder, isHubId } from '@maskwords/codec-loading'
import { MllmError } from './error.ts'
import type { OpenModelOptions } from './in-process.ts'
import { openModel } from './in-process.ts'
import type { MultimodalModel } from './model.ts'

export const isAddress = (source: string): boolean => /^https?:\/\//i.test(source)

/**
 * Opens a model: `source` is a folder, or the id of a model that `maskwords pull` fetched.
 * @throws MllmError as `openModel`; `not-found` for what is neither, `unsupported` for addresses.
 */
export async function openMultimodal(
  source: string,
  options: OpenModelOptions = {},
): Promise<MultimodalModel> {
  if (isAddress(source)) {
    throw new MllmError('unsupported', `${source}: models behind servers cannot be asked yet`, {
      hint: 'give the folder of the model',
    })
  }
  if (existsSync(source)) return openModel(source, options)
  if (isHubId(source)) {
    const folder = await hubFolder(source)
    if (existsSync(folder)) return openModel(folder, options)
    throw new MllmError('not-found', `${source} is no folder here and was not pulled`, {
      hint: `maskwords pull ${source}`,
    })
  }
  throw new MllmError('not-found', `${source}: there is no such folder`)
}
