// Writers that are killed (kill -9) between two operations on the disk, in the middle of a write or at some time, or meet a full
// disk, at seeded moments. What is left has no half file under a final name, and the same command finishes it to the same bytes.
// `node --conditions=@maskwords/source --import tsx bench/faults/kill.ts [moments] [writer] [seed]`.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { randomOf } from '../../packages/eval/src/statistics/random.ts'
import { SERVED, type Writer, writersOf } from './writers.ts'

const CLI = join(import.meta.dirname, '../../packages/maskwords/src/cli.ts')
const PRELOAD = join(import.meta.dirname, 'preload.mjs')
const KINDS = ['kill', 'half', 'full', 'clock'] as const

/** Serves some bytes with ranges and a strong tag, from a process of its own: this one blocks while a writer runs. */
const SERVER = `
const body = Buffer.alloc(${SERVED.length}, 'the weights of a tokenizer')
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

type Ended = {
  readonly signal: NodeJS.Signals | null
  readonly status: number | null
  readonly stderr: string
}

function run(
  cwd: string,
  argv: readonly string[],
  fault: Record<string, string> = {},
  killAfterMs?: number,
): Ended {
  const preload = Object.keys(fault).length > 0 ? ['--import', PRELOAD] : []
  const program = ['--conditions=@maskwords/source', '--import', import.meta.resolve('tsx'), ...preload, CLI]
  const env = { ...process.env, NO_COLOR: '1', ...fault }
  return spawnSync(process.execPath, [...program, ...argv], {
    cwd,
    env,
    encoding: 'utf8',
    killSignal: 'SIGKILL',
    ...(killAfterMs !== undefined && { timeout: killAfterMs }),
  })
}

/** Every file of the output by its path; what a run of `prepare` needs for itself aside. */
function contents({ output, plain }: Writer, folder: string): Map<string, string> {
  const root = join(folder, output)
  if (!existsSync(root)) return new Map()
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const kept = paths.filter((path) => !path.includes('/.prepare/')).sort()
  return new Map(
    kept.map((path) => {
      const bytes = readFileSync(path)
      return [path.slice(folder.length), plain?.(path, bytes) ?? bytes.toString('latin1')]
    }),
  )
}

/** Files under final names whose bytes are not those of a whole run. */
function halves(
  writer: Writer,
  left: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): string[] {
  return [...left]
    .filter(([path, bytes]) => {
      const isTemporary =
        path.split('/').some((name) => name.startsWith('.')) || /\.(?:lock|partial)(?:\.|$)/.test(path)
      return !isTemporary && writer.growing?.test(path) !== true && wanted.get(path) !== bytes
    })
    .map(([path]) => path)
}

/** The first file in which two outputs differ; undefined where they are alike. */
function difference(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string | undefined {
  return [...new Set([...a.keys(), ...b.keys()])].find((path) => a.get(path) !== b.get(path))
}

async function attack(writer: Writer, moments: number, seed: number, root: string): Promise<number> {
  const base = join(root, writer.name)
  mkdirSync(base)
  await writer.setUp(base)
  const tally = join(root, 'tally')
  rmSync(tally, { force: true })
  const whole = `${base}-whole`
  cpSync(base, whole, { recursive: true })
  const started = performance.now()
  const { status, stderr } = run(whole, writer.argv, { FAULT_TALLY: tally, FAULT_AT: '1000000000' })
  const wholeMs = performance.now() - started
  if (status !== 0) throw new Error(`${writer.name} fails without a fault: ${stderr}`)
  const wanted = contents(writer, whole)
  // Threads of the process count for themselves; the largest is the one that writes.
  const operations = Math.max(...readFileSync(tally, 'utf8').trim().split('\n').map(Number))
  const random = randomOf(seed)
  let bad = 0
  for (let moment = 0; moment < moments; moment++) {
    const kind = KINDS[moment % KINDS.length]!
    const at = 1 + random.below(operations)
    const afterMs = Math.round(wholeMs * (0.3 + (0.7 * random.below(1000)) / 1000))
    const folder = `${base}-${moment}`
    cpSync(base, folder, { recursive: true })
    const first =
      kind === 'clock'
        ? run(folder, writer.argv, {}, afterMs)
        : run(folder, writer.argv, { FAULT_AT: String(at), FAULT_KIND: kind })
    const half = halves(writer, contents(writer, folder), wanted)
    const again = run(folder, writer.argv)
    // What is whole already may be refused ("is there already"): that is an end, too.
    const differs = difference(contents(writer, folder), wanted)
    const isGood = half.length === 0 && differs === undefined
    if (!isGood) bad++
    const place =
      kind === 'clock' ? `after ${afterMs} of ${Math.round(wholeMs)} ms` : `at ${at} of ${operations}`
    const line = `${writer.name} ${kind} ${place}: ${first.signal ?? first.status}, again ${again.status}`
    const why = [
      ...half.map((path) => `half ${path}`),
      ...(differs === undefined ? [] : [`differs: ${differs}`]),
    ]
    console.log(isGood ? `${line}, whole` : `${line}, NOT WHOLE (${why.join(', ')}) ${again.stderr.trim()}`)
    rmSync(folder, { recursive: true, force: true })
  }
  return bad
}

const [moments = '20', only = '', seed = '20'] = process.argv.slice(2)
const root = mkdtempSync(join(tmpdir(), 'maskwords-kill-'))
let bad = 0
for (const writer of writersOf(port))
  if (writer.name.includes(only)) bad += await attack(writer, Number(moments), Number(seed), root)
rmSync(root, { recursive: true, force: true })
server.stdin.end()
console.log(
  `${bad} moments left a half file under a final name, or something that the same command does not finish (${basename(import.meta.filename)})`,
)
process.exitCode = bad === 0 ? 0 : 1
