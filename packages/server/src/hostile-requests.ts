// Requests that mean harm or are broken, for the tests and the benchmark of the server: bytes on a socket, as no polite client
// would send them.
import { connect } from 'node:net'
import { deflateSync } from 'node:zlib'

export type HostileRequest = {
  readonly name: string
  /** Sends it. Gives the status of the answer, or undefined where the connection was closed without one. */
  send(port: number): Promise<number | undefined>
}

export type HostileOptions = {
  /** A picture that the server has, so that requests get as far as possible. */
  readonly picture: string
  /** Longest time for one request; what takes longer is cut off. Default 5 s. */
  readonly patienceMs?: number
  /** Size of the large bodies; bombs grow with it. Default 10 MB. */
  readonly largeBytes?: number
}

/** What a request does on the wire: pieces with pauses between, and whether it goes away afterwards. */
type Wire = {
  readonly pieces: readonly (string | Uint8Array)[]
  readonly pauseMs?: number
  readonly cut?: boolean
}

/** `count` hostile requests, each kind in turn; the same for the same `count` and options. */
export function hostileRequests(count: number, options: HostileOptions): HostileRequest[] {
  const kinds = Object.entries(wires(options.picture, options.largeBytes ?? LARGE_BYTES))
  return Array.from({ length: count }, (_, k) => {
    const [name, make] = kinds[k % kinds.length]!
    const round = Math.floor(k / kinds.length)
    return { name, send: (port) => sendWire(port, make(round), options.patienceMs ?? 5_000) }
  })
}

/** Number of kinds: so many requests try each of them once. */
export const hostileKinds = (): number => Object.keys(wires('', 0)).length

const LARGE_BYTES = 10_000_000

function wires(picture: string, largeBytes: number): Record<string, (round: number) => Wire> {
  /** A side of 8,000 pixels for 10 MB: more than servers take, in 64 kB. */
  const bombPx = Math.ceil(Math.sqrt(largeBytes * 6.4))
  const bomb = () => png(bombPx, bombPx, new Uint8Array(bombPx * (bombPx + 1)))
  const json = (path: string, value: unknown): Wire => body(path, JSON.stringify(value))
  const encode = (mask: unknown, more: object = {}) =>
    json('/v1/masks/encode', { codec: 'himtok-nano', picture, masks: [mask], ...more })
  const decode = (words: unknown, codec = 'himtok-nano') =>
    json('/v1/masks/decode', { codec, picture, words: [words] })
  const parse = (text: string) => json('/v1/text/parse', { text: text.slice(0, 2 ** 19) })
  const picked = <T>(round: number, ...values: readonly T[]): T => values[round % values.length]!
  return {
    // Pictures
    'a PNG that claims 60,000 x 60,000': () => upload(png(60_000, 60_000, new Uint8Array(100))),
    'a PNG that claims 2^31 x 1': () => upload(png(2 ** 31, 1, new Uint8Array(100))),
    'a PNG bomb': () => upload(bomb()),
    'a PNG with too few pixels': () => upload(png(500, 500, new Uint8Array(10))),
    'a picture cut in the middle': () => upload(png(64, 64, new Uint8Array(64 * 65)).subarray(0, 60)),
    'bytes that are no picture': (round) =>
      upload(
        picked<string | Uint8Array>(
          round,
          noise(5000),
          '<svg/>',
          '<html>',
          'GIF89a',
          '{',
          '\xff\xd8\xff',
          'RIFF0000WEBP',
        ),
      ),
    'an empty picture': () => upload(''),
    'a picture for a codec that is not there': (round) =>
      upload(
        noise(10),
        `?codec=${picked(round, '__proto__', 'toString', '..%2f..%2fetc', 'x'.repeat(5000))}`,
      ),
    // JSON
    'megabytes of brackets': (round) =>
      body('/v1/masks/encode', picked(round, '[', '{"a":', '[]').repeat(largeBytes).slice(0, largeBytes)),
    'megabytes of empty lists': () => body('/v1/masks/encode', `[${'[],'.repeat(largeBytes / 3)}[]]`),
    'megabytes of commas in a string': () =>
      body('/v1/text/parse', JSON.stringify({ text: ','.repeat(largeBytes) })),
    'a body that is no UTF-8': () =>
      body('/v1/text/parse', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)),
    'half a JSON': () => body('/v1/masks/decode', '{"codec": "getok", "words": ['),
    'deep JSON': () => encode({ annotation: nested(50) }),
    'very deep JSON': () => body('/v1/masks/encode', `{"masks":${'['.repeat(2000)}${']'.repeat(2000)}}`),
    'prototype keys': (round) =>
      body(
        picked(round, '/v1/masks/encode', '/v1/masks/decode', '/v1/render', '/v1/rewards'),
        `{"__proto__": {"codec": "getok"}, "constructor": {"prototype": 1}, "codec": "${picked(round, '__proto__', 'constructor', 'getok')}", "masks": [{"__proto__": {"png": ""}}]}`,
      ),
    'prototype keys in an annotation': () =>
      body(
        '/v1/masks/encode',
        `{"codec":"himtok-nano","picture":"${picture}","masks":[{"annotation":{"__proto__":{"counts":[1]},"hasOwnProperty":1,"segmentation":{"__proto__":[],"size":[1,1]}}}]}`,
      ),
    'another type than expected': (round) =>
      json(
        picked(round, '/v1/masks/encode', '/v1/masks/decode', '/v1/text/parse', '/v1/render', '/v1/rewards'),
        [null, round, 'x'],
      ),
    'numbers beyond all measure': () =>
      body('/v1/masks/decode', '{"codec":"getok","size":{"widthPx":1e999,"heightPx":-1e999},"words":["x"]}'),
    // Masks
    'huge counts': (round) =>
      encode(
        picked<object>(
          round,
          { size: [2 ** 20, 2 ** 20], counts: [0, 2 ** 40] },
          { size: [480, 640], counts: [2 ** 53 - 1, 2 ** 53 - 1] },
          { size: [480, 640], counts: 'o'.repeat(100_000) },
          { size: [1, 1], counts: '~'.repeat(100) },
          { rowMajorCounts: [0, 1e15] },
        ),
      ),
    'a million counts': () =>
      encode({ size: [480, 640], counts: new Array(Math.ceil(largeBytes / 10)).fill(1) }),
    'counts that are no counts': (round) =>
      encode({ size: [480, 640], counts: picked<unknown>(round, [-1, 5], [0.5], [null], ['1'], {}, [[]]) }),
    'polygons of a madman': (round) =>
      encode({
        polygons: picked<unknown[]>(
          round,
          [[1e308, -1e308, 1e300, 5, 7, 9]],
          [Array.from({ length: 100_000 }, (_, k) => (k % 2 === 0 ? k % 640 : (k * 7919) % 480))],
          new Array(9_999).fill([0, 0, 639, 0, 639, 479]),
          [[1]],
        ),
      }),
    'a mask of a PNG bomb': () => encode({ png: Buffer.from(bomb()).toString('base64') }),
    'a mask that is no PNG': (round) => encode({ png: picked(round, 'AAAA', '%%%', '', 'iVBORw0KGgo=') }),
    'foreign run lengths': (round) =>
      encode(
        picked<object>(
          round,
          { cvatRle: [1e9, 1e9, 0, 0, 639, 479] },
          { cvatRle: [1, 2, 3, 4, 5] },
          { labelStudioRle: [255, 255, 255, 255, 255, 255] },
          { labelStudioRle: [0, 16, 0, 0, 7, 1, 2] },
        ),
      ),
    'more masks than are taken': () =>
      encode({}, { masks: new Array(100_000).fill({ boxXyxyPx: [0, 0, 9, 9] }) }),
    '256 masks of nothing': () => encode({}, { masks: new Array(256).fill({}) }),
    // Words and texts
    'words of a madman': (round) =>
      decode(
        picked<unknown>(
          round,
          '<|mt_start|>'.repeat(40_000),
          '<|mt_9999999999|>',
          new Array(4096).fill(0),
          [1e9],
          [-1],
          [],
        ),
      ),
    'grid words without end': () => decode('<grid_31_31>'.repeat(40_000), 'getok'),
    'a text of openings': (round) =>
      parse(
        picked(
          round,
          '<|mt_start|>',
          '<think>',
          '<|object_ref_start|>',
          '```json\n[',
          '<box><grid_1_1>',
          '<ref>',
          '{"mask_2d":"',
        ).repeat(50_000),
      ),
    'rewards of a madman': () =>
      json('/v1/rewards', {
        rewards: ['mask-accuracy'],
        samples: new Array(3000).fill({ response: 5, truth: {} }),
      }),
    // Pictures of masks
    'a picture of 2^40 pixels': () =>
      json('/v1/render', { size: { widthPx: 2 ** 20, heightPx: 2 ** 20 }, masks: [] }),
    'a path for a picture': () => json('/v1/render', { picture: '../../../../etc/passwd', masks: [] }),
    'an address for a picture': () => json('/v1/render', { picture: 'http://169.254.169.254/', masks: [] }),
    // Paths
    'path traversal': (round) =>
      get(
        picked(
          round,
          '/../../../../etc/passwd',
          '/..%2f..%2f..%2fetc%2fpasswd',
          '/%2e%2e/%2e%2e/package.json',
          '/assets/..%5c..%5cpackage.json',
          '/assets/%00index.html',
          '//etc/passwd',
          '/.%2e/weights/samtok-nano/config.json',
          '/v1/codecs/..%2f..%2f/vocabulary',
          '/%c0%ae%c0%ae/',
          '/%',
          'http://169.254.169.254/latest/meta-data',
        ),
      ),
    'a path of 15 kB': () => get(`/${'a'.repeat(15_000)}`),
    'a handle that is none': (round) =>
      get(`/v1/pictures/${picked(round, '__proto__', '%00', 'x'.repeat(3000))}`),
    // The wire
    'a body cut off': () => ({ ...body('/v1/masks/encode', '{"codec":', { length: 5000 }), cut: true }),
    'a picture cut off': () => ({ ...upload(noise(2000), '', { length: 1_000_000 }), cut: true }),
    'headers cut off': () => ({
      pieces: ['POST /v1/render HTTP/1.1\r\nhost: localhost\r\ncontent-'],
      cut: true,
    }),
    'an answer nobody waits for': () => ({ ...encode({ boxXyxyPx: [0, 0, 300, 300] }), cut: true }),
    'a body larger than it says': () =>
      body('/v1/text/parse', '{"text":"a"}'.padEnd(4000, 'GET / HTTP/1.1\r\n'), { length: 12 }),
    'a length that is no number': (round) =>
      body('/v1/text/parse', '{}', {
        length: picked<string | number>(round, -1, '1e3', '0x10', '99999999999999999999'),
      }),
    'two lengths': () => raw('POST /v1/text/parse', ['content-length: 2', 'content-length: 30'], '{}'),
    'a length and chunks': () =>
      raw(
        'POST /v1/text/parse',
        ['content-length: 5', 'transfer-encoding: chunked'],
        '0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n',
      ),
    'broken chunks': () => raw('POST /v1/text/parse', ['transfer-encoding: chunked'], 'zzz\r\n{}\r\n'),
    'a body that drips and leaves': () => ({
      ...body('/v1/text/parse', '{', { length: 100 }),
      pieces: [head('POST /v1/text/parse', ['content-length: 100', JSON_TYPE]), ...'{"text":'],
      pauseMs: 10,
      cut: true,
    }),
    'a body of another type': (round) =>
      body('/v1/masks/encode', 'a=b', {
        type: picked(round, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''),
      }),
    'a compressed body': () =>
      raw(
        'POST /v1/text/parse',
        [JSON_TYPE, 'content-encoding: gzip', 'content-length: 4'],
        Uint8Array.of(31, 139, 8, 0),
      ),
    'a header of 100 kB': () => raw('GET /v1/codecs', [`x-long: ${'a'.repeat(100_000)}`], ''),
    'ten thousand headers': () => raw('GET /v1/codecs', new Array(10_000).fill('x: y'), ''),
    'another method': (round) =>
      raw(`${picked(round, 'DELETE', 'TRACE', 'PUT', 'CONNECT', 'BREW', 'OPTIONS')} /v1/codecs`, [], ''),
    'a name of elsewhere': () => ({
      pieces: ['GET /v1/codecs HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'],
    }),
    'no HTTP at all': (round) => ({
      pieces: [
        picked<string | Uint8Array>(
          round,
          Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252),
          '\r\n\r\n\r\n',
          'GET /\n\n',
          noise(300),
        ),
      ],
    }),
    'an id with line breaks': () => raw('GET /healthz', ['x-request-id: a\tb"><script>'], ''),
  }
}

const JSON_TYPE = 'content-type: application/json'

function head(line: string, headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers, '', ''].join('\r\n')
}

const get = (path: string): Wire => ({ pieces: [head(`GET ${path}`, [])] })
const raw = (line: string, headers: readonly string[], rest: string | Uint8Array): Wire => ({
  pieces: [head(line, headers), rest],
})

function body(
  path: string,
  content: string | Uint8Array,
  more: { readonly length?: number | string; readonly type?: string } = {},
): Wire {
  const length = more.length ?? Buffer.byteLength(content)
  const type = more.type === undefined ? JSON_TYPE : `content-type: ${more.type}`
  return raw(`POST ${path}`, [type, `content-length: ${length}`], content)
}

const upload = (content: string | Uint8Array, query = '', more: { readonly length?: number } = {}): Wire =>
  body(`/v1/pictures${query}`, typeof content === 'string' ? Buffer.from(content, 'latin1') : content, {
    ...more,
    type: 'image/png',
  })

function nested(depth: number): unknown {
  let value: unknown = {}
  for (let k = 0; k < depth; k++) value = { annotations: [value] }
  return value
}

/** Bytes without a pattern, the same each time. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let k = 0, state = 1; k < length; k++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[k] = state >>> 24
  }
  return bytes
}

/** A grey PNG with right checksums whose header and pixels need not agree. */
function png(widthPx: number, heightPx: number, rows: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(widthPx, 0)
  header.writeUInt32BE(heightPx, 4)
  header[8] = 8
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflated(rows)),
    chunk('IEND', new Uint8Array()),
  ])
}

const deflatedZeros = new Map<number, Uint8Array>()
function deflated(rows: Uint8Array): Uint8Array {
  const known = deflatedZeros.get(rows.length) ?? deflateSync(rows)
  deflatedZeros.set(rows.length, known)
  return known
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  out.set(data, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}

function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (let k = 0; k < bytes.length; k++) {
    crc ^= bytes[k]!
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function sendWire(port: number, wire: Wire, patienceMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]
      resolve(status === undefined ? undefined : Number(status))
    }
    const timer = setTimeout(done, patienceMs)
    socket.on('data', (data) => {
      if (answer.length < 16) answer += data.toString('latin1').slice(0, 16)
    })
    // The server may close while a body is still on its way: that is its right.
    socket.on('error', done)
    socket.on('close', done)
    socket.on('connect', async () => {
      for (const piece of wire.pieces) {
        if (socket.destroyed) return
        socket.write(piece)
        if (wire.pauseMs !== undefined) await new Promise((next) => setTimeout(next, wire.pauseMs))
      }
      if (wire.cut === true) setTimeout(done, 5)
    })
  })
}
