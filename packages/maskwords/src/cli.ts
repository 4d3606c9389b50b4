// The `maskwords` command: `main` for bin/maskwords.js, and what runs where this file itself is started (from the sources).
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from '@maskwords/commands/cli'

export { main }

const started = process.argv[1]
if (started !== undefined && safeRealPath(started) === fileURLToPath(import.meta.url)) await main()

function safeRealPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
