// The networks of a model as graphs: what each gives, and the weights that they read.

import { nanodetParameters } from '@maskwords/codecs'
import type { Dim, Tensor } from '@maskwords/graph'
import { buildModel, gather, input, multiplyDims } from '@maskwords/graph'
import type { KeysAndValues, QwenConfig, QwenGraphOptions } from '@maskwords/models'
import {
  DETECTOR_PREFIX,
  detectorEyes,
  detectorEyesInputs,
  qwenLogits,
  qwenText,
  qwenVision,
  spreadFeatures,
  visionInputs,
} from '@maskwords/models'

export type NetworkOptions = Pick<QwenGraphOptions, 'beside'> & {
  /** Rows share several pasts of different lengths, equally many neighbours each, instead of one. Default false. */
  readonly grouped?: boolean
}

/** The text network as it is run: over a shared past (or several), a past of each row, and deepstack features. */
export function textOutputs(config: QwenConfig, options: NetworkOptions = {}): Record<string, Tensor> {
  const { width, kvHeads, headWidth, layers } = config.text
  const groups = options.grouped ? 'groups' : 1
  const rows: Dim = options.grouped ? multiplyDims('groups', 'each') : 'rows'
  const past = (name: string, rows: Dim, tokens: string): KeysAndValues[] =>
    Array.from({ length: layers }, (_, i) => ({
      key: input(`${name}.key.${i}`, 'float32', [kvHeads, rows, tokens, headWidth]),
      value: input(`${name}.value.${i}`, 'float32', [kvHeads, rows, tokens, headWidth]),
    }))
  const ownBias = input('own.bias', 'float32', options.grouped ? ['groups', 'each', 'own'] : [rows, 'own'])
  const embeds = input('embeds', 'float32', [rows, 'tokens', width])
  const places = input('places', 'int64', [rows, 'tokens'])
  const stacks = config.vision?.deepstackBlocks ?? []
  const text = qwenText(
    {
      embeds,
      positions: input('positions', 'int64', [3, rows, 'tokens']),
      past: [
        {
          layers: past('shared', groups, 'shared'),
          ...(options.grouped && { bias: input('shared.bias', 'float32', ['groups', 'shared']) }),
        },
        { layers: past('own', rows, 'own'), bias: ownBias.reshape([rows, 'own']) },
      ],
      deepstack: stacks.map((_, i) =>
        spreadFeatures(input(`deepstack.${i}`, 'float32', ['seen', width]), places),
      ),
    },
    config,
    { inference: true, beside: options.beside },
  )
  // The head is the largest matrix: only places whose scores are asked for go through it.
  const wanted = gather(text.hidden.reshape([-1, width]), input('wanted', 'int64', ['wanted']), 0)
  return {
    logits: qwenLogits(wanted, config),
    ...Object.fromEntries(
      text.layers.flatMap(({ key, value }, i) => [
        [`key.${i}`, key],
        [`value.${i}`, value],
      ]),
    ),
  }
}

/** The vision tower as it is run. */
export function visionOutputs(config: QwenConfig, { beside }: NetworkOptions = {}): Record<string, Tensor> {
  const vision = config.vision!
  if (vision.kind === 'detector') return { features: detectorEyes(detectorEyesInputs(vision), vision) }
  const { features, deepstack } = qwenVision(visionInputs(vision), vision, { inference: true, beside })
  return { features, ...Object.fromEntries(deepstack.map((tensor, i) => [`deepstack.${i}`, tensor])) }
}

/** Names and shapes of every weight that the networks read, in the order of reading; the embedding table only where it is the head. */
export function networkWeights(config: QwenConfig): { name: string; shape: readonly number[] }[] {
  const found = new Map<string, readonly number[]>()
  const { vision } = config
  for (const outputs of [textOutputs(config), ...(vision ? [visionOutputs(config)] : [])]) {
    buildModel({
      outputs,
      weights: (name, shape) => {
        found.set(name, shape)
        return 'input'
      },
    })
  }
  if (vision?.kind === 'detector') {
    for (const [name, shape] of nanodetParameters(vision.detector, DETECTOR_PREFIX)) found.set(name, shape)
  }
  return [...found].map(([name, shape]) => ({ name, shape }))
}
