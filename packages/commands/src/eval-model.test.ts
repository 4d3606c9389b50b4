// `maskwords eval <benchmark> --model` and `ask` of a folder from the command line: a tiny model made here answers, is killed at any
// moment, and goes on.
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BENCHMARKS } from '@maskwords/benchmarks/eval'
import { cocoRleFromMask, pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outlinesTable } from '../../datasets/test/hub-table.ts'
import { randomOf } from '../../eval/src/statistics/random.ts'
import { startJudge } from '../../judging/test/fake-judge.ts'
import { writeTinyModel } from '../../mllm/test/tiny-model.ts'
import { makeFolder, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const MODEL = ['--model', 'model', '--threads', '1']
const PICTURES = [1, 2, 3]

const record = (fields: Record<string, unknown>) => JSON.stringify(fields)
beforeAll(async () => {
  await writeTinyModel(join(folder, 'model'))
  const samples: string[] = []
  const rounds: string[] = []
  for (const seed of PICTURES) {
    const { widthPx, heightPx, rgb, things } = drawScene(seed)
    file(`${seed}.png`, pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }))
    const size = [heightPx, widthPx]
    const some = things.slice(0, 3)
    for (const [k, { label, mask }] of some.entries()) {
      const rle = cocoRleFromMask(mask)
      samples.push(
        record({
          id: `${seed}/${k}`,
          picture: `${seed}.png`,
          size,
          phrase: `The ${label}`,
          masks: [rle],
          labels: [label],
          captions: [`a ${label}`],
          asks: [{ kind: 'positive', text: 'Is it there?', options: ['Yes', 'No'], scores: [1, 0] }],
          lines: [
            [
              [0, 0],
              [9, 9],
            ],
          ],
          relations: [[0, 'on', 0]],
          options: ['yes', 'no'],
          right: 'A',
        }),
      )
      if (k > 0) continue
      const other = cocoRleFromMask(some[1]!.mask)
      rounds.push(
        record({
          id: String(seed),
          picture: `${seed}.png`,
          round: 2,
          phrase: 'What is beside {mask}?',
          given: [other],
          history: [
            { role: 'user', text: 'Find it.' },
            { role: 'assistant', text: '{mask}.', masks: [other] },
          ],
          masks: [rle],
        }),
      )
    }
  }
  file('truth.jsonl', samples.join('\n'))
  file('rounds.jsonl', rounds.join('\n'))
})

const run = async (...argv: string[]) => {
  const result = await runCommand(['eval', ...argv, '--json'], { cwd: folder })
  return { ...result, value: JSON.parse(result.out) }
}
const linesOf = (name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('eval with a model in the loop', () => {
  it('asks in the published words, keeps answers, scores them, and says how they were made', async () => {
    const argv = [
      'res',
      '--truth',
      'truth.jsonl',
      ...MODEL,
      '--constraint',
      'forced',
      '--predictions',
      'a.jsonl',
    ]
    const { code, value, err } = await run(...argv)
    expect([code, value.errors]).toEqual([0, []])
    expect(err).toContain('answers are kept in a.jsonl')
    expect(value).toMatchObject({ samples: 9, scored: 9, missing: 0, failed: 0 })
    expect(value.answers).toMatchObject({ file: 'a.jsonl', answered: 9, answeredBefore: 0, failed: 0 })
    expect(value.stamp.codec).toBe('samtok-nano')
    expect(value.stamp.asked).toMatchObject({
      model: 'model',
      backend: 'in-process',
      weights: 'auto',
      codec: 'samtok-nano',
      prompt: 'Please segment {phrase} in this image.',
      maxTokens: 128,
      temperature: 0,
      constraint: 'forced',
    })
    expect(value.stamp.asked.fingerprint).toMatch(/^[\da-f]{32}$/)
    const [header, ...answers] = linesOf('a.jsonl')
    expect(header).toMatchObject({ format: 'maskwords-answers', benchmark: 'res', asked: value.stamp.asked })
    expect(answers).toHaveLength(9)
    for (const { text } of answers)
      expect(text).toMatch(/^<\|mt_start\|><\|mt_\d{4}\|><\|mt_\d{4}\|><\|mt_end\|>$/)
    // The same numbers without the model, codec and stamp from the file.
    const again = await run('res', '--truth', 'truth.jsonl', '--predictions', 'a.jsonl')
    expect(again.value.metrics).toEqual(value.metrics)
    expect(again.value.stamp).toEqual(value.stamp)
    // Nothing is left to ask; other settings are refused, not mixed.
    const twice = await run(...argv)
    expect(twice.value.answers).toMatchObject({ answered: 0, answeredBefore: 9 })
    const mixed = await run(...argv, '--temperature', '0.5')
    expect([mixed.code, mixed.value.error.message]).toEqual([
      1,
      expect.stringContaining('temperature was 0, is 0.5'),
    ])
    expect(mixed.value.error.hint).toContain('--predictions other.jsonl')
  })

  it('--limit draws samples by the seed, a higher limit goes on from a lower one, and a default file is named by all settings', async () => {
    const argv = [
      'gres',
      '--root',
      'truth.jsonl',
      ...MODEL,
      '--constraint',
      'forced',
      '--seed',
      '3',
      '--limit',
    ]
    const three = await run(...argv, '3')
    expect(three.value).toMatchObject({ samples: 3, scored: 3 })
    const name = three.value.answers.file
    expect(name).toMatch(/^gres-[\da-f]{12}\.answers\.jsonl$/)
    const five = await run(...argv, '5')
    expect(five.value.answers).toMatchObject({ file: name, answered: 2, answeredBefore: 3 })
    const back = await run(...argv, '3')
    expect(back.value).toMatchObject({ samples: 3, unknown: 0, metrics: three.value.metrics })
  })

  it.each([
    ['rec', 'truth.jsonl', []],
    ['grec', 'truth.jsonl', []],
    ['reasonseg', 'truth.jsonl', ['--max-side', '64']],
    ['mmr', 'truth.jsonl', []],
    ['grounding-suite', 'truth.jsonl', []],
    ['gcg', 'truth.jsonl', []],
    ['region-caption', 'truth.jsonl', []],
    ['psg', 'truth.jsonl', []],
    ['open-vocabulary', 'truth.jsonl', []],
    ['perception', 'truth.jsonl', ['--prompt', 'Of {mask}: {phrase} {options}']],
    ['multi-round', 'rounds.jsonl', []],
    ['dlc-bench', 'truth.jsonl', ['--judge', 'JUDGE', '--temperature', '10']],
    ['mdvp-bench', 'truth.jsonl', ['--judge', 'JUDGE', '--temperature', '10']],
    ['videorefer-d', 'truth.jsonl', ['--judge', 'JUDGE', '--temperature', '10']],
  ])('%s asks and scores', async (name, truth, more) => {
    const argv = [
      '--truth',
      truth,
      ...MODEL,
      '--limit',
      '2',
      '--max-tokens',
      '12',
      '--predictions',
      `${name}.jsonl`,
    ]
    const judge = more.includes('JUDGE') ? await startJudge(() => 'Yes') : undefined
    const { value, err } = await run(
      name,
      ...argv,
      ...more.map((one) => one.replace('JUDGE', judge?.address ?? '')),
    )
    await judge?.close()
    expect(value.verdicts?.failed ?? 0).toBe(0)
    expect(judge === undefined || judge.asked.length > 0).toBe(true)
    expect(err).not.toMatch(/internal|bug/)
    expect(value.answers).toMatchObject({ answered: 2, failed: 0 })
    expect(value.samples).toBe(2)
    expect(value.stamp.asked.maxTokens).toBe(12)
  })

  it('coco: every picture is asked for all categories; --limit evaluates only what was asked', async () => {
    const images = PICTURES.map((seed) => {
      const { widthPx, heightPx } = drawScene(seed)
      return { id: seed, file_name: `${seed}.png`, width: widthPx, height: heightPx }
    })
    const annotations = PICTURES.map((seed) => ({
      ...{ id: seed, image_id: seed, category_id: 1, iscrowd: 0 },
      segmentation: cocoRleFromMask(drawScene(seed).things[0]!.mask),
    }))
    const categories = ['boat', 'sun'].map((name, k) => ({ id: k + 1, name }))
    file('coco.json', JSON.stringify({ images, annotations, categories }))
    const argv = [
      'coco',
      '--truth',
      'coco.json',
      ...MODEL,
      '--limit',
      '2',
      '--max-tokens',
      '8',
      '--predictions',
      'coco.jsonl',
    ]
    const { value } = await run(...argv)
    expect(value).toMatchObject({ pictures: 2, truths: 2, answers: { answered: 2, failed: 0 } })
    expect(value.stamp.asked).toMatchObject({
      prompt: 'Please carefully check the image and detect the following objects: [{labels}].',
      maxTokens: 8,
    })
    const again = await run('coco', '--truth', 'coco.json', '--limit', '2', '--predictions', 'coco.jsonl')
    expect([again.value.metrics, again.value.stamp]).toEqual([value.metrics, value.stamp])
  })

  it('a table of the hub is read as it is: pictures out of its rows, questions on equal ones together', async () => {
    const { widthPx, heightPx, rgb, things } = drawScene(1)
    const image = pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb })
    const box = [10, 10, 200, 10, 200, 120, 10, 120]
    const rows = things
      .slice(0, 2)
      .map(({ label }) => ({ image, answer: [label, `a ${label}`], segmentation: box }))
    file('RefCOCO/data/val-00000-of-00001.parquet', outlinesTable(rows))
    const argv = ['--dataset', 'refcoco', '--root', 'RefCOCO', ...MODEL, '--predictions', 'hub.jsonl']
    const { code, value } = await run('res', ...argv, '--constraint', 'forced', '--report', 'hub.html')
    expect([code, value.errors]).toEqual([0, []])
    expect(value).toMatchObject({ samples: 4, scored: 4, answers: { answered: 4, failed: 0 } })
    const picture = 'data/val-00000-of-00001.parquet/0000000'
    expect(
      linesOf('hub.jsonl')
        .slice(1)
        .map((line) => [line.id, line.picture]),
    ).toEqual(['q0/0', 'q0/1', 'q1/0', 'q1/1'].map((id) => [id, picture]))
    expect(readFileSync(join(folder, 'hub.html'), 'utf8')).toContain('data:image/png;base64,')
  })

  it('says before a long load what cannot work', async () => {
    const failed = async (...argv: string[]) => {
      const { code, value } = await run(...argv)
      return `${code} ${value.error.message}`
    }
    const truth = ['--truth', 'truth.jsonl']
    expect(await failed('res', ...truth, '--model', 'nothing')).toMatch(/^1 .*nothing/)
    expect(await failed('res', ...truth, ...MODEL, '--prompt', 'Find {phrases}')).toMatch(
      /^2 nothing stands for \{phrases\}/,
    )
    expect(await failed('res', ...truth, '--root', 'truth.jsonl', ...MODEL)).toMatch(
      /^2 --root is another name/,
    )
    file('bare/truth.jsonl', record({ id: 1, picture: 'no.png', phrase: 'x', masks: [], size: [4, 4] }))
    expect(await failed('res', '--truth', 'bare/truth.jsonl', ...MODEL)).toMatch(
      /^1 no picture is there, as no.png/,
    )
    await writeTinyModel(join(folder, 'plain'), { maskWords: false })
    expect(await failed('res', ...truth, '--model', 'plain')).toMatch(/^1 answers of res are masks/)
    expect(await failed('res', ...truth, ...MODEL, '--predictions', 'truth.jsonl')).toMatch(
      /no file that eval --model/,
    )
  })
})

/** Starts a command in a process of its own; `killed` ends it at a moment. */
function started(argv: readonly string[]): ChildProcess {
  const cli = join(import.meta.dirname, '../../maskwords/src/cli.ts')
  return spawn(
    process.execPath,
    ['--conditions=@maskwords/source', '--import', import.meta.resolve('tsx'), cli, ...argv],
    { cwd: folder, stdio: 'ignore' },
  )
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
const bytesOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Kills (-9) a run as soon as its file has grown by `bytes`, or it has ended; the exit code, null where it was killed. */
async function killedAfter(argv: readonly string[], name: string, bytes: number): Promise<number | null> {
  const before = bytesOf(name)
  const child = started(argv)
  const exit = ended(child)
  let over = false
  void exit.then(() => {
    over = true
  })
  while (!over && bytesOf(name) < before + bytes) await pause(2)
  child.kill('SIGKILL')
  return await exit
}

describe('a run that is killed', () => {
  it('eval: killed at seeded moments it ends with the answers of a run that nobody killed', async () => {
    const argv = (name: string) => [
      ...['eval', 'res', '--truth', 'truth.jsonl', ...MODEL, '--max-tokens', '16', '--together', '1'],
      ...['--predictions', name],
    ]
    expect(await ended(started(argv('whole.jsonl')))).toBe(0)
    const random = randomOf(14)
    for (let kill = 0; kill < 3; kill++) {
      await killedAfter(argv('killed.jsonl'), 'killed.jsonl', 1 + random.below(900))
      // A line may be torn at any byte, by a power cut at least.
      const text = readFileSync(join(folder, 'killed.jsonl'), 'utf8')
      const lines = text.split('\n').slice(0, -1)
      expect(() => lines.map((line) => JSON.parse(line))).not.toThrow()
    }
    expect(await ended(started(argv('killed.jsonl')))).toBe(0)
    const answers = (name: string) =>
      linesOf(name)
        .slice(1)
        .map(({ id, text, finish }) => [id, text, finish])
    expect(answers('killed.jsonl')).toEqual(answers('whole.jsonl'))
    expect(existsSync(join(folder, 'killed.jsonl.lock'))).toBe(false)
  }, 240_000)

  it('ask of a folder: every picture is answered once', async () => {
    for (const seed of PICTURES) cpSync(join(folder, `${seed}.png`), join(folder, `shots/${seed}.png`))
    const argv = ['ask', 'shots', 'the boat', '--forced', '-o', 'answers', ...MODEL]
    rmSync(join(folder, 'answers'), { recursive: true, force: true })
    const random = randomOf(41)
    for (let kill = 0; kill < 2; kill++) {
      await killedAfter(argv, 'answers/answers.jsonl', 1 + random.below(3000))
    }
    expect(await ended(started(argv))).toBe(0)
    expect(linesOf('answers/answers.jsonl').map(({ picture }) => picture)).toEqual([
      '1.png',
      '2.png',
      '3.png',
    ])
  }, 240_000)
})

describe('every benchmark of eval', () => {
  const names = Object.keys(BENCHMARKS)
  /** What works on rows of runs, and asks nothing. */
  const ON_ROWS = ['compare', 'merge']
  /** What has no question for a model, and says so. */
  const REFUSED = ['reconstruction']

  it('knows the exceptions', () => {
    expect(names.length).toBeGreaterThan(18)
    for (const name of [...ON_ROWS, ...REFUSED]) expect(names).toContain(name)
  })

  it.each(names.filter((name) => !ON_ROWS.includes(name)))(
    '%s takes --model, or says why not',
    async (name) => {
      const { out } = await runCommand(['eval', name, '--help'], { cwd: folder })
      expect(out).toContain('--model')
      const missing = await run(
        name,
        '--model',
        'nowhere',
        '--truth',
        name === 'coco' ? 'coco.json' : 'truth.jsonl',
      )
      expect(missing.code).not.toBe(0)
      const { message, hint } = missing.value.error
      if (REFUSED.includes(name)) {
        expect(message).toMatch(/^eval reconstruction asks no model: [^\n]+$/)
        expect(hint).toContain('--codec nowhere')
      } else expect(message).toContain('nowhere')
    },
  )
})
