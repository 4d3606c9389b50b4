// Judged benchmarks from the command line: a judge on this machine says what a test wants, or misbehaves.
import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cocoRleFromMask, maskFromRowMajor, pictureToPng, readPng } from '@maskwords/mask'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../../../commands/test/command.ts'
import { type JudgeBody, type JudgeReply, startJudge, textOf } from '../../../judging/test/fake-judge.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const square = maskFromRowMajor({
  widthPx: 16,
  heightPx: 12,
  bytes: Uint8Array.from({ length: 16 * 12 }, (_, i) =>
    i % 16 > 3 && i % 16 < 12 && i > 40 && i < 150 ? 1 : 0,
  ),
})
const masks = [cocoRleFromMask(square)]
file(
  'a.png',
  pictureToPng({ widthPx: 16, heightPx: 12, channels: 3, bytes: new Uint8Array(16 * 12 * 3).fill(100) }),
)
const lines = (name: string, records: readonly unknown[]) =>
  file(name, records.map((record) => JSON.stringify(record)).join('\n'))

let running: Awaited<ReturnType<typeof startJudge>> | undefined
const judge = async (
  reply: (body: JudgeBody, about: { number: number; key: string | undefined }) => JudgeReply,
) => (running = await startJudge(reply))
afterEach(async () => {
  await running?.close()
  running = undefined
})

const run = async (argv: readonly string[], env: Record<string, string> = {}) => {
  const result = await runCommand(['eval', ...argv, '--json'], { cwd: folder, env })
  return { ...result, value: JSON.parse(result.out) }
}
const rowsOf = (name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

const asks = [
  { kind: 'positive', text: 'Which colour?', options: ['Red', 'Blue', 'Not said'], scores: [1, -1, 0] },
  { kind: 'negative', text: 'Has it a lid?', options: ['Yes', 'No'], scores: [-1, 1] },
]
lines('dlc.jsonl', [
  { id: 'cup', picture: 'a.png', masks, labels: ['cup'], asks },
  { id: 'owl', picture: 'a.png', masks, labels: ['owl'], asks },
  { id: 'none', picture: 'a.png', masks, labels: ['tie'], asks: asks.slice(0, 1) },
])
lines('said.jsonl', [
  { id: 'cup', text: 'A red cup <|mt_start|><|mt_0001|><|mt_0300|><|mt_end|> without a lid.' },
  { id: 'owl', text: '<think>a bird?</think>A blue box with a lid.' },
])
const DLC = ['dlc-bench', '--truth', 'dlc.jsonl', '--predictions', 'said.jsonl']

/** A judge who reads: colours, lids, and whether the thing is named. */
function reader(body: JudgeBody): string {
  const text = textOf(body)
  const said = /Text:\n(.*?)\n\nQuestion/s.exec(text)![1]!
  if (text.includes('colour')) return said.includes('red') ? 'A' : said.includes('blue') ? 'B. Blue' : 'C'
  if (text.includes('lid?')) return said.includes('with a lid') ? 'Yes' : 'B'
  return text.includes('be a cup') === said.includes('cup') ? 'Yes' : 'No'
}

describe('dlc-bench', () => {
  it('counts by hand, keeps what was asked and said, asks nothing twice, and needs no judge for verdicts that are there', async () => {
    const { address, asked } = await judge((body) => (textOf(body).includes('owl') ? 'No' : reader(body)))
    const { code, value, err } = await run([...DLC, '--judge', address])
    expect([code, value.errors]).toEqual([0, []])
    // cup: 1 and 1; owl not recognised: -1 and -1 stay; none has no answer: -1, and no negative question.
    expect(value.metrics).toEqual({
      positive: (1 - 1 - 1) / 3,
      negative: 0,
      average: -1 / 6,
      recognised: 1 / 3,
    })
    expect(value).toMatchObject({ samples: 3, scored: 2, missing: 1 })
    expect(value.verdicts).toMatchObject({ asked: 6, kept: 0, refused: 0, failed: 0, unreadable: 0 })
    expect(value.stamp.asked).toMatchObject({ judge: 'judge-1', judgeTemperature: 0, judgeTokens: 300 })
    expect(err).toContain('kept in dlc-bench-judge-1.verdicts.jsonl')
    // Words of masks and thoughts are no part of a description.
    for (const body of asked) expect(textOf(body)).not.toMatch(/mt_|bird/)
    expect(asked[0]).toMatchObject({ model: 'judge-1', temperature: 0, max_tokens: 300 })
    const [head, ...rows] = rowsOf('dlc-bench-judge-1.verdicts.jsonl')
    expect(head).toMatchObject({ format: 'maskwords-verdicts', judge: 'judge-1' })
    expect(rows).toHaveLength(6)
    expect(rows.find(({ id, question }) => id === 'cup' && question === 'positive 2')).toMatchObject({
      reply: 'A',
      judge: `${address}#judge-1`,
      asked: [{ role: 'user', text: expect.stringContaining('A red cup') }],
    })
    const again = await run([...DLC, '--judge', address])
    expect(again.value.verdicts).toMatchObject({ asked: 0, kept: 6 })
    expect(asked).toHaveLength(6)
    await running!.close()
    const alone = await run([...DLC, '--verdicts', 'dlc-bench-judge-1.verdicts.jsonl'])
    expect([alone.value.metrics, alone.value.stamp]).toEqual([value.metrics, value.stamp])
    const official = await run([
      ...DLC,
      '--verdicts',
      'dlc-bench-judge-1.verdicts.jsonl',
      '--mode',
      'official',
    ])
    expect(official.value.metrics).toMatchObject({ positive: 0, negative: 0, recognised: 1 / 2 })
  })

  it('other words of the judge are other questions; the published names of places fit', async () => {
    const { address, asked } = await judge(reader)
    await run([...DLC, '--judge', address, '--verdicts', 'words.jsonl'])
    file('prompt.txt', 'Text:\n{pred_caption}\n\nQuestion: {question_text_str}')
    const { value } = await run([
      ...[...DLC, '--judge', address, '--verdicts', 'words.jsonl', '--judge-prompt', 'prompt.txt'],
      ...['--recognition', 'Is it {thing}?|Are they {thing}?'],
    ])
    expect(value.verdicts).toMatchObject({ asked: 6, kept: 0 })
    expect(textOf(asked[6]!)).toBe('Text:\nA red cup without a lid.\n\nQuestion: Is it a cup?\nA. Yes\nB. No')
    file('bad.txt', '{pred_captions}')
    const bad = await run([...DLC, '--judge', address, '--judge-prompt', 'bad.txt'])
    expect([bad.code, bad.value.error.message]).toEqual([2, expect.stringContaining('{pred_captions}')])
  })

  it('reads the published folder: names of things from class_names.json, questions from qa.json', async () => {
    const box = [
      { id: 10, image_id: 1, category_id: 1, bbox: [4, 3, 8, 6], segmentation: [[4, 3, 12, 3, 12, 9, 4, 9]] },
    ]
    file(
      'DLC/annotations.json',
      JSON.stringify({
        images: [{ id: 1, file_name: 'a.png', width: 16, height: 12 }],
        annotations: box,
        categories: [{ id: 1, name: 'x' }],
      }),
    )
    const qa = [
      {
        question: 'Which colour?',
        choices: [
          ['Red', 1],
          ['Blue', -1],
        ],
        type: 'positive',
      },
    ]
    file('DLC/qa.json', JSON.stringify({ 10: qa }))
    file('DLC/class_names.json', JSON.stringify({ 10: 'street lights' }))
    file('DLC/images/a.png', readFileSync(join(folder, 'a.png')))
    lines('folder-said.jsonl', [{ id: '1/10', caption: 'Red lamps.' }])
    const { address, asked } = await judge((body) =>
      textOf(body).includes('street lights') ? 'Yes' : 'A. Red',
    )
    const { code, value } = await run([
      ...['dlc-bench', '--root', 'DLC', '--predictions', 'folder-said.jsonl', '--judge', address],
    ])
    expect([code, value.errors]).toEqual([0, []])
    expect(value.metrics).toEqual({ positive: 1, negative: null, average: 1, recognised: 1 })
    expect(asked).toHaveLength(2)
  })

  it('verdicts of two judges are not mixed; a judge is wanted; what is no file of verdicts is left alone', async () => {
    const { address } = await judge(reader)
    await run([...DLC, '--judge', address, '--verdicts', 'one.jsonl'])
    const other = await run([...DLC, '--judge', `${address}#judge-2`, '--verdicts', 'one.jsonl'])
    expect([other.code, other.value.error.message]).toEqual([1, expect.stringContaining('those of judge-1')])
    const none = await run(DLC)
    expect([none.code, none.value.error.message]).toEqual([2, expect.stringContaining('none is named')])
    writeFileSync(join(folder, 'mine.jsonl'), '{"mine":1}\n')
    const mine = await run([...DLC, '--judge', address, '--verdicts', 'mine.jsonl'])
    expect(mine.value.error.message).toContain('no file that verdicts are kept in')
    expect(readFileSync(join(folder, 'mine.jsonl'), 'utf8')).toBe('{"mine":1}\n')
  })
})

describe('a judge that misbehaves never makes an answer good, and loses nothing', () => {
  it.each<[string, JudgeReply, object]>([
    ['says nothing', '', { unreadable: 6 }],
    ['talks', 'Well, that is a hard question, I would say it depends.', { unreadable: 6 }],
    ['refuses', { message: { role: 'assistant', content: null, refusal: 'I cannot.' } }, { refused: 6 }],
    [
      'is filtered',
      { message: { role: 'assistant', content: 'Yes' }, finish: 'content_filter' },
      { refused: 6 },
    ],
    ['names what is no option', 'Q', { unreadable: 6 }],
    [
      'is cut off',
      { message: { role: 'assistant', content: '<think>Yes' }, finish: 'length' },
      { unreadable: 6 },
    ],
  ])('%s', async (name, reply, counts) => {
    const { address } = await judge(() => reply)
    const argv = [...DLC, '--judge', address, '--verdicts', `${name.replaceAll(' ', '-')}.jsonl`]
    const { value, err } = await run(argv)
    expect(value.verdicts).toMatchObject({ asked: 6, failed: 0, ...counts })
    expect(value.metrics).toEqual({ positive: -1, negative: -1, average: -1, recognised: 0 })
    expect(err).toContain('counted as the worst')
    // A later run asks again where it is told to.
    await running!.close()
    const { address: better } = await judge(reader)
    const again = await run([...argv.slice(0, 6), better, ...argv.slice(7), '--judge-again'])
    expect(again.value.verdicts).toMatchObject({ asked: 6, kept: 0, refused: 0, unreadable: 0 })
    expect(again.value.metrics.recognised).toBeGreaterThan(0)
  })

  it('is busy: asked again after the time that it names', async () => {
    const { address, asked } = await judge((body, { number }) =>
      number <= 9 ? { status: number % 2 ? 429 : 503, headers: { 'retry-after': '0' } } : reader(body),
    )
    const { code, value } = await run([...DLC, '--judge', address, '--verdicts', 'busy.jsonl'])
    expect([code, value.verdicts.asked, asked.length]).toEqual([0, 6, 15])
  })

  it('takes no max_tokens and no temperature, as models that think: asked without them from then on', async () => {
    const refuse = (field: string) => ({
      status: 400,
      body: { error: { message: `Unsupported parameter: '${field}' is not supported with this model.` } },
    })
    const { address, asked } = await judge((body) =>
      body.max_tokens !== undefined
        ? refuse('max_tokens')
        : body.temperature !== undefined
          ? refuse('temperature')
          : reader(body),
    )
    const argv = [...DLC, '--judge', address, '--verdicts', 'thinks.jsonl', '--judge-jobs', '1']
    const { code, value } = await run(argv)
    expect([code, value.verdicts.asked, asked.length]).toEqual([0, 6, 8])
    expect(asked[7]).toMatchObject({ max_completion_tokens: 300 })
  })

  it('fails on some questions: those are told, count as the worst, and are asked again by the next run', async () => {
    const fails = new Set(['colour'])
    const { address, asked } = await judge((body) =>
      [...fails].some((word) => textOf(body).includes(word))
        ? { status: 500, body: { error: 'boom' } }
        : reader(body),
    )
    const argv = [...DLC, '--judge', address, '--verdicts', 'some.jsonl']
    const { code, value, err } = await run(argv)
    expect(code).toBe(1)
    expect(value.verdicts).toMatchObject({ asked: 4, failed: 2 })
    expect(value.metrics.positive).toBe(-1)
    expect(value.errors).toHaveLength(2)
    expect(err).toContain('500: boom')
    fails.clear()
    const again = await run(argv)
    expect([again.code, again.value.verdicts.asked, again.value.verdicts.kept]).toEqual([0, 2, 4])
    expect(asked).toHaveLength(8)
  })

  it('fails on all, hangs, or wants a key: the run ends with the reason, and the next one goes on', async () => {
    const many = Array.from({ length: 30 }, (_, k) => ({ id: `r${k}`, masks, labels: ['cup'], asks }))
    lines('many.jsonl', many)
    lines(
      'many-said.jsonl',
      many.map(({ id }) => ({ id, text: `A red cup ${id}` })),
    )
    const argv = [
      'dlc-bench',
      '--truth',
      'many.jsonl',
      '--predictions',
      'many-said.jsonl',
      '--verdicts',
      'many.verdicts',
    ]
    const broken = await judge((body, { number }) => (number <= 20 ? reader(body) : { status: 500 }))
    const first = await run([...argv, '--judge', broken.address, '--judge-jobs', '1'])
    expect([first.code, first.value.error.message]).toEqual([1, expect.stringContaining('answers 500')])
    expect(first.err).toContain('20 verdicts of 90 are kept')
    expect(broken.asked).toHaveLength(28)
    await broken.close()
    const hanging = await judge(() => 'hang')
    const second = await run([...argv, '--judge', hanging.address, '--judge-timeout', '1'])
    expect([second.code, second.value.error.message]).toEqual([
      1,
      expect.stringContaining('did not answer for 1 s'),
    ])
    await hanging.close()
    const closed = await judge((body, { key }) =>
      key === 'Bearer secret' ? reader(body) : { status: 401, body: { error: { message: 'no key' } } },
    )
    const third = await run([...argv, '--judge', closed.address], { MASKWORDS_API_KEY: 'secret' })
    expect(third.value.error).toMatchObject({ hint: expect.stringContaining('MASKWORDS_JUDGE_API_KEY') })
    const last = await run([...argv, '--judge', closed.address], { MASKWORDS_JUDGE_API_KEY: 'secret' })
    expect([last.code, last.value.verdicts]).toEqual([0, expect.objectContaining({ asked: 70, kept: 20 })])
    expect(readFileSync(join(folder, 'many.verdicts'), 'utf8')).not.toContain('secret')
  })

  it('is slow, and the run is killed: every kept verdict stays', async () => {
    const slow = await startJudge(async (body) => {
      await new Promise((resolve) => setTimeout(resolve, 40))
      return reader(body)
    })
    const argv = [
      'dlc-bench',
      '--truth',
      'many.jsonl',
      '--predictions',
      'many-said.jsonl',
      '--verdicts',
      'killed.verdicts',
    ]
    const cli = join(import.meta.dirname, '../../../maskwords/src/cli.ts')
    const child = spawn(
      process.execPath,
      [
        '--conditions=@maskwords/source',
        '--import',
        import.meta.resolve('tsx'),
        cli,
        'eval',
        ...argv,
        '--judge',
        slow.address,
      ],
      { cwd: folder, stdio: 'ignore' },
    )
    const exit = new Promise((resolve) => child.once('exit', resolve))
    const size = () => statSync(join(folder, 'killed.verdicts'), { throwIfNoEntry: false })?.size ?? 0
    while (size() < 5000 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2))
    child.kill('SIGKILL')
    await exit
    const before = rowsOf('killed.verdicts').length - 1
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(90)
    const { code, value } = await run([...argv, '--judge', slow.address])
    await slow.close()
    expect([code, value.verdicts]).toEqual([0, expect.objectContaining({ asked: 90 - before, kept: before })])
    expect(rowsOf('killed.verdicts')).toHaveLength(91)
  }, 30_000)
})

describe('mdvp-bench', () => {
  const truth = [
    { image_name: 'a.png', question: 'What is marked?', answer: 'A box.', bbox: [[4, 3, 8, 6]] },
    { image_name: 'a.png', question: 'What for?', answer: 'To store things.', bbox: [[4, 3, 8, 6]] },
  ]
  file('MDVP-bench/natural/natural_box.json', JSON.stringify(truth))
  file('MDVP-bench/natural/a.png', readFileSync(join(folder, 'a.png')))
  lines('mdvp-said.jsonl', [
    { id: 'natural_box/0', text: 'A red box.' },
    { id: 'natural_box/1', text: 'I do not know.' },
  ])
  const MDVP = ['mdvp-bench', '--root', 'MDVP-bench', '--predictions', 'mdvp-said.jsonl']

  it('the judge sees the marked picture, question, reference and answer; the number is the ratio of the grades', async () => {
    const { address, asked } = await judge((body) =>
      textOf(body).includes('red box') ? '8 10\nright' : '10, 2\nno',
    )
    const { code, value } = await run([...MDVP, '--judge', address])
    expect([code, value.errors]).toEqual([0, []])
    expect(value.metrics).toEqual({ relativeScore: 12 / 18, meanGrade: 6, referenceGrade: 9 })
    expect(value.groups.natural_box.metrics.meanGrade).toBe(6)
    const { messages } = asked[0]!
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user'])
    const parts = messages[1]!.content as { type: string; text?: string; image_url?: { url: string } }[]
    expect(parts.map(({ type }) => type)).toEqual(['text', 'image_url'])
    const png = await readPng(Buffer.from(parts[1]!.image_url!.url.split(',')[1]!, 'base64'))
    expect([png.widthPx, png.heightPx]).toEqual([16, 12])
    const [, row] = rowsOf('mdvp-bench-judge-1.verdicts.jsonl')
    expect(row.asked[1]).toMatchObject({ picture: expect.stringMatching(/^[\da-f]{64}$/) })
    const table = await runCommand(['eval', ...MDVP, '--judge', address], { cwd: folder })
    expect(table.out).toMatch(/^relativeScore +66\.67 /m)
    expect(table.out).toMatch(/^meanGrade +6\.00 /m)
  })

  it('grades outside of 1 to 10 are none: the worst beside the best, or -1 for both as published', async () => {
    const { address } = await judge(() => '10 100\nwonderful')
    const correct = await run([...MDVP, '--judge', address, '--verdicts', 'high.jsonl'])
    expect(correct.value.verdicts.unreadable).toBe(2)
    expect(correct.value.metrics).toMatchObject({ relativeScore: 1 / 10, meanGrade: 1 })
    await running!.close()
    const { address: talker } = await judge(() => 'Both are fine.')
    const official = await run([...MDVP, '--judge', talker, '--verdicts', 'talk.jsonl', '--mode', 'official'])
    expect(official.value.metrics).toMatchObject({ meanGrade: -1, referenceGrade: -1 })
    expect(official.value.stamp.asked.judgeTemperature).toBe(0.7)
  })
})

describe('videorefer-d', () => {
  it('four kinds of points, their mean, and nothing for what is out of the scale', async () => {
    const runs = { size: [12, 16], counts: [0, 40, 152] }
    const entries = ['a cub', 'a lion', 'a zebra'].map((caption, id) => ({
      id,
      video: `v${id}.mp4`,
      caption: `This is ${caption}.`,
      frame_idx: '7',
      annotation: [{ 7: { segmentation: runs } }],
    }))
    file('VideoRefer-Bench-D/VideoRefer-Bench-D.json', JSON.stringify(entries))
    lines(
      'vr.jsonl',
      entries.map(({ id }) => ({ id: `${id}/0`, caption: `It is ${id}.` })),
    )
    const points = (...values: number[]) =>
      ['Subject Correspondence', 'Appearance Description', 'Temporal Description', 'Hallucination Detection']
        .map((name, k) => `${k + 1}. ${name}: ${values[k]}`)
        .join('\n')
    const { address, asked } = await judge((body) => {
      const text = textOf(body)
      return text.includes('cub')
        ? points(5, 4, 3, 2)
        : text.includes('lion')
          ? points(1, 0, 0.5, 2)
          : points(5, 5, 5, 9)
    })
    const argv = [
      'videorefer-d',
      '--root',
      'VideoRefer-Bench-D',
      '--predictions',
      'vr.jsonl',
      '--judge',
      address,
    ]
    const { code, value } = await run(argv)
    expect([code, value.error, value.errors]).toEqual([0, undefined, []])
    expect(value.metrics).toEqual({
      subjectCorrespondence: 2,
      appearanceDescription: 4 / 3,
      temporalDescription: 3.5 / 3,
      hallucinationDetection: 4 / 3,
      average: (2 + 4 / 3 + 3.5 / 3 + 4 / 3) / 4,
    })
    expect(value.verdicts).toMatchObject({ asked: 3, unreadable: 1 })
    expect(asked[0]!.messages[1]!.content).toBe(
      '##Correct answer: This is a cub.\n##Predicted answer: It is 0.\n',
    )
    file('system.txt', 'Published words.')
    const published = await run([...argv, '--judge-prompt', 'system.txt'])
    expect(published.value.verdicts).toMatchObject({ asked: 3, kept: 0 })
    expect(asked.at(-1)!.messages.map(({ role }) => role)).toEqual(['system', 'user'])
  })
})
