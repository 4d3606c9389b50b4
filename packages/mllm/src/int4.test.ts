// The 4-bit file: what is in it, how near its answers are, that a killed writing goes on and another source is noticed.
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import type { Weights } from '@maskwords/graph'
import { fromBlocks } from '@maskwords/graph'
import { afterAll, describe, expect, it } from 'vitest'
import type { Chat } from '../test/recorded.ts'
import {
  checkpointPath,
  conversationOf,
  formulaPicture,
  hasRecorded,
  largestDifference,
  recordedJson,
  recordedTensors,
} from '../test/recorded.ts'
import { writeTinyModel } from '../test/tiny-model.ts'
import { openEngine } from './engine.ts'
import { generate } from './generate.ts'
import { INT4_FILE, schemeOfWeight } from './int4.ts'
import type { LoadedModel } from './loaded.ts'
import { loadModel, promptRow } from './loaded.ts'
import { openMemory } from './memory.ts'
import { buildPrompt } from './prompt.ts'
import { resolveSampling } from './sampling.ts'

const root = mkdtempSync(join(tmpdir(), 'int4-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Scores of the token behind a prompt. */
async function lastScores(
  model: LoadedModel,
  conversation: Parameters<typeof buildPrompt>[0],
): Promise<Float32Array> {
  let scores = new Float32Array(0)
  const engine = {
    ...model.engine,
    run: async (step: Parameters<LoadedModel['engine']['run']>[0]) => {
      const made = await model.engine.run(step)
      scores = Float32Array.from(made.scores)
      return made
    },
  }
  await generate([promptRow(buildPrompt(conversation, model), model)], engine, model.memory, {
    sampling: resolveSampling({}, 1),
    machine: undefined,
    span: undefined,
    ends: new Set(),
    maxTokens: 0,
    aborted: () => false,
    onToken: async () => true,
    onEnd: () => {},
  })
  return scores
}

function relative(a: Float32Array, b: Float32Array): number {
  let [difference, size] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2
    size += b[i]! ** 2
  }
  return Math.sqrt(difference / size)
}

const conversation = [
  {
    role: 'user' as const,
    content: [
      { type: 'picture' as const, picture: formulaPicture({ width: 60, height: 44, variant: 0 }) },
      { type: 'text' as const, text: 'Please segment the cup.' },
    ],
  },
]

describe('the 4-bit file', () => {
  for (const kind of ['qwen2.5-vl', 'qwen3-vl'] as const) {
    it(`${kind}: scores stay near those of the published weights, from a fraction of the bytes`, async () => {
      const folder = join(root, kind)
      await writeTinyModel(folder, { kind, tied: kind === 'qwen3-vl' })
      const exact = await loadModel(folder, { weights: 'published', threads: 1 })
      const rounded = await loadModel(folder, { weights: 'int4', threads: 1 })
      const [a, b] = [await lastScores(exact, conversation), await lastScores(rounded, conversation)]
      expect(relative(b, a)).toBeLessThan(0.15)
      expect(relative(b, a)).toBeGreaterThan(1e-4)
      const layer = (name: string) => schemeOfWeight(name, [2, 2], exact.config)?.bits
      const text = kind === 'qwen3-vl' ? 'model.language_model' : 'model'
      expect([
        layer(`${text}.layers.0.mlp.up_proj.weight`),
        layer('lm_head.weight'),
        layer(`${text}.embed_tokens.weight`),
      ]).toEqual([4, 8, 8])
      await exact.close()
      await rounded.close()
    })
  }

  it('a writing that was killed goes on, and gives the same bytes', async () => {
    const folder = join(root, 'killed')
    await writeTinyModel(folder)
    await (await loadModel(folder, { weights: 'int4', threads: 1 })).close()
    const file = join(folder, INT4_FILE)
    const whole = readFileSync(file)
    for (const length of [3, 5000, Math.floor(whole.length / 2), whole.length - 1]) {
      rmSync(file)
      writeFileSync(`${file}.partial`, whole.subarray(0, length))
      await (await loadModel(folder, { weights: 'int4', threads: 1 })).close()
      expect(Buffer.compare(readFileSync(file), whole)).toBe(0)
      expect(existsSync(`${file}.partial`)).toBe(false)
    }
  })

  it('is used again while the source is the same, and made anew when it is not', async () => {
    const folder = join(root, 'source')
    await writeTinyModel(folder)
    await (await loadModel(folder, { weights: 'int4', threads: 1 })).close()
    const file = join(folder, INT4_FILE)
    utimesSync(file, 1, 1)
    await (await loadModel(folder, { weights: 'int4', threads: 1 })).close()
    expect(statSync(file).mtimeMs).toBe(1000)
    const source = join(folder, 'model.safetensors')
    const bytes = readFileSync(source)
    bytes[bytes.length - 9]! ^= 1
    writeFileSync(source, bytes)
    await (await loadModel(folder, { weights: 'int4', threads: 1 })).close()
    expect(statSync(file).mtimeMs).toBeGreaterThan(1000)
    // A 4-bit file that was cut is no 4-bit file.
    truncateSync(file, 4000)
    await (await loadModel(folder, { weights: 'int4', threads: 1 })).close()
    expect(statSync(file).size).toBeGreaterThan(4000)
  })
})

describe.skipIf(!hasRecorded)(
  '4-bit weights against recorded values (needs ../shared/reference/mllm)',
  () => {
    for (const name of ['qwen2.5-vl-micro', 'qwen3-vl-micro', 'qwen2-micro']) {
      it(`${name}: blocks equal to the bit, and logits of the rounded weights`, async () => {
        const folder = join(root, name)
        await cp(checkpointPath(name), folder, { recursive: true, mode: 0 })
        const rounded = await loadModel(folder, { weights: 'int4', threads: 1 })
        const golden = await recordedTensors(`golden/${name}.int4.safetensors`)
        const file = await openCheckpointFile(join(folder, INT4_FILE))
        const stored = golden.names.find((tensor) => tensor.startsWith('search.stored.'))!
        const key = stored.slice('search.stored.'.length)
        const packed = (await file.read(`${key}.blocks`)) as Uint8Array
        expect(Array.from(packed).flatMap((byte) => [byte & 15, byte >> 4])).toEqual(
          Array.from(golden.bytes(stored)),
        )
        expect(await file.read(`${key}.scales`)).toEqual(golden.floats(`search.scales.${key}`))

        // The rounded text layers as float32 in the plain graph: what the recorded logits are of.
        const exact = await loadModel(folder, { weights: 'published', threads: 1 })
        const values = new Map<string, Float32Array>()
        for (const tensor of file.tensors.keys()) {
          if (!tensor.endsWith('.blocks')) continue
          const weight = tensor.slice(0, -'.blocks'.length)
          const shape = (await openCheckpointFile(folder)).tensors.get(weight)!.shape as [number, number]
          const scheme = schemeOfWeight(weight, shape, exact.config)!
          if (scheme.bits !== 4) continue
          const blocks = Math.ceil(shape[1] / scheme.blockSize)
          const data = (await file.read(tensor)) as Uint8Array
          const scales = (await file.read(`${weight}.scales`)) as Float32Array
          values.set(weight, fromBlocks({ ...scheme, data, scales, blocks }, shape[0], shape[1]))
        }
        const published = await openCheckpointFile(folder)
        for (const tensor of published.tensors.keys()) {
          if (!values.has(tensor)) values.set(tensor, await published.read(tensor, { as: 'float32' }))
        }
        const plain = await openEngine(
          {
            config: exact.config,
            rows: {
              read: (ids, out) => out.set(exact.engine.embed(ids)),
              range: () => new Float32Array(0),
              close: () => {},
            },
            forOutputs: () => ({ weights: values as Weights }),
            close: async () => {},
          },
          { threads: 1 },
        )
        const chat = recordedJson<Chat>(`golden/${name}.chat.json`)
        const cases = golden.names.filter((tensor) => /^search\.\w+\.logits$/.test(tensor))
        expect(cases).toHaveLength(3)
        for (const tensor of cases) {
          const item = chat.cases[tensor.split('.')[1]!]!
          const wanted = golden.floats(tensor).slice(-exact.config.text.vocabularySize)
          const model = { ...exact, engine: plain, memory: openMemory(exact.config.text, 1e9) }
          expect(
            largestDifference(await lastScores(model, conversationOf(item)), wanted),
            tensor,
          ).toBeLessThan(2e-4)
          // The kernel rounds activations to 8 bits, head and eyes have 8 bits too.
          expect(relative(await lastScores(rounded, conversationOf(item)), wanted), tensor).toBeLessThan(0.1)
        }
        await plain.close()
        await exact.close()
        await rounded.close()
      })
    }
  },
)
