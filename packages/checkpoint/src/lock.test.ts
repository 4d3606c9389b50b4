import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { takeLock } from './lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'maskwords-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'lock')
const refused = (holder: string) => new Error(`held by ${holder}`)

it('the lock of a process that is gone is taken over, one of a living process is not', async () => {
  // No process has this number: Linux stops at 4,194,304.
  writeFileSync(file, JSON.stringify({ pid: 99_999_999, host: hostname(), started: '1' }))
  const unlock = await takeLock(file, refused)
  await expect(takeLock(file, refused)).rejects.toThrow(`held by process ${process.pid} on ${hostname()}`)
  unlock()
  expect(readdirSync(folder)).toEqual([])
})

it('of many that ask at once one gets it, also where a dead lock lies there', async () => {
  writeFileSync(file, JSON.stringify({ pid: 99_999_999, host: hostname(), started: '1' }))
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(file, refused)))
  const got = asked.filter((one) => one.status === 'fulfilled')
  expect([got.length, JSON.parse(readFileSync(file, 'utf8')).pid]).toEqual([1, process.pid])
  got[0]!.value()
  expect(readdirSync(folder)).toEqual([])
})

it('a lock of another machine, or of this process number by an earlier process, is told apart', async () => {
  writeFileSync(file, JSON.stringify({ pid: 1, host: 'elsewhere.invalid', started: '1' }))
  await expect(takeLock(file, refused)).rejects.toThrow('held by process 1 on elsewhere.invalid')
  if (process.platform !== 'linux') return
  writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), started: 'long ago' }))
  const unlock = await takeLock(file, refused)
  unlock()
})

it('a disk without links keeps the lock, too; what names no process is no lock', async () => {
  const { linkSync } = fs
  fs.linkSync = () => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })
  }
  syncBuiltinESMExports()
  try {
    writeFileSync(file, '999999999')
    const unlock = await takeLock(file, refused)
    await expect(takeLock(file, refused)).rejects.toThrow(`held by process ${process.pid} on ${hostname()}`)
    unlock()
    expect(readdirSync(folder)).toEqual([])
  } finally {
    fs.linkSync = linkSync
    syncBuiltinESMExports()
  }
})
