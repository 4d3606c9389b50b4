// A model in its thread: streams, constraint, masks with probabilities and alternatives, many questions at once, errors for people.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pixels } from '@maskwords/codecs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formulaPicture } from '../test/recorded.ts'
import { writeTinyModel } from '../test/tiny-model.ts'
import type { MllmError } from './error.ts'
import { openModel } from './in-process.ts'
import type { AnswerEvent, Conversation, MultimodalModel } from './model.ts'

const root = mkdtempSync(join(tmpdir(), 'mllm-'))
const folder = join(root, 'tiny')
const picture = formulaPicture({ width: 60, height: 44, variant: 0 })
let model: MultimodalModel

const about = (seen: Pixels, text: string): Conversation => [
  {
    role: 'user',
    content: [
      { type: 'picture', picture: seen },
      { type: 'text', text },
    ],
  },
]

async function failure(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
  } catch (error) {
    const { code, message, hint } = error as MllmError
    return `${code}: ${message} | ${hint ?? ''}`
  }
  return 'nothing failed'
}

beforeAll(async () => {
  await writeTinyModel(folder)
  model = await openModel(folder, { threads: 1 })
})
afterAll(async () => {
  await model.close()
  rmSync(root, { recursive: true, force: true })
})

describe('a model in its thread', () => {
  it('says what it is', () => {
    expect(model.facts).toMatchObject({ kind: 'in-process', family: 'qwen3-vl', maxTokens: 2048, notes: [] })
    expect(model.facts.vocabularies.map(({ kind }) => kind)).toEqual(['samtok'])
  })

  it('streams an answer whose pieces make up its text, and leaves the event loop free', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const stream = model.ask(about(picture, 'Please segment the cup in this image.'), { maxTokens: 40 })
    const events: AnswerEvent[] = []
    for await (const event of stream) events.push(event)
    clearInterval(timer)
    const answer = await stream.answer
    const said = events.map((event) =>
      event.type === 'text' ? event.text : event.type === 'mask' ? event.mask.text : '',
    )
    expect(said.join('')).toBe(answer.text)
    expect(answer.tokens.map(({ text }) => text).join('')).toBe(answer.text)
    expect(answer.tokens.every(({ logprob }) => logprob! <= 0)).toBe(true)
    expect(events.at(-1)).toEqual({ type: 'end', answer })
    expect(ticks).toBeGreaterThan(2)
  })

  it('forced: the answer is one whole mask, and the best alternative is what greedy words cannot beat', async () => {
    const answer = await model.ask(about(picture, 'the cup'), {
      constraint: { mode: 'forced' },
      alternatives: 5,
    }).answer
    expect(answer.text).toMatch(/^<\|mt_start\|><\|mt_0[012]\d\d\|><\|mt_0[2-5]\d\d\|><\|mt_end\|>$/)
    expect(answer.finish).toBe('stop')
    const [mask] = answer.masks
    expect(mask).toMatchObject({ index: 0, start: 0, status: 'complete', text: answer.text })
    expect(mask!.probability).toBeCloseTo(Math.exp(mask!.logprob!), 12)
    const { alternatives = [] } = mask!
    expect(alternatives).toHaveLength(5)
    expect(alternatives.map(({ logprob }) => logprob)).toEqual(
      alternatives.map(({ logprob }) => logprob).sort((a, b) => b - a),
    )
    expect(alternatives[0]!.logprob).toBeGreaterThanOrEqual(mask!.logprob! - 1e-5)
    // What the alternatives say of the mask itself is what its words said.
    const itself = alternatives.find(({ text }) => text === mask!.text)
    if (itself) expect(itself.logprob).toBeCloseTo(mask!.logprob!, 4)
  })

  it('count: as many masks as asked for, and no more', async () => {
    const answer = await model.ask(about(picture, 'all cups'), {
      constraint: { mode: 'count', masks: 2 },
      temperature: 3,
      seed: 7,
      maxTokens: 600,
    }).answer
    if (answer.finish === 'stop') expect(answer.masks).toHaveLength(2)
    expect(answer.masks.length).toBeLessThanOrEqual(2)
    expect(answer.masks.every(({ status }) => status === 'complete')).toBe(true)
    const none = await model.ask(about(picture, 'all cups'), {
      constraint: { mode: 'count', masks: 0 },
      maxTokens: 60,
    }).answer
    expect(none.text).not.toContain('<|mt_start|>')
  })

  it('one seed, one answer; another seed, another one', async () => {
    const ask = (seed: number) =>
      model.ask(about(picture, 'Hello'), { temperature: 1, topP: 0.95, topK: 50, seed, maxTokens: 24 }).answer
    const [a, b, c] = [await ask(1), await ask(1), await ask(2)]
    expect(a.text).toBe(b.text)
    expect(a.text).not.toBe(c.text)
  })

  it('a picture is paid once, and questions asked together are answered as each alone', async () => {
    const seen = formulaPicture({ width: 80, height: 64, variant: 3 })
    const questions = ['the cup', 'the left hand of the man', 'Describe it.']
    const options = { maxTokens: 12, repetitionPenalty: 1 }
    const first = await model.ask(about(seen, questions[0]!), options).answer
    const again = await model.ask(about(seen, questions[1]!), options).answer
    expect(first.usage.cachedTokens).toBeLessThan(20)
    expect(again.usage.cachedTokens).toBeGreaterThan(20)
    const told: number[] = []
    const together = await model.askMany(seen, questions, {
      ...options,
      onAnswer: (index) => told.push(index),
    })
    expect(told.sort()).toEqual([0, 1, 2])
    expect(together.map(({ text }) => text).slice(0, 2)).toEqual([first.text, again.text])
    const third = await model.ask(about(seen, questions[2]!), options).answer
    expect(together[2]!.text).toBe(third.text)
    expect(together[2]!.tokens.map(({ logprob }) => logprob!)).toEqual(
      third.tokens.map(({ logprob }) => expect.closeTo(logprob!, 3)),
    )
  })

  it('the next turn of a conversation finds the one before, and says what it would say without it', async () => {
    const seen = formulaPicture({ width: 48, height: 64, variant: 5 })
    const first: Conversation = about(seen, 'What is there?')
    const options = { maxTokens: 10, repetitionPenalty: 1 }
    const said = await model.ask(first, options).answer
    const second: Conversation = [
      ...first,
      { role: 'assistant', content: said.text },
      { role: 'user', content: 'And behind it?' },
    ]
    const again = await model.ask(second, options).answer
    expect(again.usage.cachedTokens).toBeGreaterThanOrEqual(said.usage.promptTokens)
    const fresh = await openModel(folder, { threads: 1 })
    const alone = await fresh.ask(second, options).answer
    await fresh.close()
    expect(alone.usage.cachedTokens).toBe(0)
    expect(again.text).toBe(alone.text)
  })

  it('stops before a stop text, and between two tokens when it is told to', async () => {
    const whole = await model.ask(about(picture, 'x'), { maxTokens: 30, constraint: { mode: 'off' } }).answer
    const stop = whole.text.slice(10, 13)
    const cut = await model.ask(about(picture, 'x'), {
      maxTokens: 30,
      constraint: { mode: 'off' },
      stop: [stop],
    }).answer
    expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)))
    expect(cut.finish).toBe('stop')
    const control = new AbortController()
    const stream = model.ask(about(picture, 'y'), {
      maxTokens: 1500,
      signal: control.signal,
      constraint: { mode: 'count', masks: 900 },
    })
    for await (const event of stream) if (event.type === 'text' || event.type === 'mask') control.abort()
    const answer = await stream.answer
    expect(answer.finish).toBe('aborted')
    expect(answer.tokens.length).toBeGreaterThan(0)
    expect(answer.tokens.length).toBeLessThan(1500)
  })

  it('says no to what cannot be', async () => {
    const ask = (conversation: Conversation, options = {}) =>
      failure(() => model.ask(conversation, options).answer)
    expect(await ask([])).toMatch(/^argument: a conversation without a message/)
    expect(await ask(about(picture, 'x'), { temperature: -1 })).toMatch(/^argument: temperature is -1/)
    expect(await ask(about(picture, 'see <|image_pad|>'))).toMatch(
      /^argument: the prompt has 2 words that stand for pictures/,
    )
    expect(await ask(about(formulaPicture({ width: 4000, height: 4, variant: 0 }), 'x'))).toMatch(
      /^argument.*at most 200/,
    )
    expect(await ask([{ role: 'user', content: 'long '.repeat(500) }])).toMatch(
      /^too-large: a prompt of 25\d\d tokens; the model reads 2048/,
    )
  })
})

describe('a folder that cannot be loaded says why', () => {
  const load = (path: string) => failure(async () => (await openModel(path)).close())
  it('names the family, the cut shard, the missing file, the foreign config', async () => {
    const other = join(root, 'other')
    await writeTinyModel(other, { config: (json) => void (json['model_type'] = 'llava') })
    expect(await load(other)).toMatch(/^unsupported: .*a model of type "llava"/)
    const cut = join(root, 'cut')
    await writeTinyModel(cut)
    truncateSync(join(cut, 'model.safetensors'), 100_000)
    expect(await load(cut)).toMatch(/^damaged: .*model\.safetensors.*\| fetch it again/)
    expect(await load(join(root, 'nothing'))).toMatch(/^not-found: .* is no folder/)
    const foreign = join(root, 'foreign')
    await writeTinyModel(foreign)
    const config = JSON.parse(readFileSync(join(foreign, 'config.json'), 'utf8'))
    config.text_config.vocab_size = 900
    writeFileSync(join(foreign, 'config.json'), JSON.stringify(config))
    expect(await load(foreign)).toMatch(
      /^damaged: .*embed_tokens.weight" is \[800,64\], config.json says \[900,64\]/,
    )
  })

  it('a tokenizer without mask words answers in text, and refuses to be made to say masks', async () => {
    const plain = join(root, 'plain')
    await writeTinyModel(plain, { maskWords: false, kind: 'qwen2.5-vl' })
    const dumb = await openModel(plain, { threads: 1 })
    expect(dumb.facts).toMatchObject({ vocabularies: [], constraints: ['off', 'free'], family: 'qwen2.5-vl' })
    expect((await dumb.ask(about(picture, 'x'), { maxTokens: 3 }).answer).tokens).toHaveLength(3)
    expect(
      await failure(() => dumb.ask(about(picture, 'x'), { constraint: { mode: 'forced' } }).answer),
    ).toMatch(/^wrong-words: the model has no mask words.*\| maskwords extend-vocab/)
    await dumb.close()
    expect(await failure(() => dumb.ask(about(picture, 'x')).answer)).toMatch(/^closed/)
  })
})
