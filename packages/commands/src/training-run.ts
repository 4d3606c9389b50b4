// What `train` and `learn` share: the options of a run, and what Ctrl-C does to it.
import type { Context, OptionSpecs } from '@maskwords/files'

/** `threads`: how many the engine has where nothing is said. */
export const runOptions = (threads: string) =>
  ({
    config: { type: 'text', short: 'c', required: true, valueName: 'file', help: 'the configuration file' },
    output: { type: 'text', short: 'o', required: true, valueName: 'folder', help: 'where the run lives' },
    threads: {
      type: 'integer',
      min: 1,
      max: 256,
      help: `threads of the engine (part of the bits; default ${threads})`,
    },
  }) as const satisfies OptionSpecs

/** Says, once the command is stopped, what the run does before it ends. */
export function saySaving({ io, talk }: Pick<Context, 'io' | 'talk'>): void {
  const said = 'finishing the step under way, then saving; once more to end at once'
  io.signal.addEventListener('abort', () => void talk.note(said), { once: true })
}
