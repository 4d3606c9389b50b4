// What the table of commands has of each.
import type { Command } from '@maskwords/files'

export type CommandEntry = {
  readonly summary: string
  /** `argv`: what is left for the command where its first words chose it (eval). */
  readonly load: (argv: readonly string[]) => Promise<{ command: Command; argv?: readonly string[] }>
  /** The commands that its second word chooses. */
  readonly under?: () => Promise<Readonly<Record<string, Omit<CommandEntry, 'under'>>>>
}

export type CommandTable = Readonly<Record<string, CommandEntry>>
