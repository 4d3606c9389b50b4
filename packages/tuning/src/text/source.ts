// Conversations as sequences, found by number: tokenised once, described for the plan, made again when memory has let them go.
import { MaskwordsError } from '@maskwords/files'
import { Recent } from '@maskwords/mllm/engine'
import type { TrainingConversation } from './conversation.ts'
import type { PlannedItem } from './plan.ts'
import type { Sequence, TextModel } from './sequence.ts'

/** Sequences that are kept: a long one takes a hundred kilobytes. */
const KEPT_BYTES = 256 * 2 ** 20

/** Conversations between pauses of a long pass over them. */
const BETWEEN_PAUSES = 200

export type TokenisedSet = {
  readonly conversations: readonly TrainingConversation[]
  readonly items: readonly PlannedItem[]
  /** Learned tokens of each. */
  readonly learned: readonly number[]
  sequence(number: number): Sequence
}

/** What a plan needs to know of a sequence. */
export function plannedItem({ ids, pictureOf, pictures }: Sequence): PlannedItem {
  return {
    tokens: ids.length,
    beginning: pictureOf.findLastIndex((picture) => picture >= 0) + 1,
    pictures: pictures.length === 0 ? undefined : pictures.map(({ picture }) => picture.key).join('\n'),
  }
}

/**
 * Tokenises all conversations. Those longer than `maxTokens` are left out and named.
 * @throws MaskwordsError `malformed` where none is left; what `make` throws.
 */
export async function tokenisedSet(
  conversations: readonly TrainingConversation[],
  make: (conversation: TrainingConversation, model: TextModel) => Sequence,
  options: {
    readonly model: TextModel
    readonly maxTokens: number
    readonly onLost: (conversation: TrainingConversation, why: string) => void
    readonly signal: AbortSignal
  },
): Promise<TokenisedSet> {
  const { model, maxTokens, onLost, signal } = options
  const kept: TrainingConversation[] = []
  const items: PlannedItem[] = []
  const learned: number[] = []
  const memory = new Recent<Sequence>(KEPT_BYTES)
  const remember = (number: number, sequence: Sequence) => {
    memory.set(String(number), sequence, 25 * sequence.ids.length)
    return sequence
  }
  for (const [i, conversation] of conversations.entries()) {
    if (i % BETWEEN_PAUSES === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    }
    const sequence = make(conversation, model)
    if (sequence.ids.length > maxTokens) {
      onLost(conversation, `${sequence.ids.length} tokens, and maxTokens is ${maxTokens}`)
      continue
    }
    remember(kept.length, sequence)
    kept.push(conversation)
    items.push(plannedItem(sequence))
    learned.push(sequence.labelled.reduce((sum, one) => sum + one, 0))
  }
  if (kept.length === 0) {
    throw new MaskwordsError(
      'malformed',
      conversations.length === 0
        ? 'the files hold no conversation'
        : `all ${conversations.length} conversations are longer than maxTokens, ${maxTokens}`,
      {
        hint:
          conversations.length === 0
            ? 'name files with conversations'
            : 'raise batch.maxTokens, or make pictures smaller',
      },
    )
  }
  return {
    conversations: kept,
    items,
    learned,
    sequence: (number) => memory.get(String(number)) ?? remember(number, make(kept[number]!, model)),
  }
}
