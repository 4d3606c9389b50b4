// `maskwords completion`: a script that makes a shell complete commands, options, names and files.
import { type Command, defineCommand } from '@maskwords/files'
import type { CommandTable } from './command-entry.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { completedCommands } from './completion/words.ts'
import { zshScript } from './completion/zsh.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** The command, of all commands. */
export const completionCommand = (table: CommandTable): Command =>
  defineCommand({
    spec: {
      name: 'completion',
      summary: 'Print the script that makes a shell complete commands, options, names and files.',
      details: [
        'Write it where the shell looks for it, and open a new shell:',
        '  bash  ~/.local/share/bash-completion/completions/maskwords  (or source it in ~/.bashrc)',
        '  zsh   ~/.zfunc/_maskwords, with fpath+=~/.zfunc before compinit in ~/.zshrc',
        '  fish  ~/.config/fish/completions/maskwords.fish',
      ],
      arguments: [
        { name: 'shell', choices: Object.keys(SCRIPTS), help: `one of ${Object.keys(SCRIPTS).join(', ')}` },
      ],
      options: {},
      examples: [
        { command: 'source <(maskwords completion bash)', note: 'in this shell, at once' },
        {
          command: 'maskwords completion zsh > ~/.zfunc/_maskwords',
          note: 'for every zsh from now on',
        },
        {
          command: 'maskwords completion fish > ~/.config/fish/completions/maskwords.fish',
          note: 'for every fish from now on',
        },
      ],
    },
    async run(context) {
      const shell = context.args[0] as keyof typeof SCRIPTS
      const script = SCRIPTS[shell](await completedCommands(table))
      if (context.options.json) await context.printJson({ shell, script })
      else await context.print(script)
      return 0
    },
  })
