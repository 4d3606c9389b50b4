// `maskwords chat`: a conversation about a picture, in a terminal or through a pipe; answers may hold masks, questions may point at them.
import { extname } from 'node:path'
import {
  counted,
  defineCommand,
  duration,
  isTypedError,
  MaskwordsError,
  openModel,
  printable,
  refuseSameFile,
  throwIfAborted,
  writeWhole,
} from '@maskwords/files'
import { area, type Mask, tightBox } from '@maskwords/mask'
import { MllmError } from '@maskwords/mllm'
import type { AskContext } from './ask-options.ts'
import { ASK_OPTIONS } from './ask-options.ts'
import { maskName, printAnswer } from './ask-print.ts'
import { helpLines, readLine } from './chat/commands.ts'
import { ChatConversation, chatPicture, type RoundResult, roundJson } from './chat/conversation.ts'
import { type LineSource, lineSource } from './chat/lines.ts'
import { readSession, sessionText } from './chat/session.ts'

const { task: _task, masks: _masks, forced: _forced, output, mask, ...asking } = ASK_OPTIONS

export const command = defineCommand({
  spec: {
    name: 'chat',
    summary: 'A conversation about a picture with a model that speaks and reads masks.',
    details: [
      'Masks are numbered over all rounds: {2} in a question points at mask 2, {mask} at the last one. /help lists the commands.',
      'Ctrl-C stops an answer, Ctrl-D ends. Through a pipe each line is a question; with --json each answer is a line.',
    ],
    arguments: [{ name: 'picture', help: 'the picture; left out, that of the --session', optional: true }],
    options: {
      ...asking,
      mask: { ...mask, help: 'a mask to point at: {1}, {2}, ... in the order of the files' },
      output: {
        ...output,
        help: 'the picture with all masks of the conversation, written after each answer',
      },
      session: {
        type: 'text',
        valueName: 'file',
        endings: ['.json'],
        help: 'keep the conversation here after each answer, and go on with what is there',
      },
    },
    examples: [
      {
        command: 'maskwords chat photo.jpg --model ./Qwen3-VL-4B-SAMTok -o masks.png',
        note: 'several rounds; the masks so far are in masks.png',
      },
      {
        command: 'maskwords chat photo.jpg --model http://127.0.0.1:8000/v1 --session talk.json',
        note: 'kept, and gone on with by the same command',
      },
      {
        command: 'maskwords chat photo.jpg --model ./model --json < questions.txt',
        note: 'a line a question, a line an answer',
      },
    ],
  },
  async run(own) {
    const context = own as unknown as AskContext
    const { options } = own
    const kept =
      options.session === undefined ? undefined : readSession(own.path(options.session), options.session)
    const file = own.args[0] ?? kept?.picture.file
    if (file === undefined) {
      throw new MaskwordsError('usage', 'missing <picture>: what the conversation is about', {
        hint: 'maskwords chat photo.jpg --model ./model',
      })
    }
    for (const output of [options.output, options.session]) {
      if (output !== undefined) await refuseSameFile(own.path(output), [own.path(file)])
    }
    const picture = await chatPicture(context, file, kept)
    const opened = await openModel(context)
    const lines = lineSource(own.io)
    try {
      const conversation = ChatConversation.begin(context, opened, picture, kept)
      return await new Chat(context, conversation, lines, options.session).run()
    } finally {
      lines.close()
      await opened.close()
    }
  },
})

const SAVE_HINT = '/save talk.json keeps the conversation, /save masks.png the picture with its masks'

class Chat {
  private readonly context: AskContext
  private readonly conversation: ChatConversation
  private readonly lines: LineSource
  private readonly sessionFile: string | undefined
  private failed = false

  constructor(
    context: AskContext,
    conversation: ChatConversation,
    lines: LineSource,
    sessionFile: string | undefined,
  ) {
    this.context = context
    this.conversation = conversation
    this.lines = lines
    this.sessionFile = sessionFile
  }

  /** Reads lines to their end. 1 where a line of a pipe failed; in a terminal people have seen it. */
  async run(): Promise<0 | 1> {
    const { io, talk, options } = this.context
    const { rounds } = this.conversation.session
    if (rounds.length > 0) await talk.note(`going on behind ${counted(rounds.length, 'round')}`)
    await this.attempt(() => this.give(options.mask ?? []))
    if (this.lines.isTerminal) await talk.note('/help lists the commands; Ctrl-D ends')
    for (;;) {
      const line = await this.lines.next('> ')
      throwIfAborted(io.signal)
      if (line === undefined || (await this.attempt(() => this.take(line))) === 'quit') break
      throwIfAborted(io.signal)
    }
    return this.failed && !this.lines.isTerminal ? 1 : 0
  }

  /** What goes wrong with a line is said and costs that line. */
  private async attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    const { io, options, talk } = this.context
    try {
      return await step()
    } catch (error) {
      if (io.signal.aborted || !isTypedError(error)) throw error
      this.failed = true
      const report = await talk.error(error)
      if (error instanceof MllmError && error.partial !== undefined && !options.json) {
        await talk.note(`answered until then: ${printable(error.partial.text)}`)
      }
      if (options.json) await this.context.print(JSON.stringify({ error: report }))
      return undefined
    }
  }

  private async take(line: string): Promise<'quit' | undefined> {
    const read = readLine(line)
    if (read.kind === 'question') await this.ask(read.text)
    if (read.kind !== 'command') return undefined
    const { talk } = this.context
    switch (read.name) {
      case 'quit':
        return 'quit'
      case 'help':
        for (const text of helpLines()) await talk.note(text)
        break
      case 'masks':
        await this.listMasks()
        break
      case 'mask':
        await this.give([read.argument])
        break
      case 'image':
        await this.conversation.show(read.argument)
        await talk.note(`${read.argument}: the conversation begins anew`)
        await this.keep()
        break
      case 'undo': {
        const done = this.conversation.undo()
        await talk.note(done ? 'the last round is taken back' : 'there is no round to take back')
        if (done) await this.keep()
        break
      }
      case 'save':
        await this.save(read.argument)
    }
    return undefined
  }

  private async ask(question: string): Promise<void> {
    const { context } = this
    const stop = new AbortController()
    this.lines.onInterrupt(() => stop.abort())
    const before = this.conversation.session.masks.length
    const { asked, stream } = this.conversation.ask(
      question,
      AbortSignal.any([context.io.signal, stop.signal]),
    )
    if (!context.options.json) await printAnswer(context, stream, before)
    const answer = await stream.answer
    this.lines.onInterrupt(() => {})
    if (answer.finish === 'aborted') {
      throwIfAborted(context.io.signal)
      await context.talk.note('stopped: this round does not count')
      return
    }
    const result = await this.conversation.finished(question, asked, answer)
    await this.report(result)
    await this.keep()
  }

  private async report(result: RoundResult): Promise<void> {
    const { context } = this
    const { answer, failures } = result
    for (const failure of failures) await context.talk.failure(failure)
    if (failures.length > 0) this.failed = true
    if (context.options.json) {
      await context.print(JSON.stringify(roundJson(result)))
      return
    }
    for (const note of answer.notes ?? []) await context.talk.note(note)
    const { answerTokens, firstTokenMs, restMs } = answer.usage
    const cut = answer.finish === 'length' ? ', cut at the longest answer (--max-tokens)' : ''
    await context.talk.note(`${counted(answerTokens, 'token')} in ${duration(firstTokenMs + restMs)}${cut}`)
  }

  /** Writes what is asked for after each change: the overlay, the session. */
  private async keep(): Promise<void> {
    const { options } = this.context
    if (options.output !== undefined) await this.write(options.output, this.conversation.overlay())
    if (this.sessionFile !== undefined) await this.writeSession(this.sessionFile)
  }

  private async save(name: string): Promise<void> {
    const file = name === '' ? this.sessionFile : name
    if (file === undefined) {
      throw new MaskwordsError('usage', '/save needs a file', {
        hint: SAVE_HINT,
      })
    }
    await refuseSameFile(this.context.path(file), [this.context.path(this.conversation.session.picture.file)])
    const ending = extname(file).toLowerCase()
    if (ending === '.png') await this.write(file, this.conversation.overlay())
    else if (ending === '.json') await this.writeSession(file)
    else {
      throw new MaskwordsError('usage', `/save writes .json and .png, got ${JSON.stringify(file)}`, {
        hint: SAVE_HINT,
      })
    }
    await this.context.talk.note(`wrote ${file}`)
  }

  private writeSession(file: string): Promise<void> {
    return this.write(file, new TextEncoder().encode(sessionText(this.conversation.session)))
  }

  private async write(file: string, bytes: Uint8Array): Promise<void> {
    await writeWhole(this.context.path(file), bytes, this.context.io.signal)
  }

  private async give(files: readonly string[]): Promise<void> {
    if (files.length === 0) return
    const { options, talk } = this.context
    const { added, failures } = await this.conversation.give(files)
    for (const failure of failures) {
      this.failed = true
      await talk.failure(failure)
      if (options.json) await this.context.print(JSON.stringify({ error: failure }))
    }
    for (const { number, from } of added) await talk.note(`${maskName(number, this.context)} is ${from}`)
    await this.keep()
  }

  private async listMasks(): Promise<void> {
    const { talk } = this.context
    const { masks } = this.conversation.session
    if (masks.length === 0) await talk.note('there is no mask yet')
    for (const { number, from, mask: found, words } of masks) {
      const source = typeof from === 'number' ? `round ${from}` : from
      const what =
        found === undefined
          ? `its words are not read: ${printable(words).slice(0, 60)}`
          : `${((100 * area(found)) / (found.widthPx * found.heightPx)).toFixed(1)} % of the picture, box ${boxText(found)}`
      await talk.note(`${maskName(number, this.context)} ${source}: ${what}`)
    }
  }
}

function boxText(mask: Mask): string {
  const { x, y, width, height } = tightBox(mask)
  return `${x}, ${y}, ${width} x ${height}`
}
