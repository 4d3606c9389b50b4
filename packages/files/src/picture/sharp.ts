// The optional picture decoder (https://sharp.pixelplumbing.com), loaded when a picture needs it and not before.
import { MaskwordsError } from '../error.ts'

export type Sharp = typeof import('sharp')['default']

let loaded: Promise<Sharp> | undefined

/** sharp, or undefined where it is not installed, does not load on this machine, or MASKWORDS_SHARP=off. */
export async function findSharp(): Promise<Sharp | undefined> {
  if (process.env['MASKWORDS_SHARP'] === 'off') return undefined
  loaded ??= import('sharp').then((module) => module.default)
  return await loaded.catch(() => undefined)
}

/** Why sharp does not load, in its own words; undefined where it does. */
export async function sharpTrouble(): Promise<string | undefined> {
  if (process.env['MASKWORDS_SHARP'] === 'off') return 'switched off by MASKWORDS_SHARP=off'
  loaded ??= import('sharp').then((module) => module.default)
  return await loaded.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message.split('\n')[0]! : String(error)),
  )
}

/** sharp, or a MaskwordsError that tells how to get it. `kind` is the format that needs it. */
export async function requireSharp(kind: string, file: string): Promise<Sharp> {
  const sharp = await findSharp()
  if (sharp !== undefined) return sharp
  throw new MaskwordsError(
    'missing-dependency',
    `reading ${kind.toUpperCase()} needs the package "sharp": ${await sharpTrouble()}`,
    {
      file,
      hint: 'npm install sharp   (or convert the picture to PNG, which is read without it)',
    },
  )
}
