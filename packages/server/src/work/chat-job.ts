// A question over HTTP made ready for a model: checked, its pictures decoded and kept, its masks written as words. The pixels and networks
// of this lie with a worker, so that the thread that listens never waits for them.
import { type ChatSettings, chatRequestSchema, MAX_CHAT_CHARS } from '@maskwords/client/schema'
import type { z } from 'zod'
import { checked } from '../checked.ts'
import { HttpFault } from '../fault.ts'
import { fetchedPicture } from './fetched-picture.ts'
import { encodeMasks } from './masks-job.ts'
import { handleOf } from './picture-handle.ts'
import { readPicture } from './picture-job.ts'
import type { Work } from './work.ts'

export type PreparedPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'picture'; readonly handle: string }

/** Plain data: goes from the worker to the thread that asks the model. */
export type PreparedChat = {
  readonly messages: readonly {
    readonly role: 'system' | 'user' | 'assistant'
    readonly content: readonly PreparedPart[]
  }[]
  readonly settings: ChatSettings
  /** The last picture: what masks of the answer are decoded with. */
  readonly picture: string | null
}

/** Fields that would change the answer and that no model here follows: passing over them would be a lie. */
const REFUSED: Readonly<Record<string, (value: unknown) => boolean>> = {
  tools: (value) => Array.isArray(value) && value.length > 0,
  functions: (value) => Array.isArray(value) && value.length > 0,
  response_format: (value) => (value as { type?: unknown })?.type !== 'text',
  logit_bias: (value) => Object.keys(value as object).length > 0,
  frequency_penalty: (value) => value !== 0,
  presence_penalty: (value) => value !== 0,
  top_logprobs: (value) => value !== 0,
  audio: () => true,
}

/** Prepares a question. `codec` writes its masks; the request may name another. @throws HttpFault */
export async function prepareChat(
  value: unknown,
  codec: string | undefined,
  work: Work,
): Promise<PreparedChat> {
  // Fields that are passed over are of no known type.
  const { messages, ...settings } = checked(chatRequestSchema, value) as ChatSettings &
    Pick<z.output<typeof chatRequestSchema>, 'messages'>
  for (const [field, isMeant] of Object.entries(REFUSED)) {
    const given = (settings as Record<string, unknown>)[field]
    if (given === undefined || given === null || !isMeant(given)) continue
    throw new HttpFault(400, {
      code: 'unsupported',
      message: `${field} is not followed here`,
      at: field,
      hint: 'leave it out',
    })
  }
  if (messages.at(-1)!.role === 'assistant') {
    throw new HttpFault(400, {
      code: 'bad-request',
      message: 'the last message is the assistant’s: there is nothing to answer',
      at: `messages[${messages.length - 1}]`,
    })
  }
  if (settings.codec !== undefined) work.codecs.get(settings.codec)
  const writer = settings.codec ?? codec
  const masks: { readonly picture: string; readonly mask: unknown; readonly at: string; text: string }[] = []
  let picture: string | null = null
  let characters = 0
  const prepared: { role: 'system' | 'user' | 'assistant'; content: (PreparedPart | { mask: number })[] }[] =
    []
  for (const [m, { role, content }] of messages.entries()) {
    const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : (content ?? [])
    const made: (PreparedPart | { mask: number })[] = []
    for (const [p, part] of parts.entries()) {
      await work.pause()
      const at = `messages[${m}].content[${p}]`
      if (part.type === 'text') {
        characters += part.text.length
        made.push(part)
      } else if (part.type === 'mask') {
        if (picture === null) throw missingPicture(at)
        masks.push({ picture, mask: part.mask, at, text: '' })
        made.push({ mask: masks.length - 1 })
      } else {
        picture = await pictureOf(part, at, work)
        made.push({ type: 'picture', handle: picture })
      }
    }
    prepared.push({ role: role === 'developer' ? 'system' : role, content: made })
  }
  if (characters > MAX_CHAT_CHARS) {
    throw new HttpFault(413, {
      code: 'too-large',
      message: `the texts have ${characters} characters, more than ${MAX_CHAT_CHARS}`,
      at: 'messages',
    })
  }
  await writeMasks(masks, writer, work)
  const said = prepared.map(({ role, content }) => ({
    role,
    content: content.map((part) =>
      'mask' in part ? { type: 'text' as const, text: masks[part.mask]!.text } : part,
    ),
  }))
  return { messages: said, settings, picture }
}

const missingPicture = (at: string): HttpFault =>
  new HttpFault(400, {
    code: 'bad-request',
    message: 'a mask without a picture before it',
    at,
    hint: 'put the picture first: a mask points into the last picture before it',
  })

type PicturePart =
  | { readonly type: 'image_url'; readonly image_url: string | { readonly url: string } }
  | {
      readonly type: 'picture'
      readonly picture: string
    }

/** The handle of a part's picture, whose pixels are kept from now on. */
async function pictureOf(part: PicturePart, at: string, work: Work): Promise<string> {
  if (part.type === 'picture') return part.picture
  const url = typeof part.image_url === 'string' ? part.image_url : part.image_url.url
  const place = typeof part.image_url === 'string' ? `${at}.image_url` : `${at}.image_url.url`
  const bytes = url.startsWith('data:')
    ? bytesOfDataUrl(url, place)
    : await fetchedPicture(url, { at: place, origins: work.fetchOrigins, signal: work.signal })
  const handle = await handleOf(bytes, 'apply')
  if ((await work.keeper.lookUp(handle)).picture === undefined) {
    try {
      await readPicture(bytes, { handle, exif: 'apply' }, work)
    } catch (error) {
      throw error instanceof HttpFault ? new HttpFault(error.status, { ...error.report, at: place }) : error
    }
  }
  return handle
}

function bytesOfDataUrl(url: string, at: string): Uint8Array {
  const comma = url.indexOf(',')
  const base64 = url.slice(comma + 1)
  if (comma < 0 || !/;base64$/i.test(url.slice(0, comma)) || !/^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(base64)) {
    throw new HttpFault(400, {
      code: 'malformed',
      message: 'the data: URL does not hold base64',
      at,
      hint: 'data:image/png;base64,... without line breaks',
    })
  }
  return Buffer.from(base64, 'base64')
}

/** Writes masks as words, those of one picture together. @throws HttpFault 400 with the place of the first that cannot be. */
async function writeMasks(
  masks: readonly { picture: string; mask: unknown; at: string; text: string }[],
  codec: string | undefined,
  work: Work,
): Promise<void> {
  if (masks.length === 0) return
  if (codec === undefined) {
    throw new HttpFault(400, {
      code: 'unsupported',
      message: 'nobody here writes masks in the words of this model',
      at: masks[0]!.at,
      hint: 'name a served codec in the field codec, or start the server with one (--codec)',
    })
  }
  for (const picture of new Set(masks.map((one) => one.picture))) {
    const own = masks.filter((one) => one.picture === picture)
    const answer = await encodeMasks({ codec, picture, masks: own.map(({ mask }) => mask) }, work)
    for (const [k, result] of answer.results.entries()) {
      if ('error' in result) {
        const { code, message, hint } = result.error
        throw new HttpFault(400, { code, message, at: own[k]!.at, ...(hint !== undefined && { hint }) })
      }
      own[k]!.text = result.text
    }
  }
}
