// An answer on a terminal as it is made: text as it comes, each mask as its name in the colour that it has on the picture.
import { printable, styleFor } from '@maskwords/files'
import { maskColour } from '@maskwords/mask'
import type { AnswerMask, AnswerStream } from '@maskwords/mllm'
import type { AskContext } from './ask-options.ts'

/** Line breaks and tabs of an answer stay, other control characters become visible. */
const shown = (text: string): string =>
  text
    .split(/(\r?\n|\t)/)
    .map((piece, i) => (i % 2 === 1 ? piece : printable(piece)))
    .join('')

function named(mask: AnswerMask, colours: boolean): string {
  const share = mask.probability === undefined ? '' : ` ${Math.round(mask.probability * 100)} %`
  const name = `[mask ${mask.index + 1}${share}]`
  if (!colours) return name
  const [red, green, blue] = maskColour(mask.index)
  return `\u001b[38;2;${red};${green};${blue}m${name}\u001b[39m`
}

/** Prints a stream to its end: names of masks on a terminal, the words themselves into a file or pipe. */
export async function printAnswer(context: AskContext, stream: AnswerStream): Promise<void> {
  const { stdout, env } = context.io
  if (!stdout.isTTY) {
    const { text } = await stream.answer
    await context.print(text)
    return
  }
  const style = styleFor(env, stdout)
  const colours = style.bold('x') !== 'x'
  for await (const event of stream) {
    if (event.type === 'text') await stdout.write(shown(event.text))
    else if (event.type === 'mask') {
      await stdout.write(named(event.mask, colours))
      for (const other of event.mask.alternatives ?? []) {
        await stdout.write(style.dim(`\n    ${other.text}  ${(other.probability * 100).toFixed(1)} %`))
      }
      if (event.mask.alternatives) await stdout.write('\n')
    }
  }
  await stdout.write('\n')
}
