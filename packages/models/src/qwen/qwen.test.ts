// Qwen networks against values that transformers 5.24 gave for tiny models of formula weights (test/fixtures/qwen.json, made by
// interop/python/qwen_values.py), and decoding over kept keys and values against the whole sequence at once.
import { readFileSync } from 'node:fs'
import { buildModel, type GraphError, input, openSession } from '@maskwords/graph'
import { describe, expect, it } from 'vitest'
import { formulaUnits, formulaWeights } from '../../../graph/test/formula-weights.ts'
import type { QwenSpec, QwenValues } from '../../test/qwen-values.ts'
import { int64, qwenValues } from '../../test/qwen-values.ts'
import { largestDifference } from '../../test/recorded.ts'
import { readQwenConfig } from './config.ts'
import { qwenKey } from './keys.ts'
import { qwenLogits, qwenText } from './text.ts'

const FIXTURES = JSON.parse(
  readFileSync(new URL('../../test/fixtures/qwen.json', import.meta.url), 'utf8'),
) as Record<string, { spec: QwenSpec; values: QwenValues }>

describe('Qwen networks', () => {
  for (const [name, { spec, values }] of Object.entries(FIXTURES)) {
    it(`${name}: features and logits are those of transformers`, async () => {
      const ours = await qwenValues(spec, values.position_ids)
      if (values.features) expect(largestDifference(ours.features!, values.features)).toBeLessThan(2e-5)
      expect(largestDifference(ours.logits.slice(-values.logits.length), values.logits)).toBeLessThan(2e-5)
    })
  }

  for (const name of ['qwen2.5-vl', 'qwen3']) {
    it(`${name}: rows over one shared past, their own past and padding give what each whole sequence gives`, async () => {
      const config = readQwenConfig(FIXTURES[name]!.spec.config)
      const { width, layers, kvHeads, headWidth } = config.text
      const weights = (key: string, shape: readonly number[]) => formulaWeights(key, shape)
      const vectors = (key: string, tokens: number) => Float32Array.from(formulaUnits(key, tokens * width))

      // Two sequences with the first 5 tokens in common, then 3 and 2 own tokens, then one more.
      const prefix = vectors('prefix', 5)
      const own = [vectors('own.0', 4), vectors('own.1', 3)]
      const wholeEmbeds = input('embeds', 'float32', [1, 'tokens', width])
      const wholePositions = input('positions', 'int64', [3, 1, 'tokens'])
      const whole = qwenText({ embeds: wholeEmbeds, positions: wholePositions }, config)
      const named = (made: typeof whole.layers) =>
        Object.fromEntries(
          made.flatMap(({ key, value }, i) => [
            [`key.${i}`, key],
            [`value.${i}`, value],
          ]),
        )
      const all = await openSession(
        buildModel({
          outputs: { logits: qwenLogits(whole.hidden, config), ...named(whole.layers) },
          weights,
        }),
        { worker: false, threads: 1 },
      )
      const runWhole = (embeds: Float32Array) => {
        const tokens = embeds.length / width
        const places = Array.from({ length: tokens }, (_, i) => i)
        return all.run({
          embeds: { data: embeds, shape: [1, tokens, width] },
          positions: { data: int64([...places, ...places, ...places]), shape: [3, 1, tokens] },
        })
      }
      const wanted: Float32Array[] = []
      for (const rest of own) {
        const { logits } = await runWhole(Float32Array.from([...prefix, ...rest]))
        wanted.push((logits!.data as Float32Array).slice(-config.text.vocabularySize))
      }
      const shared = await runWhole(prefix)

      const kept = (what: string, rows: 1 | 'batch', tokens: string) =>
        Array.from({ length: layers }, (_, i) => ({
          key: input(`${what}.key.${i}`, 'float32', [kvHeads, rows, tokens, headWidth]),
          value: input(`${what}.value.${i}`, 'float32', [kvHeads, rows, tokens, headWidth]),
        }))
      const cached = qwenText(
        {
          embeds: input('embeds', 'float32', ['batch', 'tokens', width]),
          positions: input('positions', 'int64', [3, 'batch', 'tokens']),
          past: [
            { layers: kept('shared', 1, 'shared') },
            { layers: kept('own', 'batch', 'own'), bias: input('own.bias', 'float32', ['batch', 'own']) },
          ],
        },
        config,
      )
      const step = await openSession(
        buildModel({
          outputs: { logits: qwenLogits(cached.hidden, config), ...named(cached.layers) },
          weights,
        }),
        { worker: false, threads: 1 },
      )
      const past = (
        what: string,
        from: Awaited<ReturnType<typeof runWhole>> | undefined,
        rows: number,
        tokens: number,
      ) =>
        Object.fromEntries(
          Array.from({ length: layers }, (_, i) => [`key.${i}`, `value.${i}`])
            .flat()
            .map((key) => [
              `${what}.${key}`,
              {
                data: (from?.[key]?.data as Float32Array) ?? new Float32Array(0),
                shape: [kvHeads, rows, tokens, headWidth],
              },
            ]),
        )
      const padded = new Float32Array(2 * 3 * width)
      padded.set(own[0]!.subarray(0, 3 * width))
      padded.set(own[1]!.subarray(0, 2 * width), 3 * width)
      const first = await step.run({
        embeds: { data: padded, shape: [2, 3, width] },
        positions: { data: int64([0, 1, 2].flatMap(() => [5, 6, 7, 5, 6, 0])), shape: [3, 2, 3] },
        ...past('shared', shared, 1, 5),
        ...past('own', undefined, 2, 0),
        'own.bias': { data: new Float32Array(0), shape: [2, 0] },
      })
      const last = new Float32Array(2 * width)
      last.set(own[0]!.subarray(3 * width))
      last.set(own[1]!.subarray(2 * width), width)
      const second = await step.run({
        embeds: { data: last, shape: [2, 1, width] },
        positions: { data: int64([0, 1, 2].flatMap(() => [8, 7])), shape: [3, 2, 1] },
        ...past('shared', shared, 1, 5),
        ...past('own', first, 2, 3),
        // The third token of the second row is padding.
        'own.bias': { data: Float32Array.from([0, 0, 0, 0, 0, -1e4]), shape: [2, 3] },
      })
      const logits = second.logits!.data as Float32Array
      const size = config.text.vocabularySize
      wanted.forEach((row, i) => {
        expect(largestDifference(logits.slice(i * size, (i + 1) * size), row)).toBeLessThan(2e-5)
      })
      await all.close()
      await step.close()
    })
  }
})

describe('config.json of a Qwen model', () => {
  const nested = FIXTURES['qwen2.5-vl']!.spec.config
  it('reads the flat files of transformers before 4.52 as it reads nested ones', () => {
    const { text_config, ...rest } = nested as { text_config: Record<string, unknown> }
    const {
      rope_parameters,
      model_type: _,
      ...sizes
    } = text_config as {
      rope_parameters: { rope_theta: number; mrope_section: number[] }
      model_type: string
    }
    const flat = {
      ...rest,
      ...sizes,
      rope_theta: rope_parameters.rope_theta,
      rope_scaling: { type: 'mrope', mrope_section: rope_parameters.mrope_section },
    }
    expect(readQwenConfig(flat)).toEqual(readQwenConfig(nested))
  })

  it('takes what transformers takes where a file is silent', () => {
    const { text } = readQwenConfig({ model_type: 'qwen3', head_dim: null, num_key_value_heads: 8 })
    expect(text).toMatchObject({ width: 4096, headWidth: 128, kvHeads: 8, ropeTheta: 1e4, normEpsilon: 1e-6 })
  })

  it('refuses other families and what it cannot compute, and names the field', () => {
    const codeOf = (json: unknown) => {
      try {
        readQwenConfig(json)
      } catch (error) {
        return `${(error as GraphError).code}: ${(error as GraphError).message}`
      }
      return 'nothing'
    }
    expect(codeOf({ model_type: 'llava', architectures: ['Llava'] })).toBe(
      'unsupported: config.json: a model of type "llava" (Llava) cannot be run here',
    )
    expect(codeOf([])).toMatch(/^malformed/)
    expect(codeOf({ model_type: 'qwen2', hidden_size: '24' })).toMatch(/malformed.*hidden_size is "24"/)
    expect(codeOf({ model_type: 'qwen2', rope_scaling: { type: 'yarn' } })).toMatch(/unsupported.*"yarn"/)
    expect(codeOf({ model_type: 'qwen2', layer_types: ['sliding_attention'] })).toMatch(/sliding window/)
    expect(codeOf({ model_type: 'qwen3_vl', vision_config: {} })).toMatch(/without text_config/)
  })

  it('finds weights under the names of files and of transformers in memory', () => {
    const names = new Set(['model.language_model.layers.0.a', 'model.visual.b', 'lm_head.weight'])
    expect(qwenKey(names, 'model.layers.0.a', 'qwen2.5-vl')).toBe('model.language_model.layers.0.a')
    expect(qwenKey(names, 'visual.b', 'qwen2.5-vl')).toBe('model.visual.b')
    expect(qwenKey(names, 'model.visual.b', 'qwen3-vl')).toBe('model.visual.b')
    expect(qwenKey(names, 'lm_head.weight', 'qwen3-vl')).toBe('lm_head.weight')
    expect(qwenKey(names, 'model.layers.1.a', 'qwen2')).toBeUndefined()
  })
})
