// What a line of a conversation is: a question, or a command that begins with a slash.
import { namesHint } from '@maskwords/base'
import { MaskwordsError } from '@maskwords/files'

export const CHAT_COMMANDS = {
  help: { argument: undefined, says: 'this list' },
  masks: { argument: undefined, says: 'the masks of the conversation with their numbers' },
  mask: { argument: 'file', says: 'add the masks of a file, to point at' },
  image: { argument: 'file', says: 'another picture; the conversation begins anew' },
  undo: { argument: undefined, says: 'take the last round back, with its masks' },
  save: { argument: '[file]', says: 'keep the conversation (.json), or the picture with its masks (.png)' },
  quit: { argument: undefined, says: 'end (so does Ctrl-D)' },
} as const

export type ChatLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'question'; readonly text: string }
  | { readonly kind: 'command'; readonly name: keyof typeof CHAT_COMMANDS; readonly argument: string }

/** Throws MaskwordsError `usage` for a command that there is not, and for one without its argument. */
export function readLine(line: string): ChatLine {
  const text = line.trim()
  if (text === '') return { kind: 'nothing' }
  if (!text.startsWith('/')) return { kind: 'question', text }
  // A question may begin with a slash, doubled.
  if (text.startsWith('//')) return { kind: 'question', text: text.slice(1) }
  const [, word = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? []
  const names = Object.keys(CHAT_COMMANDS)
  const name = word === 'exit' ? 'quit' : word
  if (!Object.hasOwn(CHAT_COMMANDS, name)) {
    throw new MaskwordsError('usage', `there is no command /${word}`, {
      hint: `${namesHint(name, names, (near) => `/${near}`)}; a question that begins with a slash: //...`,
    })
  }
  const known = name as keyof typeof CHAT_COMMANDS
  const wanted: string | undefined = CHAT_COMMANDS[known].argument
  if (wanted === 'file' && argument === '') {
    throw new MaskwordsError('usage', `/${known} needs a file`, { hint: `/${known} ${known}.png` })
  }
  if (wanted === undefined && argument !== '') {
    throw new MaskwordsError('usage', `/${known} takes nothing, got ${JSON.stringify(argument)}`)
  }
  return { kind: 'command', name: known, argument }
}

export const helpLines = (): string[] => [
  'A line is a question; {2} points at mask 2, {mask} at the last one.',
  ...Object.entries(CHAT_COMMANDS).map(
    ([name, { argument, says }]) =>
      `  ${`/${name}${argument === undefined ? '' : ` ${argument}`}`.padEnd(14)} ${says}`,
  ),
]
