// Plugins by the path of a file (JavaScript or TypeScript) or the name of an installed package.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as codecLoading from '@maskwords/codec-loading'
import * as codecs from '@maskwords/codecs'
import { addTask, addWriter, defineTask, defineWriter } from '@maskwords/data'
import { addReader, defineReader } from '@maskwords/datasets'
import { MaskwordsError } from '@maskwords/files'
import { addReward, defineReward } from '@maskwords/learn'
import * as mask from '@maskwords/mask'
import * as words from '@maskwords/words'
import { createJiti } from 'jiti'
import { checkPlugin } from './check.ts'
import { definePlugin, type Plugin } from './plugin.ts'

/** What was loaded in this thread, by the absolute path or address of its module: the same one twice is one. */
const LOADED = new Map<string, { readonly plugin: Plugin; readonly sha256: string }>()

/** The modules of the plugins that this thread knows, for threads that shall know them too. */
export function loadedPlugins(): readonly string[] {
  return [...LOADED.keys()]
}

/** SHA-256 of each plugin's file as it was when this thread loaded it, in hexadecimal: files may change or go while a run goes on. */
export function pluginHashes(): readonly string[] {
  return [...LOADED.values()].map(({ sha256 }) => sha256)
}

/**
 * Loads plugins and makes their parts known in this thread. A source is a path (relative to `folder`) or the name of a
 * package that is installed there.
 * @throws MaskwordsError `not-found` for a source that is not there, `bad-plugin` for one that cannot be loaded, is no plugin,
 * or brings a name that is taken
 */
export async function loadPlugins(sources: readonly string[], folder: string): Promise<Plugin[]> {
  const plugins: Plugin[] = []
  for (const source of sources) {
    const path = locate(source, folder)
    const known = LOADED.get(path)
    const plugin = known?.plugin ?? checkPlugin(await importModule(path, source), source)
    if (known === undefined) {
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
      makeKnown(plugin, source)
      LOADED.set(path, { plugin, sha256 })
    }
    plugins.push(plugin)
  }
  return plugins
}

function locate(source: string, folder: string): string {
  const path = resolve(folder, source)
  if (existsSync(path)) return path
  const isPath = /^[./\\]/.test(source) || /\.[cm]?[jt]s$/.test(source)
  try {
    if (!isPath) return createRequire(join(folder, 'package.json')).resolve(source)
  } catch {
    // Said below, for both kinds.
  }
  throw new MaskwordsError('not-found', `there is no plugin ${source}`, {
    hint: isPath
      ? `no file ${path}`
      : `no file ${path}, and no package of this name is installed in ${folder}`,
  })
}

async function importModule(path: string, source: string): Promise<Record<string, unknown>> {
  try {
    const jiti = createJiti(pathToFileURL(path).href, { virtualModules: OWN_MODULES, fsCache: false })
    return await jiti.import<Record<string, unknown>>(path)
  } catch (error) {
    throw new MaskwordsError('bad-plugin', `${source} cannot be loaded: ${(error as Error).message}`, {
      hint: 'run it by itself with `npx tsx` to see where',
      cause: error,
    })
  }
}

/**
 * What a plugin may import without maskwords being installed beside it, and what it must not have a second copy of: the
 * modules of the maskwords that runs.
 */
const OWN_MODULES = {
  'maskwords/plugin': {
    defineCodec: codecLoading.defineCodec,
    definePlugin,
    defineReader,
    defineReward,
    defineTask,
    defineWriter,
  },
  'maskwords/mask': mask,
  'maskwords/words': words,
  'maskwords/codecs': { ...codecs, ...codecLoading },
}

function makeKnown(plugin: Plugin, source: string): void {
  try {
    for (const reader of plugin.readers ?? []) addReader(reader)
    for (const task of plugin.tasks ?? []) addTask(task)
    for (const writer of plugin.writers ?? []) addWriter(writer)
    for (const reward of plugin.rewards ?? []) addReward(reward)
    for (const codec of plugin.codecs ?? []) codecLoading.addCodec(codec)
  } catch (error) {
    throw new MaskwordsError('bad-plugin', `${source}: ${(error as Error).message}`, {
      hint: 'give it another name',
      cause: error,
    })
  }
}
