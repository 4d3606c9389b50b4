// What a shell can complete of each command: its options with their values, and its arguments. Taken from the table of commands.
import { COMMON_OPTIONS, type CommandSpec, type OptionSpecs, pathKind } from '@maskwords/files'
import type { CommandTable } from '../command-entry.ts'

/** What may stand at a place: names, and files or folders. Nothing where nothing is known, as of numbers. */
export type Values = { readonly names: readonly string[]; readonly path: 'file' | 'folder' | undefined }

export type CompletedOption = {
  readonly long: string
  readonly short: string | undefined
  readonly help: string
  /** May be given several times. */
  readonly isList: boolean
  /** Undefined for a flag. */
  readonly values: Values | undefined
}

export type CompletedCommand = {
  /** The words that choose it: one, or two behind `eval`. */
  readonly path: readonly string[]
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** What any of its arguments may be. */
  readonly values: Values
}

/** Every command, in the order of the help. Reads all of them, which takes a moment. */
export async function completedCommands(table: CommandTable): Promise<CompletedCommand[]> {
  const found: CompletedCommand[] = []
  for (const [name, { summary, load, under }] of Object.entries(table)) {
    if (under === undefined) {
      found.push(completed([name], summary, (await load([])).command.spec))
      continue
    }
    for (const [second, entry] of Object.entries(await under())) {
      found.push(completed([name, second], entry.summary, (await entry.load([])).command.spec))
    }
  }
  return found
}

/** What is chosen by the first word alone, with the words behind it. */
export function firstWords(
  commands: readonly CompletedCommand[],
): ReadonlyMap<string, readonly CompletedCommand[]> {
  const first = new Map<string, CompletedCommand[]>()
  for (const command of commands) {
    const word = command.path[0]!
    first.set(word, [...(first.get(word) ?? []), command])
  }
  return first
}

/** A group of one command that is chosen by its first word alone. */
export const isWhole = (group: readonly CompletedCommand[]): boolean => group[0]!.path.length === 1

function completed(path: readonly string[], summary: string, spec: CommandSpec): CompletedCommand {
  const options = Object.entries({ ...spec.options, ...COMMON_OPTIONS } as OptionSpecs).map(
    ([long, option]): CompletedOption => ({
      long,
      short: option.short,
      help: option.help,
      isList: option.type === 'list',
      values:
        option.type === 'flag'
          ? undefined
          : {
              names: option.type === 'choice' ? option.choices : (option.names ?? []),
              path: option.type === 'text' || option.type === 'list' ? pathKind(option) : undefined,
            },
    }),
  )
  const named = spec.arguments.flatMap(({ choices, names }) => choices ?? names ?? [])
  const takesPath = spec.arguments.some(({ choices, isText }) => choices === undefined && isText !== true)
  return { path, summary, options, values: { names: named, path: takesPath ? 'file' : undefined } }
}
