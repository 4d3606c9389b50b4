// What tells one model from another wherever its folder lies: its weights, and every file that a prompt or an answer depends on.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { hubFolder, isHubId } from '@maskwords/codec-loading'
import { openModelFolder } from './folder.ts'
import { sourceHash } from './int4.ts'
import { readModelConfig } from './loaded.ts'
import { isAddress } from './servers/address.ts'
import { openModelWeights } from './weights.ts'

/** Files beside config.json and the weights that change what is asked or answered. */
const FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'chat_template.json',
  'generation_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'video_preprocessor_config.json',
]

/**
 * 32 hexadecimal digits of a model's folder or pulled hub id; undefined for the address of a server, which does not say what it runs.
 * Weights are looked at in 64 places of each file.
 * @throws MllmError `not-found`, `damaged`, `unsupported`.
 */
export async function modelFingerprint(source: string): Promise<string | undefined> {
  if (isAddress(source)) return undefined
  const path = !existsSync(source) && isHubId(source) ? await hubFolder(source) : source
  const folder = await openModelFolder(path)
  const weights = await openModelWeights(path, await readModelConfig(folder))
  try {
    const hash = createHash('sha256').update(await sourceHash(path, weights))
    for (const name of FILES) {
      const text = await folder.text(name)
      if (text !== undefined) hash.update(`${name} ${text.length};`).update(text)
    }
    return hash.digest('hex').slice(0, 32)
  } finally {
    await weights.close()
  }
}
