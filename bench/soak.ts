// The server for minutes under mixed and hostile requests: memory, files and threads end where they began.
//
//   node --conditions=@maskwords/source --import tsx bench/soak.ts [--minutes 10] [--connections 8]
//
// Starts the built `maskwords serve` (npm run build). A minute first fills what is meant to be filled: compiled code, arenas of ONNX
// Runtime, the cache of pictures. Promised: from then on the memory of the last fifth is at most a tenth and 32 MiB above that of
// the first, there are no more threads in the second half than in the first, and at rest the process has no more open files, and
// holds no request, as before.

import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { hostileRequests } from '../packages/server/src/hostile-requests.ts'
import { printMachine } from './harness.ts'
import { drawnPicture, startServer } from './server-load.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, connections: { type: 'string', default: '8' } },
})
const minutes = Number(values.minutes)
/** So long a stretch is measured by itself. */
const STRETCH_S = 10
const HOSTILE_A_STRETCH = 16
const GROWTH = 1.1
const GROWTH_MIB = 32

printMachine('soak of the server')
const server = await startServer(Number(values.connections))
/** Open files and threads, where the system lists them. */
const listed = (what: 'fd' | 'task') => {
  try {
    return readdirSync(`/proc/${server.pid}/${what}`).length
  } catch {
    return 0
  }
}
/** What the server holds when nobody asks. Connections that are kept open are closed after some seconds. */
async function atRest() {
  await pause(15_000)
  const metric = await server.scrape()
  return {
    files: listed('fd'),
    requests: metric('maskwords_http_requests_held'),
    bodyBytes: metric('maskwords_http_body_bytes_held'),
    waiting: metric('maskwords_jobs_waiting'),
    lost: metric('maskwords_workers_lost'),
  }
}
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN

try {
  const pictures = Array.from({ length: 12 }, (_, k) => drawnPicture(k))
  const handles = await Promise.all(pictures.map(server.upload))
  await server.load(pictures, handles, Math.min(60, minutes * 30))
  const before = await atRest()
  const memory: number[] = []
  const threads: number[] = []
  let requests = 0
  let wrong = 0
  const end = performance.now() + minutes * 60_000
  while (performance.now() < end) {
    const [samples] = await Promise.all([
      server.load(pictures, handles, STRETCH_S),
      Promise.all(
        hostileRequests(HOSTILE_A_STRETCH, { picture: handles[0]!, largeBytes: 1_000_000 }).map((one) =>
          one.send(server.port),
        ),
      ),
    ])
    requests += samples.length
    wrong += samples.filter(({ status }) => ![200, 404, 429, 503, 'left'].includes(status)).length
    memory.push(await server.resident())
    threads.push(listed('task'))
    console.log(
      `${Math.round((minutes * 60_000 - (end - performance.now())) / 1000)} s: ${memory.at(-1)} MiB, ${listed('fd')} files, ${threads.at(-1)} threads, ${requests} requests, ${wrong} wrong`,
    )
  }
  const after = await atRest()
  const fifth = Math.max(1, Math.floor(memory.length / 5))
  const [first, last] = [median(memory.slice(0, fifth)), median(memory.slice(-fifth))]
  console.log(`memory of the first and the last fifth: ${first} MiB, ${last} MiB`)
  console.log(`at rest before and after: ${JSON.stringify(before)}, ${JSON.stringify(after)}`)
  const half = Math.ceil(threads.length / 2)
  const hasMoreThreads = Math.max(...threads.slice(half)) > Math.max(...threads.slice(0, half))
  const grown = Object.entries(after).filter(([name, value]) => value > before[name as keyof typeof before])
  const isFlat = last <= first * GROWTH + GROWTH_MIB && !hasMoreThreads && grown.length === 0 && wrong === 0
  console.log(
    isFlat
      ? 'it ends where it began'
      : `IT DOES NOT END WHERE IT BEGAN: ${grown.map(([name]) => name).join(', ')}`,
  )
  process.exitCode = isFlat ? 0 : 1
} finally {
  server.stop()
}
