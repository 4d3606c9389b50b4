// Writers that are killed (kill -9), killed in the middle of a write, or meet a full disk, at seeded moments: what is left must be
// nothing, the whole, or something that the same command finishes. `node --import tsx bench/faults/kill.ts [moments] [writer]`.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { pictureToPng } from '@maskwords/mask'
import { TOY_HIMTOK, wantedWeights, writeWeights } from '../../packages/codecs/test/toy-codecs.ts'
import { drawScene } from '../../packages/commands/src/demo/scene.ts'
import { randomOf } from '../../packages/eval/src/statistics/random.ts'
import { tinyGguf } from '../../packages/learn/test/tiny-gguf.ts'
import { writeTinyModel } from '../../packages/learn/test/tiny-model.ts'

type Writer = {
  readonly name: string
  readonly argv: readonly string[]
  /** What it writes, below the folder it runs in; '' for the folder itself. */
  readonly output: string
  setUp(folder: string): Promise<void> | void
}

const CLI = join(import.meta.dirname, '../../packages/maskwords/src/cli.ts')
const PRELOAD = join(import.meta.dirname, 'preload.mjs')
const KINDS = ['kill', 'half', 'full'] as const

/** Serves some bytes with ranges and a strong tag, from a process of its own: this one blocks while a writer runs. */
const SERVER = `
const body = Buffer.alloc(4_000_000, 'the weights of a tokenizer')
require('node:http').createServer((request, response) => {
  const from = Number(/^bytes=([0-9]+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from >= body.length) return response.writeHead(416, { 'content-range': 'bytes */' + body.length }).end()
  const range = 'bytes ' + from + '-' + (body.length - 1) + '/' + body.length
  response.writeHead(from > 0 ? 206 : 200, { etag: '"1"', ...(from > 0 && { 'content-range': range }) })
  response.end(body.subarray(from))
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })
process.stdin.on('end', () => process.exit()).resume()`
const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['pipe', 'pipe', 'inherit'] })
const port = await new Promise<string>((resolve) =>
  server.stdout.once('data', (line) => resolve(String(line).trim())),
)
const SHA256 = createHash('sha256')
  .update(Buffer.alloc(4_000_000, 'the weights of a tokenizer'))
  .digest('hex')

const WRITERS: readonly Writer[] = [
  {
    name: 'pull',
    argv: ['pull', `http://127.0.0.1:${port}/w.pth`, '-o', 'out/w.pth'],
    output: 'out',
    setUp: () => {},
  },
  {
    name: 'pull-checked',
    argv: ['pull', `http://127.0.0.1:${port}/w.pth`, '-o', 'out/w.pth', '--sha256', SHA256],
    output: 'out',
    setUp: () => {},
  },
  {
    name: 'import',
    argv: ['import', 'toy.safetensors', 'out', '--config', 'toy.json', '--dtype', 'float16'],
    output: 'out',
    setUp: async (folder) => {
      await writeWeights(join(folder, 'toy.safetensors'), await wantedWeights({ himtok: TOY_HIMTOK }))
      writeFileSync(join(folder, 'toy.json'), formatCodecConfig({ codec: 'himtok', config: TOY_HIMTOK }))
    },
  },
  {
    name: 'extend-vocab',
    argv: ['extend-vocab', 'base', '-o', 'out', '--words', 'samtok-32x2'],
    output: 'out',
    setUp: async (folder) => {
      await writeTinyModel(join(folder, 'base'))
    },
  },
  {
    name: 'patch-gguf',
    argv: ['patch-gguf', 'm.gguf', '--in-place'],
    output: '',
    setUp: (folder) => {
      const codes = Array.from({ length: 64 }, (_, i) => `<|mt_${String(i).padStart(4, '0')}|>`)
      const words = ['<|mt_start|>', '<|mt_end|>', ...codes].map((word) => [word, 3] as const)
      writeFileSync(join(folder, 'm.gguf'), tinyGguf([['a', 1], ...words, ['b', 1]]))
    },
  },
  {
    name: 'prepare',
    argv: ['prepare', 'coco', '--root', 'set', '--to', 'ms-swift', '-o', 'out', '-q'],
    output: 'out',
    setUp: (folder) => {
      const { widthPx, heightPx, rgb } = drawScene(1)
      mkdirSync(join(folder, 'set'))
      const ids = [1, 2, 3]
      const png = pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb })
      for (const id of ids) writeFileSync(join(folder, `set/${id}.png`), png)
      const set = {
        images: ids.map((id) => ({ id, file_name: `${id}.png`, width: widthPx, height: heightPx })),
        categories: [{ id: 1, name: 'kite' }],
        annotations: ids.map((id) => ({
          id,
          image_id: id,
          category_id: 1,
          iscrowd: 0,
          bbox: [10, 10, 40, 30],
          segmentation: [[10, 10, 50, 10, 50, 40, 10, 40]],
        })),
      }
      writeFileSync(join(folder, 'set/instances.json'), JSON.stringify(set))
    },
  },
]

function run(cwd: string, argv: readonly string[], fault: Record<string, string> = {}) {
  const preload = Object.keys(fault).length > 0 ? ['--import', PRELOAD] : []
  const program = ['--conditions=@maskwords/source', '--import', import.meta.resolve('tsx'), ...preload, CLI]
  const env = { ...process.env, NO_COLOR: '1', ...fault }
  return spawnSync(process.execPath, [...program, ...argv], { cwd, env, encoding: 'utf8' })
}

/** Every file of the output and its bytes; logs of a run aside. */
function contents(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const kept = paths.filter((path) => !path.includes('/.prepare/')).sort()
  return JSON.stringify(kept.map((path) => [path.slice(folder.length), readFileSync(path, 'latin1')]))
}

async function attack(writer: Writer, moments: number, root: string): Promise<number> {
  const base = join(root, writer.name)
  mkdirSync(base)
  await writer.setUp(base)
  const tally = join(root, 'tally')
  rmSync(tally, { force: true })
  const whole = `${base}-whole`
  cpSync(base, whole, { recursive: true })
  const { status, stderr } = run(whole, writer.argv, { FAULT_TALLY: tally, FAULT_AT: '1000000000' })
  if (status !== 0) throw new Error(`${writer.name} fails without a fault: ${stderr}`)
  const wanted = contents(join(whole, writer.output))
  const operations = Number(readFileSync(tally, 'utf8').trim().split('\n').at(-1))
  const random = randomOf(20)
  let bad = 0
  for (let moment = 0; moment < moments; moment++) {
    const kind = KINDS[moment % KINDS.length]!
    const at = 1 + random.below(operations)
    const folder = `${base}-${moment}`
    cpSync(base, folder, { recursive: true })
    const first = run(folder, writer.argv, { FAULT_AT: String(at), FAULT_KIND: kind })
    const again = run(folder, writer.argv)
    const isWhole = again.status === 0 && contents(join(folder, writer.output)) === wanted
    if (!isWhole) bad++
    const line = `${writer.name} ${kind} at ${at} of ${operations}: ${first.signal ?? first.status}, again ${again.status}`
    console.log(isWhole ? `${line}, whole` : `${line}, NOT WHOLE ${again.stderr.trim()}`)
    rmSync(folder, { recursive: true, force: true })
  }
  return bad
}

const [moments = '20', only = ''] = process.argv.slice(2)
const root = mkdtempSync(join(tmpdir(), 'maskwords-kill-'))
let bad = 0
for (const writer of WRITERS)
  if (writer.name.includes(only)) bad += await attack(writer, Number(moments), root)
rmSync(root, { recursive: true, force: true })
server.stdin.end()
console.log(`${bad} moments left something that the same command does not finish`)
process.exitCode = bad === 0 ? 0 : 1
