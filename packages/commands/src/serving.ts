// What the commands that serve share: whose requests they answer, and a service from its first line to Ctrl-C.
import type { Context, OptionSpecs } from '@maskwords/files'
import { MaskwordsError } from '@maskwords/files'
import type { Service } from '@maskwords/server'
import { checkToken, isLoopback, type Listening, listen, tokenOfFile, untilAborted } from '@maskwords/server'

type Io = Pick<Context<OptionSpecs>, 'io' | 'path'>

/**
 * The token of a service: from a file, else the command line, else the environment; undefined where there is none.
 * Throws MaskwordsError `usage` where other machines reach the host and there is none, or two are given.
 */
export async function serviceToken(
  { io, path }: Io,
  from: { readonly host: string; readonly file?: string; readonly token?: string; readonly variable: string },
): Promise<string | undefined> {
  const token = await givenToken({ io, path }, from)
  if (token !== undefined || isLoopback(from.host)) return token
  throw new MaskwordsError(
    'usage',
    `${from.host} can be reached from other machines, and there is no token`,
    {
      hint: `set ${from.variable} or --token-file, or listen on 127.0.0.1`,
    },
  )
}

async function givenToken(
  { io, path }: Io,
  { file, token, variable }: { readonly file?: string; readonly token?: string; readonly variable: string },
): Promise<string | undefined> {
  if (token !== undefined && file !== undefined)
    throw new MaskwordsError('usage', '--token and --token-file are both given')
  if (file !== undefined) return await tokenOfFile(path(file), file)
  if (token !== undefined) return checkToken(token, '--token')
  const set = io.env[variable] || undefined
  return set === undefined ? undefined : checkToken(set, variable)
}

/** Opens the port, prints what `line` makes of it, and answers until the command is stopped; then everything is closed in order. */
export async function serveUntilStopped(
  { io, talk, print }: Pick<Context<OptionSpecs>, 'io' | 'talk' | 'print'>,
  service: Service,
  options: {
    readonly host: string
    readonly port: number
    readonly timeoutMs: number
    readonly answerTimeoutMs?: number
    readonly line: (listening: Listening) => string | Promise<string>
  },
): Promise<void> {
  const listening = await listen(service, options)
  try {
    await print(await options.line(listening))
    await untilAborted(io.signal)
    await talk.note('answering what is under way, then closing')
  } finally {
    await listening.close()
  }
}
