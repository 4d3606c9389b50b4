// Captions with a mask behind each phrase (SAMTok 5, grounded conversation data; form of `formatGroundedCaption`).
// Wording of the requests: ours.

import type { DataRecord, GroundedCaptionRecord } from '@maskwords/datasets'
import { type CaptionPiece, formatGroundedCaption } from '@maskwords/words'
import type { RegionPiece, Task, TaskConversation } from '../conversation.ts'
import { cleanLine, cleanPhrase } from './clean-text.ts'
import { conversationId, fillTemplate, maskPiece, setting, singleExchange, writtenWith } from './compose.ts'
import { masksOf, regionsById } from './regions.ts'
import { pick, seededBy, someOf } from './seeded.ts'

const BRIEF_REQUESTS: readonly string[] = [
  'Describe the picture in short and put a mask behind everything you name.',
  'What is to be seen here? Ground each phrase of your answer with a mask.',
  'Give a brief caption with segmentation masks between the words.',
  'Summarise the scene; mask the objects as you mention them.',
  'Write one short description, the things in it followed by their masks.',
  'Tell me what the picture shows, with a mask for every part you speak of.',
]

const DETAILED_REQUESTS: readonly string[] = [
  'Describe the picture in detail and put a mask behind everything you name.',
  'Give a long description of this scene with masks between the words.',
  'Go through the picture thoroughly; mask the objects as you mention them.',
  'Tell me everything the picture shows, each thing followed by its mask.',
]

/** Captions with at least so many characters are asked for in detail. GranD's short ones have about 100. */
const DETAILED_LENGTH = 400

export const groundedCaption: Task = {
  name: 'grounded-caption',
  title: 'A caption with masks behind its phrases',
  needs: ['masks', 'captions'],
  settings: {
    limit: { default: 0, help: 'captions of one picture at most; 0 for all' },
    mostMasks: { default: 50, help: 'captions with more masks are left out' },
  },
  build(record, options) {
    const limit = setting(options, 'limit', 0)
    const most = setting(options, 'mostMasks', 50)
    const found = record.captions.flatMap((caption, number) => {
      // Its request is for a mask behind everything that is named.
      if (caption.isIncomplete === true) return []
      const parts = partsOf(caption, record)
      const count = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : part.masks.length), 0)
      return count === 0 || count > most ? [] : [{ parts, number, count, length: caption.text.length }]
    })
    const random = seededBy(options.seed, 'grounded-caption', record.id)
    return someOf(random, found, limit).map(({ parts, number, count, length }): TaskConversation => {
      const own = seededBy(options.seed, 'grounded-caption', record.id, number)
      const answer = writtenCaption(parts)
      const requests = length < DETAILED_LENGTH ? BRIEF_REQUESTS : DETAILED_REQUESTS
      return singleExchange({
        id: conversationId(record.id, 'grounded-caption', number),
        task: 'grounded-caption',
        request: fillTemplate(pick(own, requests), {}),
        answer,
        truth: { kind: 'grounded-caption', pieces: answer, extra: { masks: count } },
      })
    })
  },
}

type CaptionPart = string | { readonly phrase: string; readonly masks: readonly RegionPiece[] }

/** The caption cut at its spans; spans that are not grounded, blank or out of order stay plain text. */
function partsOf(caption: GroundedCaptionRecord, record: DataRecord): CaptionPart[] {
  const byId = regionsById(record)
  const parts: CaptionPart[] = []
  let at = 0
  const plain = (end: number) => {
    const text = captionText(caption.text.slice(at, end))
    if (text !== '') parts.push(text)
  }
  for (const { start, end, regions } of caption.spans) {
    const fits = Number.isInteger(start) && Number.isInteger(end) && start >= at && end > start
    if (!fits || end > caption.text.length) continue
    const phrase = cleanPhrase(caption.text.slice(start, end))
    const masks = masksOf(regions, byId)
    if (phrase === '' || masks === undefined || masks.length === 0) continue
    plain(start)
    parts.push({ phrase, masks: masks.map((region) => maskPiece([region.id])) })
    at = end
  }
  plain(caption.text.length)
  return parts
}

/** Text between phrases: in one line, without `<` and `>`, blanks at its ends kept. */
function captionText(text: string): string {
  return cleanLine(text).replace(/</g, '\u2039').replace(/>/g, '\u203a')
}

function writtenCaption(parts: readonly CaptionPart[]) {
  const masks: RegionPiece[] = []
  const numbered = parts.map((part): CaptionPiece => {
    if (typeof part === 'string') return part
    return { phrase: part.phrase, masks: part.masks.map((mask) => [masks.push(mask) - 1]) }
  })
  return writtenWith(masks, (words) => formatGroundedCaption(numbered, words))
}
