// What reinforcement learning compares an answer with, packed into the one string that reaches the rewards of most
// trainers (EasyR1, verl). Definition: ours.
import type { FilledConversation } from '../conversation.ts'

/** The truth of a conversation; its last answer as plain text where the task gave none. */
export function truthOf(conversation: FilledConversation): NonNullable<FilledConversation['truth']> {
  if (conversation.truth !== undefined) return conversation.truth
  const last = conversation.turns.findLast((turn) => turn.role === 'assistant')
  return { kind: 'text', text: last?.text ?? '' }
}

/** `{"kind", "text", "task", "extra"?}` as one JSON line: `text` is what the model should have written. */
export function packedTruth(conversation: FilledConversation): string {
  const { kind, text, extra } = truthOf(conversation)
  return JSON.stringify({ kind, text, task: conversation.task, ...(extra === undefined ? {} : { extra }) })
}

/** The turns that a model is shown before it answers: all up to the last user turn. */
export function promptTurns(conversation: FilledConversation): FilledConversation['turns'] {
  const last = conversation.turns.findLastIndex((turn) => turn.role === 'user')
  return conversation.turns.slice(0, last + 1)
}
