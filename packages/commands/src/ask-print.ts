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

/** The name of mask `number` (from 1), in the colour that it has on the picture where the terminal has colours. */
export function maskName(number: number, { io }: Pick<AskContext, 'io'>, more = ''): string {
  return coloured(number, more, hasColours(io))
}

const hasColours = ({ env, stdout }: AskContext['io']): boolean => styleFor(env, stdout).bold('x') !== 'x'

function coloured(number: number, more: string, colours: boolean): string {
  const name = `[mask ${number}${more}]`
  if (!colours) return name
  const [red, green, blue] = maskColour(number - 1)
  return `\u001b[38;2;${red};${green};${blue}m${name}\u001b[39m`
}

const share = ({ probability }: AnswerMask): string =>
  probability === undefined ? '' : ` ${Math.round(probability * 100)} %`

/**
 * Prints a stream to its end: names of masks on a terminal, numbered behind `before`; the words themselves into a file or pipe.
 */
export async function printAnswer(context: AskContext, stream: AnswerStream, before = 0): Promise<void> {
  const { stdout, env } = context.io
  if (!stdout.isTTY) {
    const { text } = await stream.answer
    await context.print(text)
    return
  }
  const style = styleFor(env, stdout)
  const colours = hasColours(context.io)
  for await (const event of stream) {
    if (event.type === 'text') await stdout.write(shown(event.text))
    else if (event.type === 'mask') {
      await stdout.write(coloured(before + event.mask.index + 1, share(event.mask), colours))
      for (const other of event.mask.alternatives ?? []) {
        await stdout.write(style.dim(`\n    ${other.text}  ${(other.probability * 100).toFixed(1)} %`))
      }
      if (event.mask.alternatives) await stdout.write('\n')
    }
  }
  await stdout.write('\n')
}
