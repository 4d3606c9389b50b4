// An answer beside the truth of its conversation, as rewards take it (packages/learn/src/rewards/sample.ts).
import { truthOf } from '@maskwords/data'
import type { RewardSample } from '@maskwords/learn'
import type { TrainingConversation } from '../text/conversation.ts'

/** What a reward is told of an answer. */
export function rewardSample(conversation: TrainingConversation, response: string): RewardSample {
  const { text, masks, previous } = truthOf(conversation)
  const [picture] = conversation.pictures
  return {
    id: conversation.id,
    group: conversation.id,
    response,
    truth: {
      text,
      ...(masks && { masks }),
      ...(previous !== undefined && { previous }),
      ...(picture && { size: [picture.heightPx, picture.widthPx] as const }),
    },
  }
}
