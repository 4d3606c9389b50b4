// A tokenizer trained from nothing on made-up scenes, by the real command in its own process: it learns, survives being
// killed, and leaves a folder that the other commands take.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawScene } from '@maskwords/codec-training'
import { pictureToPng, writePng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomFrom } from '../../codecs/src/getok/random.ts'

const ROOT = join(import.meta.dirname, '../../..')
const CLI = join(ROOT, 'packages/maskwords/src/cli.ts')
const SIDE = 64

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the command; `killAfter` kills it without a warning when stderr first matches. */
function command(args: readonly string[], killAfter?: RegExp): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--conditions=@maskwords/source', '--import', 'tsx', CLI, ...args],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (data) => (stdout += data))
    child.stderr.on('data', (data) => {
      stderr += data
      if (killAfter?.test(stderr)) child.kill('SIGKILL')
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskwords-train-'))
  // Pictures of other seeds than training draws: what is measured was never trained on.
  const truth = join(folder, 'truth')
  for (const part of ['images', 'labels']) mkdirSync(join(truth, part), { recursive: true })
  const index = []
  for (let i = 0; i < 6; i++) {
    const { rgb, labels } = drawScene(randomFrom(900_000 + i), { side: SIDE, shapes: [2, 4] })
    writeFileSync(
      join(truth, 'images', `s${i}.png`),
      pictureToPng({ widthPx: SIDE, heightPx: SIDE, channels: 3, bytes: rgb }),
    )
    const samples = labels.map((label) => label + 1)
    writeFileSync(
      join(truth, 'labels', `s${i}_0.png`),
      writePng({ widthPx: SIDE, heightPx: SIDE, colour: 'grey', bitDepth: 8, samples }),
    )
    index.push({ id: `s${i}`, width: SIDE, height: SIDE, segmentations: 1 })
  }
  writeFileSync(join(truth, 'index.json'), JSON.stringify(index))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const COMMON = {
  seed: 4,
  data: { sets: [], scenes: 1 },
  augmentation: { copyPaste: 0 },
  saveEvery: 4,
  logEvery: 1,
}
const HIMTOK = {
  codec: 'himtok',
  name: 'toy',
  ...COMMON,
  network: {
    profile: 'clean',
    sizePx: 16,
    patchPx: 4,
    latents: 8,
    codebookSize: 64,
    codeSize: 8,
    encoder: { width: 32, layers: 2, heads: 2 },
    decoder: { width: 32, layers: 2, heads: 2 },
    pixelDecoder: {
      inputChannels: 16,
      channels: 8,
      multipliers: [1, 1, 2],
      blocks: 1,
      outputChannels: 1,
      normGroups: 4,
    },
    mlpRatio: 2,
  },
  batch: { masks: 16, parts: 2 },
  loss: { dice: 1, commitment: 0.25 },
  levels: { kind: 'each', whole: 0.6 },
  blur: 0,
}
const SAMTOK = {
  codec: 'samtok',
  name: 'toy',
  ...COMMON,
  network: {
    sam2: {
      imagePx: 64,
      trunk: {
        embedDim: 16,
        heads: 1,
        stages: [1, 1, 1, 1],
        globalBlocks: [2],
        windows: [4, 4, 4, 2],
        background: [2, 2],
        poolings: 3,
      },
      width: 32,
      topDownLevels: [2, 3],
      dropLevels: 1,
      twoWay: { depth: 1, heads: 2, mlpWidth: 32, attentionDownsample: 2 },
      maskPromptWidth: 4,
    },
    codesPerLevel: 16,
    levels: 2,
  },
  batch: { pictures: 2, masksPerPicture: 3 },
  loss: { bce: 1, dice: 1, commitment: 0.25, iou: 0.1 },
}

const write = (name: string, config: object): string => {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(config))
  return path
}
const evaluated = async (codec: string): Promise<number> => {
  const { stdout } = await command([
    'eval',
    'reconstruction',
    '--codec',
    codec,
    '--truth',
    join(folder, 'truth'),
    '--json',
    '--quiet',
  ])
  return (JSON.parse(stdout) as { meanIou: number }).meanIou
}

describe('maskwords train', () => {
  it('learns masks measurably, on pictures it was not trained on', async () => {
    const stage = (steps: number) => [
      { name: 'joint', steps, learningRate: 0.002, warmUp: 200, quantise: [200, 400] },
    ]
    const untrained = write('untrained.json', { ...HIMTOK, stages: stage(1) })
    const trained = write('trained.json', { ...HIMTOK, stages: stage(800) })
    await command(['train', 'himtok', '--config', untrained, '-o', join(folder, 'untrained'), '--quiet'])
    const run = await command([
      'train',
      'himtok',
      '--config',
      trained,
      '-o',
      join(folder, 'trained'),
      '--json',
    ])
    expect(run.stderr).not.toContain('error')
    expect(JSON.parse(run.stdout)).toMatchObject({ finished: true, stage: 'joint', step: 800 })
    const before = await evaluated(join(folder, 'untrained/codec'))
    const after = await evaluated(join(folder, 'trained/codec'))
    expect(after).toBeGreaterThan(before + 0.2)
    const curves = readFileSync(join(folder, 'trained/stage-1-joint/curves.svg'), 'utf8')
    expect(curves).toContain('<svg')
  }, 240_000)

  for (const [name, config] of Object.entries({ himtok: HIMTOK, samtok: SAMTOK })) {
    it(`a ${name} run that is killed goes on to the same bits as one that is not`, async () => {
      const stages = [
        // The second stage of a HiMTok has an encoder layer more.
        { name: 'first', steps: 6, learningRate: 0.001, ...(name === 'himtok' && { encoderLayers: 1 }) },
        { name: 'second', steps: 6, learningRate: 0.0005, quantise: [0, 0] },
      ]
      const path = write(`${name}.json`, { ...config, stages })
      const whole = join(folder, `${name}-whole`)
      const killed = join(folder, `${name}-killed`)
      await command(['train', name, '--config', path, '-o', whole, '--quiet'])
      const first = await command(['train', name, '--config', path, '-o', killed], /step 5\/6|step 6\/6/)
      expect(first.code).toBeNull()
      await command(['train', name, '--config', path, '-o', killed], /(?:step [1-6]\/6.*\s+){2}/)
      const last = await command(['train', name, '--config', path, '-o', killed, '--json', '--quiet'])
      expect(JSON.parse(last.stdout)).toMatchObject({ finished: true, stage: 'second', step: 6 })
      for (const file of readdirSync(join(whole, 'codec')))
        expect(readFileSync(join(killed, 'codec', file))).toEqual(readFileSync(join(whole, 'codec', file)))
    }, 240_000)
  }

  it('says what is wrong with a configuration, and where', async () => {
    const path = write('wrong.json', { ...HIMTOK, stages: [{ name: 'Bad name', steps: 0 }], extra: 1 })
    const { code, stderr } = await command(['train', 'himtok', '--config', path, '-o', join(folder, 'wrong')])
    expect(code).toBe(1)
    for (const part of ['stages[0].name', 'stages[0].steps', 'stages[0].learningRate', 'extra'])
      expect(stderr).toContain(part)
    const other = write('other.json', {
      ...HIMTOK,
      seed: 5,
      stages: [{ name: 'a', steps: 1, learningRate: 1e-3 }],
    })
    const again = await command(['train', 'himtok', '--config', other, '-o', join(folder, 'trained')])
    expect(again.stderr).toContain('another configuration')
  }, 60_000)
})
