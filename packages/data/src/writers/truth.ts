// What reinforcement learning compares an answer with, packed into the one string that reaches the rewards of most
// trainers (EasyR1, verl). Definition: ours.
import type { FilledConversation } from '../conversation.ts'

/** The truth of a conversation; its last answer as plain text where the task gave none. */
export function truthOf(
  conversation: Pick<FilledConversation, 'turns' | 'truth'>,
): NonNullable<FilledConversation['truth']> {
  if (conversation.truth !== undefined) return conversation.truth
  const last = conversation.turns.findLast((turn) => turn.role === 'assistant')
  return { kind: 'text', text: last?.text ?? '' }
}

/** A text that begins so is read as a packed truth. */
const PACKED = '{"text"'

/**
 * The truth as one text: itself where it is nothing but a text, else `{"text", "masks"?, "previous"?}` as one line of JSON,
 * `text` first. SAMTok's published rewards read the plain text;
 * the reward service reads both.
 */
export function packedTruth(conversation: FilledConversation): string {
  const { text, masks, previous } = truthOf(conversation)
  if (masks === undefined && previous === undefined && !text.startsWith(PACKED)) return text
  return JSON.stringify({ text, masks, previous })
}

/** The turns that a model is shown before it answers: all up to the last user turn. */
export function promptTurns(conversation: Pick<FilledConversation, 'turns'>): FilledConversation['turns'] {
  const last = conversation.turns.findLastIndex((turn) => turn.role === 'user')
  return conversation.turns.slice(0, last + 1)
}
