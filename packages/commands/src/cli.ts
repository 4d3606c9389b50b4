// The command line: finds the command, parses its options, runs it, and turns whatever happens into an exit code.

import { writeSync } from 'node:fs'
import { namesHint } from '@maskwords/base'
import {
  ClosedPipe,
  type ExitCode,
  helpText,
  type Io,
  MaskwordsError,
  makeContext,
  makeTalk,
  parseCommandLine,
  processIo,
  removeUnfinished,
  reportOf,
  styleFor,
} from '@maskwords/files'
import { COMMANDS } from './table.ts'

function rootHelp(io: Io): string {
  const { bold } = styleFor(io.env, io.stdout)
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  return [
    'maskwords: regions of a picture as a few words that a language model reads and writes, and back',
    '',
    `${bold('Usage')}  maskwords <command> [options]`,
    '',
    bold('Commands'),
    ...Object.entries(COMMANDS).map(([name, entry]) => `  ${name.padEnd(width)}  ${entry.summary}`),
    '',
    bold('Examples'),
    '  maskwords encode photo.jpg mask.png',
    '  maskwords decode photo.jpg "<box><grid_3_4><grid_9_12></box><seg><grid_6_8></seg>" -o out.png',
    '  maskwords roundtrip photo.jpg mask.png -o side-by-side.png',
    '',
    'maskwords <command> --help tells more.  Exit codes: 0 done, 1 something failed, 2 usage, 130 interrupted.',
    '',
  ].join('\n')
}

/** Runs one command line and returns its exit code. Never throws, except for a stream that breaks. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const wantsJson = argv.includes('--json')
  const talk = makeTalk(io, argv.includes('--quiet') || argv.includes('-q'))
  try {
    const code = await dispatch(argv, io, talk)
    // What stops in order (a service, training that has saved) was interrupted all the same.
    if (!io.signal.aborted) return code
    await talk.error(new MaskwordsError('interrupted', 'interrupted'))
    return 130
  } catch (error) {
    if (error instanceof ClosedPipe) return 0
    const interrupted = io.signal.aborted || reportOf(error).code === 'interrupted'
    const thrown = interrupted ? new MaskwordsError('interrupted', 'interrupted') : error
    try {
      const report = await talk.error(thrown)
      if (wantsJson) await io.stdout.write(`${JSON.stringify({ error: report }, undefined, 2)}\n`)
    } catch (second) {
      if (!(second instanceof ClosedPipe)) throw second
    }
    if (interrupted) return 130
    return reportOf(error).code === 'usage' ? 2 : 1
  }
}

/** Loads what `--plugin` names. Nothing of plugins is read where there is none. */
async function usePlugins(argv: readonly string[], io: Io): Promise<void> {
  const sources = argv.flatMap((word, at) => {
    if (word.startsWith('--plugin=')) return word.slice('--plugin='.length)
    return word === '--plugin' ? (argv[at + 1] ?? []) : []
  })
  if (sources.length === 0) return
  const { loadPlugins } = await import('@maskwords/plugins')
  await loadPlugins(sources, io.cwd)
}

async function dispatch(
  argv: readonly string[],
  io: Io,
  talk: ReturnType<typeof makeTalk>,
): Promise<ExitCode> {
  const [name, ...rest] = argv
  if (name === undefined) {
    await io.stderr.write(rootHelp(io))
    return 2
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    if (name === 'help' && rest.length > 0) return await dispatch([...rest, '--help'], io, talk)
    await io.stdout.write(rootHelp(io))
    return 0
  }
  if (name === '--version' || name === '-v') return await dispatch(['version', ...rest], io, talk)
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined
  if (entry === undefined) {
    const what = name.startsWith('-') ? `no option ${name} before a command` : `there is no command "${name}"`
    throw new MaskwordsError('usage', what, {
      hint: namesHint(name, Object.keys(COMMANDS), (near) => `maskwords ${near}`),
    })
  }
  // Before the command is there: what it offers includes what plugins bring.
  await usePlugins(rest, io)
  const { command, argv: own = rest } = await entry.load(rest)
  const parsed = parseCommandLine(command.spec, own)
  if (parsed.options.help) {
    await io.stdout.write(helpText(command.spec, styleFor(io.env, io.stdout).bold))
    return 0
  }
  const code = await command.run(makeContext(io, parsed.options, parsed.args, talk))
  await talk.clear()
  return code
}

/** What a shell makes of a process that SIGTERM ended. */
const SIGTERM_CODE = 143

/** How long a command may take to stop in order after Ctrl-C before the process ends without it; training saves first. */
const STOP_GRACE_MS = 3000
const TRAIN_GRACE_MS = 120_000

/** Runs this process's command line; what `bin/maskwords.js` calls. */
export async function main(): Promise<void> {
  const controller = new AbortController()
  let stopped: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals) => {
    if (stopped !== undefined) return end(signal)
    stopped = signal
    controller.abort()
    const graceMs = ['train', 'learn'].includes(process.argv[2] ?? '') ? TRAIN_GRACE_MS : STOP_GRACE_MS
    setTimeout(() => end(signal), graceMs).unref()
  }
  // An exit would end threads first, and one that runs a network then aborts the process; the signal itself does not.
  const end = (signal: NodeJS.Signals) => {
    removeUnfinished()
    writeSync(process.stderr.fd, 'error interrupted\n')
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('exit', removeUnfinished)
  const code = await run(process.argv.slice(2), processIo(controller.signal))
  process.exit(code === 130 && stopped === 'SIGTERM' ? SIGTERM_CODE : code)
}
