// The command as a process of its own: pipes, a reader that goes away, Ctrl-C at any moment, and the bundle that people install.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { maskToPng, pictureToPng, readPng } from '@maskwords/mask'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { drawScene } from '../../commands/src/demo/scene.ts'
import { makeFolder } from '../../commands/test/command.ts'
import { labelMapPng } from '../../files/src/output/pictures.ts'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const TSX = import.meta.resolve('tsx')
const BIN = fileURLToPath(new URL('../bin/maskwords.js', import.meta.url))
const BUNDLE = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

const { folder, file, remove } = makeFolder()
afterAll(remove)

const scene = drawScene(1)
const { widthPx, heightPx, rgb } = scene
file('scene.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }))
file('masks.png', labelMapPng(scene.things.map((thing) => thing.mask)).bytes)
const blurred = await sharp(Buffer.from(maskToPng(scene.things[0]!.mask)))
  .jpeg()
  .toBuffer()
file('blurred.jpg', blurred)
for (let i = 0; i < 60; i++) file(`many/${i}.png`, maskToPng(scene.things[i % 5]!.mask))

function start(
  argv: readonly string[],
  program = ['--conditions=@maskwords/source', '--import', TSX, CLI],
): ChildProcess {
  return spawn(process.execPath, [...program, ...argv], {
    cwd: folder,
    stdio: 'pipe',
    env: { ...process.env, NO_COLOR: '1' },
  })
}

/** Waits for the remark about the JPEG mask: from then on the command is at work. */
function firstNote(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.stderr!.once('data', () => resolve()))
}

type Ended = { code: number | null; out: Buffer; err: string }

function ended(child: ChildProcess): Promise<Ended> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout!.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr!.on('data', (chunk: Buffer) => err.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, out: Buffer.concat(out), err: Buffer.concat(err).toString() }),
    )
  })
}

describe('maskwords as a process', () => {
  it('words go through a pipe, and a PNG comes out of stdout byte for byte', async () => {
    const encode = start(['encode', 'scene.png', 'masks.png', '--quiet'])
    const decode = start(['decode', 'scene.png', '-', '-o', '-'])
    encode.stdout!.pipe(decode.stdin!)
    const { code, out, err } = await ended(decode)
    expect([code, err]).toEqual([0, expect.any(String)])
    expect(readPng(new Uint8Array(out))).toMatchObject({ widthPx, heightPx, bitDepth: 8 })
  })

  it('a reader that goes away ends the command quietly', async () => {
    const child = start(['encode', 'scene.png', 'many', '--json', '--quiet'])
    child.stdout!.destroy()
    const err: Buffer[] = []
    child.stderr!.on('data', (chunk: Buffer) => err.push(chunk))
    const code = await new Promise((resolve) => child.on('exit', resolve))
    expect([code, Buffer.concat(err).toString()]).toEqual([0, ''])
  })

  it('Ctrl-C while stdin is silent ends at once with 130', async () => {
    const child = start(['encode', 'scene.png', 'blurred.jpg', '-'])
    await firstNote(child)
    const asked = performance.now()
    child.kill('SIGINT')
    const { code } = await ended(child)
    expect(code).toBe(130)
    expect(performance.now() - asked).toBeLessThan(2500)
  })

  it('Ctrl-C in the middle of the work ends with 130 and leaves no file, whole or partial', async () => {
    const child = start(['roundtrip', 'scene.png', 'blurred.jpg', 'many', '--n', '64', '-o', 'never.png'])
    await firstNote(child)
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill('SIGINT')
    const { code, err } = await ended(child)
    expect([code, err]).toEqual([130, expect.stringContaining('interrupted')])
    const files = readdirSync(folder)
    expect(files.filter((name) => name.includes('.partial') || name === 'never.png')).toEqual([])
  })

  it('Ctrl-C twice while a network runs ends at once, and not by a fault of the runtime', async () => {
    const many = Array.from({ length: 6 }, () => 'many')
    const child = start(['roundtrip', 'scene.png', 'blurred.jpg', ...many, '--codec', 'himtok-nano'])
    await firstNote(child)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    const { code, err } = await ended(child)
    // A process that its signal ended has no code; a shell says 130.
    expect([null, 130]).toContain(code)
    expect(err).not.toContain('terminate called')
    expect(err).toContain('interrupted')
  })

  it.each([
    ['SIGINT', 130, ['serve', '--port', '0', '--codec', 'getok', '--workers', '1']],
    ['SIGTERM', 143, ['serve', '--port', '0', '--codec', 'getok', '--workers', '1']],
    ['SIGINT', 130, ['reward', '--port', '0']],
    ['SIGTERM', 143, ['roundtrip', 'scene.png', 'blurred.jpg', 'many', '--codec', 'himtok-nano']],
    ['SIGINT', 130, ['scenes', '--count', '100000', '-o', 'scenes']],
  ] as const)('%s ends with "interrupted" and %i: %j', async (signal, expected, argv) => {
    const child = start([...argv])
    const result = ended(child)
    // At work: it has said something, or made its folder.
    const said = new Promise((resolve) => {
      child.stderr!.once('data', resolve)
      child.stdout!.once('data', resolve)
    })
    let working = false
    said.then(() => {
      working = true
    })
    while (!working && !existsSync(join(folder, 'scenes')))
      await new Promise((resolve) => setTimeout(resolve, 50))
    child.kill(signal)
    const { code, err } = await result
    expect([argv[0], code, err]).toEqual([argv[0], expected, expect.stringContaining('error interrupted')])
  })

  it.skipIf(!existsSync(BUNDLE))(
    'the bundle runs alone (skipped where `npm run build` has not been run)',
    async () => {
      const { code, out } = await ended(start(['encode', 'scene.png', join('many', '0.png')], [BIN]))
      expect(code).toBe(0)
      expect(out.toString()).toMatch(/^<\|mt_start\|>(<\|mt_\d{4}\|>){2}<\|mt_end\|>\n$/)
    },
  )
})
