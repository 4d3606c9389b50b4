// One question to every picture of a folder: answers are kept line by line, so that a run that was stopped goes on where it was.
import { createHash } from 'node:crypto'
import { appendFile, readdir, readFile, truncate } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { ErrorReport } from '@maskwords/files'
import {
  counted,
  decodeOpened,
  ensureFolder,
  isTypedError,
  located,
  MaskwordsError,
  openPicture,
  overlayPng,
  reportFailures,
  reportOf,
  throwIfAborted,
  writeWhole,
} from '@maskwords/files'
import { fillMasks } from '@maskwords/mllm'
import { answerJson, decodedMasks } from './ask-answer.ts'
import type { AskContext, Asked } from './ask-options.ts'
import { askOptions } from './ask-options.ts'

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.tif', '.tiff', '.gif'])
export const ANSWERS_FILE = 'answers.jsonl'

/** Asks all pictures of the folder, in the order of their names. */
export async function askFolder(context: AskContext, asked: Asked): Promise<0 | 1> {
  const { options, io, talk } = context
  const folder = context.args[0]!
  const out = options.out
  if (out === undefined) {
    throw new MaskwordsError('usage', 'a folder of pictures needs -o <folder> for the answers')
  }
  const question = fillMasks(asked.question, [])
  const names = (await readdir(context.path(folder)))
    .filter((name) => PICTURES.has(extname(name).toLowerCase()))
    .sort()
  if (names.length === 0) throw new MaskwordsError('not-found', `no pictures in ${folder}`, { file: folder })
  await ensureFolder(context.path(out))
  const file = context.path(join(out, ANSWERS_FILE))
  const { signal: _, ...settings } = askOptions(context)
  const asking = createHash('sha256')
    .update(JSON.stringify([asked.source, question, settings, asked.codec?.name]))
    .digest('hex')
    .slice(0, 16)
  const done = await answered(file, asking)
  const left = names.filter((name) => !done.has(name))
  if (left.length < names.length) {
    await talk.note(
      `${names.length - left.length} of ${counted(names.length, 'picture')} are answered already`,
    )
  }
  const failures: ErrorReport[] = []
  const progress = talk.progress(left.length, 'picture')
  let answers = 0
  for (const name of left) {
    throwIfAborted(io.signal)
    try {
      const picture = await decodeOpened(context, await openPicture(context, join(folder, name)))
      const answer = await asked.model.ask(
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
      ).answer
      // Half an answer is none: it is asked again.
      if (answer.finish === 'aborted') throw new MaskwordsError('interrupted', 'interrupted')
      const troubles: ErrorReport[] = []
      const masks = asked.codec ? await decodedMasks(asked.codec, picture, answer, troubles, io.signal) : []
      const overlay = `${name}.png`
      await writeWhole(
        context.path(join(out, overlay)),
        overlayPng(
          picture,
          masks.map(({ mask }) => mask),
        ),
        io.signal,
      )
      const record = {
        picture: name,
        asking,
        question,
        ...answerJson(answer, masks),
        overlay,
        errors: troubles,
      }
      await appendFile(file, `${JSON.stringify(record)}\n`)
      answers++
      failures.push(...troubles.map((trouble) => ({ ...trouble, file: join(folder, name) })))
    } catch (error) {
      if (io.signal.aborted || !isTypedError(error) || reportOf(error).code === 'interrupted') throw error
      failures.push(reportOf(located(error, join(folder, name))))
    }
    progress.step()
  }
  await progress.clear()
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

/**
 * Pictures that an earlier run has answered with the same model, question and settings. A last line that was cut off by a kill is
 * taken away.
 */
async function answered(file: string, asking: string): Promise<Set<string>> {
  const done = new Set<string>()
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return done
    throw error
  }
  const whole = text.lastIndexOf('\n') + 1
  if (whole < text.length) await truncate(file, Buffer.byteLength(text.slice(0, whole)))
  for (const [i, line] of text.slice(0, whole).split('\n').entries()) {
    if (line === '') continue
    let record: { picture?: unknown; asking?: unknown }
    try {
      record = JSON.parse(line)
    } catch (cause) {
      throw new MaskwordsError('malformed', 'this line is no JSON', {
        file,
        at: `line ${i + 1}`,
        hint: 'take the line out, or choose another folder with -o',
        cause,
      })
    }
    if (record.asking === asking && typeof record.picture === 'string') done.add(record.picture)
  }
  return done
}
