// The same definition, trained: loss and gradients of every weight against transformers' (shared/reference/mllm/README.md), eyes included.
import type { Tensor } from '@maskwords/graph'
import {
  buildModel,
  crossEntropy,
  gather,
  gradients,
  input,
  multiply,
  openSession,
  sqrt,
  sum,
  topologicalOrder,
} from '@maskwords/graph'
import type { QwenVisionConfig } from '@maskwords/models'
import {
  embedTokens,
  placeFeatures,
  qwenLogits,
  qwenText,
  qwenVision,
  spreadFeatures,
  visionFeeds,
  visionInputs,
  visionLayout,
} from '@maskwords/models'
import { describe, expect, it } from 'vitest'
import { formulaWeights } from '../../graph/test/formula-weights.ts'
import { int64 } from '../../models/test/qwen-values.ts'
import { recordedModel } from '../../models/test/recorded.ts'
import type { ChatCase } from '../test/recorded.ts'
import {
  checkpointPath,
  conversationOf,
  hasRecorded,
  largestDifference,
  recordedJson,
  recordedTensors,
} from '../test/recorded.ts'
import { readPromptModel } from './loaded.ts'
import { patchesOfPicture } from './patches.ts'

type Sft = { loss: number; grad_norms: Record<string, number>; conversations: ChatCase['messages'][] }

/** Parameters of a loss by name; one that is read in two places is one. */
function parametersByName(loss: Tensor): Map<string, Tensor> {
  const found = new Map<string, Tensor>()
  for (const { leaf, outputs } of topologicalOrder([loss])) {
    if (leaf?.kind === 'parameter' && !found.has(leaf.name)) found.set(leaf.name, outputs[0]!)
  }
  return found
}

/** The pictures of all conversations as patches. */
async function patchesOf(model: string, { conversations }: Sft) {
  const { pictures } = await readPromptModel(checkpointPath(model))
  return conversations
    .flatMap((messages) => conversationOf({ messages } as ChatCase))
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .flatMap((part) => (part.type === 'picture' ? [patchesOfPicture(part.picture, pictures!.image)] : []))
}

describe.skipIf(!hasRecorded)('training against recorded values (needs ../shared/reference/mllm)', () => {
  for (const model of ['qwen2.5-vl-micro', 'qwen2.5-vl-micro-tied', 'qwen3-vl-micro', 'qwen2-micro']) {
    it(`${model}: loss, norm of the gradient of every weight, whole gradients`, async () => {
      const { config, weights } = await recordedModel(model)
      const recorded = recordedJson<Sft>(`golden/${model}.sft.json`)
      const golden = await recordedTensors(`golden/${model}.sft.safetensors`)
      const ids = golden.whole('input_ids')
      const labels = golden.whole('labels')
      const tokens = ids.length / 2
      const valid = golden.whole('attention_mask')

      const rows = input('rows', 'int64', [2, 'tokens'])
      let embeds = embedTokens(input('ids', 'int64', [2, 'tokens']), config)
      const vision = config.vision as QwenVisionConfig | undefined
      const seen = vision && qwenVision(visionInputs(vision), vision)
      if (seen) embeds = placeFeatures(embeds, seen.features, rows)
      const { hidden } = qwenText(
        {
          embeds,
          positions: input('positions', 'int64', [3, 2, 'tokens']),
          bias: input('bias', 'float32', [2, 'tokens']),
          deepstack: seen?.deepstack.map((tensor) => spreadFeatures(tensor, rows)) ?? [],
        },
        config,
      )
      const places = input('places', 'int64', ['labelled'])
      const picked = gather(hidden.reshape([-1, config.text.width]), places, 0)
      const loss = crossEntropy(qwenLogits(picked, config), input('labels', 'int64', ['labelled']))
      const parameters = [...parametersByName(loss)]
      const found = gradients(
        loss,
        parameters.map(([, tensor]) => tensor),
      )
      const outputs: Record<string, Tensor> = { loss }
      parameters.forEach(([name], i) => {
        outputs[`norm ${name}`] = sqrt(sum(multiply(found[i]!, found[i]!)))
        if (golden.names.includes(`grad.${name}`)) outputs[`grad.${name}`] = found[i]!
      })
      // The recorded weights of the tied model are the formula's, the folder's are rounded to bfloat16.
      const exact = model.endsWith('tied')
        ? (name: string, shape: readonly number[]) =>
            formulaWeights(name, shape).map((value) =>
              name === 'model.norm.weight' ? Math.fround(4 * value) : value,
            )
        : weights
      const session = await openSession(buildModel({ outputs, weights: exact }), {
        worker: false,
        threads: 2,
      })

      const labelled = labels.flatMap((label, i) => (label !== -100 && i % tokens > 0 ? [i] : []))
      const kinds = config.vision ? golden.whole('mm_token_type_ids') : []
      let row = 0
      const placed = ids.map((_, i) => (kinds[i] === 1 ? ++row : 0))
      const cut = config.vision ? await patchesOf(model, recorded) : []
      const positions = golden.names.includes('position_ids')
        ? golden.whole('position_ids')
        : [0, 1, 2].flatMap(() => ids.map((_, i) => (valid[i] === 1 ? i % tokens : 0)))
      const results = await session.run({
        ids: { data: int64(ids), shape: [2, tokens] },
        positions: { data: int64(positions), shape: [3, 2, tokens] },
        bias: { data: Float32Array.from(valid, (one) => (one - 1) * 1e4), shape: [2, tokens] },
        places: { data: int64(labelled.map((i) => i - 1)), shape: [labelled.length] },
        labels: { data: int64(labelled.map((i) => labels[i]!)), shape: [labelled.length] },
        ...(vision && {
          rows: { data: int64(placed), shape: [2, tokens] },
          ...visionFeeds(
            visionLayout(
              cut.map(({ grid }) => grid),
              vision,
            ),
            Float32Array.from(cut.flatMap(({ values }) => Array.from(values))),
          ),
        }),
      })
      await session.close()
      const number = (name: string) => (results[name]!.data as Float32Array)[0]!
      expect(Math.abs(number('loss') / recorded.loss - 1)).toBeLessThan(1e-4)
      const norms = Object.entries(recorded.grad_norms)
      expect(norms.map(([name]) => name).sort()).toEqual(parameters.map(([name]) => name).sort())
      for (const [name, norm] of norms) {
        // Keys' biases move no score: their gradient is rounding.
        expect(Math.abs(number(`norm ${name}`) - norm), name).toBeLessThan(1e-4 * norm + 1e-5)
      }
      for (const name of golden.names.filter((one) => one.startsWith('grad.'))) {
        const wanted = golden.floats(name)
        const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        expect(largestDifference(results[name]!.data as Float32Array, wanted), name).toBeLessThan(
          1e-4 * largest + 1e-6,
        )
      }
    })
  }
})
