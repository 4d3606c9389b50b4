// What a worker does with a job: the bytes of a request to the bytes of its answer.

import { MaskwordsError } from '@maskwords/files'
import { maskDecoder, type RewardDecoder, type RewardRequest, scoreBatchInSlices } from '@maskwords/learn'
import { parseJsonBody } from '../json-body.ts'
import { MAX_SERVED_CHARS } from '../reward-routes.ts'
import { prepareChat } from './chat-job.ts'
import type { CodecShelf } from './codecs.ts'
import type { Job, JobAnswer } from './job.ts'
import { decodeWords, encodeMasks } from './masks-job.ts'
import { parseText, speaker } from './parse-job.ts'
import { takePicture } from './picture-job.ts'
import { renderMasks } from './render-job.ts'
import type { Work } from './work.ts'

/** Does one job. Throws HttpFault and the typed errors of the packages. */
export async function runJob(job: Job, work: Work): Promise<JobAnswer> {
  if (job.kind === 'picture') return json(await takePicture(job.body, job.request, work))
  const value = parseJsonBody(job.body)
  await work.pause()
  switch (job.kind) {
    case 'chat':
      return json(await prepareChat(value, job.codec, work))
    case 'encode': {
      const answer = await encodeMasks(value, work)
      return json(answer, { masks: answer.results.length - answer.failed, failed: answer.failed })
    }
    case 'decode': {
      const answer = await decodeWords(value, work)
      return json(answer, { masks: answer.results.length - answer.failed, failed: answer.failed })
    }
    case 'parse':
      return json(parseText(value, work))
    case 'render':
      return await renderMasks(value, work)
    case 'rewards': {
      const answer = await scoreBatchInSlices(value as RewardRequest, {
        signal: work.signal,
        decode: rewardDecoder(work.codecs),
        maxTextChars: MAX_SERVED_CHARS,
      })
      return json(answer, { scored: answer.results.length - answer.failed, failed: answer.failed })
    }
  }
}

/** Decodes the words of rewards that compare masks, by the served codec whose words they are. */
function rewardDecoder({ all }: CodecShelf): RewardDecoder {
  return async (text, size) => {
    const open = speaker(text, all)
    if (open === undefined) return []
    if (!open.info.needsPicture) return await maskDecoder(open.codec)(text, size)
    throw new MaskwordsError(
      'unsupported',
      `${open.name} decodes words with the picture, which a reward lacks`,
      {
        hint: 'send masks with the samples',
      },
    )
  }
}

function json(value: unknown, counts?: Readonly<Record<string, number>>): JobAnswer {
  const body = new TextEncoder().encode(JSON.stringify(value))
  return { body, type: 'application/json', ...(counts !== undefined && { counts }) }
}
