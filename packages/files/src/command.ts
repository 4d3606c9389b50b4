// What a command is: its declaration, and a function from its context to an exit code.
import { type ErrorReport, formatError, reportOf } from './error.ts'
import { type Io, resolvePath } from './io.ts'
import type { COMMON_OPTIONS, CommandSpec, OptionSpecs, OptionValues } from './options.ts'
import { type Style, styleFor } from './output/colour.ts'
import { type Progress, startProgress } from './output/progress.ts'

/** 0 everything worked, 1 something failed (named on stderr), 2 the command line makes no sense, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130

export type Context<O extends OptionSpecs = OptionSpecs> = {
  readonly io: Io
  readonly args: readonly string[]
  readonly options: OptionValues<O & typeof COMMON_OPTIONS>
  readonly style: Style
  readonly talk: Talk
  /** An absolute path for a path of the command line. */
  path(name: string): string
  /** Lines of data on stdout. */
  print(text: string): Promise<void>
  /** The command's one JSON object on stdout. */
  printJson(value: unknown): Promise<void>
}

export type Command<O extends OptionSpecs = OptionSpecs> = {
  readonly spec: CommandSpec<O>
  run(context: Context<O>): Promise<ExitCode>
}

/** Keeps the option types of a command's declaration. */
export function defineCommand<const O extends OptionSpecs>(command: Command<O>): Command<O> {
  return command
}

/** What is said on stderr: notes, errors and progress. Data never goes there. */
export type Talk = {
  note(text: string): Promise<void>
  error(error: unknown): Promise<ErrorReport>
  /** One failed item of many. */
  failure(report: ErrorReport): Promise<void>
  progress(total: number, noun: string): Progress
  clear(): Promise<void>
}

export function makeTalk(io: Io, quiet: boolean): Talk {
  const style = styleFor(io.env, io.stderr)
  let current: Progress | undefined
  return {
    async note(text) {
      if (quiet) return
      await current?.clear()
      await io.stderr.write(`${style.dim('note')} ${text}\n`)
    },
    async error(error) {
      await current?.clear()
      const report = reportOf(error)
      await io.stderr.write(`${style.red('error')} ${formatError(report)}\n`)
      if (report.code === 'internal' && io.env['MASKWORDS_DEBUG'] && error instanceof Error) {
        await io.stderr.write(`${error.stack}\n`)
      }
      return report
    },
    async failure(report) {
      await current?.clear()
      await io.stderr.write(`${style.red('error')} ${formatError(report)}\n`)
    },
    progress(total, noun) {
      current = startProgress(io, { total, noun, quiet })
      return current
    },
    async clear() {
      await current?.clear()
    },
  }
}

export function makeContext<O extends OptionSpecs>(
  io: Io,
  options: OptionValues<O & typeof COMMON_OPTIONS>,
  args: readonly string[],
  talk: Talk,
): Context<O> {
  return {
    io,
    args,
    options,
    talk,
    style: styleFor(io.env, io.stdout),
    path: (name) => resolvePath(io, name),
    print: (text) => io.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    printJson: (value) => io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`),
  }
}
