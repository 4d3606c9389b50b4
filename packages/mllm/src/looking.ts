// From pictures and videos to what the eyes of a model take: patches of their pixels, or what a detector says of them.
import type { Checkpoint } from '@maskwords/checkpoint'
import type { Pixels } from '@maskwords/codecs'
import type { QwenConfig } from '@maskwords/models'
import { openDetector } from './detector.ts'
import { MllmError } from './error.ts'
import type { VideoPart } from './model.ts'
import type { Patches } from './patches.ts'
import { patchesOfPicture, patchesOfVideo } from './patches.ts'
import type { PromptModel } from './prompt.ts'

export type Looking = {
  /** What the eyes read of a picture or a video. */
  patches(part: Pixels | VideoPart): Promise<Patches>
  close(): Promise<void>
}

/** How the pictures of a model become patches. `weights` are read where a detector looks first. */
export function openLooking(
  { config, pictures }: { config: QwenConfig } & Pick<PromptModel, 'pictures'>,
  weights: Checkpoint | undefined,
  { threads, worker = false }: { readonly threads?: number | undefined; readonly worker?: boolean } = {},
): Looking {
  const { vision } = config
  if (vision?.kind === 'detector') {
    if (weights === undefined) throw new MllmError('runtime', 'a detector without its weights')
    const detector = openDetector(vision, weights, { worker, ...(threads === undefined ? {} : { threads }) })
    return {
      async patches(part) {
        if ('rgb' in part) return await detector.look(part)
        throw new MllmError('unsupported', 'this model sees pictures, no videos')
      },
      close: () => detector.close(),
    }
  }
  return {
    async patches(part) {
      if ('rgb' in part) return patchesOfPicture(part, pictures!.image)
      return patchesOfVideo(part.frames, pictures!.video, vision!.kind)
    },
    close: async () => {},
  }
}
