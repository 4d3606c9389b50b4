// Questions to a loaded model: options checked, prompts built, rows generated, events given on.
import { messageOf } from '@maskwords/base'
import type { Pixels } from '@maskwords/codecs'
import { GraphError } from '@maskwords/graph'
import { promptOpensThought, type Vocabulary } from '@maskwords/words'
import { answerWriter } from './answer-writer.ts'
import { constraintMachine, spanIds } from './constraint.ts'
import { MllmError } from './error.ts'
import { generate } from './generate.ts'
import type { LoadedModel } from './loaded.ts'
import { promptRow } from './loaded.ts'
import type { AnswerEvent, AskManyOptions, AskOptions, Conversation, ModelFacts } from './model.ts'
import { buildPrompt } from './prompt.ts'
import { resolveSampling } from './sampling.ts'
import { growText } from './tokenizer.ts'

/** Tokens of an answer where nothing else is said: the published evaluations' largest for questions with masks. */
export const DEFAULT_MAX_TOKENS = 512

/** Alternatives named beside a mask, at most. */
export const MAX_ALTERNATIVES = 100

/** What is asked for beyond the conversation, without what cannot be sent to a thread. */
export type PlainAskOptions = Omit<AskOptions, 'signal'>

/** Which mask language a model with several speaks: the one that was named, else the first. */
export function spokenVocabulary(model: LoadedModel): Vocabulary | undefined {
  return model.tokenizer.vocabularies[0]
}

/** The conversation of one of many questions on a picture. */
export function questionAbout(picture: Pixels, question: string, system: string | undefined): Conversation {
  return [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    {
      role: 'user',
      content: [
        { type: 'picture', picture },
        { type: 'text', text: question },
      ],
    },
  ]
}

export function factsOf(model: LoadedModel): ModelFacts {
  const vocabulary = spokenVocabulary(model)
  const spans = vocabulary !== undefined && vocabulary.kind !== 'getok'
  return {
    kind: 'in-process',
    name: model.path,
    family: model.config.family,
    vocabularies: model.tokenizer.vocabularies,
    constraints: spans ? ['off', 'free', 'forced', 'count'] : ['off', 'free'],
    logprobs: true,
    alternatives: spans,
    maxTokens: model.maxTokens,
    notes: model.tokenizer.notes,
  }
}

/** Throws MllmError `argument` for numbers that no model can follow. */
export function checkAsked({ maxTokens = DEFAULT_MAX_TOKENS, alternatives = 0 }: PlainAskOptions): void {
  const whole = (value: number, most: number) => Number.isInteger(value) && value >= 0 && value <= most
  if (!whole(maxTokens, 1_000_000))
    throw new MllmError('argument', `maxTokens is ${maxTokens}; a whole number is wanted`)
  if (!whole(alternatives, MAX_ALTERNATIVES)) {
    throw new MllmError('argument', `alternatives is ${alternatives}; at most ${MAX_ALTERNATIVES} are named`)
  }
}

/**
 * Answers several conversations together; they may begin alike, and what they have in common is computed once.
 * `emit` is told the number of the conversation with each of its events. Ends with MllmError of any kind.
 */
export async function answerTogether(
  model: LoadedModel,
  conversations: readonly Conversation[],
  options: PlainAskOptions,
  control: { readonly aborted: () => boolean; readonly emit: (row: number, event: AnswerEvent) => void },
): Promise<void> {
  const {
    maxTokens = DEFAULT_MAX_TOKENS,
    alternatives = 0,
    stop = [],
    constraint = { mode: 'free' },
  } = options
  checkAsked(options)
  const vocabulary = spokenVocabulary(model)
  const machine = constraintMachine(constraint, vocabulary)
  const started = performance.now()
  const prompts = conversations.map((conversation) => buildPrompt(conversation, model))
  for (const { ids } of prompts) {
    if (model.maxTokens !== undefined && ids.length >= model.maxTokens) {
      throw new MllmError(
        'too-large',
        `a prompt of ${ids.length} tokens; the model reads ${model.maxTokens}`,
        {
          hint: 'use smaller or fewer pictures (max_pixels of preprocessor_config.json), or a shorter text',
        },
      )
    }
  }
  let cachedTokens = 0
  const firstAt: number[] = []
  const writers = prompts.map(({ text }, row) =>
    answerWriter({
      thoughtOpen: promptOpensThought(text),
      vocabulary,
      stop,
      alternatives,
      emit: (event) => control.emit(row, event),
    }),
  )
  const growths = prompts.map(() => growText(model.tokenizer))
  const answered = prompts.map(() => 0)
  const rows = prompts.map((prompt) => promptRow(prompt, model))
  const room = Math.min(
    ...prompts.map(({ ids }) => (model.maxTokens ?? Number.POSITIVE_INFINITY) - ids.length),
  )
  try {
    await generate(rows, model.engine, model.memory, {
      sampling: resolveSampling(options, model.generation.repetitionPenalty),
      machine,
      span:
        vocabulary !== undefined && vocabulary.kind !== 'getok' && machine ? spanIds(vocabulary) : undefined,
      ends: model.ends,
      maxTokens: Math.min(maxTokens, room),
      aborted: control.aborted,
      onReady: (cached) => {
        cachedTokens = cached
      },
      onToken: async (row, said, found) => {
        firstAt[row] ??= performance.now()
        answered[row]!++
        const { id, logprob, spanLogprob } = said
        const text = growths[row]!.push(id)
        return writers[row]!.piece({ text, tokens: [{ id, text, logprob }], spanLogprob }, found)
      },
      onEnd: (row, finish) => {
        const now = performance.now()
        const first = firstAt[row] ?? now
        const usage = {
          promptTokens: prompts[row]!.ids.length,
          cachedTokens,
          answerTokens: answered[row]!,
          firstTokenMs: first - started,
          restMs: now - first,
        }
        writers[row]!.end(finish, usage, { rest: growths[row]!.end() })
      },
    })
  } catch (error) {
    throw asMllmError(error)
  }
}

/** Errors of the networks as this package's. */
export function asMllmError(error: unknown): MllmError {
  if (error instanceof MllmError) return error
  if (error instanceof GraphError) {
    const code =
      error.code === 'out-of-memory' ? 'out-of-memory' : error.code === 'closed' ? 'closed' : 'runtime'
    return new MllmError(code, error.message, { cause: error, ...(error.hint ? { hint: error.hint } : {}) })
  }
  return new MllmError('runtime', messageOf(error), { cause: error })
}

/** Options of many questions without what stays with the caller. */
export function plainOptions(options: AskManyOptions): PlainAskOptions {
  const { signal: _, onAnswer: __, together: ___, system: ____, ...plain } = options
  return plain
}
