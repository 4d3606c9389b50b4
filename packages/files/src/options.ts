// Command lines: the declaration of a command's options, their parsing (on node:util's parseArgs), and the help text.
import { extname } from 'node:path'
import { parseArgs } from 'node:util'
import { namesHint } from '@maskwords/base'
import { MaskwordsError } from './error.ts'
import { withPages } from './installed.ts'
import { pathOfAddress } from './io.ts'
import { quotedForShell } from './output/shell.ts'

type Described = {
  readonly help: string
  readonly short?: string
  /** Tells what kind of thing the value is, too: `pathKind` reads it. */
  readonly valueName?: string
  /** Names that the value may be, beside others: they are completed. */
  readonly names?: readonly string[]
  /** Endings of a file that is written, in small letters: another one is refused, for it would say what is not in the file. */
  readonly endings?: readonly string[]
  /** The command makes no sense without it. */
  readonly required?: true
}
export type OptionSpec = Described &
  (
    | { readonly type: 'flag' }
    | { readonly type: 'text' }
    /** Text that may be given several times. */
    | { readonly type: 'list' }
    | { readonly type: 'integer'; readonly min: number; readonly max: number }
    | { readonly type: 'number'; readonly min: number; readonly max: number }
    | { readonly type: 'choice'; readonly choices: readonly string[] }
    | { readonly type: 'size' }
  )
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

export type Size = { readonly widthPx: number; readonly heightPx: number }

type ValueOf<S extends OptionSpec> = S extends { type: 'flag' }
  ? boolean
  : S extends { type: 'integer' | 'number' }
    ? number
    : S extends { type: 'list' }
      ? readonly string[]
      : S extends { type: 'size' }
        ? Size
        : S extends { type: 'choice'; choices: readonly (infer C)[] }
          ? C
          : string
type RequiredIn<O extends OptionSpecs> = {
  [K in keyof O]: O[K] extends { readonly required: true } ? K : never
}[keyof O]
export type OptionValues<O extends OptionSpecs> = { readonly [K in keyof O]?: ValueOf<O[K]> } & {
  readonly [K in RequiredIn<O>]: ValueOf<O[K]>
}

export type ArgumentSpec = {
  readonly name: string
  readonly help: string
  readonly optional?: boolean
  /** Takes all the rest; only the last argument may. */
  readonly many?: boolean
  /** The argument is one of these. */
  readonly choices?: readonly string[]
  /** Names that it may be, beside others: they are completed. */
  readonly names?: readonly string[]
  /** It is no file or folder. */
  readonly isText?: true
}

export type Example = { readonly command: string; readonly note: string }

export type CommandSpec<O extends OptionSpecs = OptionSpecs> = {
  readonly name: string
  readonly summary: string
  readonly details?: readonly string[]
  readonly arguments: readonly ArgumentSpec[]
  readonly options: O
  readonly examples: readonly Example[]
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  plugin: {
    type: 'list',
    valueName: 'file',
    help: 'a module with datasets, tasks, formats, rewards or codecs of your own (docs/extending.md)',
  },
  json: { type: 'flag', help: 'print one JSON object on stdout (errors too)' },
  quiet: { type: 'flag', short: 'q', help: 'no notes and no progress on stderr, errors only' },
  help: { type: 'flag', short: 'h', help: 'show this help' },
} as const satisfies OptionSpecs

export type ParsedCommand<O extends OptionSpecs> = {
  readonly options: OptionValues<O & typeof COMMON_OPTIONS>
  readonly args: readonly string[]
}

/** Parses what follows the command's name. Throws MaskwordsError `usage` for anything the declaration does not allow. */
export function parseCommandLine<O extends OptionSpecs>(
  spec: CommandSpec<O>,
  argv: readonly string[],
): ParsedCommand<O> {
  const specs: OptionSpecs = { ...spec.options, ...COMMON_OPTIONS }
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, option]) => [
        name,
        {
          type: option.type === 'flag' ? ('boolean' as const) : ('string' as const),
          ...(option.short && { short: option.short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const options: Record<string, unknown> = {}
  const args: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(argumentValue(spec, args.length, token.value))
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(specs, token.name) ? specs[token.name]! : undefined
    if (option === undefined) throw unknownOption(spec, token.rawName, Object.keys(specs))
    if (Object.hasOwn(options, token.name) && option.type !== 'list') {
      throw usage(spec, `${token.rawName} is given twice`)
    }
    if (option.type === 'flag') {
      if (token.value !== undefined) throw usage(spec, `${token.rawName} takes no value`)
      options[token.name] = true
    } else if (option.type === 'list') {
      const value = optionValue(spec, token.rawName, option, token.value, token.inlineValue)
      options[token.name] = [...((options[token.name] as string[] | undefined) ?? []), value]
    } else {
      options[token.name] = optionValue(spec, token.rawName, option, token.value, token.inlineValue)
    }
  }
  if (options['help'] !== true) {
    checkArguments(spec, args)
    checkRequired(spec, options)
  }
  return { options: options as ParsedCommand<O>['options'], args }
}

function optionValue(
  spec: CommandSpec,
  name: string,
  option: OptionSpec,
  value: string | undefined,
  isInline: boolean | undefined,
): unknown {
  // parseArgs takes the next word even where it looks like an option; `-` alone is stdin and negative numbers are numbers.
  if (value === undefined || (isInline !== true && /^-./.test(value) && !/^-[\d.]/.test(value))) {
    const meant = value === undefined ? undefined : `${name}=${value}, if that is meant`
    throw usage(spec, `${name} needs a value (${valueName(option)})`, meant)
  }
  if (option.type === 'choice' && !option.choices.includes(value)) {
    throw usage(
      spec,
      `${name} does not take "${value}"`,
      namesHint(value, option.choices, (near) => `${name} ${near}`),
    )
  }
  if (option.type === 'integer' || option.type === 'number') {
    const number = value.trim() === '' ? Number.NaN : Number(value)
    const fits = number >= option.min && number <= option.max
    if (!fits || (option.type === 'integer' && !Number.isInteger(number))) {
      const kind = option.type === 'integer' ? 'a whole number' : 'a number'
      throw usage(spec, `${name} takes ${kind} from ${option.min} to ${option.max}; got "${value}"`)
    }
    return number
  }
  if (option.type === 'size') {
    const match = /^(\d{1,7})\s*[xX×]\s*(\d{1,7})$/.exec(value)
    if (!match) throw usage(spec, `${name} takes width x height, as in 640x480; got "${value}"`)
    return { widthPx: Number(match[1]), heightPx: Number(match[2]) }
  }
  if (pathKind(option) === undefined) return value
  const path = pathOfAddress(value)
  if (option.endings !== undefined) refuseEnding(spec, name, path, option.endings)
  return path
}

function argumentValue(spec: CommandSpec, at: number, value: string): string {
  const argument = spec.arguments[at] ?? (spec.arguments.at(-1)?.many ? spec.arguments.at(-1) : undefined)
  if (argument?.choices !== undefined && !argument.choices.includes(value)) {
    throw usage(spec, `<${argument.name}> is not "${value}"`, namesHint(value, argument.choices))
  }
  return argument === undefined || argument.isText || argument.choices ? value : pathOfAddress(value)
}

/** Whether the value of an option is a path, as the name of its value says: a folder, a file, or what may be one among others. */
export function pathKind({ valueName = '' }: Pick<OptionSpec, 'valueName'>): 'file' | 'folder' | undefined {
  if (valueName === 'folder') return 'folder'
  return PATH_NAMES.test(valueName) ? 'file' : undefined
}

const PATH_NAMES = /^(?:file|path|codec|weights|words|folder\|address|.*\.[a-z]+)$/

function refuseEnding(spec: CommandSpec, name: string, path: string, endings: readonly string[]): void {
  const ending = extname(path)
  if (ending === '' || path.endsWith('/') || endings.includes(ending.toLowerCase())) return
  const other = `${path.slice(0, -ending.length)}${endings[0]}`
  throw usage(
    spec,
    `${name} writes ${endings.join(' or ')}, and "${path}" ends like something else`,
    `${name} ${quotedForShell(other)}`,
  )
}

function checkArguments(spec: CommandSpec, args: readonly string[]): void {
  const required = spec.arguments.filter((argument) => !argument.optional)
  if (args.length < required.length) {
    throw usage(spec, `missing <${required[args.length]!.name}>: ${required[args.length]!.help}`)
  }
  if (args.length > spec.arguments.length && !spec.arguments.at(-1)?.many) {
    throw usage(spec, `"${args[spec.arguments.length]}" is one argument too many`)
  }
}

function checkRequired(spec: CommandSpec, options: Readonly<Record<string, unknown>>): void {
  for (const [name, option] of Object.entries(spec.options)) {
    if (option.required !== true || Object.hasOwn(options, name)) continue
    throw usage(
      spec,
      `missing ${option.short ? `-${option.short}, ` : ''}--${name} <${valueName(option)}>: ${option.help}`,
    )
  }
}

function usage(spec: CommandSpec, message: string, hint?: string): MaskwordsError {
  return new MaskwordsError('usage', message, { hint: hint ?? `maskwords ${spec.name} --help` })
}

function unknownOption(spec: CommandSpec, rawName: string, names: readonly string[]): MaskwordsError {
  const hint = namesHint(rawName.replace(/^-+/, ''), names, (near) => `--${near}`)
  return usage(spec, `${spec.name} has no option ${rawName}`, `${hint} (maskwords ${spec.name} --help)`)
}

function valueName(option: OptionSpec): string {
  if (option.valueName !== undefined) return option.valueName
  if (option.type === 'choice') return option.choices.join('|')
  if (option.type === 'size') return 'WxH'
  if (option.type === 'integer' || option.type === 'number') return 'number'
  return 'text'
}

/** The help text of a command: what it does, its arguments, options and examples. */
export function helpText(spec: CommandSpec, bold: (text: string) => string): string {
  const shape = spec.arguments.map((argument) => {
    const name = `${argument.name}${argument.many ? '...' : ''}`
    return argument.optional ? `[${name}]` : `<${name}>`
  })
  const lines = [spec.summary, '']
  lines.push(`${bold('Usage')}  maskwords ${spec.name} ${[...shape, '[options]'].join(' ')}`, '')
  if (spec.details) lines.push(...spec.details, '')
  if (spec.arguments.length > 0) {
    lines.push(bold('Arguments'), ...columns(spec.arguments.map((a) => [a.name, a.help])), '')
  }
  const rows = Object.entries({ ...spec.options, ...COMMON_OPTIONS } as OptionSpecs).map(([name, option]) => {
    const value = option.type === 'flag' ? '' : ` <${valueName(option)}>`
    return [`${option.short ? `-${option.short}, ` : '    '}--${name}${value}`, option.help]
  })
  lines.push(bold('Options'), ...columns(rows), '')
  lines.push(bold('Examples'))
  for (const example of spec.examples) lines.push(`  # ${example.note}`, `  ${example.command}`)
  return withPages(`${lines.join('\n')}\n`)
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(34, Math.max(...rows.map((row) => row[0]!.length)))
  return rows.flatMap(([left, right]) =>
    left!.length > width
      ? [`  ${left}`, `  ${' '.repeat(width)}  ${right}`]
      : [`  ${left!.padEnd(width)}  ${right}`],
  )
}
