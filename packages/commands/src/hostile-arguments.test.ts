import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandSpec, OptionSpec } from '@maskwords/files'
import { maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'
import { COMMANDS } from './table.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const { widthPx, heightPx, rgb, things } = drawScene(1)
file('photo.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }))
file('mask.png', maskToPng(things[0]!.mask))
file('empty', '')
file('notes.txt', 'neither a picture nor a mask\n')
file('list.json', '[1, {"a": null}]')
file('broken.json', '{"a": ')
file('Ünï 码.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47]))
file('unreadable', 'x')
chmodSync(join(folder, 'unreadable'), 0)
mkdirSync(join(folder, 'folder'))
symlinkSync('nowhere', join(folder, 'dangling'))
symlinkSync('loop', join(folder, 'loop'))

/** What people give by mistake, and what nobody would. */
const HOSTILE = [
  '',
  ' ',
  '.',
  '/',
  'folder',
  'nothing-here',
  'nothing/here/at.all',
  'empty',
  'notes.txt',
  'list.json',
  'broken.json',
  'Ünï 码.png',
  'unreadable',
  'dangling',
  'loop',
  'photo.png',
  'photo.png/inside',
  '/dev/null',
  '/dev/full',
  'file:///nothing/here',
  'file://elsewhere/x',
  'http://127.0.0.1:1/v1',
  'owner/name',
  '-1',
  '1e999',
  'NaN',
  '__proto__',
  '🦜',
  'a\u0000b',
  'x'.repeat(5000),
]

/** Arguments with which a command would start its work, so that what is wrong with an option is met where it is used. */
const SOUND: Readonly<Record<string, readonly string[]>> = {
  encode: ['photo.png', 'mask.png', '--codec', 'getok'],
  decode: ['photo.png', '<seg><grid_6_8></seg>'],
  ask: ['photo.png', 'what is it', '--model', 'folder'],
  chat: ['photo.png', '--model', 'folder'],
  roundtrip: ['photo.png', 'mask.png', '--codec', 'getok'],
  inspect: ['photo.png'],
  convert: ['mask.png', '--to', 'coco-rle'],
  prepare: ['coco', '--to', 'trl', '-o', 'prepared'],
  pull: ['no id'],
  import: ['notes.txt', '-o', 'imported'],
  'extend-vocab': ['folder', '-o', 'extended'],
  'patch-gguf': ['notes.txt', '--undo'],
  reward: ['--shim', 'trl'],
  serve: ['--port', '0', '--codec', 'no-such-codec', '--workers', '1'],
  scenes: ['-o', 'scenes', '--count', '1', '--side', '64'],
  train: ['samtok', '--config', 'list.json', '-o', 'run'],
  learn: ['sft', '--config', 'list.json', '-o', 'run'],
  doctor: [],
  demo: ['-o', 'demo', '--codec', 'getok', '--n', '4'],
  completion: ['bash'],
  version: [],
}

type Case = readonly string[]

/** Command lines with one thing wrong each; hostile values go round, so that all of them come up in many places. */
function casesOf(name: readonly string[], spec: CommandSpec, sound: readonly string[]): Case[] {
  const cases: Case[] = []
  let turn = name.join('').length
  const some = (count: number) => Array.from({ length: count }, () => HOSTILE[turn++ % HOSTILE.length]!)
  const without = (option: string, short?: string) => {
    const rest = [...sound]
    const at = rest.findIndex((word) => word === `--${option}` || word === `-${short}`)
    if (at >= 0) rest.splice(at, 2)
    return rest
  }
  if (spec.arguments.length > 0) {
    cases.push([...name])
    for (const value of some(2)) cases.push([...name, ...spec.arguments.map(() => value)])
  }
  for (const [at] of spec.arguments.entries()) {
    for (const value of some(3)) cases.push([...name, ...sound.with(at, value)])
  }
  cases.push([...name, ...sound, '--no-such'], [...name, ...sound, 'and', 'more'])
  for (const [option, { type, short, ...rest }] of Object.entries(
    spec.options as Record<string, OptionSpec>,
  )) {
    const base = [...name, ...without(option, short)]
    if (type === 'flag') {
      cases.push([...base, `--${option}=yes`])
      continue
    }
    cases.push([...base, `--${option}`])
    if (type === 'integer' || type === 'number') {
      const { min, max } = rest as { min: number; max: number }
      for (const value of ['ten', String(min - 1), String(max * 2 + 1)])
        cases.push([...base, `--${option}=${value}`])
    } else if (type === 'choice' || type === 'size') cases.push([...base, `--${option}=0`])
    else for (const value of some(2)) cases.push([...base, `--${option}=${value}`])
  }
  return cases
}

/** The declaration of each command that is tried. */
async function specs(): Promise<[string[], CommandSpec][]> {
  const found: [string[], CommandSpec][] = []
  for (const [name, { load, under }] of Object.entries(COMMANDS)) {
    if (under === undefined) found.push([[name], (await load([])).command.spec])
    else {
      const all = await under()
      for (const second of BENCHMARKS)
        found.push([[name, second], (await all[second]!.load([])).command.spec])
    }
  }
  return found
}

/** One command line of so many is run; all of them, some thousands, with MASKWORDS_ALL_HOSTILE=1. */
const EVERY = process.env['MASKWORDS_ALL_HOSTILE'] === undefined ? 7 : 1

/** Of the benchmarks one of each make: their options are the same. */
const BENCHMARKS = ['res', 'coco', 'compare', 'merge', 'reconstruction']

const soundArguments = (name: readonly string[], spec: CommandSpec): readonly string[] => {
  if (name[0] !== 'eval') return SOUND[name[0]!]!
  if (spec.arguments.length > 0) return spec.arguments.map(() => 'list.json')
  return ['--predictions', 'list.json', '--truth', 'list.json']
}

/** What a fault of our own looks like: its sentence, its code, a stack. */
const FAULT = /this is a bug|"internal"|\n\s+at \S+.*:\d+:\d+/

describe('hostile arguments', () => {
  it('end in 1 or 2 with a sentence for people (or do no harm): never a bug, never a stack, never silence', async () => {
    const bad: unknown[] = []
    for (const [name, spec] of await specs()) {
      const cases = casesOf(name, spec, soundArguments(name, spec))
      for (const argv of cases.filter((_, at) => at % EVERY === 0)) {
        const signal = AbortSignal.timeout(20_000)
        const { code, out, err } = await runCommand(argv, { cwd: folder, signal })
        const isTold = code === 0 || /^error /m.test(err) || out !== ''
        if ([0, 1, 2].includes(code) && isTold && !FAULT.test(err + out)) continue
        bad.push({ argv: argv.map((word) => word.slice(0, 40)), code, err: err.slice(-400) })
      }
    }
    expect(bad).toEqual([])
  }, 300_000)
})
