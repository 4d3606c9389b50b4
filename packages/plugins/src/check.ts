// A plugin is somebody else's module: what it exports is looked at before anything of it is made known.
import { MaskwordsError } from '@maskwords/files'
import type { Plugin } from './plugin.ts'

/** What each kind must have for the commands to use it. */
const KINDS = {
  readers: { title: 'string', layout: 'array', splits: 'array', gives: 'array', read: 'function' },
  tasks: { title: 'string', needs: 'array', settings: 'object', build: 'function' },
  writers: {
    title: 'string',
    wantsBytes: 'boolean',
    shardExtension: 'string',
    shard: 'function',
    extras: 'function',
  },
  rewards: {
    what: 'string',
    source: 'string',
    range: 'array',
    needs: 'array',
    options: 'object',
    make: 'function',
  },
  codecs: { title: 'string', open: 'function' },
} as const satisfies Record<Exclude<keyof Plugin, 'name'>, Record<string, string>>

/** What an option can name: `--task my-task:setting=1`, `refcoco%50` and `name:split` must stay readable. */
const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value

/** The plugin that a module exports. Throws MaskwordsError `bad-plugin` that says what is missing in which part. */
export function checkPlugin(module: Record<string, unknown>, place: string): Plugin {
  const fault = (what: string, hint: string) =>
    new MaskwordsError('bad-plugin', `${place}: ${what}`, { hint })
  const found = module['plugin'] ?? module['default']
  if (kindOf(found) !== 'object') {
    throw fault('it exports no plugin', 'export const plugin = definePlugin({ name: "...", readers: [...] })')
  }
  const plugin = found as Record<string, unknown>
  if (typeof plugin['name'] !== 'string')
    throw fault('its plugin has no name', 'definePlugin({ name: "..." })')
  for (const key of Object.keys(plugin)) {
    if (key === 'name' || Object.hasOwn(KINDS, key)) continue
    throw fault(`a plugin has no "${key}"`, `it may have ${Object.keys(KINDS).join(', ')}`)
  }
  for (const [kind, parts] of Object.entries(KINDS)) {
    const list = plugin[kind] ?? []
    if (!Array.isArray(list)) throw fault(`${kind} is no list`, `${kind}: [ ... ]`)
    for (const [at, item] of list.entries()) {
      const where = `${kind}[${at}]`
      if (kindOf(item) !== 'object')
        throw fault(`${where} is ${kindOf(item)}`, 'an object, see docs/extending.md')
      const { name } = item
      if (typeof name !== 'string' || !NAME.test(name)) {
        throw fault(
          `${where}.name is ${JSON.stringify(name)}`,
          'up to 64 letters, digits, dots and dashes, a letter first',
        )
      }
      for (const [part, wanted] of Object.entries(parts)) {
        if (kindOf(item[part]) === wanted) continue
        throw fault(
          `${where} (${name}): ${part} is ${kindOf(item[part])}`,
          `it must be ${wanted}, see docs/extending.md`,
        )
      }
    }
  }
  return plugin as Plugin
}
