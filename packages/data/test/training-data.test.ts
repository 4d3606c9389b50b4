// docs/training-data.md tells the truth: its tables and examples are what the code says and writes. UPDATE_DOCS=1 writes them
// into the page instead.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import type { FilledConversation, Task } from '../src/conversation.ts'
import { TASKS, taskByName } from '../src/tasks/index.ts'
import { WRITERS } from '../src/writers/index.ts'
import { CATEGORIES, filled, type Language, STREET } from './sample-records.ts'
import { tarMembers } from './ustar.ts'

const PAGE = fileURLToPath(new URL('../../../docs/training-data.md', import.meta.url))

/** Tasks whose answers belong to one language; the others are shown in SAMTok's words. */
const LANGUAGES: Record<string, Language> = {
  'token-budget': 'himtok',
  pointing: 'getok',
  polyline: 'getok',
  refinement: 'getok',
}
/** Settings that keep an example short. */
const SETTINGS: Record<string, Record<string, number | string>> = {
  'token-budget': { lengths: '4' },
  polyline: { only: 'dog' },
  refinement: { points: 4 },
  'scene-graph-candidates': { distractors: 3 },
  'scene-graph-given': { distractors: 3 },
  'scene-graph-rounds': { distractors: 3 },
  'open-vocabulary': { distractors: 3 },
}
/** The conversation that says most about a task, by its number among those of the street. */
const SHOWN: Record<string, number> = { referring: 1, 'region-caption': 1 }

function example(task: Task): FilledConversation {
  const language = LANGUAGES[task.name] ?? 'samtok'
  const all = task.build(STREET, {
    seed: 1,
    settings: SETTINGS[task.name] ?? {},
    categories: CATEGORIES,
    language,
  })
  return filled(all[SHOWN[task.name] ?? 0]!, STREET, language)
}

const cell = (text: string) => text.replaceAll('|', '\\|')

function tasksTable(): string {
  const rows = TASKS.map(({ name, title, needs, settings }) => {
    const list = Object.entries(settings).map(([key, value]) => `\`${key}\` ${JSON.stringify(value.default)}`)
    return `| \`${name}\` | ${cell(title)} | ${needs.join(', ')} | ${list.join(', ') || '-'} |`
  })
  return [
    '| task | what it asks for | needs | settings and defaults |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function settingsTable(): string {
  const helps = new Map<string, string[]>()
  for (const { name, settings } of TASKS) {
    for (const [key, { help }] of Object.entries(settings)) {
      const id = `| \`${key}\` | ${cell(help)} |`
      helps.set(id, [...(helps.get(id) ?? []), `\`${name}\``])
    }
  }
  const rows = [...helps].map(([id, tasks]) => `${id} ${tasks.join(', ')} |`)
  return ['| setting | what it does | tasks |', '| --- | --- | --- |', ...rows].join('\n')
}

function examples(): string {
  return TASKS.map((task) => {
    const turns = example(task).turns.map(({ role, text }) => `${role}: ${text}`)
    return `**${task.name}**\n\n\`\`\`\`text\n${turns.join('\n')}\n\`\`\`\``
  }).join('\n\n')
}

const OPTIONS = { folder: 'train', shardSize: 100 }

async function writersTable(): Promise<string> {
  const one = example(taskByName('grounded-caption'))
  const rows = await Promise.all(
    WRITERS.map(async ({ name, title, shardExtension, shard, extras, wantsBytes }) => {
      const bytes = await shard([one], { ...OPTIONS, pictures: 'bytes' })
      const fields = Object.keys((await rowsIn(bytes, shardExtension))[0]!).map((field) => `\`${field}\``)
      const run = {
        name: 'NAME',
        shards: [],
        conversations: 1,
        options: { ...OPTIONS, pictures: 'path' as const },
      }
      const files = extras(run).map(({ file }) => `\`${file}\``)
      const pictures = wantsBytes ? 'bytes' : 'path'
      return `| \`${name}\` | ${title} | .${shardExtension} | ${fields.join(', ')} | ${pictures} | ${files.join(', ') || '-'} |`
    }),
  )
  const head = '| writer | trainer | shard | fields of a row | pictures | beside the shards |'
  return [head, '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n')
}

async function rowsIn(bytes: Uint8Array, extension: string): Promise<Record<string, unknown>[]> {
  if (extension === 'parquet') {
    return parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    })
  }
  const json = extension === 'tar' ? tarMembers(bytes)[0]!.bytes : bytes
  const text = new TextDecoder().decode(json)
  return extension === 'json' ? JSON.parse(text) : [JSON.parse(text)]
}

async function rows(): Promise<string> {
  const one = example(taskByName('mask-to-box'))
  const shown = await Promise.all(
    WRITERS.map(async ({ name, shardExtension, shard }) => {
      const [row] = await rowsIn(await shard([one], { ...OPTIONS, pictures: 'path' }), shardExtension)
      const json = JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? Number(value) : value), 1)
      return `**${name}**\n\n\`\`\`json\n${json.replace(/\n +/g, ' ').replace(/\n/g, ' ')}\n\`\`\``
    }),
  )
  return shown.join('\n\n')
}

describe('docs/training-data.md', () => {
  it('shows what the code writes', async () => {
    const parts: Record<string, string> = {
      tasks: tasksTable(),
      settings: settingsTable(),
      examples: examples(),
      writers: await writersTable(),
      rows: await rows(),
    }
    let page = readFileSync(PAGE, 'utf8')
    for (const [name, text] of Object.entries(parts)) {
      const begin = `<!-- ${name}: written by packages/data/test/training-data.test.ts -->\n`
      const end = `\n<!-- end of ${name} -->`
      const from = page.indexOf(begin) + begin.length
      const to = page.indexOf(end)
      expect(from).toBeGreaterThan(begin.length - 1)
      expect(to).toBeGreaterThan(from - 1)
      if (process.env['UPDATE_DOCS'] === '1') page = page.slice(0, from) + text + page.slice(to)
      else expect(page.slice(from, to), name).toBe(text)
    }
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page)
  })
})
