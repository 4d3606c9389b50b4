// Codecs over HTTP: pictures in, masks to words, words to masks, texts apart, masks drawn. The work is done by the pool.
import {
  codecListSchema,
  decodeAnswerSchema,
  decodeRequestSchema,
  encodeAnswerSchema,
  encodeRequestSchema,
  type PictureAnswer,
  type PictureInfoAnswer,
  parseAnswerSchema,
  parseRequestSchema,
  pictureInfoSchema,
  pictureQuery,
  pictureSchema,
  renderRequestSchema,
  vocabularySchema,
} from '@maskwords/client/schema'
import { HttpFault } from './fault.ts'
import type { ApiOperation } from './openapi.ts'
import type { PictureCache } from './picture-cache.ts'
import type { Pool } from './pool.ts'
import type { ServiceContext } from './request-env.ts'
import type { Service } from './service.ts'
import { unknownCodec, unknownPicture } from './unknown.ts'
import type { Job, JobAnswer } from './work/job.ts'
import { digest, handleOf } from './work/picture-handle.ts'

export type CodecRoutesOptions = { readonly pool: Pool; readonly cache: PictureCache }

const JSON_TYPE = ['application/json']
const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'application/octet-stream']

export function addCodecRoutes(service: Service, { pool, cache }: CodecRoutesOptions): void {
  const masks = service.metrics.counter('maskwords_masks_total', 'Masks by route and outcome.')
  const names = pool.codecs.map((codec) => codec.name)
  const checkCodec = (name: string): string => {
    if (names.includes(name)) return name
    throw unknownCodec(name, names)
  }

  service.get('/v1/codecs', { summary: 'What codecs are served', response: codecListSchema }, () => ({
    codecs: pool.codecs,
    default: names[0],
  }))
  service.get(
    '/v1/codecs/{name}/vocabulary',
    {
      summary: 'All words of a codec',
      parameters: [{ in: 'path', name: 'name', description: 'name of the codec' }],
      response: vocabularySchema,
    },
    (c) => {
      const name = checkCodec(c.req.param('name') ?? '')
      return pool.vocabularies.find((one) => one.codec === name)
    },
  )

  service.postBytes(
    '/v1/pictures',
    {
      summary: 'Hand over a picture',
      description:
        'The body is the file. The handle is made from its bytes: the same picture has the same handle, and costs nothing the second time.',
      parameters: Object.entries(pictureQuery).map(([name, description]) => ({
        in: 'query',
        name,
        description,
        ...(name === 'codec' && { many: true }),
      })),
      requestTypes: PICTURE_TYPES,
      response: pictureSchema,
    },
    PICTURE_TYPES,
    async (body, c, signal) => {
      const codecs = [...new Set(c.req.queries('codec') ?? [])].map(checkCodec)
      const exif = c.req.query('exif') ?? 'apply'
      if (exif !== 'apply' && exif !== 'ignore') {
        throw new HttpFault(400, {
          code: 'bad-request',
          message: 'exif is apply or ignore',
          at: 'exif',
        })
      }
      if (body.length === 0) throw new HttpFault(400, { code: 'malformed', message: 'the body is empty' })
      const handle = await handleOf(body, exif)
      const known = knownPicture(handle, codecs)
      if (known !== undefined) return c.json(known)
      const answer = await pool.run(
        { kind: 'picture', body, request: { handle, codecs, exif } },
        { signal, key: `picture ${handle} ${codecs.join(' ')}` },
      )
      return respond(c, answer)
    },
  )
  const needing = new Set(pool.codecs.filter((codec) => codec.needsPicture).map((codec) => codec.name))
  const knownPicture = (handle: string, codecs: readonly string[]): PictureAnswer | undefined => {
    const info = cache.info(handle)
    if (info?.picture === undefined) return undefined
    if (codecs.some((name) => needing.has(name) && !info.encoded.includes(name))) return undefined
    cache.lookUp(handle)
    for (const name of codecs) cache.lookUp(handle, name)
    const { widthPx, heightPx, format, orientation } = info.picture
    return {
      picture: handle,
      widthPx,
      heightPx,
      format,
      orientation,
      cached: true,
      encoded: codecs.map((codec) => ({
        codec,
        cached: true,
        from: needing.has(codec) ? 'memory' : 'not-needed',
        ms: 0,
      })),
      times: { readMs: 0, totalMs: 0 },
    }
  }
  service.get(
    '/v1/pictures/{picture}',
    {
      summary: 'What is kept of a picture',
      parameters: [{ in: 'path', name: 'picture', description: 'its handle' }],
      response: pictureInfoSchema,
    },
    (c): PictureInfoAnswer => {
      const handle = c.req.param('picture') ?? ''
      const info = cache.info(handle)
      if (info === undefined) throw unknownPicture(handle)
      const { widthPx, heightPx, picture, encoded } = info
      return { picture: handle, widthPx, heightPx, pixels: picture !== undefined, encoded }
    },
  )

  const json = (path: string, kind: Exclude<Job['kind'], 'picture' | 'chat'>, operation: ApiOperation) =>
    service.postBytes(path, operation, JSON_TYPE, async (body, c, signal) => {
      const key = `${kind} ${await digest(body)}`
      const answer = await pool.run({ kind, body }, { signal, key })
      const { counts = {} } = answer
      for (const [outcome, count] of Object.entries(counts)) masks.add({ route: path, outcome }, count)
      return respond(c, answer)
    })
  json('/v1/masks/encode', 'encode', {
    summary: 'Masks to words',
    description: 'One result for each mask, in order. A mask that cannot be read has an error instead.',
    request: encodeRequestSchema,
    response: encodeAnswerSchema,
  })
  json('/v1/masks/decode', 'decode', {
    summary: 'Words to masks',
    description:
      'One result for each entry of words, in order. Words that cannot be read have an error instead.',
    request: decodeRequestSchema,
    response: decodeAnswerSchema,
  })
  json('/v1/text/parse', 'parse', {
    summary: "Find the mask words in a model's answer, and what they belong to",
    request: parseRequestSchema,
    response: parseAnswerSchema,
  })
  json('/v1/render', 'render', {
    summary: 'Draw masks over a picture',
    request: renderRequestSchema,
    responseTypes: ['image/png', 'image/webp'],
  })
}

function respond(c: ServiceContext, { body, type }: JobAnswer): Response {
  return c.body(body as Uint8Array<ArrayBuffer>, 200, { 'content-type': type })
}
