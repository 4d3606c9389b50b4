// Real servers and clients: llama.cpp's server (in the package xllamacpp) on a tiny model with eyes through `ask`, streams, constraints and
// the probe; llama-cpp-python's where it is installed; XGrammar, with which vLLM and SGLang constrain; OpenAI's Python client at the gateway.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { maskFromCocoRle, pictureToPng } from '@maskwords/mask'
import {
  type AnswerEvent,
  constraintMachine,
  type MaskConstraint,
  openMultimodal,
  walk,
} from '@maskwords/mllm'
import {
  himtokVocabulary,
  type SpanVocabulary,
  samtokVocabulary,
  withTokenIds,
  wordsOf,
} from '@maskwords/words'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ebnfOfTokens, type Imposed, regexOf } from '../packages/mllm/src/servers/grammar.ts'
import { writeTinyModel } from '../packages/mllm/test/tiny-model.ts'
import { maskwords, startMaskwords } from './maskwords.ts'
import { runPython } from './python.ts'
import { preparePython } from './venv.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-servers-'))
const stops: (() => void)[] = []
afterAll(() => {
  for (const stop of stops) stop()
  rmSync(root, { recursive: true, force: true })
})

const samtok = samtokVocabulary()
const FIRST_WORD = 259
/** GGUF's types of tokens: shown, and taken for special. */
const [SHOWN, CONTROL] = [4, 3]
const picture = { widthPx: 40, heightPx: 30, rgb: new Uint8Array(40 * 30 * 3).map((_, i) => (i * 7) % 251) }
const PNG = pictureToPng({ widthPx: 40, heightPx: 30, channels: 3, bytes: picture.rgb })
const python = (): string => {
  const found = preparePython()
  if ('missing' in found) throw new Error(found.missing)
  return found.python
}

type Gguf = { readonly model: string; readonly eyes: string }
const makeGguf = (name: string, type: number): Promise<Gguf> =>
  runPython<Gguf>('tiny_gguf.py', { folder: join(root, name), type, words: wordsOf(samtok) })

/** llama.cpp's server on a free port; it ends with the tests. */
async function llamaServer(files: Gguf, options: object = {}): Promise<string> {
  const script = fileURLToPath(new URL('python/llama_server.py', import.meta.url))
  const child = spawn(python(), [script], { stdio: ['pipe', 'pipe', 'pipe'] })
  stops.push(() => child.kill('SIGKILL'))
  child.stdin.write(`${JSON.stringify({ ...files, ...options })}\n`)
  let said = ''
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4000)
  })
  return await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const line = said.split('\n')[0]!
      if (said.includes('\n') && line.startsWith('{'))
        resolve((JSON.parse(line) as { address: string }).address)
    })
    child.on('error', reject)
    child.on('close', (code) => reject(new Error(`llama.cpp's server ended with ${code}: ${log}`)))
  })
}

const about = (text: string) => [
  {
    role: 'user' as const,
    content: [
      { type: 'picture' as const, picture },
      { type: 'text' as const, text },
    ],
  },
]

describe("llama.cpp's server", () => {
  let shown: Gguf
  let address: string
  beforeAll(async () => {
    writeFileSync(join(root, 'photo.png'), PNG)
    shown = await makeGguf('shown', SHOWN)
    address = await llamaServer(shown)
  }, 120_000)

  it('is known by the probe: kind, words with ids, probabilities, constraints', async () => {
    const model = await openMultimodal(address)
    expect(model.facts).toMatchObject({
      family: 'llama-server',
      name: `${address}/v1#tiny`,
      constraints: ['off', 'forced', 'free', 'count'],
      logprobs: true,
      notes: [],
    })
    expect(model.facts.vocabularies[0]!.tokenIds!.ofWord[1]).toBe(FIRST_WORD + 1)
  })

  it('`ask` gets a mask of a picture, and everything about it', async () => {
    const argv = ['ask', join(root, 'photo.png'), 'the dog', '--task', 'segment', '--model', `${address}/v1`]
    const { code, stdout, stderr } = await maskwords([
      ...argv,
      '--forced',
      '--json',
      '-o',
      join(root, 'o.png'),
    ])
    expect(code, stderr).toBe(0)
    const answer = JSON.parse(stdout) as {
      text: string
      masks: { codes: number[]; probability: number; size: [number, number]; counts: string }[]
    }
    expect(answer.text).toMatch(/^<\|mt_start\|><\|mt_0[0-2]\d\d\|><\|mt_0[2-5]\d\d\|><\|mt_end\|>$/)
    const [mask] = answer.masks
    expect(mask!.probability).toBeGreaterThan(0)
    expect(mask!.probability).toBeLessThanOrEqual(1)
    expect(maskFromCocoRle({ size: mask!.size, counts: mask!.counts })).toMatchObject({
      widthPx: 40,
      heightPx: 30,
    })
  })

  it('streams events whose texts make up the answer, and answers many questions on one picture', async () => {
    const model = await openMultimodal(address)
    const events: AnswerEvent[] = []
    const stream = model.ask(about('What is there?'), { temperature: 1, seed: 5, maxTokens: 60 })
    for await (const event of stream) events.push(event)
    const text = events
      .map((event) => (event.type === 'text' ? event.text : event.type === 'mask' ? event.mask.text : ''))
      .join('')
    const answer = await stream.answer
    expect(text).toBe(answer.text)
    expect(answer.usage.answerTokens).toBeGreaterThan(0)
    const answers = await model.askMany(picture, ['a', 'b', 'c'], {
      constraint: { mode: 'forced' },
      together: 2,
    })
    expect(answers.map(({ masks }) => masks.length)).toEqual([1, 1, 1])
  })

  it('follows every constraint, whatever is drawn', async () => {
    const model = await openMultimodal(address)
    let masks = 0
    let ended = 0
    for (let seed = 0; seed < 12; seed++) {
      const options = { temperature: 1, seed, maxTokens: 200 }
      const free = await model.ask(about('?'), { ...options, constraint: { mode: 'free' } }).answer
      // Words that stand alone may come; a mask that was begun is whole.
      const begun = free.masks.filter(({ text }) => text.startsWith('<|mt_start|>'))
      const cut = free.finish === 'length' ? begun.slice(0, -1) : begun
      expect(cut.every(({ status }) => status === 'complete')).toBe(true)
      masks += cut.length
      const count = { mode: 'count', masks: seed % 3 } as const
      const counted = await model.ask(about('?'), { ...options, constraint: count }).answer
      expect(counted.masks.length).toBeLessThanOrEqual(count.masks)
      if (counted.finish === 'stop') {
        ended++
        expect(counted.masks.map(({ status }) => status)).toEqual(Array(count.masks).fill('complete'))
      }
      const forced = await model.ask(about('?'), { ...options, constraint: { mode: 'forced' } }).answer
      expect(forced.text).toBe(forced.masks[0]!.text)
    }
    expect(masks).toBeGreaterThan(5)
    expect(ended).toBeGreaterThan(3)
  })

  it('a key that it wants is named, and used', async () => {
    const locked = await llamaServer(shown, { key: 'sk-llama' })
    await expect(openMultimodal(locked)).rejects.toMatchObject({
      code: 'server',
      hint: expect.stringContaining('MASKWORDS_API_KEY'),
    })
    const model = await openMultimodal(locked, { server: { apiKey: 'sk-llama' } })
    expect((await model.ask(about('?'), { constraint: { mode: 'forced' } }).answer).masks).toHaveLength(1)
  })

  it('words that the file marks special: put back by their ids, shown with --special, or with patch-gguf', async () => {
    const hidden = await makeGguf('hidden', CONTROL)
    const stripping = await openMultimodal(await llamaServer(hidden))
    expect(stripping.facts.notes.join()).toMatch(/takes the mask words out .*--special.*patch-gguf/)
    const answer = await stripping.ask(about('?'), { constraint: { mode: 'forced' } }).answer
    expect(answer.masks[0]).toMatchObject({ status: 'complete' })
    const special = await openMultimodal(await llamaServer(hidden, { special: true }))
    expect(special.facts.notes).toEqual([])
    const patched = join(root, 'patched.gguf')
    expect((await maskwords(['patch-gguf', hidden.model, '-o', patched])).code).toBe(0)
    const visible = await openMultimodal(await llamaServer({ ...hidden, model: patched }))
    expect(visible.facts.notes).toEqual([])
    for (const model of [special, visible]) {
      const again = await model.ask(about('?'), { constraint: { mode: 'forced' } }).answer
      expect(again.text).toBe(answer.text)
    }
  })

  it('names the most probable masks of a place, of other first words too', async () => {
    const model = await openMultimodal(address)
    expect(model.facts.alternatives).toBe(true)
    const { answer } = model.ask(about('?'), { constraint: { mode: 'forced' }, alternatives: 6 })
    const [mask] = (await answer).masks
    const others = mask!.alternatives!
    expect(others).toHaveLength(6)
    const shares = others.map(({ probability }) => probability)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(new Set(others.map(({ text }) => text)).size).toBe(6)
    expect(new Set(others.map(({ codes }) => codes[0])).size).toBeGreaterThan(1)
    // Words of random weights are nearly alike: none has more than a few hundredths.
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThan(1)
  })

  it('is a judge: questions with and without a picture are put, what it babbles is no verdict', async () => {
    const masks = [{ size: [30, 40], counts: [0, 600, 600] }]
    const asks = [{ kind: 'positive', text: 'Colour?', options: ['Red', 'Blue'], scores: [1, -1] }]
    const truth = {
      id: 1,
      picture: 'photo.png',
      masks,
      labels: ['dog'],
      asks,
      captions: ['A dog.'],
      phrase: 'What is it?',
    }
    writeFileSync(join(root, 'judged.jsonl'), JSON.stringify(truth))
    writeFileSync(join(root, 'said.jsonl'), JSON.stringify({ id: 1, text: 'A red dog.' }))
    // The model reads bytes, and 512 of them at most.
    const words = {
      'dlc-bench': '{answer} {question}',
      'mdvp-bench': '{answer}',
      'videorefer-d': '{answer} {reference}',
    }
    for (const [benchmark, questions] of [
      ['dlc-bench', 2],
      ['mdvp-bench', 1],
      ['videorefer-d', 1],
    ] as const) {
      const argv = [
        'eval',
        benchmark,
        '--truth',
        join(root, 'judged.jsonl'),
        '--predictions',
        join(root, 'said.jsonl'),
      ]
      const verdicts = join(root, `${benchmark}.verdicts.jsonl`)
      writeFileSync(join(root, 'prompt.txt'), `Be fair.\n---\nJudge: ${words[benchmark]}`)
      const { code, stdout, stderr } = await maskwords([
        ...[...argv, '--judge', `${address}/v1`, '--judge-tokens', '8', '--verdicts', verdicts, '--json'],
        ...['--judge-prompt', join(root, 'prompt.txt')],
      ])
      expect(code, stderr).toBe(0)
      const { verdicts: counts, metrics } = JSON.parse(stdout) as {
        verdicts: object
        metrics: Record<string, number>
      }
      expect(counts).toMatchObject({ asked: questions, unreadable: questions, refused: 0, failed: 0 })
      expect(Math.max(metrics['average'] ?? -1, metrics['relativeScore'] ?? -1)).toBeLessThan(0.2)
    }
  })

  it('behind the gateway it answers with masks', async () => {
    const said = await throughGateway(address, 0)
    expect(said.model).toBe('tiny')
    expect(said.masks[0]).toMatchObject({ status: 'complete', boxXyxyPx: expect.anything() })
  })
})

type ClientSays = {
  model: string
  text: string
  masks: { words: string; status: string; mask: { polygons: number[][] }; alternatives?: unknown[] }[]
  logprobs: string[]
  streamed: { text: string; masks: ClientSays['masks']; usage: number; finish: string }
  helper: string
  refused: object
}
/** What OpenAI's client gets from the gateway in front of a model. */
async function throughGateway(model: string, alternatives: number): Promise<ClientSays> {
  const argv = ['serve', '--model', model, '--codec', 'samtok-nano', '--workers', '1', '--no-studio']
  const service = await startMaskwords(argv)
  try {
    return await runPython<ClientSays>('openai_client.py', {
      url: service.url,
      picture: `data:image/png;base64,${Buffer.from(PNG).toString('base64')}`,
      alternatives,
    })
  } finally {
    await service.close()
  }
}

describe("OpenAI's Python client", () => {
  it('gets text and masks from a model in the gateway, whole and streamed, and its own errors', async () => {
    await writeTinyModel(join(root, 'model'))
    const said = await throughGateway(join(root, 'model'), 2)
    expect(said.model).toBe('model')
    expect(said.masks).toHaveLength(1)
    expect(said.masks[0]).toMatchObject({
      words: said.text,
      status: 'complete',
      mask: { polygons: expect.anything() },
    })
    expect(said.masks[0]!.alternatives).toHaveLength(2)
    expect(said.logprobs.join('')).toBe(said.text)
    // Probabilities differ in their last digit where the picture was seen before.
    const drawn = ({ words, mask }: ClientSays['masks'][number]) => ({ words, mask })
    const { masks, ...streamed } = said.streamed
    expect(streamed).toEqual({ text: said.text, usage: 4, finish: 'stop' })
    expect(masks.map(drawn)).toEqual(said.masks.map(drawn))
    expect(said.helper).toBe(said.text)
    expect(said.refused).toEqual({ code: 'model_not_found', param: 'model', type: 'invalid_request_error' })
  })
})

describe('llama-cpp-python', () => {
  const has = (): boolean => {
    const found = preparePython()
    return 'python' in found && spawnSync(found.python, ['-c', 'import llama_cpp.server.app']).status === 0
  }

  it('its server, where it is installed: kind, words, constraint', async ({ skip }) => {
    if (!has()) skip('llama-cpp-python is not installed (interop/README.md)')
    const { model: file } = await makeGguf('python', SHOWN)
    const port = await freePort()
    const argv = [
      '-m',
      'llama_cpp.server',
      '--model',
      file,
      '--port',
      `${port}`,
      '--n_ctx',
      '512',
      '--logits_all',
      'true',
    ]
    const child = spawn(python(), argv, { stdio: 'ignore' })
    stops.push(() => child.kill('SIGKILL'))
    const address = `http://127.0.0.1:${port}/v1`
    for (let tries = 0; tries < 120; tries++) {
      if (
        await fetch(`${address}/models`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const model = await openMultimodal(address)
    expect(model.facts).toMatchObject({ family: 'llama-cpp-python', logprobs: true, notes: [] })
    const text = [{ role: 'user' as const, content: 'Please segment the dog.' }]
    const answer = await model.ask(text, { constraint: { mode: 'forced' } }).answer
    expect(answer.masks).toHaveLength(1)
    expect(answer.masks[0]!.probability).toBeGreaterThan(0)
  }, 120_000)
})

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

describe('XGrammar', () => {
  it.each<[string, SpanVocabulary]>([
    ['SAMTok', samtok],
    ['HiMTok', himtokVocabulary({ codes: 40, maxLength: 3 })],
  ])('takes and refuses what the neutral machine does (%s)', async (_, plain) => {
    const texts = ['a', '<', '|', 'mt', '_', '\n', ' b']
    const vocabulary = withTokenIds(plain, { firstTokenId: texts.length }) as SpanVocabulary
    const own = wordsOf(vocabulary)
    const words = [...texts, ...own, '</s>']
    const end = words.length - 1
    const constraints: Imposed[] = [
      { mode: 'forced' },
      { mode: 'free' },
      { mode: 'count', masks: 2 },
      { mode: 'count', masks: 0 },
    ]
    const rows = rowsOf(vocabulary, texts.length)
    const asked = constraints.flatMap((constraint) => [
      { grammar: ebnfOfTokens(constraint, vocabulary), rows },
      { regex: regexOf(constraint, vocabulary), rows },
    ])
    const answers = await runPython<boolean[][]>('xgrammar_takes.py', { words, end, asked })
    for (const [k, constraint] of constraints.entries()) {
      const wanted = rows.map((row) => takes(constraint, vocabulary, row))
      expect(wanted.filter(Boolean).length, constraint.mode).toBeGreaterThan(3)
      expect(answers[2 * k], `${constraint.mode} over tokens`).toEqual(wanted)
      // Over text words that stand alone are refused in any mode, and words may be spelled of other tokens.
      const comparable = rows.map((row) => !strays(row, vocabulary) && !row.some((id) => texts[id] === 'mt'))
      const some = <T>(all: readonly T[]) => all.filter((_, i) => comparable[i])
      expect(some(answers[2 * k + 1]!), `${constraint.mode} over text`).toEqual(some(wanted))
    }
  })
})

it('XGrammar goes on from a text and a first word: that text, that word, any second one', async () => {
  const texts = ['a "', 'b\\', '\n', '<', 'é.*', '|']
  const vocabulary = withTokenIds(samtok, { firstTokenId: texts.length }) as SpanVocabulary
  const words = [...texts, ...wordsOf(vocabulary), '</s>']
  const word = (text: string) => words.indexOf(text)
  const span = (first: string, second: string) => ['<|mt_start|>', first, second, '<|mt_end|>'].map(word)
  const before = [0, 1, 2, ...span('<|mt_0003|>', '<|mt_0300|>'), 4]
  const text = before.map((id) => words[id]).join('')
  const constraint = { mode: 'continue', text, codes: [7] } as const
  const wanted = [...before, ...span('<|mt_0007|>', '<|mt_0511|>')]
  const rows = [
    wanted,
    [...before, ...span('<|mt_0007|>', '<|mt_0256|>')],
    [...before, ...span('<|mt_0008|>', '<|mt_0256|>')],
    [...before, ...span('<|mt_0007|>', '<|mt_0255|>')],
    [...before, 5, ...span('<|mt_0007|>', '<|mt_0256|>')],
    wanted.slice(1),
    [...wanted, 5],
    wanted.slice(0, -1),
  ]
  const answers = await runPython<boolean[][]>('xgrammar_takes.py', {
    words,
    end: words.length - 1,
    asked: [
      { grammar: ebnfOfTokens(constraint, vocabulary), rows },
      { regex: regexOf(constraint, vocabulary), rows },
    ],
  })
  const right = [true, true, false, false, false, false, false, false]
  expect(answers).toEqual([right, right])
})

function takes(constraint: MaskConstraint, vocabulary: SpanVocabulary, row: readonly number[]): boolean {
  const machine = walk(constraintMachine(constraint, vocabulary)!)
  for (const id of row) {
    const allowed = machine.allowed()
    if (allowed === undefined ? machine.refused().includes(id) : !allowed.includes(id)) return false
    machine.take(id)
  }
  return machine.mayEnd()
}

function strays(row: readonly number[], vocabulary: SpanVocabulary): boolean {
  const { toWord } = vocabulary.tokenIds!
  const end = vocabulary.kind === 'samtok' ? vocabulary.wordCount - 1 : 1
  let inside = false
  return row.some((id) => {
    const word = toWord.get(id)
    if (word === 0) inside = true
    const stray = word !== undefined && word !== 0 && !inside
    if (word === end) inside = false
    return stray
  })
}

/** Texts and masks in many orders, whole and with something wrong. */
function rowsOf(vocabulary: SpanVocabulary, texts: number): number[][] {
  let seed = 11
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return (seed >> 8) % below
  }
  const samtokKind = vocabulary.kind === 'samtok'
  const span = (): number[] => {
    const codes = samtokKind
      ? Array.from(
          { length: vocabulary.levels },
          (_, level) => 1 + level * vocabulary.codesPerLevel + random(vocabulary.codesPerLevel),
        )
      : Array.from({ length: 1 + random(vocabulary.maxLength) }, () => 2 + random(vocabulary.codes))
    return [0, ...codes, samtokKind ? vocabulary.wordCount - 1 : 1].map((word) => texts + word)
  }
  return Array.from({ length: 400 }, () => {
    const row = Array.from({ length: random(4) }, () => [
      ...Array.from({ length: random(2) * random(3) }, () => random(texts)),
      ...span(),
    ]).flat()
    const at = random(row.length + 1)
    const change = random(6)
    if (change === 0) row.splice(at, 1)
    else if (change === 1) row.splice(at, 0, texts + random(vocabulary.wordCount))
    else if (change === 2) row.splice(at, 1, random(texts))
    else if (change === 3) row.splice(at, 0, random(texts), random(texts))
    return row
  })
}
