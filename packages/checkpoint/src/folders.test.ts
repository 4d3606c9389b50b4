import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolders, writeWholeFolder } from './folders.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-folders-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const refused = (holder: string) => new Error(`held by ${holder}`)

describe('folders and those above them', () => {
  it('are made, also twice, and also by many at once', async () => {
    const path = join(root, 'a/b/c')
    await Promise.all(Array.from({ length: 8 }, () => makeFolders(path)))
    await makeFolders(path)
    expect(existsSync(path)).toBe(true)
  })

  it('below a file are an error of the system', async () => {
    writeFileSync(join(root, 'file'), '')
    await expect(makeFolders(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeFolders(join(root, 'file/b/c'))).rejects.toMatchObject({
      code: expect.stringMatching(/EEXIST|ENOTDIR/),
    })
  })

  it.skipIf(process.platform !== 'linux')(
    'below /proc and other places that take none end in an error',
    async () => {
      for (const path of ['/proc/maskwords', '/proc/maskwords/a/b', '/sys/maskwords/a', '/dev/null/a']) {
        await expect(makeFolders(path)).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) })
      }
      await expect(makeFolders('/proc/maskwords/a')).rejects.toThrow('no folder can be made in /proc')
    },
  )
})

describe('a folder written whole', () => {
  const write = async (temporary: string) => {
    writeFileSync(join(temporary, 'one'), '1')
    return readdirSync(temporary)
  }

  it('appears with all that was written, in place of nothing or of an empty folder', async () => {
    mkdirSync(join(root, 'empty'))
    for (const name of ['new/below', 'empty']) {
      expect(await writeWholeFolder({ folder: join(root, name), write, refused })).toEqual(['one'])
      expect(readdirSync(join(root, name))).toEqual(['one'])
    }
  })

  it('never replaces what is there, and leaves nothing of what failed', async () => {
    const before = readdirSync(root)
    mkdirSync(join(root, 'full'))
    writeFileSync(join(root, 'full/kept'), '')
    await expect(writeWholeFolder({ folder: join(root, 'full'), write, refused })).rejects.toThrow()
    const fails = async () => {
      throw new Error('no')
    }
    await expect(writeWholeFolder({ folder: join(root, 'failed'), write: fails, refused })).rejects.toThrow(
      'no',
    )
    expect(readdirSync(root).sort()).toEqual([...before, 'full'].sort())
    expect(readdirSync(join(root, 'full'))).toEqual(['kept'])
  })

  it('clears away what a killed run left, and refuses while another one writes', async () => {
    const folder = join(root, 'shared')
    mkdirSync(join(root, '.shared.partial'))
    writeFileSync(join(root, '.shared.partial/half'), '')
    const dead = { pid: 99_999_999, host: hostname(), started: '1' }
    writeFileSync(join(root, '.shared.partial.lock'), JSON.stringify(dead))
    let seen: string[] = []
    await writeWholeFolder({
      folder,
      refused,
      write: async (temporary) => {
        seen = readdirSync(temporary)
        await expect(writeWholeFolder({ folder, write, refused })).rejects.toThrow('held by process')
        await write(temporary)
      },
    })
    expect([seen, readdirSync(folder)]).toEqual([[], ['one']])
    expect(readdirSync(root).filter((name) => name.startsWith('.shared'))).toEqual([])
  })
})
