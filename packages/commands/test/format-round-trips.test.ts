// What `prepare` writes for each trainer, read again: every word says the mask that the codec said, every truth is the mask of the
// dataset, pictures are those of the dataset, and `inspect` and `decode` find the words.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GetokCodec } from '@maskwords/codecs'
import { WRITERS } from '@maskwords/data'
import { loadCodec } from '@maskwords/files'
import {
  cocoRleFromMask,
  cocoStringFromMask,
  maskFromCocoBox,
  maskFromCocoRle,
  union,
  writePng,
} from '@maskwords/mask'
import { parseGetok } from '@maskwords/words'
import { parquetReadObjects } from 'hyparquet'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from './command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const SIZE = { widthPx: 64, heightPx: 48 }

/** Three pictures of two things each. */
const pictures = [0, 1, 2].map((k) => {
  const [cup, lid] = [
    maskFromCocoBox({ ...SIZE, box: { x: 4 + 5 * k, y: 6, width: 18, height: 20 + 3 * k } }),
    maskFromCocoBox({ ...SIZE, box: { x: 40, y: 8 + 6 * k, width: 16, height: 14 } }),
  ]
  const samples = new Uint8Array(3 * SIZE.widthPx * SIZE.heightPx).fill(40 + 50 * k)
  for (let y = 6; y < 26; y++) samples.fill(230, 3 * (y * 64 + 4 + 5 * k), 3 * (y * 64 + 22 + 5 * k))
  return { name: `${k}.png`, samples, masks: { cup, lid } }
})

/** What the codec says of each thing; run lengths of each, and of both together. */
const words = new Set<string>()
const truths = new Set<string>()
let codec: GetokCodec

beforeAll(async () => {
  codec = (await loadCodec('getok')) as unknown as GetokCodec
  for (const { name, samples, masks } of pictures) {
    file(`set/images/${name}`, writePng({ ...SIZE, colour: 'rgb', bitDepth: 8, samples }))
    const image = await codec.encodeImage(SIZE)
    const all = [masks.cup, masks.lid]
    const said = await codec.encode(image, all)
    truths.add(cocoStringFromMask(union(masks.cup, masks.lid)))
    said.forEach(({ text }) => void words.add(text))
    for (const mask of all) truths.add(cocoStringFromMask(mask))
  }
  const lines = pictures.map(({ name, masks }) =>
    JSON.stringify({
      image: name,
      ...{ width: SIZE.widthPx, height: SIZE.heightPx },
      regions: Object.entries(masks).map(([id, mask]) => ({
        id,
        category: id,
        segmentation: cocoRleFromMask(mask),
        captions: [`A ${id} of one colour.`],
      })),
      phrases: [
        { text: 'the cup', regions: ['cup'] },
        { text: 'all things', regions: ['cup', 'lid'] },
        { text: 'the moon', regions: [] },
      ],
    }),
  )
  file('set/data.jsonl', lines.join('\n'))
}, 120_000)
afterAll(() => codec.close())

/** Every text in a row, those inside of JSON texts too, and every run length. */
function collect(value: unknown, texts: string[], runs: { size: [number, number]; counts: string }[]): void {
  if (typeof value === 'string') {
    const inner = /^[[{]/.test(value) ? tryJson(value) : undefined
    if (inner === undefined) texts.push(value)
    else collect(inner, texts, runs)
  } else if (Array.isArray(value)) for (const one of value) collect(one, texts, runs)
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    if ('counts' in value) runs.push(value as { size: [number, number]; counts: string })
    for (const one of Object.values(value)) collect(one, texts, runs)
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The rows of a shard. */
async function rowsOf(path: string): Promise<unknown[]> {
  const bytes = readFileSync(path)
  if (path.endsWith('.parquet')) {
    const { buffer, byteOffset, byteLength } = bytes
    return await parquetReadObjects({
      file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
    })
  }
  if (path.endsWith('.tar')) {
    const rows: unknown[] = []
    const tar = extract()
    tar.end(bytes)
    for await (const entry of tar) {
      const chunks: Buffer[] = []
      for await (const chunk of entry) chunks.push(chunk as Buffer)
      if (entry.header.name.endsWith('.json')) rows.push(JSON.parse(Buffer.concat(chunks).toString()))
    }
    return rows
  }
  const text = bytes.toString('utf8')
  return text.startsWith('[')
    ? JSON.parse(text)
    : text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
}

describe.each(WRITERS.map(({ name, shardExtension }) => [name, shardExtension] as const))(
  '%s',
  (name, extension) => {
    it('says the words of the codec and the masks of the dataset', async () => {
      const tasks = 'referring,open-vocabulary'
      const argv = [
        'prepare',
        'jsonl',
        '--root',
        'set',
        '--to',
        name,
        '--task',
        tasks,
        '-o',
        `to-${name}`,
        '-q',
      ]
      const { code, err } = await runCommand([...argv, '--codec', 'getok'], { cwd: folder })
      expect([code, err]).toEqual([0, ''])
      const shard = join(folder, `to-${name}`, `to-${name}-00000.${extension}`)
      const texts: string[] = []
      const runs: Parameters<typeof collect>[2] = []
      for (const row of await rowsOf(shard)) collect(row, texts, runs)
      const said = texts.join('\n')
      // Each thing is said, and nothing that no thing is.
      for (const text of words) expect([text, said.includes(text)]).toEqual([text, true])
      const parsed = parseGetok(said, codec.vocabulary)
      expect(parsed.problems).toEqual([])
      const left = [...words]
        .sort((x, y) => y.length - x.length)
        .reduce((rest, text) => rest.replaceAll(text, ''), said)
      expect(parseGetok(left, codec.vocabulary).instances).toEqual([])
      for (const run of runs) expect(truths.has(cocoStringFromMask(maskFromCocoRle(run)))).toBe(true)
      if (!extension.startsWith('json')) return
      const inspected = await runCommand(['inspect', shard, '--json'], { cwd: folder })
      const [report] = JSON.parse(inspected.out).reports
      expect([inspected.code, report.kind, report.facts.masks]).toEqual([0, 'words', parsed.instances.length])
    })
  },
)
