import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryBeside } from '@maskwords/checkpoint'
import { getokCodec, type MaskCodec } from '@maskwords/codecs'
import { area, emptyMask, pictureToPng, plainPicture } from '@maskwords/mask'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { DataRecord, Reader, Region } from '../../../datasets/src/record.ts'
import type { Task } from '../conversation.ts'
import { taskByName } from '../tasks/index.ts'
import { writerByName } from '../writers/index.ts'
import { configHash, type PrepareConfig } from './config.ts'
import { defaultTasks } from './default-tasks.ts'
import { Engine } from './engine.ts'
import { Journal, readJournal } from './journal.ts'
import { type PrepareOptions, planOnly, prepare } from './run.ts'
import { copiesOf, sampleKey, shareOf } from './sampling.ts'
import { parseSource, parseTasks } from './source-spec.ts'
import { type EngineSetup, localWorkers, type Work, type Workers } from './workers.ts'

const folder = mkdtempSync(join(tmpdir(), 'maskwords-prepare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const root = join(folder, 'data')
mkdirSync(root)
const [widthPx, heightPx] = [64, 48]
writeFileSync(join(root, 'here.png'), pictureToPng(plainPicture(widthPx, heightPx, [90, 120, 60])))

const square = (id: string, x: number, y: number, side: number, category = 'kind 1'): Region => ({
  id,
  category,
  shape: {
    kind: 'coco',
    segmentation: [[x, y, x + side, y, x + side, y + side, x, y + side]],
  },
})

function record(id: string, regions: readonly Region[], file = `${id}.jpg`): DataRecord {
  return {
    id,
    dataset: 'toy',
    picture: { file, widthPx, heightPx },
    regions,
    phrases: regions
      .slice(0, 2)
      .map((region, at) => ({ text: `thing ${at} of ${id}`, regions: [region.id] })),
    captions: [],
    relations: [],
    dialogues: [],
    choices: [],
    coverage: { absent: 'others', incomplete: [] },
  }
}

/** 200 records with a region each on 100 pictures: four batches, many shards. */
const toy = Array.from({ length: 200 }, (_, k) =>
  record(
    `r${k}`,
    [square('0', (k * 7) % 40, (k * 5) % 30, 5 + (k % 12), `kind ${k % 9}`)],
    `p${k % 100}.jpg`,
  ),
)

function readerOf(records: readonly DataRecord[]): Reader {
  return {
    name: 'toy',
    title: 'toy',
    layout: [],
    splits: [],
    gives: ['masks', 'phrases'],
    async *read() {
      yield* records
    },
  }
}

const config: PrepareConfig = {
  version: '1.0.0',
  sources: [{ reader: 'toy', root, picturePrefix: '../data/', weightPercent: 100 }],
  tasks: [
    { name: 'referring', settings: {} },
    { name: 'open-vocabulary', settings: {} },
  ],
  codec: { name: 'getok', options: { cells: 32 } },
  writer: 'ms-swift',
  pictures: 'path',
  shardSize: 17,
  seed: 3,
  missingPictures: 'auto',
  emptyThink: false,
  truthMasks: false,
  pictureBase: join(folder, 'out'),
  cropPrefix: '',
}

function engineOf(setup: EngineSetup, tasks: readonly Task[] = [], codec: MaskCodec = getokCodec()): Engine {
  return new Engine({
    ...setup,
    tasks: setup.tasks.map(({ name, settings }) => ({
      task: tasks.find((task) => task.name === name) ?? taskByName(name),
      settings,
    })),
    codec,
    readPixels: async () => {
      const { bytes } = plainPicture(widthPx, heightPx, [90, 120, 60])
      return { widthPx, heightPx, rgb: bytes }
    },
  })
}

function optionsOf(name: string, changes: Partial<PrepareOptions> = {}, records = toy): PrepareOptions {
  return {
    config,
    folder: join(folder, name),
    name: 'set',
    readerOf: () => readerOf(records),
    writer: writerByName((changes.config ?? config).writer),
    samples: 2,
    needsImage: false,
    vocabulary: { wordCount: 1034 },
    openWorkers: (setup) => localWorkers(engineOf(setup)),
    signal: new AbortController().signal,
    ...changes,
  }
}

/** Every file of the result with its content, logs aside. */
function contents(name: string): Record<string, string> {
  const files = readdirSync(join(folder, name)).filter((file) => file !== '.prepare')
  return Object.fromEntries(
    files.sort().map((file) => [file, readFileSync(join(folder, name, file), 'latin1')]),
  )
}

const linesOf = (name: string, file: string) => {
  const text = readFileSync(join(folder, name, file), 'utf8').trim()
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line))
}

describe('a run', () => {
  it('writes shards of the size asked for, a stamp, a report, and no problems', async () => {
    const { conversations, files, plan } = await prepare(optionsOf('whole'))
    expect(plan.taken).toBe(conversations)
    expect(plan.pictures).toBe(100)
    expect(files).toContain('set-00000.jsonl')
    const stamp = JSON.parse(readFileSync(join(folder, 'whole', 'dataset.json'), 'utf8'))
    expect(stamp).toMatchObject({ version: '1.0.0', seed: 3, writer: 'ms-swift', conversations })
    const counts = stamp.shards.map((shard: { conversations: number }) => shard.conversations)
    expect(counts.slice(0, -1).every((count: number) => count === 17)).toBe(true)
    expect(counts.reduce((sum: number, count: number) => sum + count)).toBe(conversations)
    const [first] = linesOf('whole', 'set-00000.jsonl')
    expect(first.images).toEqual(['../data/p0.jpg'])
    expect(first.messages[1].content).toContain('<grid_')
    expect(linesOf('whole', 'problems.jsonl')).toEqual([])
    expect(readdirSync(join(folder, 'whole', '.prepare')).sort()).toEqual(['files.json', 'journal.jsonl'])
  })

  it('keeps the records of one picture together, whichever source they are of', async () => {
    const rows = readdirSync(join(folder, 'whole'))
      .filter((file) => /^set-\d+\.jsonl$/.test(file))
      .sort()
      .flatMap((file) => linesOf('whole', file))
    const pictures = rows.map((row) => row.images[0])
    const changes = pictures.filter((picture, at) => picture !== pictures[at - 1])
    expect(changes).toHaveLength(100)
  })

  it('gives the same bytes whatever the number of workers and the order in which they finish', async () => {
    await prepare(optionsOf('slow', { openWorkers: (setup) => unevenWorkers(setup) }))
    expect(contents('slow')).toEqual(contents('whole'))
  })

  it('gives the same bytes however often it was stopped, between any two pieces of work', async () => {
    const whole = contents('whole')
    for (const stops of [[0], [2], [2, 1, 0]]) {
      const name = `stopped-${stops.join('-')}`
      for (const after of stops) {
        const openWorkers = (setup: EngineSetup) => failingWorkers(setup, after)
        const keepBatchesMs = stops.length > 1 ? 0 : 1e6
        await expect(prepare(optionsOf(name, { openWorkers, keepBatchesMs }))).rejects.toThrow('power cut')
      }
      await prepare(optionsOf(name))
      expect(contents(name)).toEqual(whole)
    }
  })

  it('does not do kept batches again: what a slow encoder did before a kill is read from the disk', async () => {
    const first = (setup: EngineSetup) => failingWorkers(setup, 3)
    const stopped = prepare(optionsOf('kept', { openWorkers: first, keepBatchesMs: 0 }))
    await expect(stopped).rejects.toThrow('power cut')
    // Only the last of four batches is left, and the looks.
    await prepare(optionsOf('kept', { openWorkers: (setup) => failingWorkers(setup, 1) }))
    expect(contents('kept')).toEqual(contents('whole'))
  })

  it('takes what a kill left of a journal line or a shard for not written', async () => {
    const openWorkers = (setup: EngineSetup) => failingWorkers(setup, 1)
    await expect(prepare(optionsOf('torn', { openWorkers }))).rejects.toThrow()
    appendFileSync(join(folder, 'torn', '.prepare', 'journal.jsonl'), '0123456789abcdef {"kind":"sha')
    writeFileSync(temporaryBeside(join(folder, 'torn', 'set-00009.jsonl')), 'half a shard')
    await prepare(optionsOf('torn'))
    expect(contents('torn')).toEqual(contents('whole'))
  })

  it('does nothing where all is done, and refuses another seed, version, codec or dataset by name', async () => {
    const again = await prepare(optionsOf('whole'))
    expect(again.report).toBeUndefined()
    const other = (change: Partial<PrepareConfig>) =>
      prepare(optionsOf('whole', { config: { ...config, ...change } }))
    await expect(other({ seed: 4 })).rejects.toThrow('another options')
    await expect(other({ version: '2.0.0' })).rejects.toThrow('version of maskwords (1.0.0, now 2.0.0)')
    await expect(other({ codec: { name: 'samtok', options: {} } })).rejects.toThrow('another codec')
    await expect(prepare(optionsOf('whole', {}, toy.slice(1)))).rejects.toThrow('contents of the sources')
    const fresh = await prepare(optionsOf('whole', { overwrite: true }))
    expect(fresh.report).toBeDefined()
  })

  it('refuses a folder with foreign files, and a second run in a folder where one works', async () => {
    mkdirSync(join(folder, 'foreign'))
    writeFileSync(join(folder, 'foreign', 'thesis.tex'), '')
    await expect(prepare(optionsOf('foreign'))).rejects.toThrow('not empty')
    const first = prepare(optionsOf('twice'))
    await expect(prepare(optionsOf('twice'))).rejects.toThrow('another run works')
    await first
  })

  it('refuses to go on behind a shard that was changed', async () => {
    const openWorkers = (setup: EngineSetup) => failingWorkers(setup, 1)
    await expect(prepare(optionsOf('changed', { openWorkers }))).rejects.toThrow('power cut')
    appendFileSync(join(folder, 'changed', 'set-00000.jsonl'), ' ')
    await expect(prepare(optionsOf('changed'))).rejects.toThrow('was changed')
  })

  it('plans without writing, with the numbers that the run then has', async () => {
    const plan = await planOnly(optionsOf('nothing'))
    expect(existsSync(join(folder, 'nothing'))).toBe(false)
    expect(plan.conversations).toEqual([
      { source: 'toy', task: 'referring', made: 200, taken: 200 },
      { source: 'toy', task: 'open-vocabulary', made: 200, taken: 200 },
    ])
    expect(plan.tokensPerMask).toBeGreaterThan(2)
    expect(plan.sources[0]!.missing).toBe('kept')
    expect(JSON.parse(readFileSync(join(folder, 'whole', 'report.json'), 'utf8')).masks.encoded).toBe(
      plan.masks,
    )
  })

  it('embeds pictures, drops samples without one, and says which', async () => {
    const records = [
      record('a', [square('1', 3, 3, 9)], 'here.png'),
      record('b', [square('1', 3, 3, 9)], 'gone.png'),
    ]
    const bytes: PrepareConfig = { ...config, pictures: 'bytes', writer: 'jsonl' }
    await prepare(optionsOf('bytes', { config: bytes }, records))
    expect(linesOf('bytes', 'problems.jsonl')).toMatchObject([
      { kind: 'missing-picture', message: 'record b: there is no picture gone.png', at: 'b' },
    ])
    const rows = linesOf('bytes', 'set-00000.jsonl')
    expect(rows).toHaveLength(2)
    expect(JSON.stringify(rows[0])).toContain('data:image/png;base64,')
  })

  it('takes half, or all and half of them once more', async () => {
    const idsWith = async (weightPercent: number) => {
      const name = `weight-${weightPercent}`
      const weighted = { ...config, sources: [{ ...config.sources[0]!, weightPercent }], writer: 'jsonl' }
      await prepare(optionsOf(name, { config: weighted }))
      return readdirSync(join(folder, name))
        .filter((file) => /^set-\d+\.jsonl$/.test(file))
        .flatMap((file) => linesOf(name, file).map((row) => row.id as string))
    }
    const half = await idsWith(50)
    const most = await idsWith(150)
    expect([half.length, most.length]).toEqual([200, 600])
    expect(new Set(most).size).toBe(600)
    expect(
      most
        .filter((id) => id.endsWith('#2'))
        .map((id) => id.slice(0, -2))
        .sort(),
    ).toEqual([...half].sort())
  })
})

describe('labels whose words say another mask', () => {
  /** GETok, whose words of small things decode to nothing. */
  const blind = (): MaskCodec => {
    const codec = getokCodec() as unknown as MaskCodec
    return {
      ...codec,
      async decode(image, words, call) {
        const decoded = await codec.decode(image, words, call)
        return decoded.map(({ mask }) => ({
          mask: area(mask) < 150 ? emptyMask(widthPx, heightPx) : mask,
        }))
      },
    }
  }
  const records = [
    record('a', [square('big', 2, 2, 25, 'house'), square('small', 40, 30, 6, 'bird')], 'here.png'),
  ]
  const run = async (name: string, change: Partial<PrepareConfig>) => {
    const openWorkers = (setup: EngineSetup) => localWorkers(engineOf(setup, [], blind()))
    const own = { ...config, writer: 'jsonl', ...change }
    const { report } = await prepare(optionsOf(name, { config: own, openWorkers }, records))
    const rows = linesOf(name, 'set-00000.jsonl').map((row) => JSON.stringify(row))
    return { report: report!, rows, problems: linesOf(name, 'problems.jsonl') }
  }

  it('are counted by source and size, and the warning names the number', async () => {
    const { report, rows } = await run('weak-kept', {})
    const { readBack } = report.masks
    expect(readBack).toMatchObject({ masks: 2, weak: 1, isSample: false })
    expect(readBack!.bySource.map(({ source, upTo, masks, weak }) => [source, upTo, masks, weak])).toEqual([
      ['toy', 0.1, 1, 1],
      ['toy', 1, 1, 0],
    ])
    expect([readBack!.histogram[0], readBack!.histogram.reduce((a, b) => a + b)]).toEqual([1, 2])
    expect(report.warnings[0]).toBe(
      '50 % of 2 masks read back with an IoU below 0.25: their words say another mask, and they were written: --min-iou 0.25 leaves them out',
    )
    expect(rows.join()).toContain('bird')
    expect(readFileSync(join(folder, 'weak-kept', 'report.html'), 'utf8')).toContain(
      'IoU of masks and of what their words say',
    )
  })

  it('are left out below --min-iou, and nobody asks for their category any more', async () => {
    const { report, rows, problems } = await run('weak-out', { minIou: 0.25 })
    expect(problems).toMatchObject([{ kind: 'weak-words', at: 'a, region small' }])
    expect(report.warnings[0]).toContain('they are left out (--min-iou 0.25)')
    const asked = rows.filter((row) => row.includes('open-vocabulary'))
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('house')
    expect(rows.join()).not.toContain('bird')
    expect(rows.some((row) => row.includes('thing 1 of a'))).toBe(false)
    expect(rows.some((row) => row.includes('thing 0 of a'))).toBe(true)
  })

  it('small regions go below --min-area, before anything is made of them', async () => {
    const { report, problems, rows } = await run('small-out', { minShare: 0.05 })
    expect(problems).toMatchObject([{ kind: 'small-mask', at: 'a, region small' }])
    expect(report.masks.readBack).toMatchObject({ masks: 1, weak: 0 })
    expect(report.warnings).toEqual([])
    expect(rows.join()).not.toContain('bird')
  })

  it('an enlarged view counts where a region is shown enlarged', async () => {
    const { report, rows } = await run('weak-zoom', {
      minIou: 0.25,
      tasks: [{ name: 'region-question', settings: {} }],
      missingPictures: 'keep',
    })
    expect(rows.filter((row) => row.includes('bird'))).toHaveLength(1)
    expect(report.lostConversations).toBe(0)
  })
})

describe('hostile records', () => {
  it('each costs itself, with a line that says why; nothing else is lost', async () => {
    const bad: Region[] = [
      { id: 'nan', shape: { kind: 'coco', segmentation: [[Number.NaN, 1, 5, 5, 5, 1]] } },
      { id: 'box', shape: { kind: 'box' }, boxXywhPx: [Number.NaN, 0, 4, 4] },
      {
        id: 'empty',
        shape: { kind: 'coco', segmentation: { size: [heightPx, widthPx], counts: [widthPx * heightPx] } },
      },
      { id: 'size', shape: { kind: 'coco', segmentation: { size: [9, 9], counts: [81] } } },
      { id: 'long', shape: { kind: 'coco', segmentation: { size: [heightPx, widthPx], counts: [2 ** 40] } } },
      { id: 'map', shape: { kind: 'label-map', file: '../../etc/passwd', value: 1, channel: 'first' } },
      { id: 'gone', shape: { kind: 'mask-file', file: 'nowhere.png' } },
      { id: 'not-a-picture', shape: { kind: 'coco', segmentation: 'x' as never } },
      square('0', 5, 5, 8),
    ]
    const records = [
      record(
        'good',
        [square('0', 2, 2, 9), square('__proto__', 20, 20, 9), square('constructor', 5, 30, 9)],
        'here.png',
      ),
      record('bad', [square('0', 2, 2, 9), ...bad, square('1', 30, 30, 6)], 'here.png'),
      record('__proto__', [square('toString', 2, 2, 9)], 'here.png'),
    ]
    await prepare(optionsOf('hostile', { config: { ...config, writer: 'jsonl' } }, records))
    const problems = linesOf('hostile', 'problems.jsonl')
    const at = Object.fromEntries(problems.map((problem) => [problem.at.split('region ')[1], problem.kind]))
    expect(at).toEqual({
      nan: 'bad-geometry',
      box: 'bad-geometry',
      empty: 'empty-mask',
      size: 'bad-geometry',
      long: 'bad-geometry',
      map: 'bad-geometry',
      gone: 'bad-geometry',
      'not-a-picture': 'bad-geometry',
      '0': 'duplicate-id',
    })
    const rows = linesOf('hostile', 'set-00000.jsonl')
    expect(rows.filter((row) => row.id.startsWith('good/'))).toHaveLength(3)
    expect(rows.filter((row) => row.id.startsWith('__proto__/'))).toHaveLength(2)
    // The phrases of `bad` were those of its first two regions: the good one is left. With regions lost, nobody asks for all of a class.
    expect(rows.filter((row) => row.id.startsWith('bad/')).map((row) => row.task)).toEqual(['referring'])
  })

  it('a task that throws for one record, and a writer that refuses one conversation, lose one sample each', async () => {
    const odd: Task = {
      ...taskByName('referring'),
      build(one, options) {
        if (one.id === 'r7') throw new Error('odd record')
        return taskByName('referring').build(one, options)
      },
    }
    const jsonl = writerByName('jsonl')
    const writer: typeof jsonl = {
      ...jsonl,
      shard(conversations, options) {
        if (conversations.some(({ id }) => id === 'r8/referring/0')) throw new Error('does not fit')
        return jsonl.shard(conversations, options)
      },
    }
    const tasks = { ...config, tasks: [{ name: 'referring', settings: {} }] }
    const { conversations } = await prepare(
      optionsOf('odd', {
        config: tasks,
        writer,
        openWorkers: (setup) => localWorkers(engineOf(setup, [odd])),
      }),
    )
    expect(conversations).toBe(200 - 1 - 1)
    expect(linesOf('odd', 'problems.jsonl').map(({ message }) => message)).toEqual([
      'record r7: task referring cannot make conversations of it: odd record',
      'conversation r8/referring/0 cannot be written: does not fit',
    ])
  })

  it('text of datasets stays text in the report', async () => {
    const evil = '<script>alert(1)</script>"\' onload=x \u202e'
    const records = [
      { ...record('x', [square('0', 2, 2, 9, evil)], 'here.png'), phrases: [{ text: evil, regions: ['0'] }] },
    ]
    await prepare(optionsOf('evil', {}, records))
    const html = readFileSync(join(folder, 'evil', 'report.html'), 'utf8')
    expect(html).not.toMatch(/<script|<img[^>]*onload|\u202e/)
    expect(html).toContain('&lt;script&gt;')
    expect(
      html.match(/(?:src|href)="[^"]{1,30}/g)?.every((link) => link.startsWith('src="data:image/png;base64')),
    ).toBe(true)
  })
})

describe('parts', () => {
  it('sources and tasks are read from text', () => {
    expect(parseSource('refcoco+:train@sub/dir%12.5')).toEqual({
      reader: 'refcoco+',
      split: 'train',
      folder: 'sub/dir',
      weightPercent: 12.5,
    })
    expect(parseSource('coco')).toEqual({ reader: 'coco', weightPercent: 100 })
    expect(() => parseSource('coco%0')).toThrow('weight')
    expect(() => parseSource('co co')).toThrow('cannot be read')
    expect(parseTasks('referring:limit=3:answer=json,open-vocabulary:instances=false')).toEqual([
      { name: 'referring', settings: { answer: 'json', limit: 3 } },
      { name: 'open-vocabulary', settings: { instances: false } },
    ])
    expect(() => parseTasks('referring,referring')).toThrow('twice')
    expect(defaultTasks([{ gives: ['masks', 'boxes'] }, { gives: ['masks', 'phrases'] }])).toEqual([
      'open-vocabulary',
      'referring',
      'reasoning',
    ])
  })

  it('a share is exact for any weight, and a larger weight takes the same samples and more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 120 }),
        fc.nat(),
        (weight, count, seed) => {
          const ids = Array.from({ length: count }, (_, k) => `s${k}`)
          const keys = Float64Array.from(ids.map((id) => sampleKey(seed, 0, id)))
          const share = shareOf(weight, keys.slice())
          const taken = ids.reduce((sum, id) => sum + copiesOf(share, seed, 0, id), 0)
          expect(taken).toBe(Math.floor(weight / 100) * count + Math.round((count * (weight % 100)) / 100))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('a journal is read up to the first byte that was changed or cut', () => {
    const file = join(folder, 'journal')
    const journal = new Journal<{ n: number }>(file, 0)
    for (let n = 0; n < 5; n++) journal.append({ n })
    journal.close()
    const whole = readFileSync(file)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), fc.boolean(), (at, cuts) => {
        const damaged = Buffer.from(cuts ? whole.subarray(0, at) : whole)
        if (!cuts) damaged[at]! ^= 1
        writeFileSync(file, damaged)
        const { entries, bytes } = readJournal<{ n: number }>(file)
        const lines = whole.subarray(0, at).filter((byte) => byte === 0x0a).length
        expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: lines }, (_, n) => n))
        expect(bytes).toBeLessThanOrEqual(at)
      }),
      { numRuns: 80 },
    )
  })

  it('the hash of a configuration does not depend on where folders lie or on the order of keys', () => {
    const moved = {
      ...config,
      pictureBase: '/elsewhere',
      sources: [{ ...config.sources[0]!, root: '/elsewhere' }],
    }
    expect(configHash(moved)).toBe(configHash(config))
    expect(configHash({ ...config, seed: 4 })).not.toBe(configHash(config))
  })
})

/** Three workers that finish in an order of their own. */
function unevenWorkers(setup: EngineSetup): Workers {
  const engines = [0, 1, 2].map(() => localWorkers(engineOf(setup)))
  let asked = 0
  return {
    size: 3,
    async run(work) {
      const number = asked++
      const result = await engines[number % 3]!.run(work)
      await new Promise((resolve) => setTimeout(resolve, ((number * 7) % 3) * 4))
      return result
    },
    async close() {
      for (const engine of engines) await engine.close()
    },
  }
}

/** Works until `after` pieces of filling are done, then fails for ever. */
function failingWorkers(setup: EngineSetup, after: number): Workers {
  const workers = localWorkers(engineOf(setup))
  let filled = 0
  return {
    size: 1,
    run<W extends Work>(work: W) {
      if (work.kind === 'fill' && filled++ >= after) return Promise.reject(new Error('power cut'))
      return workers.run(work)
    },
    close: () => workers.close(),
  }
}
