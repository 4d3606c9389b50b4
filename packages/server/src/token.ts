// Where the token of a service comes from: a file, the environment, or the command line.
import { readFile } from 'node:fs/promises'
import { MaskwordsError } from '@maskwords/files'

/** Longest token. */
const MAX_TOKEN_CHARS = 4096

/** The token in a file, blanks around it left out. Throws MaskwordsError `not-found` or `malformed`. */
export async function tokenOfFile(path: string, shown: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new MaskwordsError('not-found', 'cannot read the token', { file: shown, cause })
  })
  return checkToken(text.trim(), shown)
}

/** The token, if it can stand in a header; `from` is what the error calls it. Throws MaskwordsError `malformed`. */
export function checkToken(token: string, from: string): string {
  if (/^[\x21-\x7e]+$/.test(token) && token.length <= MAX_TOKEN_CHARS) return token
  throw new MaskwordsError(
    'malformed',
    `the token of ${from} must be printed ASCII characters without blanks`,
    {
      hint: 'for example: openssl rand -hex 32',
    },
  )
}
