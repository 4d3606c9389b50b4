// The completion script of bash (3.2 and newer; no package beside it).
import { type CompletedCommand, firstWords, isWhole, type Values } from './words.ts'

export function bashScript(commands: readonly CompletedCommand[]): string {
  const first = firstWords(commands)
  const names = [...first.keys()]
  const twoWords = [...first].filter(([, group]) => !isWhole(group))
  return `# Completion of maskwords for bash, made by: maskwords completion bash

# _maskwords_reply <word> <names> <file|folder|->: what begins like the word.
_maskwords_reply() {
  local line
  COMPREPLY=($(compgen -W "$2" -- "$1"))
  [[ $3 == - ]] && return
  local kind=-f
  [[ $3 == folder ]] && kind=-d
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(compgen "$kind" -- "$1")
  compopt -o filenames 2>/dev/null
}

_maskwords() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev= command=\${COMP_WORDS[1]} at=1
  # bash takes --option=value apart.
  if [[ $cur == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 1]}
    cur=
  elif ((COMP_CWORD > 1)); then
    prev=\${COMP_WORDS[COMP_CWORD - 1]}
    [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    _maskwords_reply "$cur" '${names.join(' ')} help --help --version' -
    return
  fi
  if [[ $command == help ]]; then
    command=\${COMP_WORDS[2]}
    at=2
    if ((COMP_CWORD == 2)); then
      _maskwords_reply "$cur" '${names.join(' ')}' -
      return
    fi
  fi
  case $command in
${twoWords
  .map(
    ([word, group]) => `    ${word})
      if ((COMP_CWORD == at + 1)); then
        _maskwords_reply "$cur" '${group.map(({ path }) => path[1]).join(' ')} --help' -
        return
      fi
      command="${word} \${COMP_WORDS[at + 1]}"
      ;;`,
  )
  .join('\n')}
  esac
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

complete -F _maskwords maskwords
`
}

function commandCase({ path, options, values }: CompletedCommand): string {
  const flags = ({ long, short }: CompletedCommand['options'][number]) =>
    short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`]
  // Options of the same values share a line.
  const byReply = new Map<string, string[]>()
  for (const option of options) {
    if (option.values === undefined) continue
    const reply = replyOf(option.values)
    byReply.set(reply, [...(byReply.get(reply) ?? []), ...flags(option)])
  }
  const cases = [...byReply].map(([reply, given]) => `        ${given.join(' | ')}) ${reply} ;;`)
  return `    '${path.join(' ')}')
      case $prev in
${cases.join('\n')}
        *)
          if [[ $cur == -* ]]; then
            _maskwords_reply "$cur" '${options.flatMap(flags).join(' ')}' -
          else
            ${replyOf(values)}
          fi
          ;;
      esac
      ;;`
}

const replyOf = ({ names, path }: Values): string =>
  names.length === 0 && path === undefined
    ? 'COMPREPLY=()'
    : `_maskwords_reply "$cur" '${names.join(' ')}' ${path ?? '-'}`
