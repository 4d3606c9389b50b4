// The version of what people install, from its package.json.
import { readFileSync } from 'node:fs'
import { INSTALLED } from './installed.ts'

export const VERSION: string = (
  JSON.parse(readFileSync(new URL('package.json', INSTALLED), 'utf8')) as { version: string }
).version
