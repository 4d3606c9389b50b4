// The server under load and under attack: mixed requests over many connections, then a thousand hostile ones.
//
//   node --conditions=@maskwords/source --import tsx bench/server.bench.ts [seconds 60] [connections 50] [hostile 1000]
//
// Starts the built `maskwords serve` (npm run build) in a process of its own. Promised: no answer but 200 and deliberate 429 and
// 503 under load; event loop delay p99 under 50 ms; memory flat; after the hostile requests it still answers. Every tenth
// request leaves before its answer comes, as impatient callers do.

import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { cocoRleFromMask, maskFromCocoBox, pictureToPng } from '@maskwords/mask'
import { hostileRequests } from '../packages/server/src/hostile-requests.ts'
import { printMachine } from './harness.ts'

const [seconds = 60, connections = 50, hostile = 1000] = process.argv.slice(2).map(Number)
const COMMAND = fileURLToPath(new URL('../packages/maskwords/bin/maskwords.js', import.meta.url))
const BOX = { boxXyxyPx: [40, 40, 200, 200] }
const CODECS = ['samtok-nano', 'himtok-nano', 'getok'] as const

printMachine('server')
const { server, port } = await start()
const agent = new Agent({ keepAlive: true, maxSockets: connections })
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
  agent.destroy()
  server.kill('SIGTERM')
}

async function start(): Promise<{ server: ChildProcess; port: number }> {
  const child = spawn(
    process.execPath,
    [COMMAND, 'serve', '--port', '0', '--json', '--quiet', '--cache-mib', '64'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (data) => resolve(String(data)))
    child.once('exit', (code) => reject(new Error(`serve ended with code ${code}`)))
  })
  return { server: child, port: (JSON.parse(line) as { port: number }).port }
}

type Sample = { readonly what: string; readonly status: number | 'left' | 'error'; readonly ms: number }

async function load(
  pictures: readonly Uint8Array[],
  handles: readonly string[],
  lengthS: number,
): Promise<Sample[]> {
  const samples: Sample[] = []
  const end = performance.now() + lengthS * 1000
  const connection = async (seed: number) => {
    // Full period modulo 2^31: every connection walks through all kinds, none in step with another.
    for (let state = seed * 7919; performance.now() < end; ) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      const k = state >> 8
      const { what, method, path, body } = mixed(k, pictures, handles)
      const began = performance.now()
      const { status } = await send(method, path, body, k % 10 === 7 ? 20 : undefined)
      samples.push({ what, status, ms: performance.now() - began })
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, k) => connection(k)))
  return samples
}

/** Request number `k`: kinds, pictures, codecs and masks take turns at different paces. */
function mixed(k: number, pictures: readonly Uint8Array[], handles: readonly string[]) {
  const picture = handles[k % handles.length]!
  const codec = CODECS[Math.floor(k / 8) % 3]!
  const masks = Array.from({ length: 1 + (k % 3) }, (_, m) => maskOf(k * 3 + m))
  const text = `<|mt_start|><|mt_${String(k % 256).padStart(4, '0')}|><|mt_${256 + ((k * 7) % 256)}|><|mt_end|>`
  const post = (what: string, path: string, body: unknown) => ({ what, method: 'POST', path, body })
  switch (k % 8) {
    case 0:
    case 1:
      return post(`encode, ${codec}`, '/v1/masks/encode', { codec, picture, masks })
    case 2:
    case 3: {
      const words = {
        'samtok-nano': text,
        'himtok-nano': [k % 1024, (k * 5) % 1024],
        getok: `<seg><grid_${k % 32}_${(k * 3) % 32}></seg>`,
      }
      return post(`decode, ${codec}`, '/v1/masks/decode', { codec, picture, words: [words[codec]] })
    }
    case 4:
      return post('parse', '/v1/text/parse', {
        text: `It is <|object_ref_start|>a cup<|object_ref_end|>${text}`.repeat(20),
      })
    case 5:
      return post('rewards', '/v1/rewards', {
        rewards: ['mask-accuracy'],
        samples: Array.from({ length: 32 }, () => ({ response: text, truth: text })),
      })
    case 6:
      return k % 16 === 6
        ? post('render', '/v1/render', {
            picture,
            masks: masks.map((mask) => ({ mask, name: 'thing' })),
            longestSidePx: 320,
          })
        : { what: 'list', method: 'GET', path: '/v1/codecs', body: undefined }
    default:
      return {
        what: 'picture',
        method: 'POST',
        path: `/v1/pictures?codec=${codec}`,
        // One in some is new, so that the cache (64 MiB) has something to let go.
        body: k % 64 === 63 ? drawnPicture(k) : pictures[k % pictures.length]!,
      }
  }
}

function maskOf(k: number): unknown {
  const box = { x: (k * 37) % 300, y: (k * 53) % 200, width: 60 + (k % 200), height: 50 + (k % 150) }
  return k % 2 === 0
    ? { boxXyxyPx: [box.x, box.y, box.x + box.width, box.y + box.height] }
    : cocoRleFromMask(maskFromCocoBox({ widthPx: 640, heightPx: 480, box }))
}

/** A picture of stripes and squares, another for each seed. */
function drawnPicture(seed: number): Uint8Array {
  const [widthPx, heightPx] = [640, 480]
  const bytes = new Uint8Array(widthPx * heightPx * 3)
  for (let y = 0, i = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, i += 3) {
      const inside = Math.abs(x - 100 - ((seed * 31) % 400)) < 80 && Math.abs(y - 240) < 90
      bytes[i] = inside ? 200 : (x + seed) & 255
      bytes[i + 1] = inside ? seed & 255 : y & 255
      bytes[i + 2] = ((x >> 4) ^ (y >> 4)) * 8
    }
  }
  return pictureToPng({ widthPx, heightPx, channels: 3, bytes })
}

async function upload(picture: Uint8Array): Promise<string> {
  const { text } = await send('POST', '/v1/pictures?codec=samtok-nano', picture)
  return (JSON.parse(text) as { picture: string }).picture
}

/** Sends a request; after `leaveMs` it is given up. */
function send(
  method: string,
  path: string,
  body?: unknown,
  leaveMs?: number,
): Promise<{ status: Sample['status']; text: string }> {
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const type = body instanceof Uint8Array ? 'image/png' : 'application/json'
  return new Promise((resolve) => {
    let left = false
    const sent = request(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        agent,
        headers: body === undefined ? {} : { 'content-type': type, 'content-length': bytes.length },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => settle(response.statusCode ?? 'error', Buffer.concat(chunks).toString()))
        response.on('error', () => settle(left ? 'left' : 'error'))
      },
    )
    const timer = leaveMs === undefined ? undefined : setTimeout(leave, leaveMs)
    function leave() {
      left = true
      sent.destroy()
    }
    function settle(status: Sample['status'], text = '') {
      clearTimeout(timer)
      resolve({ status, text })
    }
    sent.on('error', () => settle(left ? 'left' : 'error'))
    sent.end(bytes)
  })
}

async function scrape(): Promise<(name: string) => number> {
  const { text } = await send('GET', '/metrics')
  return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

async function resident(): Promise<number> {
  return Math.round((await scrape())('process_resident_memory_bytes') / 2 ** 20)
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
      const status = await one.send(port)
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
