// A conversation under way: what has been said, the picture that it is about, and one round more.
import { createHash } from 'node:crypto'
import type { EncodedImage } from '@maskwords/codecs'
import {
  answerJson,
  type DecodedMask,
  decodedMasks,
  decodeOpened,
  type ErrorReport,
  loadPictureAndMasks,
  MaskwordsError,
  type OpenedModel,
  openPicture,
  overlayPng,
  type ReadPicture,
} from '@maskwords/files'
import { emptyMask } from '@maskwords/mask'
import type { Answer, AnswerStream, Conversation as Turns } from '@maskwords/mllm'
import type { AskContext } from '../ask-options.ts'
import { askOptions } from '../ask-options.ts'
import { type ChatMask, pointed, type Session } from './session.ts'

/** What a round came to. */
export type RoundResult = {
  readonly round: number
  readonly question: string
  readonly asked: string
  readonly answer: Answer
  readonly masks: readonly DecodedMask[]
  /** Numbers of the masks of the answer begin behind this one. */
  readonly before: number
  readonly failures: readonly ErrorReport[]
}

export class ChatConversation {
  private readonly context: AskContext
  private readonly opened: OpenedModel
  private read: ReadPicture
  private state: Session
  private image: Promise<EncodedImage> | undefined

  private constructor(context: AskContext, opened: OpenedModel, read: ReadPicture, state: Session) {
    this.context = context
    this.opened = opened
    this.read = read
    this.state = state
  }

  /** Begins about a picture, or goes on with `kept`. Throws where the words of `kept` are not those of the model. */
  static begin(
    context: AskContext,
    opened: OpenedModel,
    { file, picture, sha256 }: ChatPicture,
    kept: Session | undefined,
  ): ChatConversation {
    const codec = opened.codec?.name
    if (kept !== undefined && kept.codec !== codec) {
      throw new MaskwordsError(
        'unsupported',
        `the masks of the conversation are in words of ${kept.codec ?? 'no codec'}, the model speaks those of ${codec ?? 'none'}`,
        { hint: 'give --codec as it was, or begin anew with another --session' },
      )
    }
    const begun: Session = { picture: { file, sha256 }, model: opened.source, codec, rounds: [], masks: [] }
    return new ChatConversation(context, opened, picture, { ...(kept ?? begun), model: opened.source })
  }

  get session(): Session {
    return this.state
  }

  /** Another picture: everything said is gone. */
  async show(file: string): Promise<void> {
    const { picture, sha256 } = await chatPicture(this.context, file)
    this.read = picture
    this.image = undefined
    this.state = { ...this.state, picture: { file, sha256 }, rounds: [], masks: [] }
  }

  /** Adds the masks of files, to point at. What cannot be read is returned. */
  async give(
    files: readonly string[],
  ): Promise<{ added: readonly ChatMask[]; failures: readonly ErrorReport[] }> {
    const { codec } = this.opened
    if (codec === undefined) {
      throw new MaskwordsError(
        'unsupported',
        'the model has no mask words, so a question cannot point at a mask',
      )
    }
    const args = [this.state.picture.file, ...files]
    const { masks, failures } = await loadPictureAndMasks({ ...this.context, args })
    const { signal } = this.context.io
    const words = await codec.encode(
      await this.encoded(),
      masks.map(({ mask }) => mask),
      { signal },
    )
    const first = this.state.masks.length + 1
    const added = masks.map(({ mask, file }, k) => ({
      number: first + k,
      words: words[k]!.text,
      from: file,
      mask,
    }))
    this.state = { ...this.state, masks: [...this.state.masks, ...added] }
    return { added, failures }
  }

  /** Takes the last round back. False where there is none. Masks that were given since stay and are numbered anew. */
  undo(): boolean {
    const { rounds, masks } = this.state
    if (rounds.length === 0) return false
    const left = masks.filter(({ from }) => from !== rounds.length)
    this.state = {
      ...this.state,
      rounds: rounds.slice(0, -1),
      masks: left.map((mask, k) => ({ ...mask, number: k + 1 })),
    }
    return true
  }

  /** Asks. The answer comes through the stream; `finished` keeps the round once it is whole. */
  ask(question: string, signal: AbortSignal): { readonly asked: string; readonly stream: AnswerStream } {
    const asked = pointed(question, this.state.masks)
    const turns: { role: 'user' | 'assistant'; text: string }[] = [
      ...this.state.rounds.flatMap((round) => [
        { role: 'user' as const, text: round.asked },
        { role: 'assistant' as const, text: round.answer },
      ]),
      { role: 'user', text: asked },
    ]
    const conversation: Turns = turns.map(({ role, text }, at) => ({
      role,
      content:
        at === 0
          ? [
              { type: 'picture', picture: this.read },
              { type: 'text', text },
            ]
          : text,
    }))
    const stream = this.opened.model.ask(conversation, { ...askOptions(this.context), signal })
    return { asked, stream }
  }

  async finished(question: string, asked: string, answer: Answer): Promise<RoundResult> {
    const { codec } = this.opened
    const before = this.state.masks.length
    const round = this.state.rounds.length + 1
    const failures: ErrorReport[] = []
    const { signal } = this.context.io
    const masks =
      codec === undefined || answer.masks.length === 0
        ? []
        : await decodedMasks(codec, await this.encoded(), answer, failures, signal)
    const said = answer.masks.map((one) => ({
      number: before + one.index + 1,
      words: one.text,
      from: round,
      mask: masks.find((found) => found.said === one)?.mask,
    }))
    this.state = {
      ...this.state,
      rounds: [...this.state.rounds, { question, asked, answer: answer.text, finish: answer.finish }],
      masks: [...this.state.masks, ...said],
    }
    return { round, question, asked, answer, masks, before, failures }
  }

  /** The picture with all masks, each in the colour of its number. */
  overlay(): Uint8Array {
    const { widthPx, heightPx } = this.read
    return overlayPng(
      this.read,
      this.state.masks.map(({ mask }) => mask ?? emptyMask(widthPx, heightPx)),
    )
  }

  private encoded(): Promise<EncodedImage> {
    this.image ??= this.opened.codec!.encodeImage(this.read, { signal: this.context.io.signal })
    return this.image
  }
}

/** A round as one JSON object. */
export function roundJson({ round, question, asked, answer, masks, before, failures }: RoundResult) {
  const json = answerJson(answer, masks)
  return {
    round,
    question,
    ...(asked !== question && { asked }),
    ...json,
    masks: (json['masks'] as Record<string, unknown>[]).map((mask, k) => ({
      number: before + k + 1,
      ...mask,
    })),
    errors: failures,
  }
}

export type ChatPicture = { readonly file: string; readonly picture: ReadPicture; readonly sha256: string }

/** Reads the picture of a conversation. Throws where it cannot be read, or is another than that of `kept`. */
export async function chatPicture(context: AskContext, file: string, kept?: Session): Promise<ChatPicture> {
  const opened = await openPicture(context, file)
  const sha256 = createHash('sha256').update(opened.bytes).digest('hex')
  if (kept !== undefined && kept.picture.sha256 !== sha256) {
    throw new MaskwordsError('ambiguous', 'the picture is not the one that the conversation is about', {
      file,
      hint: `that was ${kept.picture.file}; another --session begins anew`,
    })
  }
  return { file, picture: await decodeOpened(context, opened), sha256 }
}
