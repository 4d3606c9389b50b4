// Learners of the recorded small models (shared/reference/mllm), with the weights that the values were recorded with.
import { formulaWeights } from '../../graph/test/formula-weights.ts'
import type { ChatCase, PictureSpec } from '../../mllm/test/recorded.ts'
import { checkpointPath, formulaPicture } from '../../mllm/test/recorded.ts'
import { openBaseModel } from '../src/model/base.ts'
import type { Learner, LearnerSettings } from '../src/model/learner.ts'
import { openLearner } from '../src/model/learner.ts'
import type { TrainingConversation, TrainingPicture } from '../src/text/conversation.ts'

export const RECORDED_MODELS = [
  'qwen2.5-vl-micro',
  'qwen2.5-vl-micro-tied',
  'qwen3-vl-micro',
  'qwen2-micro',
] as const

/** The tied model's folder is rounded to bfloat16; its values were recorded with the formula's weights. */
export async function recordedLearner(
  model: string,
  settings: Partial<LearnerSettings> = {},
): Promise<Learner> {
  const base = await openBaseModel(checkpointPath(model))
  if (!model.endsWith('tied')) return openLearner(base, { seed: 0, ...settings })
  const value = (name: string, shape: readonly number[]) =>
    formulaWeights(name, shape).map((one) => (name === 'model.norm.weight' ? Math.fround(4 * one) : one))
  const read = async (name: string) => value(name, base.weights.find(name)!.shape)
  const places = value as unknown as typeof base.weights.places
  return openLearner({ ...base, weights: { ...base.weights, read, places } }, { seed: 0, ...settings })
}

export const pictureOf = (spec: PictureSpec): TrainingPicture => ({
  key: JSON.stringify(spec),
  widthPx: spec.width,
  heightPx: spec.height,
  read: async () => formulaPicture(spec),
})

/** A recorded conversation as one to learn from. */
export function conversationToLearn(id: string, messages: ChatCase['messages']): TrainingConversation {
  const pictures: TrainingPicture[] = []
  const turns = messages.map(({ role, content }) => ({
    role,
    text:
      typeof content === 'string'
        ? content
        : content
            .map((part) => {
              if (part.type === 'text') return part.text
              if (part.type !== 'image') throw new Error('no videos here')
              pictures.push(pictureOf(part.picture))
              return '<image>'
            })
            .join(''),
  }))
  return { id, turns, pictures, at: id }
}
