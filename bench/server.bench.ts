// The server under load and under attack: mixed requests over many connections, then a thousand hostile ones.
//
//   node --conditions=@maskwords/source --import tsx bench/server.bench.ts [seconds 60] [connections 50] [hostile 1000]
//
// Starts the built `maskwords serve` (npm run build) in a process of its own. Promised: no answer but 200 and deliberate 429 and
// 503 under load; event loop delay p99 under 50 ms; memory flat; after the hostile requests it still answers. Every tenth
// request leaves before its answer comes, as impatient callers do.

import { hostileRequests } from '../packages/server/src/hostile-requests.ts'
import { printMachine } from './harness.ts'
import { CODECS, drawnPicture, type Sample, startServer } from './server-load.ts'

const [seconds = 60, connections = 50, hostile = 1000] = process.argv.slice(2).map(Number)
const BOX = { boxXyxyPx: [40, 40, 200, 200] }

printMachine('server')
const server = await startServer(connections)
const { load, resident, scrape, send, upload } = server
try {
  const pictures = Array.from({ length: 12 }, (_, k) => drawnPicture(k))
  const handles = await Promise.all(pictures.map(upload))
  console.log(`\n${connections} connections for ${seconds} s, mixed requests`)
  // Code is compiled, arenas of ONNX Runtime and the cache of pictures fill up: load, but no memory that goes on growing.
  await load(pictures, handles, Math.min(60, seconds))
  const rssMiB = [await resident()]
  const first = await load(pictures, handles, seconds / 2)
  rssMiB.push(await resident())
  const second = await load(pictures, handles, seconds / 2)
  rssMiB.push(await resident())
  report([...first, ...second], seconds)
  const metrics = await scrape()
  const ms = (name: string) =>
    `${(metrics(`maskwords_event_loop_delay_${name}_seconds`) * 1000).toFixed(1)} ms`
  console.log(`event loop delay of the last minute: p50 ${ms('p50')}, p99 ${ms('p99')}, largest ${ms('max')}`)
  console.log(
    `resident memory at the start, in the middle, at the end: ${rssMiB.map((mib) => `${mib} MiB`).join(', ')}`,
  )

  if (hostile > 0) {
    console.log(`\n${hostile} hostile requests, 8 at a time`)
    await attack(handles[0]!)
    console.log(
      `afterwards: ${await resident()} MiB, workers lost: ${(await scrape())('maskwords_workers_lost')}`,
    )
    const answers = await Promise.all(
      CODECS.map((codec) => send('POST', '/v1/masks/encode', { codec, picture: handles[1], masks: [BOX] })),
    )
    console.log(`${answers.every((one) => one.status === 200) ? 'it still answers' : 'IT DOES NOT ANSWER'}`)
  }
} finally {
  server.stop()
}

function report(samples: readonly Sample[], lengthS: number): void {
  const kinds = [...new Set(samples.map((sample) => sample.what))].sort()
  console.log(
    `${'request'.padEnd(22)}${['a second', 'p50 ms', 'p99 ms'].map((head) => head.padStart(10)).join('')}`,
  )
  for (const kind of [...kinds, 'all']) {
    const own = samples.filter((sample) => kind === 'all' || sample.what === kind)
    const times = own.filter((sample) => sample.status === 200).map((sample) => sample.ms)
    times.sort((a, b) => a - b)
    const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? Number.NaN).toFixed(0)
    const cells = [(times.length / lengthS).toFixed(1), at(0.5), at(0.99)]
    console.log(`${kind.padEnd(22)}${cells.map((cell) => cell.padStart(10)).join('')}`)
  }
  const byStatus = new Map<Sample['status'], number>()
  for (const { status } of samples) byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
  console.log(`answers: ${[...byStatus].map(([status, count]) => `${count} x ${status}`).join(', ')}`)
  const wrong = samples.filter(({ status }) => ![200, 429, 503, 'left'].includes(status))
  console.log(`errors other than deliberate 429 and 503: ${wrong.length}`)
}

async function attack(picture: string): Promise<void> {
  const queue = hostileRequests(hostile, { picture, patienceMs: 30_000 })
  const answers = new Map<string, number>()
  const worst: { name: string; ms: number }[] = []
  const attacker = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const began = performance.now()
      const status = await one.send(server.port)
      const key = status === undefined ? 'closed' : String(status)
      answers.set(key, (answers.get(key) ?? 0) + 1)
      worst.push({ name: one.name, ms: performance.now() - began })
    }
  }
  await Promise.all(Array.from({ length: 8 }, attacker))
  worst.sort((a, b) => b.ms - a.ms)
  const counts = [...answers].sort().map(([status, count]) => `${count} x ${status}`)
  console.log(
    `answers: ${counts.join(', ')}; the slowest took ${Math.round(worst[0]!.ms)} ms (${worst[0]!.name})`,
  )
}
