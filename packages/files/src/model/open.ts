// A model as a command opens it: loaded with a progress line, what it notes said, and beside it the codec that reads its words.
import type { MaskCodec } from '@maskwords/codecs'
import type { MultimodalModel } from '@maskwords/mllm'
import type { Context } from '../command.ts'
import { MaskwordsError } from '../error.ts'
import { openCodec } from '../load.ts'
import { localSource } from '../local-source.ts'
import { duration } from '../output/table.ts'
import type { CODEC_OPTIONS } from '../shared-options.ts'
import type { MODEL_OPTIONS } from './options.ts'

type ModelContext = Context<
  typeof MODEL_OPTIONS & Pick<typeof CODEC_OPTIONS, 'codec' | 'segmenter' | 'n' | 'threads' | 'refine'>
>

/** A model and who reads and writes its masks. */
export type OpenedModel = {
  readonly model: MultimodalModel
  /** Undefined where the model has no mask words. */
  readonly codec: MaskCodec | undefined
  /** As the user named the model. */
  readonly source: string
  /** Undefined for a server, which does not say what it runs. */
  readonly fingerprint: string | undefined
  close(): Promise<void>
}

/** Who reads the model's words where no codec is named. */
const READERS = { samtok: 'samtok-nano', himtok: 'himtok-nano', getok: 'getok' } as const

/**
 * Opens the model that --model names, and the codec of its words. Close it after use.
 * @throws MaskwordsError `usage` without --model, `unsupported` for a codec of other words; MllmError as `openMultimodal`.
 */
export async function openModel(context: ModelContext): Promise<OpenedModel> {
  const { options, io, talk, path } = context
  const source = options.model
  if (source === undefined) {
    throw new MaskwordsError('usage', 'missing --model: the folder of a multimodal model', {
      hint: 'maskwords pull zhouyik/Qwen3-VL-4B-SAMTok, then --model zhouyik/Qwen3-VL-4B-SAMTok',
    })
  }
  const { isAddress, modelFingerprint, openMultimodal } = await import('@maskwords/mllm')
  const place = isAddress(source) ? source : localSource(path, source)
  const started = performance.now()
  let progress: ReturnType<typeof talk.progress> | undefined
  const model = await openMultimodal(place, {
    weights: options.weights ?? 'auto',
    ...(options.threads !== undefined && { threads: options.threads }),
    signal: io.signal,
    // The number of weights is known when the first one is written.
    onProgress: ({ total }) => {
      progress ??= talk.progress(total, 'weight')
      progress.step()
    },
  })
  try {
    await progress?.clear()
    await talk.note(`the model is loaded: ${duration(performance.now() - started)}`)
    for (const note of model.facts.notes) await talk.note(note)
    const fingerprint = await modelFingerprint(place)
    const codec = await codecOfWords(context, model)
    return {
      model,
      codec,
      source,
      fingerprint,
      async close() {
        await codec?.close()
        await model.close()
      },
    }
  } catch (error) {
    await model.close()
    throw error
  }
}

async function codecOfWords(context: ModelContext, model: MultimodalModel): Promise<MaskCodec | undefined> {
  const [spoken] = model.facts.vocabularies
  if (spoken === undefined) {
    await context.talk.note(
      `${model.facts.name} has no mask words: answers are text (maskwords extend-vocab adds them)`,
    )
    return undefined
  }
  const codec = await openCodec(context, READERS[spoken.kind])
  const own = codec.vocabulary
  if (own.kind === spoken.kind && own.wordCount === spoken.wordCount) return codec
  await codec.close()
  throw new MaskwordsError(
    'unsupported',
    `the model speaks ${spoken.kind} with ${spoken.wordCount} words, and the codec ${codec.name} reads ${own.kind} with ${own.wordCount}`,
    { hint: 'give --codec the mask tokenizer that the model was trained with' },
  )
}
