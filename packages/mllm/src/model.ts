// What every multimodal model of this project can be asked, whether it runs in this process or behind a server. Types only.
import type { Pixels } from '@maskwords/codecs'
import type { Vocabulary } from '@maskwords/words'

/** Text; masks stand in it as words (`<|mt_start|>...`), which a codec writes and reads. */
export type TextPart = { readonly type: 'text'; readonly text: string }

export type PicturePart = { readonly type: 'picture'; readonly picture: Pixels }

/** Frames of one size in their order. */
export type VideoPart = {
  readonly type: 'video'
  readonly frames: readonly Pixels[]
  /** Frames in a second of the video that they were taken from. Default 24, as the published processors assume. */
  readonly fps?: number
  /** Which of that video's frames they are, and how many it has. Default: all of them. */
  readonly frameIndices?: readonly number[]
  readonly totalFrames?: number
}

export type Part = TextPart | PicturePart | VideoPart

/** One turn. A plain string is one text part. */
export type Message = {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string | readonly Part[]
}

/** Turns in their order; the last one is the user's, and the model's answer follows it. */
export type Conversation = readonly Message[]

/**
 * What an answer may look like, token by token. In all but 'off', a mask that is begun is finished: after its start word only
 * words of its next level may come, then its end word.
 * - 'free': any text, any number of masks.
 * - 'forced': one mask and nothing else.
 * - 'count': any text with exactly `masks` masks; the answer does not end before, and no mask begins after.
 * - 'off': nothing is imposed.
 */
export type MaskConstraint =
  | { readonly mode: 'off' | 'free' | 'forced' }
  | { readonly mode: 'count'; readonly masks: number }

/** How the next token is chosen. */
export type Sampling = {
  /** 0 (the default) takes the most probable token. */
  readonly temperature?: number
  /** Of the most probable tokens those that together reach this share. Default 1. */
  readonly topP?: number
  /** Of the most probable tokens this many. Default 0: all. */
  readonly topK?: number
  /** For temperatures above 0; the same seed gives the same answer from the same model. Default 0. */
  readonly seed?: number
  /**
   * Makes tokens of the prompt and the answer less probable; 1 is none. Default: what the model's generation_config.json says
   * (Qwen2.5-VL: 1.05), as transformers does.
   */
  readonly repetitionPenalty?: number
}

export type AskOptions = Sampling & {
  /** Most tokens of the answer. Default 512. */
  readonly maxTokens?: number
  /** The answer ends before any of these texts. */
  readonly stop?: readonly string[]
  /** Default { mode: 'free' }; { mode: 'off' } at a server that cannot impose it. */
  readonly constraint?: MaskConstraint
  /** Beside each mask, this many of the most probable masks that could stand there (itself included). Default 0. */
  readonly alternatives?: number
  /** Stops between two tokens; the answer so far is kept (`finish: 'aborted'`). */
  readonly signal?: AbortSignal
}

/** One token of an answer. `text` is '' where it only completes or begins a character. */
export type AnswerToken = {
  /** -1 where a server does not say it. */
  readonly id: number
  readonly text: string
  /** Natural logarithm of its probability by the model itself: before penalty, temperature and constraint. Undefined where a server does not say it. */
  readonly logprob: number | undefined
}

/** A mask that could stand in a span. */
export type MaskAlternative = {
  readonly codes: readonly number[]
  readonly text: string
  readonly logprob: number
  readonly probability: number
}

/** A mask of an answer. */
export type AnswerMask = {
  /** Its number in the answer, from 0. */
  readonly index: number
  /** [start, end) in the characters of the answer's text. */
  readonly start: number
  readonly end: number
  /** As parsed strictly: 'repaired' and 'rejected' can happen where nothing is imposed on the model. */
  readonly status: 'complete' | 'repaired' | 'rejected'
  /** For a codec's `decode`; empty where rejected. */
  readonly codes: readonly number[]
  /** The words as said. */
  readonly text: string
  /**
   * Sum of the logarithms of the probabilities of its codes, each among the words that could stand there; and the probability.
   * Undefined where a server does not say them.
   */
  readonly logprob: number | undefined
  readonly probability: number | undefined
  /** Whether it stands in a thought: no mask of the answer. Known when the answer has ended. */
  readonly inThought?: true
  /** Most probable first; only where `alternatives` was asked for. */
  readonly alternatives?: readonly MaskAlternative[]
}

export type Usage = {
  readonly promptTokens: number
  /** Tokens of the prompt whose keys and values were there already. */
  readonly cachedTokens: number
  readonly answerTokens: number
  /** From the question to the first token, and from there to the end, in milliseconds. */
  readonly firstTokenMs: number
  readonly restMs: number
}

export type Answer = {
  /** Without the words that end a turn. */
  readonly text: string
  readonly tokens: readonly AnswerToken[]
  readonly masks: readonly AnswerMask[]
  /** Whether the template opened a thought that the text begins in; \`answerParts\` has to know. */
  readonly thoughtOpen?: true
  /** 'stop': the model ended its turn or said a stop text; 'length': `maxTokens` or the model's length; 'aborted': the signal. */
  readonly finish: 'stop' | 'length' | 'aborted'
  readonly usage: Usage
  /** What a careful reader should know of this answer, with the remedy: a mask that was cut off, words that a server took away, ... */
  readonly notes?: readonly string[]
}

/** What happens while an answer is made, in its order. Texts of 'text' and 'mask' events make up the answer's text. */
export type AnswerEvent =
  | { readonly type: 'text'; readonly text: string }
  /** A mask's first word. */
  | { readonly type: 'mask-start'; readonly index: number }
  /** One more word of it. */
  | {
      readonly type: 'mask-word'
      readonly index: number
      readonly text: string
      readonly logprob: number | undefined
    }
  | { readonly type: 'mask'; readonly mask: AnswerMask }
  | { readonly type: 'end'; readonly answer: Answer }

/** An answer being made: iterate over its events, or await the whole. Both may be done; nothing runs twice. */
export type AnswerStream = AsyncIterable<AnswerEvent> & { readonly answer: Promise<Answer> }

export type AskManyOptions = AskOptions & {
  /** Turns before each question, the picture's turn excluded; default none. */
  readonly system?: string
  /** Told of each answer as soon as it is whole. */
  readonly onAnswer?: (index: number, answer: Answer) => void
  /** Questions decoded together. Default: as many as the model takes. */
  readonly together?: number
}

/** What a model is and can do. */
export type ModelFacts = {
  readonly kind: 'in-process' | 'server'
  /** Folder, hub id, or address and model's name. */
  readonly name: string
  /** For example 'qwen3-vl'; of a server, what it says. */
  readonly family: string
  /** Mask languages of its tokenizer, with token ids where they are known; empty where it has none or a server does not say. */
  readonly vocabularies: readonly Vocabulary[]
  /** Constraint modes that hold; others are refused. */
  readonly constraints: readonly MaskConstraint['mode'][]
  readonly logprobs: boolean
  readonly alternatives: boolean
  /** Longest prompt and answer together, in tokens. */
  readonly maxTokens: number | undefined
  /** What a careful person should know: a missing switch at a server, words that are marked special, ... */
  readonly notes: readonly string[]
}

/**
 * A multimodal language model. Questions may be asked at the same time; they are answered in turn or together, as the model
 * can. Pictures are paid once: another question about the same `Pixels` value finds its features and the keys and values of the
 * common beginning of both conversations.
 */
export interface MultimodalModel {
  readonly facts: ModelFacts
  /**
   * Asks. Errors of the arguments come at once, later ones through the stream and its `answer`.
   * @throws MllmError `argument`, `wrong-words`, `too-large`, `closed`; streams fail with `server`, `runtime`, `out-of-memory` too.
   */
  ask(conversation: Conversation, options?: AskOptions): AnswerStream
  /** Many questions on one picture, decoded together where the model can; answers in the order of the questions. */
  askMany(picture: Pixels, questions: readonly string[], options?: AskManyOptions): Promise<Answer[]>
  /** Frees what it holds. Questions under way end with `closed`; calling it twice is harmless. */
  close(): Promise<void>
}
