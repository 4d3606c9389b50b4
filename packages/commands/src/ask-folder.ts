// One question to every picture of a folder: answers are kept line by line, so that a run that was stopped goes on where it was.

import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { isRecord } from '@maskwords/base'
import type { ErrorReport } from '@maskwords/files'
import {
  answerJson,
  counted,
  decodedMasks,
  decodeOpened,
  ensureFolder,
  isTypedError,
  listFiles,
  located,
  MaskwordsError,
  openKeptLines,
  openPicture,
  overlayPng,
  printable,
  reportFailures,
  reportOf,
  throwIfAborted,
  writeWhole,
} from '@maskwords/files'
import { fillMasks, type MllmError } from '@maskwords/mllm'
import type { AskContext, Asked } from './ask-options.ts'
import { askOptions } from './ask-options.ts'

export const ANSWERS_FILE = 'answers.jsonl'

/** Asks all pictures of the folder, in the order of their names. */
export async function askFolder(context: AskContext, asked: Asked): Promise<0 | 1> {
  const { options, io, talk } = context
  const out = options.output
  if (out === undefined) {
    throw new MaskwordsError('usage', 'a folder of pictures needs -o <folder> for the answers')
  }
  const question = fillMasks(asked.question, [])
  const { folder, names } = await listFiles(io, [context.args[0]!], { without: [out] })
  await ensureFolder(context.path(out))
  const file = context.path(join(out, ANSWERS_FILE))
  const { signal: _, ...settings } = askOptions(context)
  const asking = createHash('sha256')
    .update(
      JSON.stringify([
        asked.fingerprint ?? asked.model.facts.name,
        options.weights ?? 'auto',
        question,
        settings,
        asked.codec?.name,
      ]),
    )
    .digest('hex')
    .slice(0, 16)
  const done = new Set<string>()
  const kept = await openKeptLines(file, (value) => {
    if (!isRecord(value)) return
    // What another model, question or setting answered is another answer.
    if (value['asking'] === asking && typeof value['picture'] === 'string') done.add(value['picture'])
  })
  const failures: ErrorReport[] = []
  const left = names.filter((name) => !done.has(name))
  let answers = 0
  try {
    if (left.length < names.length) {
      await talk.note(
        `${names.length - left.length} of ${counted(names.length, 'picture')} are answered already`,
      )
    }
    const progress = talk.progress(left.length, 'picture')
    for (const name of left) {
      throwIfAborted(io.signal)
      const failed = (error: unknown) => {
        if (io.signal.aborted || !isTypedError(error) || reportOf(error).code === 'interrupted') throw error
        const { partial } = error as Partial<MllmError>
        if (partial !== undefined) void talk.note(`${name}, answered until then: ${printable(partial.text)}`)
        failures.push(reportOf(located(error, join(folder, name))))
      }
      const record = await askPicture(context, asked, folder, name, question).catch(failed)
      if (record !== undefined) {
        await kept.append({ picture: name, asking, question, ...record })
        answers++
        failures.push(...record.errors.map((trouble) => ({ ...trouble, file: join(folder, name) })))
      }
      progress.step()
    }
    await progress.clear()
  } finally {
    await kept.close()
  }
  const code = await reportFailures(context, failures)
  if (options.json) {
    await context.printJson({
      model: asked.source,
      question,
      pictures: names.length,
      answered: answers,
      answeredBefore: names.length - left.length,
      file: join(out, ANSWERS_FILE),
      errors: failures,
    })
  } else await context.print(join(out, ANSWERS_FILE))
  return code
}

/** The answer about one picture of the folder, its overlay written. */
async function askPicture(context: AskContext, asked: Asked, folder: string, name: string, question: string) {
  const { io, options } = context
  const picture = await decodeOpened(context, await openPicture(context, join(folder, name)))
  const content = [
    { type: 'picture' as const, picture },
    { type: 'text' as const, text: question },
  ]
  const answer = await asked.model.ask([{ role: 'user', content }], askOptions(context)).answer
  // Half an answer is none: it is asked again.
  if (answer.finish === 'aborted') throw new MaskwordsError('interrupted', 'interrupted')
  const errors: ErrorReport[] = []
  const masks = asked.codec ? await decodedMasks(asked.codec, picture, answer, errors, io.signal) : []
  const overlay = `${name}.png`
  await ensureFolder(context.path(join(options.output!, dirname(overlay))))
  await writeWhole(
    context.path(join(options.output!, overlay)),
    overlayPng(
      picture,
      masks.map(({ mask }) => mask),
    ),
    io.signal,
  )
  return { ...answerJson(answer, masks), overlay, errors }
}
