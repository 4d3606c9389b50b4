// A model over HTTP: a real one with random weights behind OpenAI's own client, and one by hand for what may go wrong.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pictureToPng } from '@maskwords/mask'
import {
  type Answer,
  type AnswerEvent,
  type AskOptions,
  answerStream,
  type Conversation,
  MllmError,
  type MultimodalModel,
  openModel,
  openServerModel,
} from '@maskwords/mllm'
import { samtokVocabulary } from '@maskwords/words'
import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../../client/src/client.ts'
import {
  type ChatMask,
  chatAnswerSchema,
  chatChunkSchema,
  modelListSchema,
} from '../../../client/src/schema/chat-schema.ts'
import { events, fetchOf, json, SAID, serverOf, TOKENS, vllmStream } from '../../../mllm/test/exchanges.ts'
import { writeTinyModel } from '../../../mllm/test/tiny-model.ts'
import { type CodecService, openCodecService, type ServedModel } from '../codec-service.ts'
import { type Listening, listen } from '../listen.ts'

const HOST = '127.0.0.1'
const PNG = (() => {
  const bytes = new Uint8Array(64 * 48 * 3).fill(60)
  for (let y = 10; y < 30; y++) bytes.fill(220, (y * 64 + 16) * 3, (y * 64 + 48) * 3)
  return pictureToPng({ widthPx: 64, heightPx: 48, channels: 3, bytes })
})()
const DATA_URL = `data:image/png;base64,${Buffer.from(PNG).toString('base64')}`
const SQUARE = { boxXyxyPx: [16, 10, 48, 30] } as const
const about = (text: string) => [
  {
    role: 'user' as const,
    content: [
      { type: 'image_url' as const, image_url: { url: DATA_URL } },
      { type: 'text' as const, text },
    ],
  },
]

type Running = { readonly url: string; readonly opened: CodecService }
const running: { opened: CodecService; listening: Listening }[] = []
afterAll(async () => {
  for (const { listening, opened } of running) {
    await listening.close()
    await opened.close()
  }
})
const serve = async (model: Partial<ServedModel> | undefined, more: object = {}): Promise<Running> => {
  const opened = await openCodecService({
    host: HOST,
    codecs: [{ name: 'samtok-nano', source: 'samtok-nano' }],
    workers: 1,
    threads: 1,
    maxPixels: 100_000,
    maxBodyBytes: 2 ** 22,
    timeoutMs: 20_000,
    cacheBytes: 2 ** 24,
    ...(model !== undefined && {
      model: {
        hidden: [],
        answerTimeoutMs: 20_000,
        maxHeld: 8,
        open: async () => {
          throw new Error('no model')
        },
        ...model,
      },
    }),
    ...more,
  })
  const listening = await listen(opened.service, { host: HOST, port: 0, timeoutMs: 20_000 })
  running.push({ opened, listening })
  return { url: listening.url, opened }
}
const openAi = (url: string, apiKey = 'none') => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
/** OpenAI's types know nothing of ours. */
const ours = <T extends object>(request: T): T => request
const masksOf = (message: object): ChatMask[] => (message as { masks: ChatMask[] }).masks

async function failure<E extends Error>(work: () => Promise<unknown>): Promise<E> {
  try {
    await work()
  } catch (error) {
    return error as E
  }
  throw new Error('nothing failed')
}

describe('a real model, asked by clients that know nothing of masks', () => {
  const root = mkdtempSync(join(tmpdir(), 'gateway-'))
  let url: string
  let client: OpenAI
  beforeAll(async () => {
    await writeTinyModel(join(root, 'tiny'))
    const open = () => openModel(join(root, 'tiny'), { threads: 1 })
    ;({ url } = await serve({ id: `${root}/tiny`, open }))
    client = openAi(url)
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const forced = { model: 'tiny', messages: about('the square'), constraint: { mode: 'forced' } }

  it('is listed by its name, with what it can', async () => {
    const { data } = await client.models.list()
    expect(data).toHaveLength(1)
    expect(data[0]).toMatchObject({ id: 'tiny', codec: 'samtok-nano', words: ['samtok'], alternatives: true })
    modelListSchema.parse(await createClient({ url }).models())
    expect((await client.models.list()).data[0]!.id).not.toContain('/')
  })

  it('answers with text and masks, which are those that the codec makes of the words', async () => {
    const answer = await client.chat.completions.create(
      ours({ ...forced, dialect: 'row-major-counts', alternatives: 3, logprobs: true }),
    )
    chatAnswerSchema.parse(answer)
    const { message, logprobs, finish_reason } = answer.choices[0]!
    const [mask] = masksOf(message) as [ChatMask]
    expect(finish_reason).toBe('stop')
    expect(message.content).toMatch(/^<\|mt_start\|><\|mt_\d{4}\|><\|mt_\d{4}\|><\|mt_end\|>$/)
    expect(mask).toMatchObject({ index: 0, start: 0, end: 44, status: 'complete', words: message.content })
    expect(logprobs!.content!.map(({ token }) => token).join('')).toBe(message.content)
    const decoded = await createClient({ url }).decodeWords({
      codec: 'samtok-nano',
      picture: (await createClient({ url }).uploadPicture(PNG)).picture,
      words: [mask.codes],
      dialect: 'row-major-counts',
    })
    expect(decoded.results[0]).toMatchObject({
      mask: mask.mask!,
      areaPx: mask.areaPx!,
      boxXyxyPx: mask.boxXyxyPx!,
    })
    // Its words' probabilities make its own; of the alternatives it is one, and none is more probable than the one before.
    expect(Math.exp(mask.wordLogprobs.reduce<number>((sum, one) => sum + one!, 0))).toBeCloseTo(
      mask.probability!,
      5,
    )
    const shares = mask.alternatives!.map(({ probability }) => probability)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(mask.alternatives!.map(({ words }) => words)).toContain(mask.words)
    expect(answer.usage).toMatchObject({ completion_tokens: 4 })
  })

  it('streams the same, event by event', async () => {
    const whole = await client.chat.completions.create(ours({ ...forced, seed: 3, temperature: 1 }))
    const stream = await client.chat.completions.create(
      ours({
        ...forced,
        seed: 3,
        temperature: 1,
        stream: true as const,
        stream_options: { include_usage: true },
        maskWords: true,
      }),
    )
    let text = ''
    const masks: ChatMask[] = []
    const words: string[] = []
    let finish: string | null = null
    let usage: unknown
    for await (const chunk of stream) {
      chatChunkSchema.parse(chunk)
      usage = chunk.usage ?? usage
      for (const { delta, finish_reason } of chunk.choices) {
        text += delta.content ?? ''
        masks.push(...((delta as { masks?: ChatMask[] }).masks ?? []))
        const { maskWord } = delta as { maskWord?: { words: string } }
        if (maskWord) words.push(maskWord.words)
        finish = finish_reason ?? finish
      }
    }
    const { message } = whole.choices[0]!
    expect({ text, finish, usage }).toMatchObject({
      text: message.content,
      finish: 'stop',
      usage: { completion_tokens: 4 },
    })
    expect(masks).toEqual(masksOf(message))
    expect(words.join('')).toBe(masks[0]!.words.replace(/<\|mt_(?:start|end)\|>/g, ''))
  })

  it("OpenAI's own helper puts the stream together", async () => {
    const runner = client.chat.completions.stream(ours({ ...forced, stream: true as const }))
    const { choices } = await runner.finalChatCompletion()
    expect(choices[0]!.message.content).toMatch(/^<\|mt_start\|>/)
    expect(choices[0]!.finish_reason).toBe('stop')
  })

  it('our client gets the same, whole and as a stream', async () => {
    const client = createClient({ url })
    const request = { messages: about('the square'), constraint: { mode: 'forced' } } as const
    const { choices } = await client.chat(request)
    let text = ''
    for await (const chunk of client.chatStream(request)) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe(choices[0]!.message.content)
  })

  it('several answers differ by their seeds', async () => {
    const request = ours({ ...forced, n: 3, temperature: 2, seed: 1 })
    const { choices } = await client.chat.completions.create(request)
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(new Set(choices.map(({ message }) => message.content)).size).toBeGreaterThan(1)
    const one = await client.chat.completions.create(ours({ ...request, n: 1, seed: 2 }))
    expect(one.choices[0]!.message.content).toBe(choices[1]!.message.content)
  })
})

/** A model whose answers a test writes. */
type Hand = {
  readonly asked: { conversation: Conversation; options: AskOptions }[]
  answer(push: (event: AnswerEvent) => void, options: AskOptions): void | Promise<void>
}
const USAGE = { promptTokens: 5, cachedTokens: 0, answerTokens: 2, firstTokenMs: 1, restMs: 1 }
const ended = (text: string, more: Partial<Answer> = {}): AnswerEvent => ({
  type: 'end',
  answer: { text, tokens: [], masks: [], finish: 'stop', usage: USAGE, ...more },
})
const byHand = (hand: Hand): MultimodalModel => ({
  facts: {
    kind: 'server',
    name: 'http://10.0.0.7:8000/v1#remote',
    family: 'vllm',
    vocabularies: [samtokVocabulary()],
    constraints: ['off', 'free'],
    logprobs: false,
    alternatives: false,
    maxTokens: undefined,
    notes: [],
  },
  ask(conversation, options = {}) {
    hand.asked.push({ conversation, options })
    return answerStream((push, fail) => {
      Promise.resolve(hand.answer(push, options)).catch(fail)
    })
  },
  askMany: async () => [],
  close: async () => {},
})

describe('a model by hand', () => {
  let hand: Hand
  let url: string
  let client: OpenAI
  let picture: string
  const say =
    (text: string): Hand['answer'] =>
    (push) => {
      push({ type: 'text', text })
      push(ended(text))
    }
  beforeAll(async () => {
    const model: MultimodalModel = byHand({
      asked: [],
      answer: (push, options) => hand.answer(push, options),
    })
    const ask = model.ask
    const open = async () => ({
      ...model,
      ask: (conversation: Conversation, options?: AskOptions) => {
        hand.asked.push({ conversation, options: options ?? {} })
        return ask(conversation, options)
      },
    })
    ;({ url } = await serve(
      { open, hidden: ['http://10.0.0.7:8000', '10.0.0.7:8000'], answerTimeoutMs: 1500, maxHeld: 3 },
      { fetchOrigins: [] },
    ))
    client = openAi(url)
    picture = (await createClient({ url }).uploadPicture(PNG)).picture
  })
  const use = (answer: Hand['answer']): Hand => {
    hand = { asked: [], answer }
    return hand
  }
  const ask = (request: object = {}) =>
    client.chat.completions.create({ model: 'remote', messages: about('?'), ...request } as never)

  it('gets the question with its picture, its masks as words, and all that was asked for', async () => {
    const { asked } = use(say('red'))
    const [words] = (
      await createClient({ url }).encodeMasks({ codec: 'samtok-nano', picture, masks: [SQUARE] })
    ).results
    await ask({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'picture', picture },
            { type: 'text', text: 'What is ' },
            { type: 'mask', mask: SQUARE },
            { type: 'text', text: '?' },
          ],
        },
        { role: 'assistant', content: 'A square.' },
        { role: 'user', content: 'And its colour?' },
      ],
      temperature: 0.5,
      top_p: 0.5,
      top_k: 3,
      seed: 8,
      max_completion_tokens: 9,
      stop: '\n',
      repetition_penalty: 1.1,
    })
    const [{ conversation, options }] = asked as [Hand['asked'][number]]
    expect(conversation.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
    expect(conversation[1]!.content).toMatchObject([
      { type: 'picture', picture: { widthPx: 64, heightPx: 48 } },
      { type: 'text', text: 'What is ' },
      { type: 'text', text: (words as { text: string }).text },
      { type: 'text', text: '?' },
    ])
    expect(options).toMatchObject({
      temperature: 0.5,
      topP: 0.5,
      topK: 3,
      seed: 8,
      maxTokens: 9,
      stop: ['\n'],
      repetitionPenalty: 1.1,
    })
  })

  it.each<[string, object, number, string, string | null]>([
    ['another model', { model: 'gpt-4o' }, 404, 'model_not_found', 'model'],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, 400, 'unsupported', 'tools'],
    [
      'a form of the answer',
      { response_format: { type: 'json_object' } },
      400,
      'unsupported',
      'response_format',
    ],
    ['other tokens', { top_logprobs: 3, logprobs: true }, 400, 'unsupported', 'top_logprobs'],
    ['log-probabilities that the server has not', { logprobs: true }, 400, 'unsupported', 'logprobs'],
    ['too many answers', { n: 100 }, 400, 'bad-request', 'n'],
    ['no message', { messages: [] }, 400, 'bad-request', 'messages'],
    [
      'nothing to answer',
      { messages: [...about('?'), { role: 'assistant', content: 'x' }] },
      400,
      'bad-request',
      'messages[1]',
    ],
    [
      'a mask before its picture',
      { messages: [{ role: 'user', content: [{ type: 'mask', mask: SQUARE }] }] },
      400,
      'bad-request',
      'messages[0].content[0]',
    ],
    [
      'a picture that is none',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
          },
        ],
      },
      415,
      'unsupported',
      'messages[0].content[0].image_url.url',
    ],
    [
      'a picture without base64',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'data:image/png,raw' }] }] },
      400,
      'malformed',
      'messages[0].content[0].image_url',
    ],
    [
      'a picture in its own network',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'http://169.254.169.254/x.png' } }],
          },
        ],
      },
      400,
      'bad-picture',
      'messages[0].content[0].image_url.url',
    ],
    [
      'a picture that is not kept',
      { messages: [{ role: 'user', content: [{ type: 'picture', picture: 'a'.repeat(64) }] }] },
      404,
      'unknown-picture',
      'messages',
    ],
    [
      'a mask of another size',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'picture', picture: 'PICTURE' },
              { type: 'mask', mask: { size: [9, 9], counts: [80, 1] } },
            ],
          },
        ],
      },
      400,
      'size-mismatch',
      'messages[0].content[1]',
    ],
    ['a codec that is not served', { codec: 'nobody' }, 404, 'unknown-codec', null],
  ])("%s is refused in OpenAI's form", async (_, request, status, code, param) => {
    const { asked } = use(say(''))
    const given = JSON.parse(JSON.stringify(request).replace('PICTURE', picture)) as object
    const error = await failure<APIError>(() => ask(given))
    expect(error).toBeInstanceOf(APIError)
    expect({ status: error.status, code: error.code, param: error.param }).toEqual({ status, code, param })
    expect(error.type).toBe('invalid_request_error')
    expect(asked).toEqual([])
  })

  it('a model that fails before its first word is a status, without the address behind it', async () => {
    use(() => {
      throw new MllmError('server', 'http://10.0.0.7:8000/v1/chat/completions answers 500: no memory', {
        hint: 'see 10.0.0.7:8000',
      })
    })
    for (const stream of [false, true]) {
      const error = await failure<APIError>(() => ask({ stream }))
      expect(error.status).toBe(502)
      expect(error.message).toContain('answers 500: no memory')
      expect(error.message).not.toContain('10.0.0.7')
    }
    use(() => {
      throw new MllmError('argument', 'temperature is too hot')
    })
    expect(await failure(() => ask({ stream: true }))).toBeInstanceOf(BadRequestError)
  })

  it('one that fails later breaks off the stream, which keeps what was said', async () => {
    use(async (push) => {
      push({ type: 'text', text: 'half ' })
      throw new MllmError('server', 'http://10.0.0.7:8000/v1 fell silent')
    })
    const stream = (await ask({ stream: true })) as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>
    let text = ''
    const error = await failure<APIError>(async () => {
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    })
    expect(text).toBe('half ')
    expect(error.message).toContain('upstream/v1 fell silent')
    const ours = createClient({ url })
    const broken = await failure(async () => {
      for await (const _ of ours.chatStream({ messages: about('?') }));
    })
    expect(broken).toMatchObject({
      name: 'ServiceError',
      code: 'server',
      message: expect.stringContaining('fell silent'),
    })
  })

  it('masks that cannot be drawn have a reason, and the notes of the answer come along', async () => {
    const words = '<|mt_start|><|mt_0400|>'
    use((push) => {
      const mask = {
        index: 0,
        start: 0,
        end: words.length,
        status: 'rejected' as const,
        codes: [],
        text: words,
        logprob: undefined,
        probability: undefined,
      }
      push({ type: 'mask-start', index: 0 })
      push({ type: 'mask-word', index: 0, text: '<|mt_0400|>', logprob: undefined })
      push({ type: 'mask', mask })
      push(ended(words, { masks: [mask], finish: 'length', notes: ['cut off'] }))
    })
    const { choices } = await ask()
    expect(choices[0]).toMatchObject({
      finish_reason: 'length',
      notes: ['cut off'],
      message: {
        content: words,
        masks: [
          { status: 'rejected', probability: null, wordLogprobs: [null], error: { code: 'malformed' } },
        ],
      },
    })
  })

  it('a caller who leaves ends the answer', async () => {
    let aborted: () => void
    const gone = new Promise<void>((resolve) => {
      aborted = resolve
    })
    use(async (push, { signal }) => {
      push({ type: 'text', text: 'on and on' })
      await new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve()))
      aborted()
      push(ended('on and on', { finish: 'aborted' }))
    })
    const stream = (await ask({ stream: true })) as unknown as AsyncIterable<unknown>
    for await (const _ of stream) break
    await gone
  })

  it('while answers take their time, codecs are not kept waiting, and further questions are told when to come again', async () => {
    const release: (() => void)[] = []
    use(async (push) => {
      await new Promise<void>((resolve) => release.push(resolve))
      push(ended('late'))
    })
    const slow = [ask(), ask(), ask()]
    while (release.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    const decoded = await createClient({ url }).decodeWords({
      codec: 'samtok-nano',
      picture,
      words: [[1, 2]],
    })
    expect(decoded.failed).toBe(0)
    const refused = await failure<InternalServerError>(() => ask())
    expect(refused).toBeInstanceOf(InternalServerError)
    expect({ status: refused.status, code: refused.code, type: refused.type }).toEqual({
      status: 503,
      code: 'busy',
      type: 'server_error',
    })
    expect(Number(refused.headers!.get('retry-after'))).toBeGreaterThan(0)
    for (const go of release) go()
    expect((await Promise.all(slow)).map(({ choices }) => choices[0]!.message.content)).toEqual([
      'late',
      'late',
      'late',
    ])
  })

  it('an answer that takes too long is ended: a status before its first word, an event after it', async () => {
    const never: Hand['answer'] = async (push, { signal }) => {
      await new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve()))
      push(ended('', { finish: 'aborted' }))
    }
    use(never)
    expect((await failure<APIError>(() => ask())).message).toContain('not done within 1.5 s')
    use(async (push, options) => {
      push({ type: 'text', text: 'a' })
      await never(push, options)
    })
    const stream = (await ask({ stream: true })) as unknown as AsyncIterable<unknown>
    const error = await failure<APIError>(async () => {
      for await (const _ of stream);
    })
    expect(error.message).toContain('not done within the time of an answer')
  })
})

describe('around the model', () => {
  it('without one nothing is listed, and a question is told what to start', async () => {
    const { url } = await serve(undefined)
    const client = openAi(url)
    expect((await client.models.list()).data).toEqual([])
    const error = await failure<NotFoundError>(() =>
      client.chat.completions.create({ model: 'x', messages: [{ role: 'user', content: 'hi' }] }),
    )
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error.message).toContain('--model')
  })

  it('behind a server: its exchange comes out with masks, pictures only from where they may come', async () => {
    const pictures: Server = createServer((request, response) => {
      if (request.url === '/elsewhere') response.writeHead(302, { location: '/square.png' }).end()
      else response.writeHead(200, { 'content-type': 'image/png' }).end(PNG)
    })
    await new Promise<void>((resolve) => pictures.listen(0, HOST, resolve))
    const origin = `http://${HOST}:${(pictures.address() as AddressInfo).port}`
    try {
      const fetch = fetchOf(serverOf('vllm', () => events(vllmStream(TOKENS))))
      const open = () => openServerModel('http://inner:1/v1', { fetch })
      const { url } = await serve(
        { open, hidden: ['http://inner:1', 'inner:1'] },
        { fetchOrigins: [origin], token: 'secret-token-of-16' },
      )
      const refused = await failure<APIError>(() => openAi(url, 'wrong').models.list() as Promise<unknown>)
      expect({ status: refused.status, type: refused.type }).toEqual({
        status: 401,
        type: 'authentication_error',
      })
      const client = openAi(url, 'secret-token-of-16')
      const ask = (address: string) =>
        client.chat.completions.create({
          model: 'samtok',
          messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: address } }] }],
        })
      const { choices } = await ask(`${origin}/square.png`)
      expect(choices[0]!.message.content).toBe(SAID)
      expect(masksOf(choices[0]!.message)[0]).toMatchObject({
        codes: [107, 112],
        start: 13,
        mask: { size: [48, 64] },
      })
      expect((await failure<APIError>(() => ask(`${origin}/elsewhere`))).message).toContain('answers 302')
      expect((await failure<APIError>(() => ask('http://localhost:1/x.png'))).code).toBe('bad-picture')
      expect(JSON.stringify(await client.models.list())).not.toContain('inner')
      const sent = fetch.asked.at(-1)!.body['messages'] as { content: { image_url: { url: string } }[] }[]
      expect(sent[0]!.content[0]!.image_url.url).toMatch(/^data:image\/png;base64,/)
    } finally {
      pictures.close()
    }
  })

  it('a model that cannot be opened keeps the service from starting', async () => {
    const open = () =>
      openServerModel('http://inner:1/v1', { fetch: fetchOf(() => json({}, 500)), retries: 0 })
    const error = await failure(() => serve({ open }))
    expect(error.message).toContain('answers 500')
  })
})
