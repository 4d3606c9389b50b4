// The completion script of fish (3.0 and newer).
import { type CompletedCommand, firstWords, isWhole, type Values } from './words.ts'

export function fishScript(commands: readonly CompletedCommand[]): string {
  const first = firstWords(commands)
  const lines: string[] = []
  const offer = (condition: string, name: string, says: string) =>
    lines.push(`complete -c maskwords -n ${quoted(condition)} -a ${quoted(name)} -d ${quoted(says)}`)
  for (const [word, group] of first) {
    const says = isWhole(group) ? group[0]!.summary : `${group.length} of them`
    offer('__maskwords_begins', word, says)
    offer('__maskwords_begins help', word, says)
    if (isWhole(group)) continue
    for (const { path, summary } of group) offer(`__maskwords_begins ${word}`, path[1]!, summary)
  }
  offer('__maskwords_begins', 'help', 'of a command')
  for (const command of commands) lines.push(...linesOf(command))
  return `# Completion of maskwords for fish, made by: maskwords completion fish

# Whether the words before the cursor are just these.
function __maskwords_begins
    set -l words (commandline -opc)
    test "$words[2..-1]" = "$argv"
end

# Whether the words before the cursor begin with these.
function __maskwords_in
    set -l words (commandline -opc)
    test (count $words) -gt (count $argv); or return 1
    test "$words[2..$(math 1 + (count $argv))]" = "$argv"
end

complete -c maskwords -e
complete -c maskwords -f
${lines.join('\n')}
`
}

function linesOf({ path, options, values }: CompletedCommand): string[] {
  const begin = `complete -c maskwords -n ${quoted(`__maskwords_in ${path.join(' ')}`)}`
  const lines = options.map(({ long, short, help, values: own }) => {
    const flag = `${short === undefined ? '' : ` -s ${short}`} -l ${long}`
    return `${begin}${flag}${own === undefined ? '' : ` ${valueFlags(own)}`} -d ${quoted(help)}`
  })
  if (values.names.length > 0) lines.push(`${begin} -a ${quoted(values.names.join(' '))}`)
  if (values.path !== undefined) lines.push(`${begin} -F`)
  return lines
}

function valueFlags({ names, path }: Values): string {
  const own = [...names, ...(path === 'folder' ? ['(__fish_complete_directories (commandline -ct))'] : [])]
  return `${path === 'file' ? '-r -F' : '-x'}${own.length === 0 ? '' : ` -a ${quoted(own.join(' '))}`}`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
