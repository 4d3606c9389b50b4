import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DataRecord } from '../../../datasets/src/record.ts'
import {
  CATEGORIES,
  cocoPoolRecords,
  filled,
  hasCocoPool,
  hostileStreet,
  STREET,
} from '../../test/sample-records.ts'
import { tarMembers } from '../../test/ustar.ts'
import type { FilledConversation, WriterOptions } from '../conversation.ts'
import { TASKS } from '../tasks/index.ts'
import { WRITERS, writerByName } from './index.ts'
import { pictureText } from './lines.ts'

type Row = Record<string, unknown>

const PATHS: WriterOptions = { folder: 'train', pictures: 'path', shardSize: 100 }
const BYTES: WriterOptions = { ...PATHS, pictures: 'bytes' }

/** Every task's conversations of these records. */
function conversationsOf(
  records: readonly DataRecord[],
  categories: readonly string[],
): FilledConversation[] {
  return records.flatMap((record) =>
    TASKS.flatMap((task) => task.build(record, { seed: 3, settings: { limit: 2 }, categories })).map((one) =>
      filled(one, record),
    ),
  )
}

async function rowsIn(bytes: Uint8Array, extension: string): Promise<Row[]> {
  const text = () => new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  if (extension === 'json') return JSON.parse(text()) as Row[]
  if (extension === 'jsonl') {
    const lines = text().split('\n')
    expect(lines.pop()).toBe('')
    return lines.map((line) => JSON.parse(line) as Row)
  }
  if (extension === 'parquet') return parquetReadObjects({ file: buffer(bytes), utf8: false })
  return tarMembers(bytes)
    .filter(({ name }) => name.endsWith('.json'))
    .map((member) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(member.bytes)) as Row)
}

function buffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

const files = (one: FilledConversation) => one.pictures.map(({ file }) => file)
const answer = (one: FilledConversation) => one.turns.at(-1)!.text
const messages = (turns: FilledConversation['turns']) =>
  turns.map(({ role, text }) => ({ role, content: text }))
const sharegpt = (one: FilledConversation) =>
  one.turns.map(({ role, text }) => ({ from: role === 'user' ? 'human' : 'gpt', value: text }))
/** The truth's own text: what the tasks of these tests pack, but for refinements. */
const truth = ({ truth }: FilledConversation) =>
  truth!.previous === undefined
    ? truth!.text
    : `{"text":${JSON.stringify(truth!.text)},"previous":${JSON.stringify(truth!.previous)}}`
const embedded = (one: FilledConversation) =>
  one.pictures.map(({ bytes, file }) => ({ bytes: bytes!, path: file }))
/** Content parts of TRL: places of pictures and the texts between them. */
const content = (text: string) =>
  text
    .split(/(<image>)/)
    .filter((part) => part !== '')
    .map((part) => (part === '<image>' ? { type: 'image' } : { type: 'text', text: part }))

/** The row that each trainer documents, for one conversation: every field, nothing else. */
const DOCUMENTED: Record<string, (one: FilledConversation, options: WriterOptions, at: number) => Row> = {
  qwen: (one) => ({
    id: one.id,
    image: one.pictures.length === 1 ? files(one)[0] : files(one),
    conversations: sharegpt(one),
  }),
  openai: (one, options) => {
    const left = [...one.pictures]
    const url = () => pictureText(left.shift()!, options)
    return {
      messages: one.turns.map(({ role, text }) => ({
        role,
        content:
          role === 'user'
            ? content(text).map((part) =>
                'text' in part ? part : { type: 'image_url', image_url: { url: url() } },
              )
            : text,
      })),
    }
  },
  'ms-swift': (one) => ({ messages: messages(one.turns), images: files(one) }),
  'ms-swift-grpo': (one) => ({
    messages: messages(one.turns.slice(0, -1)),
    images: files(one),
    solution: truth(one),
    kind: one.truth!.kind,
    source: one.task,
    id: one.id,
  }),
  'llama-factory': (one) => ({ conversations: sharegpt(one), images: files(one) }),
  easyr1: (one, { pictures }) => ({
    problem:
      one.turns.length === 2
        ? one.turns[0]!.text
        : one.turns
            .slice(0, -1)
            .map(({ role, text }) => `${role === 'user' ? 'User' : 'Assistant'}: ${text}`)
            .join('\n'),
    answer: truth(one),
    images: pictures === 'bytes' ? embedded(one) : files(one),
    source: one.task,
    id: one.id,
  }),
  verl: (one, { pictures }, at) => ({
    data_source: one.dataset,
    prompt: messages(one.turns.slice(0, -1)),
    images: pictures === 'bytes' ? embedded(one) : files(one).map((image) => ({ image })),
    ability: one.task,
    reward_model: { style: 'rule', ground_truth: truth(one) },
    extra_info: { split: 'train', index: BigInt(at), id: one.id, kind: one.truth!.kind },
  }),
  trl: (one, { pictures }) => ({
    ...DOCUMENTED['trl-jsonl']!(one, PATHS, 0),
    prompt: one.turns.slice(0, -1).map(({ role, text }) => ({ role, content: content(text).map(withNull) })),
    completion: [{ role: 'assistant', content: [{ type: 'text', text: answer(one) }] }],
    images: pictures === 'bytes' ? embedded(one) : files(one).map((path) => ({ path, bytes: undefined })),
  }),
  'trl-jsonl': (one) => ({
    prompt: one.turns.slice(0, -1).map(({ role, text }) => ({ role, content: content(text) })),
    completion: [{ role: 'assistant', content: [{ type: 'text', text: answer(one) }] }],
    images: files(one),
    solution: truth(one),
    kind: one.truth!.kind,
    source: one.task,
    id: one.id,
  }),
  jsonl: (one) => ({
    id: one.id,
    task: one.task,
    dataset: one.dataset,
    images: one.pictures.map(({ file, widthPx, heightPx }) => ({ file, width: widthPx, height: heightPx })),
    messages: messages(one.turns),
    truth: one.truth!,
  }),
  webdataset: (one, { pictures }) => ({
    ...DOCUMENTED['jsonl']!(one, PATHS, 0),
    images: one.pictures.map(({ file, widthPx, heightPx }, at) => ({
      ...(pictures === 'bytes' ? { member: at === 0 ? '0.jpg' : `${at}.png` } : {}),
      file,
      width: widthPx,
      height: heightPx,
    })),
  }),
}

function withNull(part: Row): Row {
  return { text: undefined, ...part }
}

/** The same value without nulls: a parquet reader gives null, undefined or nothing for what is not there. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([key, member]) => [key, plain(member)]),
  )
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'writers-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes with every writer and compares each row with what the trainer documents; the files written, for other readers. */
async function checkAll(
  conversations: FilledConversation[],
  name: string,
): Promise<{ file: string; rows: number }[]> {
  const written: { file: string; rows: number }[] = []
  for (const writer of WRITERS) {
    for (const options of writer.wantsBytes ? [PATHS, BYTES] : [PATHS]) {
      const bytes = await writer.shard(conversations, options)
      const rows = await rowsIn(bytes, writer.shardExtension)
      const wanted = conversations.map((one, at) => DOCUMENTED[writer.name]!(one, options, at))
      expect(rows.length, writer.name).toBe(wanted.length)
      for (const [at, row] of rows.entries()) {
        expect(plain(row), `${writer.name}: ${conversations[at]!.id}`).toEqual(plain(wanted[at]))
      }
      const file = join(folder, `${name}-${writer.name}-${options.pictures}.${writer.shardExtension}`)
      writeFileSync(file, bytes)
      written.push({ file, rows: rows.length })
    }
  }
  return written
}

const PYTHON = `
import hashlib, json, sys, tarfile
for path in sys.argv[1:]:
    if path.endswith('.json'):
        rows = json.load(open(path, encoding='utf-8'))
    elif path.endswith('.jsonl'):
        rows = [json.loads(line) for line in open(path, encoding='utf-8', newline='\\n')]
    elif path.endswith('.tar'):
        rows = []
        with tarfile.open(path) as archive:
            for member in archive:
                assert member.isfile() and (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 0o644)
                data = archive.extractfile(member).read()
                if member.name.endswith('.json'): rows.append(json.loads(data))
                else: rows[-1].setdefault('found', []).append(member.name.split('.', 1)[1])
        for row in rows:
            assert row.get('found', []) == [image['member'] for image in row['images'] if 'member' in image]
    else:
        continue
    text = json.dumps(rows, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode('utf-8')
    print(json.dumps([path, len(rows), text.count(b'<image>')]))
`
const hasPython = spawnSync('python3', ['--version']).status === 0
const hasTar = spawnSync('tar', ['--version']).status === 0

function readByOthers(written: { file: string; rows: number }[], conversations: FilledConversation[]): void {
  if (hasPython) {
    const out = execFileSync('python3', ['-c', PYTHON, ...written.map(({ file }) => file)], {
      encoding: 'utf8',
    })
    const read = new Map(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, number, number])
        .map((one) => [one[0], one]),
    )
    const places = conversations.reduce((sum, { pictures }) => sum + pictures.length, 0)
    for (const { file, rows } of written) {
      if (file.endsWith('.parquet')) continue
      expect(read.get(file)!.slice(0, 2)).toEqual([file, rows])
      // TRL and chat APIs say pictures by parts of their own; the others by as many places as pictures.
      expect(read.get(file)![2], file).toBe(/trl|openai/.test(file) ? 0 : places)
    }
  } else console.log('no python3: JSON and tar are read by Node alone')
  if (hasTar) {
    const tar = written.find(({ file }) => file.endsWith('-bytes.tar'))!
    const names = execFileSync('tar', ['-tf', tar.file], { encoding: 'utf8' }).trim().split('\n')
    const places = conversations.reduce((sum, { pictures }) => sum + pictures.length, 0)
    expect(names.length).toBe(tar.rows + places)
    expect(new Set(names).size).toBe(names.length)
  } else console.log('no tar command: shards are read by the test alone')
}

describe('writers', () => {
  it('have names of their own', () => {
    expect(WRITERS.map(({ name }) => name)).toEqual(
      Object.keys(DOCUMENTED).sort((a, b) => order(a) - order(b)),
    )
    expect(() => writerByName('llama')).toThrow(/no writer "llama"/)
  })

  it('give the documented fields for every task, on the street and with hostile texts', async () => {
    const conversations = conversationsOf([STREET, hostileStreet()], CATEGORIES)
    expect(new Set(conversations.map(({ task }) => task)).size).toBe(TASKS.length)
    // A conversation that is repeated stays two samples.
    const twice = [...conversations, conversations[0]!]
    readByOthers(await checkAll(twice, 'street'), twice)
  })

  it.skipIf(!hasCocoPool)(
    'give the documented fields for every task, on real pictures\u2019 annotations (skipped without ../shared/data)',
    async () => {
      const { records, categories } = cocoPoolRecords()
      const conversations = conversationsOf(
        records.filter(({ captions }) => captions.length > 0).slice(0, 12),
        categories,
      )
      expect(conversations.length).toBeGreaterThan(200)
      readByOthers(await checkAll(conversations, 'pool'), conversations)
    },
  )

  it('give the same bytes for the same conversations', async () => {
    const conversations = conversationsOf([STREET], CATEGORIES)
    const hashes = async () =>
      Promise.all(
        WRITERS.map(async (writer) =>
          createHash('sha256')
            .update(await writer.shard(conversations, BYTES))
            .digest('hex'),
        ),
      )
    const first = await hashes()
    await writerByName('webdataset').shard(conversations.slice(1), BYTES)
    expect(await hashes()).toEqual(first)
    expect(new Set(first).size).toBe(WRITERS.length)
  })

  it('give a shard without conversations that reads back as none', async () => {
    for (const writer of WRITERS) {
      expect(await rowsIn(await writer.shard([], BYTES), writer.shardExtension), writer.name).toEqual([])
    }
  })

  it('refuse a conversation whose pictures and places do not match, by its id', async () => {
    const [good] = conversationsOf([STREET], CATEGORIES)
    const extra = { ...good!, turns: [{ role: 'user' as const, text: '<image> <image>' }, good!.turns[1]!] }
    const lost = { ...good!, pictures: [] }
    for (const writer of WRITERS) {
      await expect(writer.shard([extra], BYTES)).rejects.toThrow(`${good!.id} has 2 <image> but 1 pictures`)
      await expect(writer.shard([lost], BYTES)).rejects.toThrow(`${good!.id} has 1 <image> but 0 pictures`)
    }
  })

  it('refuse to embed pictures that were not read, or that are neither JPEG nor PNG', async () => {
    const [good] = conversationsOf([STREET], CATEGORIES)
    const { bytes: _, ...unread } = good!.pictures[0]!
    const gif = { ...unread, bytes: Buffer.from('GIF89a') }
    for (const writer of WRITERS.filter(({ wantsBytes }) => wantsBytes)) {
      await expect(writer.shard([{ ...good!, pictures: [unread] }], BYTES)).rejects.toThrow(
        /without its bytes/,
      )
      await expect(writer.shard([{ ...good!, pictures: [gif] }], BYTES)).rejects.toThrow(
        /neither JPEG nor PNG/,
      )
    }
  })

  it('embed pictures in JSON as data URLs', async () => {
    const [good] = conversationsOf([STREET], CATEGORIES)
    const [row] = await rowsIn(await writerByName('ms-swift').shard([good!], BYTES), 'jsonl')
    expect(row!['images']).toEqual(['data:image/jpeg;base64,/9j/4AAC/9k='])
  })
})

describe('metadata', () => {
  const metadata = async (name: string, options: WriterOptions) => {
    const bytes = await writerByName(name).shard(conversationsOf([STREET], CATEGORIES).slice(0, 3), options)
    const { key_value_metadata: pairs, num_rows: rows } = parquetMetadata(buffer(bytes))
    expect(rows).toBe(3n)
    return JSON.parse(pairs!.find(({ key }) => key === 'huggingface')!.value!) as { info: { features: Row } }
  }
  const text = { dtype: 'string', _type: 'Value' }
  const images = { feature: { _type: 'Image' }, _type: 'Sequence' }

  it('says which column holds pictures, as Hugging Face datasets reads it', async () => {
    expect(await metadata('easyr1', BYTES)).toEqual({
      info: { features: { problem: text, answer: text, images, source: text, id: text } },
    })
    const { features } = (await metadata('verl', BYTES)).info
    expect(features['images']).toEqual(images)
    expect(features['prompt']).toEqual([{ role: text, content: text }])
    expect(features['reward_model']).toEqual({ style: text, ground_truth: text })
    expect(((await metadata('trl', PATHS)).info.features as Row)['images']).toEqual(images)
    expect((await metadata('easyr1', PATHS)).info.features['images']).toEqual({
      feature: text,
      _type: 'Sequence',
    })
  })

  it('names LLaMA-Factory\u2019s columns and tags, one entry a shard', () => {
    const run = {
      name: 'train',
      shards: ['train-00000.json', 'train-00001.json'],
      conversations: 5,
      options: PATHS,
    }
    const [info] = writerByName('llama-factory').extras(run)
    expect(info!.file).toBe('dataset_info.json')
    expect(JSON.parse(info!.text)).toEqual({
      'train-00000': {
        file_name: 'train-00000.json',
        formatting: 'sharegpt',
        columns: { messages: 'conversations', images: 'images' },
        tags: {
          role_tag: 'from',
          content_tag: 'value',
          user_tag: 'human',
          assistant_tag: 'gpt',
          system_tag: 'system',
        },
      },
      'train-00001': expect.objectContaining({ file_name: 'train-00001.json' }),
    })
    const [registry] = writerByName('qwen').extras(run)
    expect(JSON.parse(registry!.text)['train-00001']).toEqual({
      annotation_path: 'train-00001.json',
      data_path: '.',
    })
    expect(writerByName('easyr1').extras(run)[0]!.text).toContain('prompt_key: problem\n')
  })
})

describe('a truth', () => {
  const one = (truth: FilledConversation['truth']): FilledConversation => ({
    id: 'x/y/0',
    task: 'y',
    dataset: 'x',
    pictures: [],
    turns: [
      { role: 'user', text: 'a' },
      { role: 'assistant', text: 'b' },
    ],
    ...(truth === undefined ? {} : { truth }),
  })
  const packed = async (truth: FilledConversation['truth']) =>
    (await rowsIn(await writerByName('ms-swift-grpo').shard([one(truth)], PATHS), 'jsonl'))[0]!['solution']

  it('is its text; packed with text first where masks or an earlier answer belong to it', async () => {
    expect(await packed(undefined)).toBe('b')
    expect(await packed({ kind: 'masks', text: 'm' })).toBe('m')
    expect(await packed({ kind: 'text', text: '{"text": 1}' })).toBe('{"text":"{\\"text\\": 1}"}')
    expect(await packed({ kind: 'refinement', text: 'm', previous: 'p' })).toBe('{"text":"m","previous":"p"}')
    const masks = [{ size: [2, 3] as const, counts: '24' }]
    expect(await packed({ kind: 'masks', text: 'm', masks })).toBe(
      '{"text":"m","masks":[{"size":[2,3],"counts":"24"}]}',
    )
  })
})

function order(name: string): number {
  return WRITERS.findIndex((writer) => writer.name === name)
}
