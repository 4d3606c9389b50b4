// Models behind servers: every kind's exchange replayed, cut at every byte; the probe; requests; and everything a server can do wrong.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pictureFromPng } from '@maskwords/mask'
import { himtokVocabulary, samtokVocabulary, wordsOf } from '@maskwords/words'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Asked,
  CODES,
  events,
  fetchOf,
  firstWordId,
  json,
  PROBABILITY,
  plainStream,
  type Reply,
  SAID,
  STREAMS,
  STRIPPED_LLAMA_SERVER,
  serverOf,
  sglangStream,
  TOKENS,
  type Token,
  vllmStream,
  WORDS,
  wordId,
} from '../../test/exchanges.ts'
import type { MllmError } from '../error.ts'
import type { AnswerEvent, Conversation, MultimodalModel } from '../model.ts'
import { readAddress } from './address.ts'
import { SERVER_KINDS, type ServerKind } from './profiles.ts'
import { type OpenServerOptions, openServerModel } from './server-model.ts'

const ADDRESS = 'http://server:8000/v1'
const QUESTION: Conversation = [{ role: 'user', content: 'Where is the elephant?' }]
const noPause = async () => {}

const open = (
  chat: (asked: Asked) => Reply,
  kind: ServerKind = 'vllm',
  options: OpenServerOptions = {},
): Promise<MultimodalModel> =>
  openServerModel(ADDRESS, { fetch: fetchOf(serverOf(kind, chat)), pause: noPause, ...options })

async function failure(work: () => Promise<unknown>): Promise<MllmError> {
  try {
    await work()
  } catch (error) {
    return error as MllmError
  }
  throw new Error('nothing failed')
}
const said = ({ code, message, hint }: MllmError) => `${code}: ${message} | ${hint ?? ''}`

const samtok = samtokVocabulary()

describe('an exchange of every kind of server', () => {
  it.each(SERVER_KINDS)('%s: cut at any byte, it is the same answer', async (kind) => {
    const raw = STREAMS[kind]
    const bytes = new TextEncoder().encode(raw).length
    let cut = (all: Uint8Array): Uint8Array[] => [all]
    // Only the answer to the question is cut.
    const fetch = fetchOf(
      serverOf(kind, () => events(raw)),
      (all) => (all.length === bytes ? cut(all) : [all]),
    )
    const model = await openServerModel(ADDRESS, { fetch, vocabulary: samtok })
    expect(model.facts.family).toBe(kind)
    const { usage: _, ...first } = await model.ask(QUESTION).answer
    // This server loses characters that come in two tokens.
    const text = kind === 'llama-cpp-python' ? SAID.replaceAll('é', '') : SAID
    expect(first).toMatchObject({ text, finish: 'stop' })
    expect(first.masks.map(({ codes, status }) => [codes, status])).toEqual([[CODES, 'complete']])
    const again = async (what: string) => {
      const { usage: _, ...answer } = await model.ask(QUESTION).answer
      expect(answer, what).toEqual(first)
    }
    for (const size of [1, 2, 3, 5, 64, 1000]) {
      cut = (all) =>
        Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size))
      await again(`pieces of ${size} bytes`)
    }
    for (let at = 1; at < bytes; at += 97) {
      cut = (all) => [all.subarray(0, at), all.subarray(at)]
      await again(`cut at byte ${at}`)
    }
  })

  it('text without tokens: words split at any two places', async () => {
    let pieces: string[] = []
    const model = await open(() => events(plainStream(pieces)), 'openai', { vocabulary: samtok })
    for (let a = 0; a < SAID.length; a++) {
      for (let b = a; b < SAID.length; b += 5) {
        pieces = [SAID.slice(0, a), SAID.slice(a, b), SAID.slice(b)]
        const answer = await model.ask(QUESTION).answer
        expect(answer.text).toBe(SAID)
        expect(answer.masks.map(({ codes }) => codes)).toEqual([CODES])
        expect(answer.masks[0]).toMatchObject({ logprob: undefined, probability: undefined })
      }
    }
  })

  it('events come in order, text and mask as they are said', async () => {
    const model = await open(() => events(STREAMS.vllm))
    const seen: AnswerEvent[] = []
    for await (const event of model.ask(QUESTION)) seen.push(event)
    expect(seen.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])).toEqual([
      'text',
      'mask-start',
      'mask-word',
      'mask',
      'text',
      'end',
    ])
    expect(seen.flatMap((event) => (event.type === 'mask-word' ? [event.text] : []))).toEqual([
      '<|mt_0107|>',
      '<|mt_0368|>',
    ])
  })

  it("a mask's probability is its words' among those that could stand there", async () => {
    for (const kind of ['vllm', 'sglang', 'ollama'] as const) {
      const model = await open(() => events(STREAMS[kind]), kind)
      const [mask] = (await model.ask(QUESTION).answer).masks
      expect(mask!.probability, kind).toBeCloseTo(PROBABILITY, 10)
    }
  })

  it('ids and counts of tokens are told where the server tells them', async () => {
    const vllm = await open(() => events(STREAMS.vllm))
    const answer = await vllm.ask(QUESTION).answer
    expect(answer.tokens.slice(0, 10).map(({ id }) => id)).toEqual(TOKENS.map(({ id }) => id))
    expect(answer.usage).toMatchObject({ promptTokens: 41, answerTokens: 11, cachedTokens: 40 })
    const plain = await open(() => events(STREAMS.openai), 'openai', { vocabulary: samtok })
    expect((await plain.ask(QUESTION).answer).tokens.every(({ id }) => id === -1)).toBe(true)
  })

  it('text that lags behind its ids, by any number of characters, is put with them', async () => {
    for (let lag = 0; lag < 40; lag++) {
      const model = await open(() => events(vllmStream(TOKENS, { lag })))
      const { text, masks } = await model.ask(QUESTION).answer
      expect(text).toBe(SAID)
      expect(masks.map(({ codes }) => codes)).toEqual([CODES])
      expect(masks[0]!.probability, `lag ${lag}`).toBeCloseTo(PROBABILITY, 10)
    }
  })
})

describe('a server that takes mask words for special', () => {
  it('the ids put them back, and the answer says so', async () => {
    const model = await open(() => events(vllmStream(TOKENS, { stripped: true })))
    const answer = await model.ask(QUESTION).answer
    expect(answer.text).toBe(SAID)
    expect(answer.masks[0]).toMatchObject({ codes: CODES, status: 'complete' })
    expect(answer.notes!.join()).toMatch(/4 mask words were missing .* skip_special_tokens=false/)
  })

  it('llama-server tells such ids in whole answers alone: it is asked for those', async () => {
    // As recorded: a streamed answer has none of the words, a whole one their ids.
    const whole = (asked: Asked) => asked.body['stream'] !== true
    const chat = (asked: Asked) =>
      whole(asked) ? { type: 'application/json', body: STRIPPED_LLAMA_SERVER } : events(plainStream(['Ein ']))
    const server = serverOf('llama-server', chat)
    const forced = [259, 260, 559, 772].map((id) => ({
      id,
      token: '',
      bytes: [],
      logprob: -1,
      top_logprobs: [],
    }))
    const fetch = fetchOf((asked) => {
      const probes = asked.path === '/v1/chat/completions' && asked.body['grammar'] !== undefined
      if (!probes || Number(asked.body['max_tokens']) > 10 || asked.body['max_tokens'] === 1)
        return server(asked)
      if (!whole(asked)) return events(plainStream([]))
      return json({
        choices: [{ message: { content: '' }, finish_reason: 'stop', logprobs: { content: forced } }],
      })
    })
    const model = await openServerModel(ADDRESS, { fetch })
    expect(model.facts.constraints).toContain('forced')
    expect(model.facts.notes.join()).toMatch(/whole answers alone.*--special/)
    const answer = await model.ask(QUESTION).answer
    expect(answer.text).toBe(SAID)
    expect(answer.masks[0]!.codes).toEqual(CODES)
  })

  it('without ids nothing can be read, and the switch that is missing is named', async () => {
    const hidden = (types: number) =>
      fetchOf((asked) => {
        const reply = serverOf('ollama', () => events(plainStream(['Ein éléphant .'])))(asked)
        return asked.path === '/api/show'
          ? { ...reply, body: reply.body.replaceAll(',4', `,${types}`) }
          : reply
      })
    const model = await openServerModel(ADDRESS, { fetch: hidden(3) })
    expect(model.facts.notes.join()).toMatch(/Ollama takes the mask words out .* patch-gguf/)
    expect((await model.ask(QUESTION).answer).masks).toEqual([])
    const shown = await openServerModel(ADDRESS, { fetch: hidden(4) })
    expect(shown.facts.notes.join()).not.toContain('patch-gguf')
  })
})

describe('the probe', () => {
  it('finds the kind, the words with their ids, constraints and lengths', async () => {
    const vllm = await open(() => events(STREAMS.vllm))
    const [vocabulary] = vllm.facts.vocabularies
    expect(vocabulary).toMatchObject({ kind: 'samtok', wordCount: 514 })
    expect(vocabulary!.tokenIds!.ofWord[0]).toBe(wordId('<|mt_start|>'))
    expect(vllm.facts).toMatchObject({
      kind: 'server',
      name: 'http://server:8000/v1#samtok',
      constraints: ['off', 'forced', 'free', 'count'],
      logprobs: true,
      alternatives: true,
      maxTokens: 4096,
      notes: [],
    })
    const ollama = await open(() => events(STREAMS.ollama), 'ollama')
    expect(ollama.facts.vocabularies[0]).toMatchObject({ kind: 'samtok' })
    expect(ollama.facts.maxTokens).toBe(8192)
    expect(ollama.facts.constraints).toEqual(['off'])
  })

  it('a server that does not say its words is believed what the codec says, and asked for it otherwise', async () => {
    const silent = await open(() => events(STREAMS.openai), 'openai')
    expect(silent.facts.vocabularies).toEqual([])
    expect(silent.facts.notes.join()).toContain('--codec samtok-nano')
    const named = await open(() => events(STREAMS.openai), 'openai', { vocabulary: samtok })
    expect(named.facts.vocabularies).toEqual([samtok])
  })

  it('words that the tokenizer does not have are refused, those that it has are found', async () => {
    const himtok = himtokVocabulary()
    const words = wordsOf(himtok)
    const fetch = fetchOf(serverOf('vllm', () => events(STREAMS.vllm), { words }))
    const model = await openServerModel(ADDRESS, { fetch })
    expect(model.facts.vocabularies[0]).toMatchObject({ kind: 'himtok', wordCount: 1026 })
    const wrong = await failure(() => openServerModel(ADDRESS, { fetch, vocabulary: samtok }))
    expect(said(wrong)).toMatch(/^wrong-words: the tokenizer of samtok does not have the 514 words of samtok/)
    const none = fetchOf(serverOf('vllm', () => events(STREAMS.vllm), { words: [] }))
    const plain = await openServerModel(ADDRESS, { fetch: none })
    expect(plain.facts.notes.join()).toContain('samtok has no mask words: answers are text')
  })

  it('an older server gets the constraint that it knows', async () => {
    const regexOnly = (body: Asked['body']) => body['guided_regex'] !== undefined
    const fetch = fetchOf(serverOf('vllm', () => events(STREAMS.vllm), { constraint: regexOnly }))
    const model = await openServerModel(ADDRESS, { fetch })
    await model.ask(QUESTION, { constraint: { mode: 'forced' } }).answer
    expect(fetch.asked.at(-1)!.body).toHaveProperty('guided_regex')
    expect(fetch.asked.at(-1)!.body).not.toHaveProperty('structured_outputs')
  })

  it('one of several models must be named', async () => {
    const fetch = fetchOf((asked) => {
      if (asked.path !== '/v1/models') return serverOf('ollama', () => events(STREAMS.ollama))(asked)
      const data = ['a:latest', 'b:7b'].map((id) => ({ id, owned_by: 'library' }))
      return json({ data })
    })
    expect(said(await failure(() => openServerModel(ADDRESS, { fetch })))).toBe(
      'argument: http://server:8000/v1 has 2 models | name one: http://server:8000/v1#a:latest (a:latest, b:7b)',
    )
    expect(said(await failure(() => openServerModel(`${ADDRESS}#c`, { fetch })))).toBe(
      'argument: http://server:8000/v1 has no model "c" | it has a:latest, b:7b',
    )
    expect((await openServerModel(`${ADDRESS}#a`, { fetch })).facts.name).toContain('#a:latest')
    expect((await openServerModel(ADDRESS, { fetch, modelName: 'b:7b' })).facts.name).toContain('#b:7b')
  })

  it('addresses: what is missing is added, what clients call is taken off, secrets are refused', async () => {
    expect(readAddress('http://h:1')).toMatchObject({ base: 'http://h:1/v1', root: 'http://h:1' })
    expect(readAddress('https://h/llm/v1/chat/completions#m%2Fx')).toEqual({
      base: 'https://h/llm/v1',
      root: 'https://h/llm',
      model: 'm/x',
    })
    for (const secret of ['http://me:pass@h/v1', 'http://h/v1?key=pass']) {
      const error = await failure(async () => readAddress(secret))
      expect(error.code).toBe('argument')
      expect(said(error)).toContain('MASKWORDS_API_KEY')
      expect(said(error)).not.toContain('pass@')
      expect(said(error)).not.toContain('key=pass')
    }
  })
})

describe('what is asked', () => {
  const rgb = Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => (i * 37) % 256)
  const picture = { widthPx: 7, heightPx: 5, rgb }

  it('pictures go before the text as PNG, pixel for pixel, and sampling is said in full', async () => {
    const fetch = fetchOf(serverOf('vllm', () => events(STREAMS.vllm)))
    const model = await openServerModel(ADDRESS, { fetch })
    await model.ask(
      [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'picture', picture },
            { type: 'text', text: 'What?' },
          ],
        },
      ],
      { temperature: 0.5, topP: 0.9, topK: 5, seed: 3, maxTokens: 40, stop: ['\n'] },
    ).answer
    const { body } = fetch.asked.at(-1)!
    expect(body).toMatchObject({
      model: 'samtok',
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      seed: 3,
      max_tokens: 40,
      stop: ['\n'],
      skip_special_tokens: false,
      spaces_between_special_tokens: false,
      return_token_ids: true,
      logprobs: true,
      top_logprobs: 20,
    })
    const [system, user] = body['messages'] as { content: { image_url: { url: string }; text: string }[] }[]
    expect(system).toEqual({ role: 'system', content: 'Be brief.' })
    expect(user!.content[1]).toEqual({ type: 'text', text: 'What?' })
    const [type, base64] = user!.content[0]!.image_url.url.split(',')
    expect(type).toBe('data:image/png;base64')
    expect(pictureFromPng(Buffer.from(base64!, 'base64'))).toMatchObject({
      widthPx: 7,
      heightPx: 5,
      bytes: rgb,
    })
  })

  it('many questions: one PNG, no more at a time than asked for, answers in order and told as they come', async () => {
    let now = 0
    let most = 0
    const server = serverOf('vllm', () => events(STREAMS.vllm))
    const urls = new Set<string>()
    const fetch = fetchOf(async (asked) => {
      const text = JSON.stringify(asked.body['messages'] ?? '')
      if (!text.includes('image_url')) return server(asked)
      urls.add(/data:image[^"]+/.exec(text)![0])
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 2))
      now--
      return events(plainStream([/thing \d+/.exec(text)![0]]))
    })
    const model = await openServerModel(ADDRESS, { fetch })
    const told: number[] = []
    const questions = Array.from({ length: 9 }, (_, i) => `thing ${i}`)
    const answers = await model.askMany(picture, questions, {
      together: 3,
      onAnswer: (i) => void told.push(i),
    })
    expect(answers.map(({ text }) => text)).toEqual(questions)
    expect(told.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(most).toBe(3)
    expect(urls.size).toBe(1)
  })

  it('of many questions those that were answered are told before the one that fails is thrown', async () => {
    const server = serverOf('vllm', () => events(STREAMS.vllm))
    const fetch = fetchOf((asked) => {
      const text = JSON.stringify(asked.body['messages'] ?? '')
      return text.includes('thing 3') ? json({ error: { message: 'the GPU is gone' } }, 500) : server(asked)
    })
    const model = await openServerModel(ADDRESS, { fetch })
    const told: number[] = []
    const questions = Array.from({ length: 8 }, (_, i) => `thing ${i}`)
    const error = await failure(() =>
      model.askMany(picture, questions, { together: 2, onAnswer: (i) => void told.push(i) }),
    )
    expect(said(error)).toContain('500: the GPU is gone')
    expect(told).toEqual(expect.arrayContaining([0, 1, 2]))
    expect(told).not.toContain(7)
  })

  it('what a server cannot is refused by name, before anything is sent', async () => {
    const fetch = fetchOf(serverOf('ollama', () => events(STREAMS.ollama)))
    const model = await openServerModel(ADDRESS, { fetch })
    const sent = fetch.asked.length
    const refused = async (options: Parameters<MultimodalModel['ask']>[1], conversation = QUESTION) =>
      said(await failure(async () => model.ask(conversation, options).answer))
    expect(await refused({ constraint: { mode: 'forced' } })).toMatch(
      /^unsupported: Ollama cannot impose the constraint "forced" \| it can: off/,
    )
    expect(await refused({ alternatives: 3 })).toMatch(
      /^unsupported: other masks cannot be named: Ollama cannot be made to go on from another mask word \| leave alternatives out/,
    )
    expect(await refused({ topK: 4 })).toContain('unsupported: Ollama takes no top-k')
    expect(await refused({ temperature: -1 })).toContain('argument: temperature is -1')
    expect(await refused({ maxTokens: 1.5 })).toContain('argument: maxTokens is 1.5')
    expect(await refused({}, [{ role: 'user', content: [{ type: 'video', frames: [] }] }])).toContain(
      'unsupported: videos are not sent to Ollama',
    )
    expect(await refused({}, [])).toContain('argument: a conversation without a message')
    expect(fetch.asked.length).toBe(sent)
  })
})

describe('when a server goes wrong', () => {
  const answered = async (reply: Reply, options: OpenServerOptions = {}) =>
    failure(async () => (await open(() => reply, 'vllm', options)).ask(QUESTION).answer)
  const half = vllmStream(TOKENS).split('\n\n')

  it.each<[string, Reply, RegExp]>([
    [
      'says an error with status 200',
      json({ error: { message: 'out of memory' } }),
      /^server: the server answers with an error: out of memory/,
    ],
    [
      "says FastAPI's error",
      json({ detail: [{ loc: ['body', 'messages'], msg: 'field required' }] }, 422),
      /^server: .* answers 422: .*field required/,
    ],
    [
      'answers with a page',
      { type: 'text/html', body: '<!DOCTYPE html><html>' },
      /web page \| .*ends in \/v1/,
    ],
    ['sends what is no JSON', { type: 'application/json', body: '{"half' }, /no JSON \(application\/json\)/],
    ['breaks an event', events('data: {"choices": [{"de\n\n'), /what is no JSON/],
    ['sends another object', json({ hello: 1 }), /no chat completion: \{"hello":1\}/],
    ['sends nothing', events(''), /ends its answer without a reason/],
    [
      'is elsewhere',
      { status: 307, body: '', headers: { location: 'https://evil.example/v1' } },
      /is elsewhere: the server answers 307 and names https:\/\/evil\.example/,
    ],
    ['wants a key', json({ error: 'Unauthorized' }, 401), /401: Unauthorized \| .*MASKWORDS_API_KEY/],
    ['has no such model', json({ error: { message: 'no model x' } }, 404), /404: no model x \| /],
    [
      'never ends an event',
      events(`data: ${'x'.repeat(2 ** 22 + 1)}`),
      /an event of more than 4194304 characters/,
    ],
  ])('it %s', async (_, reply, wanted) => {
    expect(said(await answered(reply))).toMatch(wanted)
  })

  it('an answer that breaks off is an error with what was answered until then', async () => {
    // Behind the start word and one code.
    const cut = events(`${half.slice(0, 8).join('\n\n')}\n\n`)
    const error = await answered(cut)
    expect(said(error)).toMatch(
      /ends its answer without a reason \(after 36 characters and 1 masks of an answer\)/,
    )
    expect(error.partial).toMatchObject({ text: 'Ein éléphant <|mt_start|><|mt_0107|>', finish: 'aborted' })
    expect(error.partial!.masks[0]!.status).toBe('repaired')
  })

  it('an error in the middle of a stream is one, too', async () => {
    const body = `${half.slice(0, 4).join('\n\n')}\n\ndata: {"error":{"message":"CUDA error","code":500}}\n\n`
    const error = await answered(events(body))
    expect(said(error)).toContain('the server answers with an error: CUDA error')
    expect(error.partial!.text).toBe('Ein élé')
  })

  it('a mask that length or the model cut off is marked, with the remedy', async () => {
    const chunks = half.slice(0, 8)
    const end = (reason: string) =>
      `data: {"choices":[{"index":0,"delta":{},"finish_reason":"${reason}"}]}\n\ndata: [DONE]\n\n`
    const long = await open(() => events(`${chunks.join('\n\n')}\n\n${end('length')}`))
    expect(await long.ask(QUESTION).answer).toMatchObject({
      finish: 'length',
      notes: ['the answer was cut off inside mask 1: allow more tokens (--max-tokens)'],
    })
    const stopped = await open(() => events(`${chunks.join('\n\n')}\n\n${end('content_filter')}`))
    const { notes, masks } = await stopped.ask(QUESTION).answer
    expect(masks[0]!.status).toBe('repaired')
    expect(notes).toEqual([
      'the answer ends inside mask 1, which the model did not finish',
      'the server ended the answer with "content_filter"',
    ])
  })

  it('ids beyond the vocabulary are left out and said', async () => {
    const beyond = TOKENS.flatMap((token) =>
      token.text === '<|mt_0368|>' ? [{ text: '', id: 2 ** 30 }, token] : [token],
    )
    const model = await open(() => events(vllmStream(beyond)))
    const answer = await model.ask(QUESTION).answer
    expect(answer.text).toBe(SAID)
    expect(answer.notes!.join()).toContain('1 token ids lie beyond the vocabulary')
    const odd = vllmStream(TOKENS).replaceAll(/"token_ids":\[\d+\]/g, '"token_ids":[-5]')
    expect((await (await open(() => events(odd))).ask(QUESTION).answer).masks[0]!.codes).toEqual(CODES)
  })

  it('the end of a turn in the text ends the answer, and a server that talks on is left', async () => {
    const endless = sglangStream([
      ...TOKENS,
      { text: '<|im_end|>', id: 151_645 },
      ...Array(500).fill({ text: 'x', id: 1 }),
    ])
    const model = await open(() => events(endless), 'sglang')
    const answer = await model.ask(QUESTION).answer
    expect(answer).toMatchObject({ text: SAID, finish: 'stop' })
  })

  it('a busy server is asked again when it says, and not for ever', async () => {
    const busy = (seconds: string): Reply => ({
      ...json({ error: 'busy' }, 503),
      headers: { 'retry-after': seconds },
    })
    const replies = [busy('3'), { ...json({ error: 'slow down' }, 429) }, events(STREAMS.vllm)]
    const pauses: number[] = []
    const pause = async (ms: number) => void pauses.push(ms)
    const model = await open(() => replies.shift()!, 'vllm', { pause })
    expect((await model.ask(QUESTION).answer).text).toBe(SAID)
    expect(pauses[0]).toBe(3000)
    expect(pauses[1]).toBeGreaterThan(500)
    let asked = 0
    const busyFor = (seconds: string) => () => {
      asked++
      return busy(seconds)
    }
    const always = await open(busyFor('1'), 'vllm', { pause: noPause, retries: 2 })
    expect(said(await failure(() => always.ask(QUESTION).answer))).toMatch(
      /answers 503: busy \| .*try again later/,
    )
    expect(asked).toBe(3)
    const patient = await open(busyFor('3600'), 'vllm', { pause: noPause })
    await failure(() => patient.ask(QUESTION).answer)
    expect(asked).toBe(4)
  })

  it('the key goes to the server alone: in no message, also where the server sends it back', async () => {
    const apiKey = 'sk-very-secret'
    const server = serverOf('vllm', () => json({ error: { message: `Incorrect API key: ${apiKey}` } }, 401))
    const fetch = fetchOf(server)
    const model = await openServerModel(ADDRESS, { fetch, apiKey })
    expect(fetch.asked.every(({ headers }) => headers.get('authorization') === `Bearer ${apiKey}`)).toBe(true)
    const error = await failure(() => model.ask(QUESTION).answer)
    expect(said(error)).toContain('Incorrect API key: ***')
    expect(JSON.stringify([said(error), String(error.stack), model.facts])).not.toContain(apiKey)
  })

  it('a closed model answers nothing more', async () => {
    const model = await open(() => events(STREAMS.vllm))
    await model.close()
    await model.close()
    expect(said(await failure(async () => model.ask(QUESTION).answer))).toBe('closed: the model is closed | ')
  })
})

describe('over a real connection', () => {
  const servers: Server[] = []
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
  /** A vLLM whose answers to questions are written by `write`. */
  const listen = async (write: (response: import('node:http').ServerResponse) => void): Promise<string> => {
    const known = serverOf('vllm', () => events(''))
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      const asked: Asked = {
        path: request.url!,
        body: body === '' ? {} : JSON.parse(body),
        headers: new Headers(request.headers as Record<string, string>),
      }
      if (body.includes('elephant')) return write(response)
      const reply = known(asked)
      response.writeHead(reply.status ?? 200, { 'content-type': reply.type ?? 'text/plain' })
      response.end(reply.body)
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const head = { 'content-type': 'text/event-stream' }
  const firstHalf = `${vllmStream(TOKENS).split('\n\n').slice(0, 6).join('\n\n')}\n\n`

  it('the exchange of vLLM, streamed', async () => {
    const model = await openServerModel(
      await listen((response) => response.writeHead(200, head).end(vllmStream(TOKENS))),
    )
    expect((await model.ask(QUESTION).answer).text).toBe(SAID)
  })

  it('one that hangs before or in its answer is given up on, what it said is kept', async () => {
    // Long enough for the probe on a busy machine.
    const timeouts = { firstByteMs: 2000, silenceMs: 500 }
    const mute = await openServerModel(await listen(() => {}), { timeouts })
    expect(said(await failure(() => mute.ask(QUESTION).answer))).toMatch(/did not answer for 2 s/)
    const stuck = await openServerModel(
      await listen((response) => response.writeHead(200, head).write(firstHalf)),
      { timeouts: { ...timeouts, firstByteMs: 20_000 } },
    )
    const error = await failure(() => stuck.ask(QUESTION).answer)
    expect(said(error)).toMatch(/fell silent in the middle of its answer for 0\.5 s/)
    expect(error.partial!.text).toBe('Ein éléphant ')
  })

  it('a connection that breaks is an error with what was said', async () => {
    const model = await openServerModel(
      await listen((response) => {
        response.writeHead(200, head).write(firstHalf)
        setTimeout(() => response.destroy(), 20)
      }),
    )
    const error = await failure(() => model.ask(QUESTION).answer)
    expect(said(error)).toMatch(/^server: the connection to .* broke/)
    expect(error.partial!.text).toBe('Ein éléphant ')
  })

  it('a signal stops it: what was answered is an answer, and the server is told', async () => {
    let gone: () => void
    const left = new Promise<void>((resolve) => {
      gone = resolve
    })
    const model = await openServerModel(
      await listen((response) => {
        response.on('close', () => gone())
        response.writeHead(200, head).write(firstHalf)
      }),
    )
    const controller = new AbortController()
    const stream = model.ask(QUESTION, { signal: controller.signal })
    for await (const event of stream) {
      if (event.type === 'text') controller.abort()
    }
    expect(await stream.answer).toMatchObject({ finish: 'aborted' })
    await left
  })

  it('closing ends what is under way', async () => {
    const model = await openServerModel(
      await listen((response) => response.writeHead(200, head).write(firstHalf)),
    )
    const answer = model.ask(QUESTION).answer
    setTimeout(() => void model.close(), 30)
    const error = await failure(() => answer)
    expect(error.code).toBe('closed')
  })

  it('nobody at the address is said as that', async () => {
    const address = await listen(() => {})
    const server = servers.at(-1)!
    await new Promise<void>((resolve) => server.close(() => resolve()))
    expect(said(await failure(() => openServerModel(address, { retries: 0 })))).toMatch(
      /^server: nothing listens at 127\.0\.0\.1:\d+ \| is the server running/,
    )
  })
})

describe('other masks in the place of one', () => {
  const at = (word: string, first: number) => first + WORDS.indexOf(word)
  /** What a server answers whose grammar asks to go on from the first word that is named, after the same text. */
  const goOn = (first: string, second: string): readonly Token[] => {
    const mask = ['<|mt_start|>', first, second, '<|mt_end|>'].map((text) => ({ text, id: wordId(text) }))
    return [...TOKENS.slice(0, 5), ...mask]
  }
  const streamOf = (kind: ServerKind, tokens: readonly Token[]) =>
    events(kind === 'vllm' ? vllmStream(tokens) : sglangStream(tokens))
  const grammarOf = (body: Asked['body']): string =>
    JSON.stringify(body['structured_outputs'] ?? body['ebnf'] ?? body['grammar'] ?? '')

  it.each<[ServerKind, (id: number) => string]>([
    ['vllm', (id) => `Token(${id})`],
    ['sglang', (id) => `Token(${id})`],
    ['llama-server', (id) => `<[${id}]>`],
  ])('%s: the most probable ones, of other first words by going on from them', async (kind, token) => {
    const first = firstWordId(kind)
    const told = token(at('<|mt_start|>', first))
    const asked: string[] = []
    const model = await open((request) => {
      const grammar = grammarOf(request.body)
      if (!grammar.includes(`phant \\" ${told}`)) return streamOf(kind, TOKENS)
      asked.push(grammar)
      expect(request.body).toMatchObject({ temperature: 0, max_tokens: TOKENS.length - 1 + 16 })
      expect(grammar).toContain(
        `${told} ${token(at('<|mt_0001|>', first))} code1 ${token(at('<|mt_end|>', first))}`,
      )
      return streamOf(kind, goOn('<|mt_0001|>', '<|mt_0300|>'))
    }, kind)
    expect(model.facts.alternatives).toBe(true)
    const { masks, text } = await model.ask(QUESTION, { alternatives: 3 }).answer
    expect(text).toBe(SAID)
    const half = 0.5 / 0.875
    const quarter = 0.25 / 0.875
    expect(masks[0]!.alternatives!.map(({ codes }) => codes)).toEqual([CODES, [107, 145], [1, 44]])
    const shares = masks[0]!.alternatives!.map(({ probability }) => probability)
    for (const [k, share] of [half * half, half * quarter, quarter * 0.5].entries())
      expect(shares[k]).toBeCloseTo(share, 12)
    expect(asked).toHaveLength(1)
    // The best one alone needs nobody else.
    const { masks: one } = await model.ask(QUESTION, { alternatives: 1 }).answer
    expect(one[0]!.alternatives!.map(({ codes }) => codes)).toEqual([CODES])
    expect(asked).toHaveLength(1)
  })

  it.each<[string, Reply]>([
    ['refuses', json({ error: { message: 'bad grammar' } }, 400)],
    ['says something else than it was made to', events(vllmStream(TOKENS))],
    ['says no mask', events(plainStream(['no mask']))],
  ])('a server that %s costs the masks of that beginning, and it is said', async (_, reply) => {
    const model = await open(({ body }) => (grammarOf(body).includes('phant') ? reply : events(STREAMS.vllm)))
    const { masks, notes } = await model.ask(QUESTION, { alternatives: 3 }).answer
    expect(masks[0]!.alternatives!.map(({ codes }) => codes)).toEqual([CODES, [107, 145]])
    expect(notes).toEqual([expect.stringContaining('1 other beginnings of masks could not be asked about')])
  })

  it('an answer that breaks off keeps its masks with what is known of them', async () => {
    const cut = STREAMS.vllm.slice(0, STREAMS.vllm.indexOf(' ."')).replace(/data: [^\n]*$/, '')
    const model = await open(() => events(cut))
    const error = await failure(async () => await model.ask(QUESTION, { alternatives: 1 }).answer)
    expect(error.code).toBe('server')
    expect(error.partial!.masks[0]!.alternatives).toHaveLength(1)
  })

  it('without log-probabilities, words with ids, or for other languages it is refused with the reason', async () => {
    const blind = await open(() => events(STREAMS.openai), 'openai', { vocabulary: samtok })
    const reason = said(await failure(async () => await blind.ask(QUESTION, { alternatives: 2 }).answer))
    expect(reason).toContain(
      'unsupported: other masks cannot be named: the server gives no log-probabilities',
    )
    expect(blind.facts.alternatives).toBe(false)
    const himtok = himtokVocabulary({ codes: 1024, maxLength: 8 })
    const words = wordsOf(himtok)
    const fetch = fetchOf(serverOf('vllm', () => events(STREAMS.vllm), { words }))
    const other = await openServerModel(ADDRESS, { fetch, vocabulary: himtok })
    expect(said(await failure(async () => await other.ask(QUESTION, { alternatives: 2 }).answer))).toContain(
      'the model speaks himtok',
    )
  })
})
