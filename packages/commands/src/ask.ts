// `maskwords ask`: a question about a picture, answered by a multimodal model that speaks mask words.

import type { ErrorReport, ReadPicture } from '@maskwords/files'
import {
  answerJson,
  counted,
  decodedMasks,
  decodeOpened,
  defineCommand,
  duration,
  loadPictureAndMasks,
  MaskwordsError,
  meansMany,
  openModel,
  openPicture,
  overlayPng,
  printable,
  refuseSameFile,
  reportFailures,
  reportOf,
  writeWhole,
} from '@maskwords/files'
import type { Answer, AnswerStream, TaskName } from '@maskwords/mllm'
import { fillMasks, MllmError, taskQuestion } from '@maskwords/mllm'
import { askFolder } from './ask-folder.ts'
import type { AskContext, Asked } from './ask-options.ts'
import { ASK_OPTIONS, askOptions } from './ask-options.ts'
import { printAnswer } from './ask-print.ts'

export const command = defineCommand({
  spec: {
    name: 'ask',
    summary: 'Ask a multimodal model about a picture; it answers with masks.',
    details: [
      'The model runs in this process, or behind a server. What it says of masks is decoded and laid over the picture (-o).',
      'A folder of pictures is asked one after another; what is answered already is not asked again.',
    ],
    arguments: [
      { name: 'picture', help: 'the picture, or many: a folder or "photos/*.jpg"' },
      {
        name: 'question',
        isText: true,
        help: 'what to ask; with --task what the task is about',
        optional: true,
      },
    ],
    options: ASK_OPTIONS,
    examples: [
      {
        command:
          'maskwords ask photo.jpg "Please segment the dog in this image." --model ./Qwen3-VL-4B-SAMTok -o dog.png',
        note: 'the answer, and the picture with its masks',
      },
      {
        command: 'maskwords ask photo.jpg "the dog" --task segment --model ./model --top 5 --json',
        note: 'in published words, with the five most probable masks',
      },
      {
        command: 'maskwords ask photo.jpg "What is {mask} made of?" --mask cup.png --model ./model',
        note: 'pointing at a mask',
      },
      {
        command: 'maskwords ask photo.jpg "the dog" --task segment --model http://127.0.0.1:8000/v1',
        note: 'a model behind vLLM, SGLang, llama-server or Ollama',
      },
      {
        command: 'maskwords ask photos/ "the dog" --task segment --model ./model -o answers/',
        note: 'every picture of a folder; run again to go on',
      },
    ],
  },
  async run(context) {
    const [pictureFile] = context.args as [string]
    const folder = await meansMany(context.io, pictureFile)
    if (folder && (context.options.mask ?? []).length > 0) {
      throw new MaskwordsError('usage', '--mask points into one picture; a folder has many')
    }
    if (!folder && context.options.output !== undefined) {
      await refuseSameFile(context.path(context.options.output), [context.path(pictureFile)])
    }
    const question = questionOf(context)
    // Before a long load: places in the question are nobody's, or masks are pointed at by nothing.
    const pointed = context.options.mask ?? []
    if (pointed.length === 0) fillMasks(question, [])
    else if (!/\{mask(:\d+)?\}/.test(question)) fillMasks(question, pointed)
    const opened = await openModel(context)
    try {
      if (opened.codec === undefined && pointed.length > 0) {
        throw new MaskwordsError(
          'unsupported',
          'the model has no mask words, so a question cannot point at a mask',
        )
      }
      return await (folder ? askFolder : askOne)(context, { ...opened, question })
    } finally {
      await opened.close()
    }
  },
})

function questionOf({ args, options }: AskContext): string {
  const text = args[1]
  if (options.task !== undefined) return taskQuestion(options.task as TaskName, text)
  if (text === undefined || text.trim() === '') {
    throw new MaskwordsError('usage', 'missing <question>: what to ask', {
      hint: 'maskwords ask photo.jpg "Please segment the dog in this image." --model ./model',
    })
  }
  return text
}

/** The answer, printed as it comes where it is not JSON; or what broke it off, with what was answered until then. */
async function whole(context: AskContext, stream: AnswerStream): Promise<Answer | MllmError> {
  try {
    if (!context.options.json) await printAnswer(context, stream)
    return await stream.answer
  } catch (error) {
    if (error instanceof MllmError && error.partial !== undefined) return error
    throw error
  }
}

async function askOne(context: AskContext, asked: Asked): Promise<0 | 1> {
  const { options, io } = context
  const { model, codec } = asked
  const [pictureFile] = context.args as [string]
  const maskFiles = options.mask ?? []
  const failures: ErrorReport[] = []
  let picture: ReadPicture
  let question = asked.question
  if (maskFiles.length === 0) {
    picture = await decodeOpened(context, await openPicture(context, pictureFile))
    question = fillMasks(question, [])
  } else {
    const loaded = await loadPictureAndMasks({ ...context, args: [pictureFile, ...maskFiles] })
    picture = loaded.picture
    // A question that points at another mask than the user means would be answered wrongly: nothing is asked then.
    if (loaded.failures.length > 0) return reportFailures(context, loaded.failures)
    const image = await codec!.encodeImage(picture, { signal: io.signal })
    const words = await codec!.encode(
      image,
      loaded.masks.map(({ mask }) => mask),
      { signal: io.signal },
    )
    question = fillMasks(
      question,
      words.map(({ text }) => text),
    )
  }
  const stream = model.ask(
    [
      {
        role: 'user',
        content: [
          { type: 'picture', picture },
          { type: 'text', text: question },
        ],
      },
    ],
    askOptions(context),
  )
  const answer = await whole(context, stream)
  if (answer instanceof MllmError) {
    const partial = answer.partial!
    if (!options.json) await context.talk.note(`answered until then: ${printable(partial.text)}`)
    const code = await reportFailures(context, [reportOf(answer)])
    if (options.json) {
      await context.printJson({
        model: asked.source,
        question,
        partial: answerJson(partial, []),
        errors: [reportOf(answer)],
      })
    }
    return code
  }
  if (answer.finish === 'aborted') throw new MaskwordsError('interrupted', 'interrupted')
  const masks = codec === undefined ? [] : await decodedMasks(codec, picture, answer, failures, io.signal)
  const files: string[] = []
  if (options.output !== undefined) {
    await writeWhole(
      context.path(options.output),
      overlayPng(
        picture,
        masks.map(({ mask }) => mask),
      ),
      io.signal,
    )
    files.push(options.output)
  }
  const code = await reportFailures(context, failures)
  if (options.json) {
    await context.printJson({
      model: asked.source,
      ...(codec && { codec: codec.name }),
      picture: { file: pictureFile, widthPx: picture.widthPx, heightPx: picture.heightPx },
      question,
      ...answerJson(answer, masks),
      files,
      errors: failures,
    })
  } else {
    for (const file of files) await context.talk.note(`wrote ${file}`)
    for (const note of answer.notes ?? []) await context.talk.note(note)
    const { usage } = answer
    await context.talk.note(
      `${counted(answer.masks.length, 'mask')}; ${counted(usage.answerTokens, 'token')} in ${duration(usage.firstTokenMs + usage.restMs)}${answer.finish === 'length' ? ', cut at the longest answer (--max-tokens)' : ''}`,
    )
  }
  return code
}
