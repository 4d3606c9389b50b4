// What a killed process leaves under a temporary name goes at the next start of a writer in that folder; what a living one writes stays.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { removeLeftBehind, temporaryBeside } from './temporary.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-temporary-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

function childThat(program: string): ChildProcess {
  const start = ['--conditions=@maskwords/source', '--import', import.meta.resolve('tsx')]
  const argv = [...start, '--input-type=module', '-e', program]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

const files = JSON.stringify(import.meta.resolve('./node-files.ts'))
const writing = (path: string, data: string) => `
const { writeSafetensorsFile } = await import(${files})
setInterval(() => {}, 1000)
const tensors = [
  { name: 'a', dtype: 'float32', shape: [100_000], data: new Float32Array(100_000) },
  { name: 'b', dtype: 'float32', shape: [1], data: ${data} },
]
await writeSafetensorsFile(${JSON.stringify(path)}, { tensors })
process.exit()`

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)))

it('half a file of a killed process is removed by the next writer, of a living one never', async () => {
  const folder = join(root, 'weights')
  mkdirSync(folder)
  const path = join(folder, 'w.safetensors')
  const stuck = () => childThat(writing(path, `() => (console.log('half'), new Promise(() => {}))`))
  const [killed, living] = [stuck(), stuck()]
  await Promise.all(
    [killed, living].map((one) => new Promise((resolve) => one.stdout!.once('data', resolve))),
  )
  const begun = readdirSync(folder)
  expect(begun).toHaveLength(2)
  killed.kill('SIGKILL')
  await ended(killed)
  expect(readdirSync(folder)).toEqual(begun)

  expect(await ended(childThat(writing(path, 'new Float32Array(1)')))).toBe(0)
  const own = begun.filter((name) => name.includes(`-${living.pid}-`))
  expect(readdirSync(folder).sort()).toEqual([...own, 'w.safetensors'].sort())
})

it('a number that another process has got since, another machine and names of other people are told apart', () => {
  const folder = join(root, 'names')
  mkdirSync(folder)
  const own = basename(temporaryBeside(join(folder, 'a')))
  const [, machine, pid, started] = /\.([\da-f]{8})-(\d+)-(\d*)-[\da-f]{8}\.partial$/.exec(own)!
  const kept = [
    own,
    `.a.0123abcd-${pid}-${started}-00000000.partial`,
    '.notes.partial',
    'a.partial',
    `.a.${machine}-99999999-1.partial`,
  ]
  const dead = [
    `.a.${machine}-99999999-1-00000000.partial`,
    ...(started === '' ? [] : [`.a.${machine}-${pid}-1-00000000.partial`]),
    '.old.0123abcd-1-1-00000000.partial',
  ]
  for (const name of [...kept, ...dead]) writeFileSync(join(folder, name), '')
  const [old] = dead.slice(-1) as [string]
  utimesSync(join(folder, old), new Date(0), new Date(0))
  mkdirSync(join(folder, `.b.${machine}-99999999-1-00000000.partial`))
  removeLeftBehind(folder)
  expect(readdirSync(folder).sort()).toEqual(kept.sort())
  removeLeftBehind(folder, 'all')
  expect(readdirSync(folder).sort()).toEqual(kept.slice(-3).sort())
  removeLeftBehind(join(root, 'nowhere'))
})

it('the longest name that a disk takes has a temporary one, too', () => {
  const name = `${'\u00e9'.repeat(120)}.json`
  const temporary = temporaryBeside(join(root, name))
  writeFileSync(temporary, '')
  expect(Buffer.byteLength(basename(temporary))).toBeLessThanOrEqual(255)
  expect(temporary).not.toContain('\ufffd')
  removeLeftBehind(root, 'all')
  expect(existsSync(temporary)).toBe(false)
})
