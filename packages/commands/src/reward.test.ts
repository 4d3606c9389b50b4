// `maskwords reward` on a real port: the same numbers in process, over HTTP and through the Python files, hostile sockets,
// and an end in order. The Python part is skipped where there is no python3.

import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type RewardRequest, type RewardResponse, type RewardSample, scoreBatch } from '@maskwords/learn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Io, Output } from '../../files/src/io.ts'
import { type Listening, listen } from '../../server/src/listen.ts'
import { addRewardRoutes } from '../../server/src/reward-routes.ts'
import { createService } from '../../server/src/service.ts'
import { makeFolder, runCommand } from '../test/command.ts'
import { run } from './cli.ts'

const { folder, file, remove } = makeFolder()
const TOKEN = 'a-token-of-the-test'
let service: Listening
beforeAll(async () => {
  const frame = createService({ title: 'test', token: TOKEN, timeoutMs: 20_000 })
  addRewardRoutes(frame)
  service = await listen(frame, { host: '127.0.0.1', port: 0, timeoutMs: 20_000 })
})
afterAll(async () => {
  await service.close()
  remove()
})

const command = (...argv: string[]) => runCommand(['reward', ...argv], { cwd: folder })
const span = (first: number, second: number) =>
  `<|mt_start|><|mt_${String(first).padStart(4, '0')}|><|mt_${String(second).padStart(4, '0')}|><|mt_end|>`

/** Answers of every kind, with truths that fit some of them. */
const RESPONSES = [
  '',
  'No target.',
  `It is ${span(11, 347)}.`,
  `<think>The cup, "größe" \u{1f600}\n</think><answer>${span(11, 347)} ${span(7, 300)}</answer>`,
  `<think>${span(1, 300)}</think> <answer>${span(11, 400)}</answer>`,
  `<answer>${span(11, 347).repeat(5)}</answer>`,
  `<|object_ref_start|> a cup <|object_ref_end|> ${span(11, 347)}`,
  `<think>cut off ${span(11, 347)}`,
]
const TRUTHS = [
  '',
  span(11, 347),
  `<think>\n\n</think><answer>${span(11, 400)} ${span(7, 300)} ${span(9, 301)}</answer>`,
  JSON.stringify({ text: span(11, 347), size: [4, 4] }),
  '{"text": broken',
]
const SAMPLES: RewardSample[] = RESPONSES.flatMap((response) => TRUTHS.map((truth) => ({ response, truth })))
const REWARDS = [
  { name: 'mask-accuracy', weight: 10, part: 'answer' },
  { name: 'mask-true-positives', weight: 1 / 3 },
  'think-format',
  'mask-repetition',
  'no-target',
] as const satisfies RewardRequest['rewards']
/** What trainers must be given: the sum, or 0 where there is none. */
const overalls = ({ results }: RewardResponse) => results.map((one) => ('error' in one ? 0 : one.overall))

const ask = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${service.url}/v1/rewards`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
  })

describe('over HTTP', () => {
  it('every number is that of the function in process', async () => {
    const request: RewardRequest = { rewards: REWARDS, samples: SAMPLES, advantages: {} }
    const here = scoreBatch(request)
    expect(here.failed).toBe(RESPONSES.length)
    const there = (await (await ask(request)).json()) as RewardResponse
    expect(there).toEqual(JSON.parse(JSON.stringify(here)))
    expect(overalls(there)).toEqual(overalls(here))
  })

  it('a large batch does not keep others waiting for its end', async () => {
    const samples = Array.from({ length: 8000 }, (_, k) => SAMPLES[k % SAMPLES.length]!)
    let done = false
    const batch = ask({ rewards: REWARDS, samples }).then(async (response) => {
      done = true
      return [response.status, ((await response.json()) as RewardResponse).results.length]
    })
    let answered = 0
    while (!done && answered < 1000) {
      await fetch(`${service.url}/healthz`)
      if (!done) answered++
    }
    expect(await batch).toEqual([200, 8000])
    expect(answered).toBeGreaterThan(2)
  })

  it('sockets that send nonsense, too little, or go away leave the service as it was', async () => {
    const head = `POST /v1/rewards HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`
    const wires: [sent: string, wait: boolean][] = [
      ['\0\0\0 nonsense\r\n\r\n', true],
      [`${head}Content-Length: -5\r\n\r\n{}`, true],
      [`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{}`, true],
      [`${head}Content-Length: 99999999999\r\n\r\n{`, true],
      [`${head}Content-Length: 1000\r\n\r\n{"rewards"`, false],
      [`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"rew`, false],
      ['POST /v1/rewards HTTP/1.1\r\nHost', false],
    ]
    for (const [sent, wait] of wires) {
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(service.port, '127.0.0.1')
        let said = ''
        socket.on('data', (chunk) => {
          said += chunk
          socket.destroy()
        })
        socket.on('error', () => {})
        socket.on('close', () => resolve(said))
        socket.write(sent, () => {
          if (!wait) setTimeout(() => socket.destroy(), 20)
        })
      })
      if (wait) expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    }
    expect((await ask({ rewards: ['mask-format'], samples: [] })).status).toBe(200)
    expect((await ask({}, { authorization: 'Bearer wrong' })).status).toBe(401)
  })
})

const hasPython = spawnSync('python3', ['--version']).status === 0

/** Runs a program with the shims beside it, as a trainer would import them; its last line is JSON. */
async function python(
  program: string,
  env: Record<string, string> = {},
): Promise<{ out: unknown; err: string }> {
  file('driver.py', program)
  const child = spawn('python3', ['driver.py'], {
    cwd: folder,
    env: { ...process.env, MASKWORDS_REWARD_TOKEN: TOKEN, MASKWORDS_REWARD_URL: service.url, ...env },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(err)
  return { out: JSON.parse(out), err }
}

describe.skipIf(!hasPython)('the Python files (skipped without python3)', { timeout: 180_000 }, () => {
  const shim = (trainer: string, name: string, ...more: string[]) =>
    command('--shim', trainer, '-o', name, '--rewards', JSON.stringify(REWARDS), ...more)
  beforeAll(async () => {
    await shim('easyr1', 'easyr1_reward.py')
    await shim('verl', 'verl_reward.py')
    await shim('ms-swift', 'swift_reward.py')
    await shim('trl', 'trl_reward.py')
    file('swift/__init__.py', '')
    file('swift/rewards.py', 'class ORM: pass\nclass AsyncORM: pass\norms = {}\n')
    file('samples.json', JSON.stringify(SAMPLES))
  })

  it('say that rows without a truth, or with one that cannot be read, are not theirs; read messages of every kind', async () => {
    const { out } = await python(`
import asyncio, json
import easyr1_reward, verl_reward, swift_reward, trl_reward
from swift.rewards import orms
M = '${span(11, 347)}'
texts = ['<answer>' + M + '</answer>', 'no idea', 'no idea', 'no idea']
truths = [M, None, float('nan'), 'a cup']
trl_reward.REWARDS = ['mask-true-positives']
swift_reward.REWARDS = easyr1_reward.REWARDS = verl_reward.REWARDS = trl_reward.REWARDS
sums = [(one['overall'], one['failed']) for one in easyr1_reward.compute_score([{'response': a, 'ground_truth': b} for a, b in zip(texts, truths)])]
batch = verl_reward.compute_score_batch(['x'] * 4, texts, truths)
alone = verl_reward.compute_score('x', texts[1], None)
message = lambda **more: [{'role': 'assistant', **more}]
messages = [message(content=M), message(content=[{'type': 'text', 'text': M}]), message(content=None), message(tool_calls=[]), [], message(content=M, reasoning_content='${span(1, 300)}')]
said = trl_reward.maskwords_reward(None, messages, solution=[M] * 6)
trl_reward.REWARDS = ['think-format']
parsed = trl_reward.maskwords_reward(None, [message(content='<answer>' + M + '</answer>', reasoning_content='It is red.')], solution=[M])
trl_reward.REWARDS = ['mask-true-positives']
print(json.dumps({
    'easyr1': sums, 'verl': [(one['score'], one['failed']) for one in batch], 'keys': [sorted(one) for one in [*batch, alone]],
    'ms-swift': asyncio.run(orms['maskwords']()(texts, truths)), 'ms-swift without': asyncio.run(orms['maskwords']()(texts)),
    'trl': trl_reward.maskwords_reward(None, texts, solution=truths), 'messages': said, 'parsed': parsed,
}))
`)
    const got = out as Record<string, never>
    const numbers = [
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 1],
    ]
    expect(got['easyr1']).toEqual(numbers)
    expect(got['verl']).toEqual(numbers)
    expect(new Set((got['keys'] as string[][]).map((keys) => keys.join(' ')))).toEqual(
      new Set(['failed mask-true-positives score']),
    )
    expect(got['ms-swift']).toEqual([1, null, null, null])
    expect(got['ms-swift without']).toEqual([null, null, null, null])
    expect(got['trl']).toEqual([1, null, null, null])
    expect(got['messages']).toEqual([1, 1, 0, 0, 0, 1])
    expect(got['parsed']).toEqual([1])
  })

  it('give each trainer the numbers of the function in process', async () => {
    const { out, err } = await python(`
import asyncio, json
import easyr1_reward, verl_reward, swift_reward, trl_reward
from swift.rewards import orms
samples = json.load(open('samples.json'))
texts = [s['response'] for s in samples]
truths = [s['truth'] for s in samples]
inputs = [{'response': a, 'response_length': len(a), 'ground_truth': b} for a, b in zip(texts, truths)]
logged = {}
easyr1_reward.BATCH_SAMPLES = 7
print(json.dumps({
    'easyr1': easyr1_reward.compute_score(inputs),
    'easyr1-one': easyr1_reward.main(inputs[1], rewards=['no-target']),
    'easyr1-type': easyr1_reward.REWARD_TYPE,
    'verl': verl_reward.compute_score('grefcoco', texts[1], truths[1], {'index': 1}),
    'verl-batch': verl_reward.compute_score_batch(data_sources=['x'] * len(texts), solution_strs=texts, ground_truths=truths, extra_infos=[None] * len(texts)),
    'ms-swift': asyncio.run(orms['maskwords']()(texts, truths, image_id=[1] * len(texts))),
    'trl': trl_reward.maskwords_reward(prompts=[''] * len(texts), completions=[[{'role': 'assistant', 'content': t}] for t in texts], completion_ids=[[1]] * len(texts), trainer_state=None, log_extra=None, log_metric=lambda name, value: logged.update({name: value}), solution=truths),
    'logged': logged,
}))
`)
    const here = scoreBatch({ rewards: REWARDS, samples: SAMPLES })
    // Every error of these samples is one of the truth: TRL and ms-swift are told that the row is not theirs.
    const wanted = here.results.map((one) => ('error' in one ? null : one.overall))
    const got = out as Record<string, never>
    const full = (name: string) =>
      here.results.map((one) =>
        'error' in one
          ? { [name]: 0, ...Object.fromEntries(here.names.map((part) => [part, 0])), failed: 1 }
          : { [name]: one.overall, ...one.parts, failed: 0 },
      )
    expect(got['easyr1']).toEqual(full('overall'))
    expect(got['easyr1-one']).toEqual({ overall: 0.2, 'no-target': 0.2, failed: 0 })
    expect(got['easyr1-type']).toBe('batch')
    expect(got['verl']).toEqual(full('score')[1])
    expect(got['verl-batch']).toEqual(full('score'))
    expect(got['ms-swift']).toEqual(wanted)
    expect(got['trl']).toEqual(wanted)
    expect(got['logged']).toMatchObject({ 'maskwords/failed': RESPONSES.length / SAMPLES.length })
    expect(err.split('\n').filter((line) => line.includes('has no reward'))).toHaveLength(4)
  })

  it('read TRL answers from their ids, where the text has lost its special words', async () => {
    const words = [
      '<|mt_start|>',
      '<|mt_end|>',
      '<|mt_0011|>',
      '<|mt_0347|>',
      '<|im_end|>',
      '<|object_ref_start|>',
    ]
    const printed = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
    let next = 256
    const letters = Array.from({ length: 256 }, (_, byte) =>
      String.fromCharCode(printed(byte) ? byte : next++),
    )
    const tokenizer = {
      added_tokens: words.map((content, k) => ({ id: 256 + k, content, special: true })),
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab: Object.fromEntries(letters.map((letter, byte) => [letter, byte])) },
    }
    file('model/tokenizer.json', JSON.stringify(tokenizer))
    const text = `größe \u{1f600}: <|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>`
    const ids = text
      .split(/(<\|[^|]+\|>)/)
      .flatMap((piece) =>
        words.includes(piece) ? [256 + words.indexOf(piece)] : [...new TextEncoder().encode(piece)],
      )
    file('ids.json', JSON.stringify([...ids, 260, 99_999, 260]))
    await shim('trl', 'trl_ids.py', '--tokenizer', 'model', '--truth-column', 'answer')
    const { out } = await python(`
import json
import trl_ids
ids = json.load(open('ids.json'))
print(json.dumps([trl_ids._decoder(trl_ids.TOKENIZER).text(ids[:-2]), trl_ids.maskwords_reward([''], ['gr: '], completion_ids=[ids], answer=[${JSON.stringify(span(11, 347))}])]))
`)
    const sum = scoreBatch({ rewards: REWARDS, samples: [{ response: text, truth: span(11, 347) }] })
    expect(out).toEqual([`${text}<|im_end|>`, overalls(sum)])
  })

  it('try again while the service is away or busy, and say what to do where it stays away', async () => {
    let asked = 0
    const busy = createServer((request, response) => {
      request.resume()
      if (++asked === 1) return void request.socket.destroy()
      if (asked === 2) return void response.writeHead(503, { 'retry-after': '1' }).end('{}')
      response.end(JSON.stringify({ results: [{ overall: 0.1, parts: {} }], names: [] }))
    })
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
    const { port } = busy.address() as AddressInfo
    const { out } = await python(`
import json
import easyr1_reward as shim
shim.FIRST_WAIT_S = 0.01
one = [{'response': '', 'response_length': 0, 'ground_truth': ''}]
said = [shim.compute_score(one, url='http://127.0.0.1:${port}')]
shim.ATTEMPTS = 2
for options in ({'url': 'http://127.0.0.1:1'}, {'token': 'wrong'}, {'rewards': ['mask']}):
    try:
        shim.compute_score(one, **options)
    except shim.MaskwordsError as error:
        said.append(str(error))
print(json.dumps(said))
`)
    busy.close()
    expect(asked).toBe(3)
    expect(out).toEqual([
      [{ overall: 0.1, failed: 0 }],
      expect.stringMatching(
        /no answer .* after 2 attempts .*refused.*Start it with: maskwords reward --port 8009/,
      ),
      expect.stringMatching(/refuses the token; set MASKWORDS_REWARD_TOKEN/),
      expect.stringMatching(
        /refuses the request, 400: there is no reward "mask" \(did you mean mask-true-positives/,
      ),
    ])
  })
})

describe('the command', () => {
  it('lists rewards and presets', async () => {
    const { code, out } = await command('--list')
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('getok-refine-points  -1 to 1  needs previous, true-masks'),
    ])
    const listed = JSON.parse((await command('--list', '--json')).out)
    expect(listed.rewards[0]).toMatchObject({ name: 'mask-true-positives', range: [0, 1], needs: [] })
  })
  it('prints a Python file, with a sum in short form', async () => {
    const { out } = await command('--shim', 'verl', '--rewards', 'mask-accuracy:10,think-format')
    expect(out).toContain('REWARDS = [{"name":"mask-accuracy","weight":10},"think-format"]\n')
  })
  it('refuses what cannot be: sums, options of the other mode, an open port without a token', async () => {
    const table: [argv: string[], code: number, said: string][] = [
      [['--shim', 'verl', '--rewards', 'mask'], 2, 'there is no preset and no reward "mask"'],
      [['--shim', 'verl', '--rewards', 'mask-format:'], 1, 'weight takes a number'],
      [['--shim', 'verl', '--rewards', '[{'], 2, 'begins like a JSON list'],
      [['--shim', 'verl', '--port', '1'], 2, '--port does not go with --shim'],
      [['--shim', 'verl', '--tokenizer', 'x'], 2, '--tokenizer goes with --shim trl'],
      [['--rewards', 'mask-format'], 2, '--rewards goes with --shim'],
      [['--host', '0.0.0.0'], 2, 'there is no token'],
      [['--token-file', 'absent'], 1, 'cannot read the token'],
      [['--port', String(service.port)], 2, `port ${service.port} is taken`],
    ]
    for (const [argv, code, said] of table) {
      const result = await command(...argv)
      expect([argv, result.code, result.err]).toEqual([argv, code, expect.stringContaining(said)])
    }
  })

  it('answers what is under way after the signal to stop, then ends with 0', async () => {
    const stop = new AbortController()
    const printed = firstWrite()
    const noted = firstWrite()
    const io: Io = {
      stdin: (async function* () {})(),
      stdout: printed.output,
      stderr: noted.output,
      env: { MASKWORDS_REWARD_TOKEN: TOKEN },
      cwd: folder,
      signal: stop.signal,
    }
    const ended = run(['reward', '--port', '0', '--json'], io)
    const { port, token } = JSON.parse(await printed.text) as { port: number; token: boolean }
    expect(token).toBe(true)
    const body = JSON.stringify({
      rewards: ['mask-format'],
      samples: [{ response: span(1, 300), truth: '' }],
    })
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.on('data', (chunk) => (said += chunk))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write(
      `POST /v1/rewards HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    )
    // The service has the request when it counts it as held.
    for (let metrics = ''; !metrics.includes('requests_held 1\n'); ) {
      const headers = { authorization: `Bearer ${TOKEN}`, connection: 'close' }
      metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text()
    }
    stop.abort()
    expect(await noted.text).toContain('answering what is under way')
    socket.write(body.slice(10))
    await closed
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(said).toContain('{"overall":1,"parts":{"mask-format":1}}')
    expect(await ended).toBe(130)
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })
})

/** A stream that hands over the first thing written to it. */
function firstWrite(): { output: Output; text: Promise<string> } {
  let hand: (text: string) => void
  const text = new Promise<string>((resolve) => {
    hand = resolve
  })
  return { text, output: { isTTY: false, columns: 80, write: async (chunk) => hand(String(chunk)) } }
}
