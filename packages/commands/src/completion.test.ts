import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'
import { completedCommands } from './completion/words.ts'
import { COMMANDS } from './table.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const work = join(folder, 'work')
const isThere = (shell: string) => spawnSync(shell, ['--version']).status === 0

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out, err } = await runCommand(['completion', shell], { cwd: folder })
    expect([code, err]).toEqual([0, ''])
    file(`script.${shell}`, out)
  }
  file('work/photo one.jpg', '')
  mkdirSync(join(work, 'runs'))
  file('bash.sh', BASH)
  file('zsh.sh', ZSH)
})

/** What bash offers for a line, as readline hands it over: words are taken apart at = as by default. */
const BASH = `source "$1"
for line in "\${@:2}"; do
  COMP_WORDS=()
  for word in $line; do
    case $word in
      --*=*) COMP_WORDS+=("\${word%%=*}" = "\${word#*=}") ;;
      *) COMP_WORDS+=("$word") ;;
    esac
  done
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  eval "$(complete -p maskwords | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
  printf '%s\\n' "\${COMPREPLY[@]}" %%
done
`

/** What zsh offers for lines: a shell in a terminal of its own, the key pressed, and what compadd was given written down. */
const ZSH = `zmodload zsh/zpty
hits=$2
seen() { for i in {1..500}; do [[ $(grep -c %% $hits 2>/dev/null) == $1 ]] && break; sleep 0.02; done }
zpty z zsh -f -i
zpty -w z "PS1= ; autoload -U compinit; compinit -u -D; source $1
compadd() { if [[ \\" \\$* \\" == *' -'[OAD]' '* ]]; then builtin compadd \\"\\$@\\"; return; fi; local -a hits; builtin compadd -O hits \\"\\$@\\"; print -rl -- \\$hits >> $hits; builtin compadd \\"\\$@\\" }
bindkey '^I' complete-word; print -r %% > $hits"
seen 1
for line in "\${@[3,-1]}"; do
  zpty -w -n z "$line"$'\\t'
  sleep 0.1
  zpty -w -n z $'\\C-u'
  zpty -w z "print -r %% >> $hits"
  seen $((++lines + 1))
done
zpty -d z
tail -n +2 $hits
`

/** The program that prints what a shell offers for lines, %% behind each. */
const SHELLS: Readonly<Record<string, (lines: readonly string[]) => string[]>> = {
  bash: (lines) => ['bash', '--norc', join(folder, 'bash.sh'), join(folder, 'script.bash'), ...lines],
  zsh: (lines) => [
    'zsh',
    '-f',
    join(folder, 'zsh.sh'),
    join(folder, 'script.zsh'),
    join(folder, 'hits'),
    ...lines,
  ],
  fish: (lines) => [
    'fish',
    '--no-config',
    '-c',
    `source ${join(folder, 'script.fish')}; for line in $argv; complete -C $line; echo %%; end`,
    ...lines,
  ],
}

function offered(shell: string, lines: readonly string[]): string[][] {
  const [program, ...args] = SHELLS[shell]!(lines) as [string, ...string[]]
  const { stdout, stderr } = spawnSync(program, args, { cwd: work, encoding: 'utf8', timeout: 30_000 })
  expect(stderr).toBe('')
  return stdout
    .split('%%')
    .slice(0, -1)
    .map((part) => {
      const names = part.split(/\r?\n/).map((row) => row.split('\t')[0]!.replace(/\/$/, ''))
      return [...new Set(names)].filter((name) => name !== '').sort()
    })
}

describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
  it.skipIf(!isThere(shell))(
    `completes what the table of commands has (skipped without ${shell})`,
    () => {
      expect(spawnSync(shell, ['-n', join(folder, `script.${shell}`)], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      })
      const lines: [string, string[]][] = [
        ['maskwords enc', ['encode']],
        ['maskwords eval re', ['reasonseg', 'rec', 'reconstruction', 'region-caption', 'res']],
        ['maskwords convert --to coco-', ['coco-counts', 'coco-polygon', 'coco-rle']],
        ['maskwords train ', ['himtok', 'samtok']],
        ['maskwords learn sft -o r', ['runs']],
        ['maskwords encode --codec sa', ['samtok-nano']],
        ['maskwords eval res --dataset refcoco', ['refcoco', 'refcoco+', 'refcocog']],
        ['maskwords convert mask.png --tol', ['--tolerance']],
      ]
      const all = [
        ...lines.map(([line]) => line),
        'maskwords encode --codec ',
        'maskwords encode --n ',
        'maskwords ',
      ]
      const found = offered(shell, all)
      expect(found.slice(0, lines.length)).toEqual(lines.map(([, names]) => names))
      const [codecs, numbers, commands] = found.slice(lines.length)
      // Names and files at one place, and nothing at all where a number is wanted.
      expect(codecs).toEqual(expect.arrayContaining(['samtok-nano', 'himtok-nano', 'getok', 'runs']))
      expect(numbers).toEqual([])
      expect(commands).toEqual(expect.arrayContaining(Object.keys(COMMANDS)))
    },
    60_000,
  )
})

describe('bash', () => {
  it.skipIf(!isThere('bash'))(
    'completes values behind =, the second word of help, and file names with blanks',
    () => {
      const lines = ['maskwords encode --codec=hi', 'maskwords help rou', 'maskwords inspect ph']
      expect(offered('bash', lines)).toEqual([['himtok-nano'], ['roundtrip'], ['photo one.jpg']])
    },
  )
})

describe('the table of commands', () => {
  it('has one spelling of output, and every option and argument knows what it takes', async () => {
    for (const { path, options } of await completedCommands(COMMANDS)) {
      for (const { long, short, values } of options) {
        const where = `${path.join(' ')} --${long}`
        expect([where, short === 'o', long === 'output']).toEqual([where, long === 'output', short === 'o'])
        expect([where, long]).not.toEqual([where, 'out'])
        if (long === 'output')
          expect([where, values?.path]).toEqual([where, expect.stringMatching(/file|folder/)])
        if (long === 'codec')
          expect([where, values?.names]).toEqual([where, expect.arrayContaining(['samtok-nano'])])
      }
    }
  })
})
