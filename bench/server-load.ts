// A built `maskwords serve` in a process of its own, and mixed requests to it: what the benchmark and the soak of the server share.

import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { cocoRleFromMask, maskFromCocoBox, pictureToPng } from '@maskwords/mask'

const COMMAND = fileURLToPath(new URL('../packages/maskwords/bin/maskwords.js', import.meta.url))
export const CODECS = ['samtok-nano', 'himtok-nano', 'getok'] as const

export type Sample = {
  readonly what: string
  readonly status: number | 'left' | 'error'
  readonly ms: number
}

export type ServerUnderTest = {
  readonly port: number
  readonly pid: number
  /** Sends a request; after `leaveMs` it is given up. */
  send(
    method: string,
    path: string,
    body?: unknown,
    leaveMs?: number,
  ): Promise<{ status: Sample['status']; text: string }>
  /** Uploads a picture and gives its handle. */
  upload(picture: Uint8Array): Promise<string>
  /** The value of a metric by its name. */
  scrape(): Promise<(name: string) => number>
  /** Memory of the process in MiB. */
  resident(): Promise<number>
  /** Mixed requests over all connections for so many seconds. Every tenth leaves before its answer comes, as impatient callers do. */
  load(pictures: readonly Uint8Array[], handles: readonly string[], lengthS: number): Promise<Sample[]>
  stop(): void
}

/** Starts the built command (npm run build) with a small cache of pictures. */
export async function startServer(connections: number): Promise<ServerUnderTest> {
  const child: ChildProcess = spawn(
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
  const { port } = JSON.parse(line) as { port: number }
  const agent = new Agent({ keepAlive: true, maxSockets: connections })

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

  async function upload(picture: Uint8Array): Promise<string> {
    const { text } = await send('POST', '/v1/pictures?codec=samtok-nano', picture)
    return (JSON.parse(text) as { picture: string }).picture
  }

  async function scrape(): Promise<(name: string) => number> {
    const { text } = await send('GET', '/metrics')
    return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  }

  async function resident(): Promise<number> {
    return Math.round((await scrape())('process_resident_memory_bytes') / 2 ** 20)
  }

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

  return {
    port,
    pid: child.pid!,
    send,
    upload,
    scrape,
    resident,
    load,
    stop() {
      agent.destroy()
      child.kill('SIGTERM')
    },
  }
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
export function drawnPicture(seed: number): Uint8Array {
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
