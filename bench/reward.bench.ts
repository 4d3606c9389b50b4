// Rewards: microseconds a sample in process, and samples a second over HTTP. Baselines, in the same run: the same mask
// accuracy in python3 as the released code writes it (in process), and requests of one sample each (HTTP).
//
//   node --conditions=@maskwords/source --import tsx bench/reward.bench.ts
//
// Promised: under 50 us a sample in process, 10,000 samples a second over HTTP in batches of 256. Processor time is what a sample
// costs; wall time is what a caller sees, on a machine that is shared with others far more of it.

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type RewardList, type RewardSample, scoreBatch } from '@maskwords/learn'
import { cocoRleFromMask, maskFromRowMajor } from '@maskwords/mask'
import { bestNs, printMachine } from './harness.ts'

printMachine('rewards')
const span = (first: number, second: number) =>
  `<|mt_start|><|mt_${String(first).padStart(4, '0')}|><|mt_${String(second).padStart(4, '0')}|><|mt_end|>`
const thought =
  'The user asks for the red cup next to the window, which is the second from the left. '.repeat(6)
const segmentation: RewardSample[] = Array.from({ length: 256 }, (_, k) => ({
  response: `<think>${thought}</think><answer>${span(k, 300)} ${span(7, 256 + (k % 200))} ${span(9, 400)}</answer>`,
  truth: `${span(k, 300)} ${span(7, 256 + (k % 190))}`,
  group: k >> 3,
}))
const item = (phrase: string, mask: string) => `<|object_ref_start|> ${phrase} <|object_ref_end|> ${mask}`
const caption: RewardSample[] = Array.from({ length: 256 }, (_, k) => ({
  response: `${item('A brown dog', span(k, 300))} sits on ${item('a table', span(7, 301))} by ${item('two cups', span(9, 302))}.`,
  truth: `${item('A dog', span(k, 300))} on ${item('a table', span(7, 400))} by ${item('two cups', span(9, 302))}.`,
}))
const triple = (code: number, by: string) =>
  `{"subject": {"mask_2d": "${span(code, 300)}", "label": "man"}, "predicate": "${by}", "object": {"mask_2d": "${span(2, 301)}", "label": "horse"}}`
const scene: RewardSample[] = Array.from({ length: 256 }, (_, k) => ({
  response: `\`\`\`json\n[${triple(k, 'on')},\n${triple(k, 'riding')},\n${triple(3, 'beside')}]\n\`\`\``,
  truth: `\`\`\`json\n[${triple(k, 'riding')},\n${triple(4, 'beside')}]\n\`\`\``,
}))
const bytes = new Uint8Array(640 * 480)
for (let y = 100; y < 300; y++) bytes.fill(1, y * 640 + 200, y * 640 + 420)
const mask = cocoRleFromMask(maskFromRowMajor({ widthPx: 640, heightPx: 480, bytes }))
const getok: RewardSample[] = Array.from({ length: 256 }, (_, k) => ({
  response: `<think>The cup.</think><answer>cup: <box><grid_10_7><grid_20_19></box><seg><grid_12_9><grid_15_${9 + (k % 8)}><grid_18_11></seg></answer>`,
  truth: { text: '', masks: [mask] },
}))

const cases: [name: string, rewards: RewardList, samples: RewardSample[]][] = [
  ['mask-accuracy, 3 masks', ['mask-accuracy'], segmentation],
  ['samtok-thinking, 0.6 kB', 'samtok-thinking', segmentation],
  ['samtok-gcg, 3 phrases', 'samtok-gcg', caption],
  ['scene-graph, 3 triples', ['scene-graph'], scene],
  [
    'getok-format + repetition + box + points',
    ['getok-format', 'getok-repetition', 'getok-box', 'getok-points'],
    getok,
  ],
]
console.log('\nin process, processor time a sample, batches of 256')
for (const [name, rewards, samples] of cases) {
  const us = bestNs(() => scoreBatch({ rewards, samples })) / samples.length / 1000
  console.log(`${us.toFixed(2).padStart(9)} us  ${us < 50 ? 'ok    ' : 'MISSED'}  ${name}`)
}
const python = `
import json, re, sys, time
data = json.load(sys.stdin)
WORDS = re.compile(r'<\\|mt_start\\|><\\|mt_\\d{4}\\|><\\|mt_\\d{4}\\|><\\|mt_end\\|>')
def score(answer, truth):
    p, g = WORDS.findall(answer), WORDS.findall(truth)
    if not p and not g: return 1.0
    best = 0.0
    for a in set(p):
        one = 0.0
        for b in set(g):
            if a == b: one = max(one, 1.0)
            elif re.findall(r'<\\|[^|]*\\|>', a)[:-2] == re.findall(r'<\\|[^|]*\\|>', b)[:-2]: one = max(one, 0.4)
        best += one
    return best / max(len(p), len(g))
times = []
for _ in range(30):
    t = time.process_time()
    for s in data: score(s['response'], s['truth'])
    times.append(time.process_time() - t)
print(min(times) / len(data) * 1e6)
`
const said = spawnSync('python3', ['-c', python], { input: JSON.stringify(segmentation), encoding: 'utf8' })
console.log(
  said.status === 0
    ? `${Number(said.stdout).toFixed(2).padStart(9)} us  baseline mask accuracy in python3, as released`
    : '        -     baseline python3 is not here',
)

const cli = fileURLToPath(new URL('../packages/maskwords/src/cli.ts', import.meta.url))
const child = spawn(process.execPath, [...process.execArgv, cli, 'reward', '--port', '0', '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const line = await new Promise<string>((resolve) =>
  child.stdout.once('data', (chunk) => resolve(String(chunk))),
)
const { port } = JSON.parse(line) as { port: number }
const agent = new Agent({ keepAlive: true, maxSockets: 4 })

function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request({ agent, port, method: 'POST', path: '/v1/rewards', headers }, (response) => {
      response.resume()
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`)),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Seconds of processor time of the service, where the system tells (Linux counts in hundredths). */
function serviceSeconds(): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}

async function rate(size: number, forMs: number): Promise<{ wall: number; cpu: number }> {
  const body = JSON.stringify({ rewards: 'samtok-thinking', samples: segmentation.slice(0, size) })
  const began = performance.now()
  const cpu = serviceSeconds()
  let samples = 0
  const lane = async () => {
    while (performance.now() - began < forMs) {
      await post(body)
      samples += size
    }
  }
  await Promise.all([lane(), lane()])
  return {
    wall: (samples / (performance.now() - began)) * 1000,
    cpu: samples / Math.max(serviceSeconds() - cpu, 0.01),
  }
}

console.log(
  "\nover HTTP, samtok-thinking, 2 connections        samples/s wall   samples/s of the service's processor time",
)
try {
  for (const size of [1, 256]) await rate(size, 1500)
  for (const size of [1, 16, 64, 256]) {
    const runs = [await rate(size, 1500), await rate(size, 1500), await rate(size, 1500)]
    const wall = Math.max(...runs.map((run) => run.wall))
    const cpu = Math.max(...runs.map((run) => run.cpu))
    const verdict = size < 256 ? '' : wall >= 10_000 ? '  ok' : '  MISSED'
    console.log(
      `${(size === 1 ? 'one a request (baseline)' : `${size} a request`).padEnd(46)}${wall.toFixed(0).padStart(16)}${cpu.toFixed(0).padStart(20)}${verdict}`,
    )
  }
} finally {
  agent.destroy()
  child.kill('SIGTERM')
}
