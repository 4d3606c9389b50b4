// A model as a command opens it: loaded with a progress line, what it notes said, and beside it the codec that reads its words.
import type { MaskCodec } from '@maskwords/codecs'
import type { MultimodalModel, OpenServerOptions, ServerKind } from '@maskwords/mllm'
import { SPEAKERS } from '../codec.ts'
import type { Context } from '../command.ts'
import { MaskwordsError } from '../error.ts'
import { openCodec } from '../load.ts'
import { localSource } from '../local-source.ts'
import { duration } from '../output/table.ts'
import type { CODEC_OPTIONS } from '../shared-options.ts'
import type { MODEL_OPTIONS } from './options.ts'

type ModelContext = Context<typeof MODEL_OPTIONS & typeof CODEC_OPTIONS>

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

/**
 * Opens the model that --model names, and the codec of its words. Close it after use.
 * @throws MaskwordsError `usage` without --model, `unsupported` for a codec of other words; MllmError as `openMultimodal`.
 */
export async function openModel(context: ModelContext): Promise<OpenedModel> {
  const { options, io, talk, path } = context
  const source = options.model
  if (source === undefined) {
    throw new MaskwordsError('usage', 'missing --model: the folder of a multimodal model, or a server', {
      hint: 'maskwords pull zhouyik/Qwen3-VL-4B-SAMTok, then --model zhouyik/Qwen3-VL-4B-SAMTok',
    })
  }
  const { isAddress, modelFingerprint, openMultimodal } = await import('@maskwords/mllm')
  const atServer = isAddress(source)
  const place = atServer ? source : localSource(path, source)
  const server = serverOptions(context, atServer)
  // A server may not say what words its model has: a codec that is named does.
  const named = atServer && options.codec !== undefined ? await openCodec(context) : undefined
  const started = performance.now()
  let progress: ReturnType<typeof talk.progress> | undefined
  const opening = openMultimodal(place, {
    server: { ...server, ...(named !== undefined && { vocabulary: named.vocabulary }) },
    weights: options.weights ?? 'auto',
    ...(options.threads !== undefined && { threads: options.threads }),
    signal: io.signal,
    // The number of weights is known when the first one is written.
    onProgress: ({ total }) => {
      progress ??= talk.progress(total, 'weight')
      progress.step()
    },
  })
  const model = await opening.catch(async (error: unknown) => {
    await named?.close()
    throw error
  })
  try {
    await progress?.clear()
    const what = atServer ? `${model.facts.name} (${model.facts.family}) answers` : 'the model is loaded'
    await talk.note(`${what}: ${duration(performance.now() - started)}`)
    for (const note of model.facts.notes) await talk.note(note)
    const fingerprint = await modelFingerprint(place)
    const codec = named ?? (await codecOfWords(context, model))
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
    await named?.close()
    await model.close()
    throw error
  }
}

/**
 * What the command says of the server behind an address.
 * @throws MaskwordsError `usage` for such options without an address.
 */
export function serverOptions(
  { options, io }: Pick<Context<typeof MODEL_OPTIONS>, 'options' | 'io'>,
  atServer: boolean,
): Pick<OpenServerOptions, 'modelName' | 'kind' | 'apiKey'> {
  const { 'model-name': modelName, server: kind } = options
  if (!atServer && (modelName ?? kind) !== undefined) {
    const option = modelName === undefined ? 'server' : 'model-name'
    throw new MaskwordsError('usage', `--${option} is for a model behind an address; --model is none`)
  }
  const apiKey = io.env['MASKWORDS_API_KEY']
  return {
    ...(modelName !== undefined && { modelName }),
    ...(kind !== undefined && { kind: kind as ServerKind }),
    ...(apiKey !== undefined && apiKey !== '' && { apiKey }),
  }
}

async function codecOfWords(context: ModelContext, model: MultimodalModel): Promise<MaskCodec | undefined> {
  const [spoken] = model.facts.vocabularies
  if (spoken === undefined) {
    // A server's notes say what is known and what to do.
    if (model.facts.kind === 'server') return undefined
    await context.talk.note(
      `${model.facts.name} has no mask words: answers are text (maskwords extend-vocab adds them)`,
    )
    return undefined
  }
  const codec = await openCodec(context, SPEAKERS[spoken.kind])
  const own = codec.vocabulary
  if (own.kind === spoken.kind && own.wordCount === spoken.wordCount) return codec
  await codec.close()
  throw new MaskwordsError(
    'unsupported',
    `the model speaks ${spoken.kind} with ${spoken.wordCount} words, and the codec ${codec.name} reads ${own.kind} with ${own.wordCount}`,
    { hint: 'give --codec the mask tokenizer that the model was trained with' },
  )
}
