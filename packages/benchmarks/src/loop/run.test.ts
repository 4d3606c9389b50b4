// A model in the loop: what is asked, what is kept, and how a run that was stopped or failed goes on. The model is scripted.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyMask, maskFromCocoBox, pictureToPng } from '@maskwords/mask'
import { MllmError } from '@maskwords/mllm'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder } from '../../../commands/test/command.ts'
import { makeContext, makeTalk } from '../../../files/src/command.ts'
import type { Io } from '../../../files/src/io.ts'
import { type Script, scriptedModel } from '../../../mllm/test/scripted-model.ts'
import type { AnswersHeader } from '../answers-header.ts'
import { samplePictures } from '../pictures.ts'
import { readPredictions } from '../predictions.ts'
import type { TruthSample } from '../truth.ts'
import { openAnswersFile } from './answers-file.ts'
import { questionOfSample } from './question.ts'
import { answerSamples } from './run.ts'

const { folder, remove } = makeFolder()
afterAll(remove)
const SIZE = { widthPx: 8, heightPx: 6 }
const grey = { ...SIZE, channels: 3, bytes: new Uint8Array(8 * 6 * 3).fill(90) } as const
for (const name of ['a.png', 'b.png', 'c.png', 'd.png', 'e.png'])
  writeFileSync(join(folder, name), pictureToPng(grey))
mkdirSync(join(folder, 'is-a-folder'))
const MASK = '<|mt_start|><|mt_0001|><|mt_0257|><|mt_end|>'

const sample = (id: string, picture: string, more: Partial<TruthSample> = {}): TruthSample => ({
  id,
  picture,
  size: SIZE,
  phrase: `thing ${id}`,
  groups: [],
  masks: [emptyMask(8, 6)],
  ...more,
})
const SAMPLES = [sample('1', 'a.png'), sample('2', 'b.png'), sample('3', 'a.png'), sample('4', 'b.png')]
const HEADER: AnswersHeader = { benchmark: 'res', questions: 'abc', asked: { model: 'm', temperature: 0 } }

function contextOf(signal = new AbortController().signal) {
  const said: string[] = []
  const output = { isTTY: false, columns: 80, write: async (text: unknown) => void said.push(String(text)) }
  const stdin = (async function* () {})()
  const io: Io = { stdin, stdout: output, stderr: output, env: {}, cwd: folder, signal }
  return { context: makeContext(io, {}, [], makeTalk(io, false)), said }
}

type More = {
  samples?: TruthSample[]
  signal?: AbortSignal
  header?: AnswersHeader
  jobs?: number
  prompt?: string
}

async function run(script: Script, more: More = {}) {
  const { samples = SAMPLES, header = HEADER, jobs = 1, prompt = 'Segment {phrase}.' } = more
  const { context, said } = contextOf(more.signal)
  const model = scriptedModel(script)
  const codec = {
    encodeImage: async () => ({ ...SIZE, codec: 'fake' }),
    encode: async (_: unknown, masks: readonly unknown[]) => masks.map((_, k) => ({ text: `<words ${k}>` })),
  }
  const file = await openAnswersFile(context, 'kept.jsonl', header)
  try {
    const counts = await answerSamples(context, {
      samples,
      question: (one) =>
        questionOfSample(one, {
          prompt,
          lists: { labels: [], predicates: [] },
          lowerCase: false,
          pointsAt: [],
        }),
      opened: { model, codec: codec as never },
      pictures: samplePictures(context, { root: folder }, [folder]),
      file,
      options: {},
      maxSidePx: undefined,
      together: undefined,
      jobs,
    })
    return { counts, model, said }
  } finally {
    await file.close()
  }
}

const kept = () =>
  readFileSync(join(folder, 'kept.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line))

beforeEach(() => writeFileSync(join(folder, 'kept.jsonl'), ''))

describe('a model in the loop', () => {
  it('questions on one picture are asked together, in the words of the prompt, and all answers are kept', async () => {
    const { counts, model } = await run((question) => `${question} ${MASK}`)
    expect(model.asked).toEqual([
      ['Segment thing 1.', 'Segment thing 3.'],
      ['Segment thing 2.', 'Segment thing 4.'],
    ])
    expect(counts).toMatchObject({ answered: 4, answeredBefore: 0, failed: 0 })
    expect(kept().map(({ id, text, finish }) => [id, text, finish])).toEqual(
      ['1', '3', '2', '4'].map((id) => [id, `Segment thing ${id}. ${MASK}`, 'stop']),
    )
  })

  it('a question that fails is kept as failed, costs no other, and is asked again', async () => {
    const broken = (question: string) =>
      question.includes('thing 3') ? new MllmError('too-large', 'a prompt of 9 tokens') : MASK
    const { counts } = await run(broken)
    expect(counts).toMatchObject({ answered: 3, failed: 1 })
    expect(kept().find(({ id }) => id === '3')).toEqual({
      id: '3',
      error: { code: 'too-large', message: 'a prompt of 9 tokens' },
    })
    const { byId } = await readPredictions(contextOf().context, 'kept.jsonl')
    expect(byId.get('3')!.record.error).toBeDefined()
    const second = await run(() => MASK)
    expect(second.model.asked).toEqual([['Segment thing 3.']])
    expect((await readPredictions(contextOf().context, 'kept.jsonl')).byId.get('3')!.record.text).toBe(MASK)
    // And once answered, an old failure does not come back.
    appendFileSync(
      join(folder, 'kept.jsonl'),
      `${JSON.stringify({ id: '1', error: { code: 'x', message: 'y' } })}\n`,
    )
    expect((await readPredictions(contextOf().context, 'kept.jsonl')).byId.get('1')!.record.text).toBe(MASK)
  })

  it('a picture that cannot be read costs its own questions', async () => {
    const { counts } = await run(() => MASK, {
      samples: [...SAMPLES, sample('5', 'is-a-folder'), sample('6', 'no.png')],
    })
    expect(counts).toMatchObject({ answered: 4, failed: 2 })
  })

  it('a model that answers no more ends the run; what was answered stays', async () => {
    const samples = ['a', 'b', 'c', 'd', 'e'].map((name) => sample(name, `${name}.png`))
    let calls = 0
    const dies = () => (++calls > 1 ? new MllmError('server', 'the server is gone') : MASK)
    await expect(run(dies, { samples })).rejects.toThrow('the server is gone')
    expect(calls).toBe(4)
    expect(kept().map(({ id, error }) => [id, error?.code])).toEqual([
      ['a', undefined],
      ['b', 'server'],
      ['c', 'server'],
      ['d', 'server'],
    ])
    const { counts } = await run(() => MASK, { samples })
    expect(counts).toMatchObject({ answered: 4, answeredBefore: 1, failed: 0 })
  })

  it('Ctrl-C keeps whole answers, never half ones, and says how to go on', async () => {
    const stop = new AbortController()
    const script = (question: string) => {
      if (question.includes('thing 2')) stop.abort()
      return MASK
    }
    await expect(run(script, { signal: stop.signal })).rejects.toMatchObject({ code: 'interrupted' })
    expect(kept().map(({ id }) => id)).toEqual(['1', '3'])
    const { counts, model } = await run(() => MASK)
    expect(counts).toMatchObject({ answered: 2, answeredBefore: 2 })
    expect(model.asked).toEqual([['Segment thing 2.', 'Segment thing 4.']])
  })

  it('several pictures at the same time give the same lines, in another order perhaps', async () => {
    await run((question) => question, { jobs: 3 })
    expect(
      kept()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['1', '2', '3', '4'])
  })

  it('masks in a question and in the dialogue before it are written as words', async () => {
    const [one, two] = [
      maskFromCocoBox({ ...SIZE, box: { x: 0, y: 0, width: 2, height: 2 } }),
      maskFromCocoBox({ ...SIZE, box: { x: 2, y: 2, width: 2, height: 2 } }),
    ]
    const asked = sample('r', 'a.png', {
      question: ['What is left of ', { mask: one }, '?'],
      history: [
        { role: 'user', pieces: ['Find the dog.'] },
        { role: 'assistant', pieces: ['It is ', { mask: two }] },
      ],
    })
    let seen: unknown
    await run(
      (_, conversation) => {
        seen = conversation.map(({ role, content }) => [
          role,
          typeof content === 'string'
            ? content
            : content.map((part) => (part.type === 'text' ? part.text : part.type)),
        ])
        return MASK
      },
      { samples: [asked], prompt: '{phrase}' },
    )
    expect(seen).toEqual([
      ['user', ['picture', 'Find the dog.']],
      ['assistant', ['It is <words 0>']],
      ['user', ['What is left of <words 1>?']],
    ])
  })

  it('answers that were asked for otherwise are not mixed, and the differences are named', async () => {
    await run(() => MASK)
    const warm = { ...HEADER, asked: { model: 'm', temperature: 0.7 } }
    await expect(run(() => MASK, { header: warm })).rejects.toMatchObject({
      code: 'ambiguous',
      message: 'its answers were asked for otherwise: temperature was 0, is 0.7',
    })
    await expect(run(() => MASK, { header: { ...HEADER, questions: 'other' } })).rejects.toThrow(
      'the truth or its questions have changed',
    )
    writeFileSync(join(folder, 'kept.jsonl'), '{"id":"1","text":"mine"}\n')
    await expect(run(() => MASK)).rejects.toThrow('no file that eval --model keeps answers in')
    expect(readFileSync(join(folder, 'kept.jsonl'), 'utf8')).toBe('{"id":"1","text":"mine"}\n')
  })

  it('a moved model is the same model', async () => {
    const at = (model: string) => ({ ...HEADER, asked: { model, fingerprint: 'f' } })
    await run(() => MASK, { header: at('here') })
    const { counts } = await run(() => MASK, { header: at('there') })
    expect(counts).toMatchObject({ answered: 0, answeredBefore: 4 })
  })

  it('one run at a time writes a file', async () => {
    const { context } = contextOf()
    const file = await openAnswersFile(context, 'kept.jsonl', HEADER)
    await expect(openAnswersFile(context, 'kept.jsonl', HEADER)).rejects.toThrow('is writing answers to it')
    await file.close()
    await (await openAnswersFile(context, 'kept.jsonl', HEADER)).close()
  })
})
