// A model by what a user calls it: a folder, a hub id that was pulled, or the address of a server.
import { existsSync } from 'node:fs'
import { hubFolder, isHubId } from '@maskwords/codec-loading'
import { MllmError } from './error.ts'
import type { OpenModelOptions } from './in-process.ts'
import { openModel } from './in-process.ts'
import type { MultimodalModel } from './model.ts'
import { isAddress } from './servers/address.ts'
import type { OpenServerOptions } from './servers/server-model.ts'
import { openServerModel } from './servers/server-model.ts'

export type OpenMultimodalOptions = OpenModelOptions & {
  /** For models behind addresses. */
  readonly server?: Omit<OpenServerOptions, 'signal'>
}

/**
 * Opens a model: `source` is a folder, the id of a model that `maskwords pull` fetched, or the address of a server
 * (`http://host:port/v1`, with `#name` where it has several models).
 * @throws MllmError as `openModel` and `openServerModel`; `not-found` for what is none of these.
 */
export async function openMultimodal(
  source: string,
  options: OpenMultimodalOptions = {},
): Promise<MultimodalModel> {
  const { server, ...inProcess } = options
  if (isAddress(source)) {
    return openServerModel(source, { ...server, ...(options.signal && { signal: options.signal }) })
  }
  if (existsSync(source)) return openModel(source, inProcess)
  if (isHubId(source)) {
    const folder = await hubFolder(source)
    if (existsSync(folder)) return openModel(folder, inProcess)
    throw new MllmError('not-found', `${source} is no folder here and was not pulled`, {
      hint: `maskwords pull ${source}`,
    })
  }
  throw new MllmError('not-found', `${source}: there is no such folder`)
}
