// Outputs that cannot be written: a file where a folder is wanted, and a place where nobody may write. Root passes every
// permission, so the unwritable place is
// /sys (in /proc a recursive mkdir of Node never ends).
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOY_HIMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { writeTinyModel } from '../../learn/test/tiny-model.ts'
import { makeFolder, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
const server = createServer((_, response) => response.end('the weights of a tokenizer'))
let address = ''
const CONFIG = join(import.meta.dirname, '../../../training/himtok-nano.json')
const SFT = {
  kind: 'sft',
  model: 'base',
  data: { files: ['truth.jsonl'] },
  steps: 1,
  optimiser: { learningRate: 1 },
}
const SQUARE = [[2, 2, 12, 2, 12, 12, 2, 12]]

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/w.pth`
  await writeTinyModel(join(folder, 'base'))
  await writeWeights(join(folder, 'toy.safetensors'), await wantedWeights({ himtok: TOY_HIMTOK }))
  file('toy.json', formatCodecConfig({ codec: 'himtok', config: TOY_HIMTOK }))
  const grey = { widthPx: 16, heightPx: 16, channels: 3, bytes: new Uint8Array(768) } as const
  file('set/1.png', pictureToPng(grey))
  const annotation = {
    id: 1,
    image_id: 1,
    category_id: 1,
    iscrowd: 0,
    bbox: [2, 2, 10, 10],
    segmentation: SQUARE,
  }
  file(
    'set/instances.json',
    JSON.stringify({
      images: [{ id: 1, file_name: '1.png', width: 16, height: 16 }],
      categories: [{ id: 1, name: 'kite' }],
      annotations: [annotation],
    }),
  )
  const masks = [{ size: [2, 2], counts: [0, 4] }]
  file('truth.jsonl', JSON.stringify({ id: 'a', phrase: 'it', picture: '1.png', masks }))
  file('answers.jsonl', JSON.stringify({ id: 'a', masks }))
  file('sft.json', JSON.stringify(SFT))
  file('there', 'a file')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  remove()
})

const EVAL = ['eval', 'gres', '--predictions', 'answers.jsonl', '--truth', 'truth.jsonl']
const WRITERS: readonly (readonly [string, (to: string) => string[]])[] = [
  [
    'prepare',
    (to) => ['prepare', 'coco', '--root', 'set', '--codec', 'getok', '--to', 'ms-swift', '-o', to, '-q'],
  ],
  ['extend-vocab', (to) => ['extend-vocab', 'base', '-o', to, '--words', 'samtok-16x2']],
  ['pull', (to) => ['pull', address, '--sha256', 'a'.repeat(64), '-o', `${to}/w.pth`]],
  ['import', (to) => ['import', 'toy.safetensors', '-o', to, '--config', 'toy.json', '--dtype', 'float16']],
  ...[
    ['--rows', 'jsonl'],
    ['--report', 'html'],
  ].map(
    ([option, ending]) =>
      [`eval ${option}`, (to: string) => [...EVAL, option!, `${to}/of.${ending}`]] as const,
  ),
  ['train', (to) => ['train', 'himtok', '--config', CONFIG, '-o', to]],
  ['learn', (to) => ['learn', 'sft', '--config', 'sft.json', '-o', to]],
]

describe('an output that cannot be written', () => {
  for (const [name, argv] of WRITERS)
    it.each([
      ['a file in its place', 'there'],
      ['a file for a folder above it', 'there/below'],
      ['a place where nobody writes', '/sys/maskwords'],
    ])(`${name}: %s is refused by name`, async (_, to) => {
      const before = readdirSync(folder).sort()
      const { code, out, err } = await runCommand(argv(to), { cwd: folder })
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(to === 'there' ? /there/ : /there\/\.?below|\/sys\/\.?maskwords/)
      expect(err).not.toMatch(/a bug in maskwords/)
      expect(readdirSync(folder).sort()).toEqual(before)
      expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('a file')
      expect(existsSync('/sys/maskwords')).toBe(false)
    })
})
