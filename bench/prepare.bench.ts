// `maskwords prepare` on a synthetic COCO set: wall and processor time of the whole command, its largest memory, the rate.
//   node --conditions=@maskwords/source --import tsx bench/prepare.bench.ts [annotations] [jobs]
// 1,000,000 annotations by default (some 120,000 pictures; COCO train2017 has 860,001 in 118,287). The set is made in a
// temporary folder, annotations in no order of pictures, as COCO's are; its pictures are absent, which GETok does not mind.
import { spawn } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomFrom } from '@maskwords/codecs'
import { printMachine } from './harness.ts'

const annotations = Number(process.argv[2] ?? 1_000_000)
const jobs = process.argv[3] ?? '2'
/** Of COCO train2017: 7.3 instances a picture. */
const A_PICTURE = 8.3
const CATEGORIES = 80
const WIDTH = 640
const HEIGHT = 480

/** Sizes as COCO's: the square root of the area is log-normal, about 60 pixels in the middle. */
function outline(random: () => number): number[] {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const radius = Math.min(220, Math.max(3, 34 * Math.exp(0.95 * normal)))
  const x = random() * WIDTH
  const y = random() * HEIGHT
  const corners = 8 + Math.floor(random() * 24)
  const points: number[] = []
  for (let k = 0; k < corners; k++) {
    const angle = (2 * Math.PI * k) / corners
    const reach = radius * (0.6 + 0.6 * random())
    points.push(
      Math.round(100 * Math.min(WIDTH, Math.max(0, x + reach * Math.cos(angle)))) / 100,
      Math.round(100 * Math.min(HEIGHT, Math.max(0, y + reach * Math.sin(angle)))) / 100,
    )
  }
  return points
}

function makeSet(folder: string): number {
  const random = randomFrom(1)
  const pictures = Math.max(1, Math.round(annotations / A_PICTURE))
  const file = openSync(join(folder, 'instances.json'), 'w')
  let waiting: string[] = []
  const put = (text: string) => {
    waiting.push(text)
    if (waiting.length < 2000) return
    writeSync(file, waiting.join(''))
    waiting = []
  }
  put('{"images":[')
  for (let k = 1; k <= pictures; k++) {
    put(
      `${k === 1 ? '' : ','}{"id":${k},"file_name":"${String(k).padStart(12, '0')}.jpg","width":${WIDTH},"height":${HEIGHT}}`,
    )
  }
  put('],"categories":[')
  for (let k = 1; k <= CATEGORIES; k++) put(`${k === 1 ? '' : ','}{"id":${k},"name":"kind ${k}"}`)
  put('],"annotations":[')
  for (let k = 1; k <= annotations; k++) {
    const points = outline(random)
    const [xs, ys] = [0, 1].map((odd) => points.filter((_, at) => at % 2 === odd)) as [number[], number[]]
    const box = [
      Math.min(...xs),
      Math.min(...ys),
      Math.max(...xs) - Math.min(...xs),
      Math.max(...ys) - Math.min(...ys),
    ]
    const row = {
      id: k,
      image_id: 1 + Math.floor(random() * pictures),
      category_id: 1 + Math.floor(random() * CATEGORIES),
      iscrowd: 0,
      bbox: box.map((value) => Math.round(value * 100) / 100),
      area: Math.round(box[2]! * box[3]! * 0.7),
      segmentation: [points],
    }
    put((k === 1 ? '' : ',') + JSON.stringify(row))
  }
  put(']}\n')
  writeSync(file, waiting.join(''))
  closeSync(file)
  return statSync(join(folder, 'instances.json')).size
}

/** Peak memory of a process from /proc while it runs; NaN where there is no /proc. */
function peakKiB(pid: number): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}

/** Processor seconds that a process has used, all its threads. */
function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}

printMachine('prepare')
const folder = mkdtempSync(join(tmpdir(), 'maskwords-bench-'))
try {
  const made = performance.now()
  const bytes = makeSet(folder)
  console.log(
    `${annotations.toLocaleString('en-US')} annotations, ${(bytes / 1e6).toFixed(0)} MB of JSON, made in ${((performance.now() - made) / 1000).toFixed(0)} s`,
  )
  const started = performance.now()
  const cli = join(import.meta.dirname, '../packages/maskwords/src/cli.ts')
  const argv = [
    'prepare',
    'coco',
    '--codec',
    'getok',
    '--root',
    folder,
    '--to',
    'ms-swift',
    '-o',
    join(folder, 'train'),
    '--jobs',
    jobs,
  ]
  const child = spawn(process.execPath, ['--conditions=@maskwords/source', '--import', 'tsx', cli, ...argv], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  let [peak, cpu] = [0, 0]
  const watch = setInterval(() => {
    peak = Math.max(peak, peakKiB(child.pid!) || 0)
    cpu = Math.max(cpu, cpuSeconds(child.pid!) || 0)
  }, 200)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  clearInterval(watch)
  const seconds = (performance.now() - started) / 1000
  const shards = readdirSync(join(folder, 'train')).filter((name) => name.endsWith('.jsonl'))
  const written = shards.reduce((sum, name) => sum + statSync(join(folder, 'train', name)).size, 0)
  console.log(
    [
      `exit code ${code}, ${jobs} threads of work`,
      `wall ${seconds.toFixed(0)} s (promised for 1,000,000: under 600), processor ${cpu.toFixed(0)} s`,
      `${(annotations / seconds).toFixed(0)} annotations a second, ${((1e6 * cpu) / annotations).toFixed(0)} us of processor each`,
      `largest memory ${(peak / 1024).toFixed(0)} MiB (promised: under 1024)`,
      `${shards.length} files, ${(written / 1e6).toFixed(0)} MB written`,
    ].join('\n'),
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
