// Counts that pages state are those of the code, and lists of names are whole. UPDATE_DOCS=1 writes the counts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { TASKS, WRITERS } from '@maskwords/data'
import { READERS } from '@maskwords/datasets'
import { describe, expect, it } from 'vitest'

const HOUSE = resolve(import.meta.dirname, '..')
const read = (page: string): string => readFileSync(join(HOUSE, page), 'utf8')

/** What a number before a word counts. */
const COUNTS = {
  datasets: Object.keys(READERS).length,
  tasks: TASKS.length,
  formats: WRITERS.length,
} as const

/** Names in the first column of the tables of a page, several in a cell too. */
const named = (page: string): Set<string> =>
  new Set(
    [...read(page).matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
    ),
  )

describe('pages count', () => {
  it.each(['README.md', 'packages/maskwords/README.md'])(
    'datasets, tasks and formats as there are: %s',
    (page) => {
      const text = read(page)
      const now = text.replace(
        /\b\d+ (\[?)(datasets|tasks|formats)\b/g,
        (_, bracket: string, what: keyof typeof COUNTS) => {
          return `${COUNTS[what]} ${bracket}${what}`
        },
      )
      if (process.env['UPDATE_DOCS'] === '1') writeFileSync(join(HOUSE, page), now)
      else expect(text).toBe(now)
    },
  )

  it('every dataset, task and format by its name', () => {
    const lacking = (page: string, names: readonly string[]) => {
      const there = named(page)
      return names.filter((name) => !there.has(name))
    }
    expect(lacking('docs/datasets.md', Object.keys(READERS))).toEqual([])
    expect(
      lacking(
        'docs/training-data.md',
        TASKS.map(({ name }) => name),
      ),
    ).toEqual([])
    const list = /`--to` takes ([^.]*)\./.exec(read('docs/prepare.md'))![1]!
    const stated = [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    expect(stated.sort()).toEqual(WRITERS.map(({ name }) => name).sort())
  })
})
