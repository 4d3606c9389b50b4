// The completion script of zsh: a function for `_arguments`, as a file of $fpath or sourced.
import { type CompletedCommand, type CompletedOption, firstWords, isWhole, type Values } from './words.ts'

export function zshScript(commands: readonly CompletedCommand[]): string {
  const first = firstWords(commands)
  const described = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, says]) => `    ${quoted(`${name}:${says}`)}`).join('\n')
  const summaries = [...first].map(
    ([word, group]) => [word, isWhole(group) ? group[0]!.summary : `${group.length} of them`] as const,
  )
  return `#compdef maskwords
# Completion of maskwords for zsh, made by: maskwords completion zsh

_maskwords() {
  local -a commands
  commands=(
${described(summaries)}
    'help:of a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ $words[2] == help ]]; then
    (( CURRENT == 3 )) && _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${[...first].map(([word, group]) => (isWhole(group) ? commandCase(word, group[0]!, '    ') : groupCase(word, group, described))).join('\n')}
  esac
}

if [[ $funcstack[1] == _maskwords ]]; then
  _maskwords "$@"
else
  compdef _maskwords maskwords
fi
`
}

function groupCase(
  word: string,
  group: readonly CompletedCommand[],
  described: (pairs: readonly (readonly [string, string])[]) => string,
): string {
  return `    ${word})
      local -a seconds
      seconds=(
${described(group.map(({ path, summary }) => [path[1]!, summary]))}
      )
      if (( CURRENT == 2 )); then
        _describe command seconds
        return
      fi
      shift words
      (( CURRENT-- ))
      case $words[1] in
${group.map((command) => commandCase(command.path[1]!, command, '        ')).join('\n')}
      esac
      ;;`
}

function commandCase(word: string, { options, values }: CompletedCommand, indent: string): string {
  const specs = options.map(optionSpec)
  const rest = actionOf(values)
  if (rest !== '') specs.push(quoted(`*:${values.path ?? 'name'}:${rest}`))
  const body = specs.map((spec) => `${indent}    ${spec}`).join(' \\\n')
  return `${indent}${word})\n${indent}  _arguments -s -S \\\n${body}\n${indent}  ;;`
}

function optionSpec({ long, short, help, isList, values }: CompletedOption): string {
  const says = `[${help.replace(/[[\]\\:]/g, (sign) => `\\${sign}`)}]`
  const value = values === undefined ? '' : `:${values.path ?? 'value'}:${actionOf(values) || ' '}`
  const equals = values === undefined ? '' : '='
  if (short === undefined) return quoted(`${isList ? '*' : ''}--${long}${equals}${says}${value}`)
  const both = `{-${short}${values === undefined ? '' : '+'},--${long}${equals}}`
  return `${quoted(isList ? '*' : `(-${short} --${long})`)}${both}${quoted(`${says}${value}`)}`
}

function actionOf({ names, path }: Values): string {
  const files = path === 'folder' ? '_files -/' : '_files'
  if (path === undefined) return names.length === 0 ? '' : `(${names.join(' ')})`
  return names.length === 0 ? files : `{compadd - ${names.join(' ')}; ${files}}`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
