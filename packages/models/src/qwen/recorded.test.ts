// Every stage of small Qwen models against the values that transformers 5.24 gave for them (shared/reference/mllm/README.md).
import type { Session, Tensor, Value, Weights } from '@maskwords/graph'
import { buildModel, input, openSession } from '@maskwords/graph'
import { describe, expect, it } from 'vitest'
import {
  hasRecorded,
  largestDifference,
  recordedJson,
  recordedModel,
  recordedTensors,
} from '../../test/recorded.ts'
import type { QwenConfig, QwenVisionConfig } from './config.ts'
import { visionLayout } from './layout.ts'
import { embedTokens, qwenLogits, qwenText } from './text.ts'
import { qwenVision, visionFeeds, visionInputs } from './vision.ts'

const HIDDEN_STATES = 1e-4
const LOGITS = 2e-4

type ChatCase = {
  input_ids: number[]
  position_ids: number[][] | null
  mm_token_type_ids?: number[]
}
type Chat = {
  cases: Record<string, ChatCase>
  left_padded_batches: Record<
    string,
    {
      input_ids?: number[][]
      attention_mask: number[][]
      position_ids: number[][][] | null
      cases?: string[]
    }
  >
}

async function open(outputs: Record<string, Tensor>, weights: Weights): Promise<Session> {
  return openSession(buildModel({ outputs, weights }), { worker: false, threads: 1 })
}

/** A resized picture [height, width, 3] as rows of patches: rescaled, normalised, doubled in time, in squares of 2 x 2. */
function patchRows(
  picture: Uint8Array,
  height: number,
  width: number,
  config: QwenVisionConfig,
): Float32Array {
  const clip = config.kind === 'qwen2.5-vl'
  const mean = clip ? [0.48145466, 0.4578275, 0.40821073] : [0.5, 0.5, 0.5]
  const deviation = clip ? [0.26862954, 0.26130258, 0.27577711] : [0.5, 0.5, 0.5]
  const { patchPx: side, merge } = config
  const out: number[] = []
  for (let top = 0; top < height / side; top += merge) {
    for (let left = 0; left < width / side; left += merge) {
      for (let square = 0; square < merge * merge; square++) {
        const [row, column] = [top + Math.floor(square / merge), left + (square % merge)]
        for (let channel = 0; channel < 3; channel++) {
          for (let frame = 0; frame < 2; frame++) {
            for (let y = 0; y < side; y++) {
              for (let x = 0; x < side; x++) {
                const at = ((row * side + y) * width + column * side + x) * 3 + channel
                out.push((picture[at]! / 255 - mean[channel]!) / deviation[channel]!)
              }
            }
          }
        }
      }
    }
  }
  return Float32Array.from(out)
}

const int64 = (values: readonly number[]) => BigInt64Array.from(values, BigInt)

/** Positions [3, batch, tokens] with the three axes equal, or as recorded. */
function positionsOf(cases: readonly ChatCase[]): BigInt64Array {
  return int64(
    [0, 1, 2].flatMap((axis) =>
      cases.flatMap((item) => item.position_ids?.[axis] ?? item.input_ids.map((_, i) => i)),
    ),
  )
}

function everyFourth(values: Float32Array, width: number): Float32Array {
  return values.filter((_, i) => (i % width) % 4 === 0)
}

const textModel = (config: QwenConfig, deepstack: number) => {
  const embeds = input('embeds', 'float32', ['batch', 'tokens', config.text.width])
  const positions = input('positions', 'int64', [3, 'batch', 'tokens'])
  const bias = input('bias', 'float32', ['batch', 'tokens'])
  const more = Array.from({ length: deepstack }, (_, i) =>
    input(`deepstack.${i}`, 'float32', ['batch', 'tokens', config.text.width]),
  )
  const text = qwenText({ embeds, positions, bias, deepstack: more }, config)
  return {
    text,
    outputs: { logits: qwenLogits(text.hidden, config), hidden: text.hidden, cos: text.cos, sin: text.sin },
  }
}

async function embedsOf(ids: readonly number[], config: QwenConfig, weights: Weights): Promise<Float32Array> {
  const session = await open({ embeds: embedTokens(input('ids', 'int64', ['tokens']), config) }, weights)
  const { embeds } = await session.run({ ids: { data: int64(ids), shape: [ids.length] } })
  await session.close()
  return embeds!.data as Float32Array
}

const floats = (value: Value | undefined) => value!.data as Float32Array

describe.skipIf(!hasRecorded)('networks against recorded values (needs ../shared/reference/mllm)', () => {
  for (const model of ['qwen2.5-vl-micro', 'qwen3-vl-micro']) {
    it(`${model}: the vision tower matches at every recorded stage`, async () => {
      const { config, weights } = await recordedModel(model)
      const vision = config.vision as QwenVisionConfig
      const golden = await recordedTensors(`golden/${model}.vision.safetensors`)
      const { cases } = JSON.parse(golden.metadata.get('json')!) as {
        cases: Record<string, { grid_thw: [number, number, number][] }>
      }
      const inputs = visionInputs(vision)
      const tower = qwenVision(inputs, vision)
      const session = await open(
        {
          features: tower.features,
          embedded: tower.embedded,
          ...Object.fromEntries(tower.deepstack.map((tensor, i) => [`deepstack.${i}`, tensor])),
          ...Object.fromEntries(tower.blocks.map((tensor, i) => [`block_output.${i}`, tensor])),
        },
        weights,
      )
      for (const [name, { grid_thw }] of Object.entries(cases)) {
        const grids = grid_thw.map(([frames, rows, columns]) => ({ frames, rows, columns }))
        const layout = visionLayout(grids, vision)
        const pictures: number[] = []
        for (let i = 0; i < grids.length; i++) {
          const { rows, columns } = grids[i]!
          const picture = golden.bytes(`${name}.resized.${i}`)
          for (const value of patchRows(picture, rows * vision.patchPx, columns * vision.patchPx, vision))
            pictures.push(value)
        }
        const pixels = Float32Array.from(pictures)
        if (golden.names.includes(`${name}.pixel_values`)) {
          expect(largestDifference(pixels, golden.floats(`${name}.pixel_values`))).toBeLessThan(1e-6)
        }
        // Recorded before windows reorder the patches; ours afterwards.
        const rope = golden.whole(`${name}.rope_position_ids`)
        expect(Array.from(layout.positions, Number)).toEqual(
          Array.from(layout.order).flatMap((patch) => [rope[2 * patch], rope[2 * patch + 1]]),
        )
        if (layout.places) {
          expect(Array.from(layout.places, Number)).toEqual(golden.whole(`${name}.position_indices`))
          expect(largestDifference(layout.shares!, golden.floats(`${name}.position_weights`))).toBeLessThan(
            1e-6,
          )
        } else {
          const tokens = golden.whole(`${name}.window_index`)
          expect(
            Array.from(layout.order)
              .filter((_, i) => i % 4 === 0)
              .map((patch) => patch / 4),
          ).toEqual(tokens)
          const ends = golden.whole(`${name}.cu_window_seqlens`)
          const { windows } = layout
          const sizes = Array.from({ length: windows!.groups }, (_, g) =>
            windows!.bias
              .subarray(g * windows!.length, (g + 1) * windows!.length)
              .reduce((n, b) => n + (b === 0 ? 1 : 0), 0),
          )
          expect(sizes).toEqual(ends.slice(1).map((end, i) => end - ends[i]!))
        }
        const results = await session.run(visionFeeds(layout, pixels))
        const stages: [string, string][] = [
          ['features', 'features'],
          ['block_input.0', 'embedded'],
          ['last_hidden_state', `block_output.${vision.blocks - 1}`],
          ...Object.keys(results)
            .filter((output) => output.includes('.'))
            .map((output): [string, string] => [output, output]),
        ]
        for (const [recorded, ours] of stages) {
          if (!golden.names.includes(`${name}.${recorded}`)) continue
          const wanted = golden.floats(`${name}.${recorded}`)
          expect(largestDifference(floats(results[ours]), wanted), `${name} ${recorded}`).toBeLessThan(
            HIDDEN_STATES,
          )
        }
      }
      await session.close()
    })
  }

  for (const model of ['qwen2.5-vl-micro', 'qwen3-vl-micro', 'qwen2-micro']) {
    it(`${model}: hidden states, rotary tables and logits of the decoder match`, async () => {
      const { config, weights } = await recordedModel(model)
      const golden = await recordedTensors(`golden/${model}.forward.safetensors`)
      const chat = recordedJson<Chat>(`golden/${model}.chat.json`)
      const name = model === 'qwen2-micro' ? 'text_only' : 'one_image'
      const item = chat.cases[name]!
      const tokens = item.input_ids.length
      const { width } = config.text
      const stacks = config.vision?.deepstackBlocks.length ?? 0
      const { text, outputs } = textModel(config, stacks)
      const session = await open(
        {
          ...outputs,
          norm_input: text.normInput,
          ...Object.fromEntries(text.layerInputs.map((tensor, i) => [`layer_input.${i}`, tensor])),
          ...Object.fromEntries(text.layerOutputs.map((tensor, i) => [`layer_output.${i}`, tensor])),
        },
        weights,
      )
      const shape = [1, tokens, width]
      const feeds: Record<string, { data: Float32Array | BigInt64Array; shape: number[] }> = {
        embeds: { data: golden.floats(`${name}.inputs_embeds`), shape },
        positions: { data: positionsOf([item]), shape: [3, 1, tokens] },
        bias: { data: new Float32Array(tokens), shape: [1, tokens] },
      }
      if (stacks > 0) {
        // The case's picture is the vision case a_150x100.
        const seen = await recordedTensors(`golden/${model}.vision.safetensors`)
        for (let i = 0; i < stacks; i++) {
          const features = seen.floats(`a_150x100.deepstack.${i}`)
          const data = new Float32Array(tokens * width)
          let row = 0
          item.mm_token_type_ids!.forEach((kind, token) => {
            if (kind === 1) data.set(features.subarray(row * width, ++row * width), token * width)
          })
          feeds[`deepstack.${i}`] = { data, shape }
        }
      }
      const results = await session.run(feeds)
      expect(largestDifference(floats(results['cos']), golden.floats(`${name}.rope_cos`))).toBeLessThan(2e-6)
      expect(largestDifference(floats(results['sin']), golden.floats(`${name}.rope_sin`))).toBeLessThan(2e-6)
      for (const stage of [...Object.keys(results), 'norm_output']) {
        if (!golden.names.includes(`${name}.${stage}`) || stage === 'logits') continue
        const ours = floats(results[stage === 'norm_output' ? 'hidden' : stage])
        const wanted = golden.floats(`${name}.${stage}`)
        expect(largestDifference(everyFourth(ours, width), wanted), stage).toBeLessThan(HIDDEN_STATES)
      }
      const logits = floats(results['logits'])
      const wanted = golden.floats(`${name}.logits`)
      expect(largestDifference(logits.subarray(logits.length - wanted.length), wanted)).toBeLessThan(LOGITS)
      await session.close()
    })
  }

  for (const folder of [
    'qwen2.5-vl-micro-bf16',
    'qwen2.5-vl-micro-tied',
    'qwen3-vl-micro-bf16',
    'qwen2-micro-bf16',
  ]) {
    it(`${folder}: logits of text with the weights of this folder`, async () => {
      const { config, weights } = await recordedModel(folder)
      const model = folder.replace(/-bf16$/, '')
      const golden = await recordedTensors(`golden/${model}-bf16.forward.safetensors`)
      const chat = recordedJson<Chat>(`golden/${model}.chat.json`)
      const session = await open(textModel(config, 0).outputs, weights)
      let compared = 0
      for (const [name, item] of Object.entries(chat.cases)) {
        if (item.position_ids !== null || !golden.names.includes(`${name}.logits`)) continue
        const tokens = item.input_ids.length
        const results = await session.run({
          embeds: {
            data: await embedsOf(item.input_ids, config, weights),
            shape: [1, tokens, config.text.width],
          },
          positions: { data: positionsOf([item]), shape: [3, 1, tokens] },
          bias: { data: new Float32Array(tokens), shape: [1, tokens] },
        })
        const logits = floats(results['logits'])
        const wanted = golden.floats(`${name}.logits`)
        expect(largestDifference(logits.subarray(logits.length - wanted.length), wanted), name).toBeLessThan(
          LOGITS,
        )
        compared++
      }
      expect(compared).toBeGreaterThan(0)
      await session.close()
    })
  }
})
