import { execFileSync } from 'node:child_process'
import { constants, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeWhole } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'maskwords-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)
const text = (content: string) => new TextEncoder().encode(content)
const { signal } = new AbortController()

test.skipIf(process.platform === 'win32')('a pipe is written to, not replaced by a file', async () => {
  execFileSync('mkfifo', [at('pipe')])
  const reader = await open(at('pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    await writeWhole(at('pipe'), text('mask'), signal)
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(16), 0, 16)
    expect(buffer.toString('latin1', 0, bytesRead)).toBe('mask')
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true)
  } finally {
    await reader.close()
  }
})

test('a link stays a link, and the file behind it is replaced', async () => {
  await writeWhole(at('real.png'), text('old'), signal)
  symlinkSync('real.png', at('link.png'))
  await writeWhole(at('link.png'), text('new'), signal)
  expect(readFileSync(at('real.png'), 'utf8')).toBe('new')
  expect(lstatSync(at('link.png')).isSymbolicLink()).toBe(true)
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
})
