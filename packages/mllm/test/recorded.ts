// Recorded values of small Qwen models (shared/reference/mllm), and the pictures that they were recorded with.
import { join } from 'node:path'
import type { Pixels } from '@maskwords/codecs'
import { RECORDED } from '../../models/test/recorded.ts'
import type { Conversation, Part } from '../src/index.ts'

export { hasRecorded, largestDifference, recordedJson, recordedTensors } from '../../models/test/recorded.ts'

export const checkpointPath = (folder: string) => join(RECORDED, 'checkpoints', folder)

export type PictureSpec = { readonly width: number; readonly height: number; readonly variant: number }

/** The formula of the README: every channel of every pixel from its place. */
export function formulaPicture({ width, height, variant }: PictureSpec): Pixels {
  const rgb = new Uint8Array(width * height * 3)
  let at = 0
  for (let y = 53 * variant; y < height + 53 * variant; y++) {
    for (let x = 37 * variant; x < width + 37 * variant; x++) {
      for (let c = 0; c < 3; c++) {
        const wave = Math.floor((x * (c + 3)) / 2) + Math.floor((y * (7 - 2 * c)) / 3)
        rgb[at++] = (wave + (((x >> 5) ^ (y >> 5)) & 15) * 9) & 255
      }
    }
  }
  return { widthPx: width, heightPx: height, rgb }
}

type RecordedPart =
  | { type: 'text'; text: string }
  | { type: 'image'; picture: PictureSpec }
  | {
      type: 'video'
      frames: PictureSpec[]
      metadata: { fps: number; total_num_frames: number; frames_indices: number[] }
    }

export type ChatCase = {
  messages: { role: 'system' | 'user' | 'assistant'; content: string | RecordedPart[] }[]
  add_generation_prompt: boolean
  template_kwargs: Record<string, unknown>
  text: string
  expanded_text: string
  input_ids: number[]
  mm_token_type_ids: number[]
  position_ids: number[][] | null
  rope_delta: number
}

export type Chat = { cases: Record<string, ChatCase> }

export function conversationOf({ messages }: ChatCase): Conversation {
  const part = (given: RecordedPart): Part => {
    if (given.type === 'text') return given
    if (given.type === 'image') return { type: 'picture', picture: formulaPicture(given.picture) }
    return {
      type: 'video',
      frames: given.frames.map(formulaPicture),
      fps: given.metadata.fps,
      frameIndices: given.metadata.frames_indices,
      totalFrames: given.metadata.total_num_frames,
    }
  }
  return messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? content : content.map(part),
  }))
}
