// The examples as people run them: with the packed package, copied out of the repository, never with the sources of the house.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { maskFromRowMajor, maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packed } from './installed.ts'

const HOUSE = resolve(import.meta.dirname, '..')
const isBuilt = existsSync(join(HOUSE, 'packages/maskwords/dist/plugin.js'))
/** Inside the house, so that what the package depends on is found; the package itself is the unpacked one. */
const PLACE = join(HOUSE, 'out/packed')
const BIN = join(PLACE, 'node_modules/maskwords/bin/maskwords.js')

function maskwords(...args: string[]): string {
  return execFileSync(process.execPath, [BIN, ...args], {
    cwd: PLACE,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const lines = (file: string): Record<string, unknown>[] =>
  readFileSync(join(PLACE, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

beforeAll(async () => {
  if (!isBuilt) return
  rmSync(PLACE, { recursive: true, force: true })
  mkdirSync(join(PLACE, 'node_modules/maskwords'), { recursive: true })
  const into = ['--strip-components=1', '-C', join(PLACE, 'node_modules/maskwords')]
  execFileSync('tar', ['-xzf', await packed(), ...into])
  cpSync(join(HOUSE, 'examples'), join(PLACE, 'examples'), { recursive: true })
  // Two things of one class and one of another, on a grey picture.
  mkdirSync(join(PLACE, 'data'))
  const grey = new Uint8Array(64 * 48 * 3).fill(120)
  writeFileSync(
    join(PLACE, 'data/a.png'),
    pictureToPng({ widthPx: 64, heightPx: 48, channels: 3, bytes: grey }),
  )
  const table = [
    'file,width,height,name,x,y,w,h',
    'a.png,64,48,cup,4,4,16,16',
    'a.png,64,48,cup,40,4,16,16',
    'a.png,64,48,spoon,8,28,40,12',
  ]
  writeFileSync(join(PLACE, 'data/boxes.csv'), `${[...table, 'a.png,64,48,fork,one,2,3,4'].join('\n')}\n`)
  const bytes = new Uint8Array(64 * 48)
  for (let y = 12; y < 24; y++) bytes.fill(1, y * 64 + 16, y * 64 + 32)
  writeFileSync(
    join(PLACE, 'data/mask.png'),
    maskToPng(maskFromRowMajor({ widthPx: 64, heightPx: 48, bytes })),
  )
}, 120_000)

afterAll(() => rmSync(PLACE, { recursive: true, force: true }))

describe.skipIf(!isBuilt)(
  'examples, from the packed package (skipped: `npm run build` has not been run)',
  () => {
    const plugin = (name: string) => ['--plugin', `examples/plugins/${name}.ts`]

    it('a dataset, a task and a format of somebody else go through prepare together', () => {
      const parts = [...plugin('dataset'), ...plugin('task'), ...plugin('format')]
      const args = [
        'prepare',
        'box-table',
        ...parts,
        '--root',
        'data',
        '--task',
        'count',
        '--to',
        'chat-api',
        '-o',
        'out',
      ]
      const report = JSON.parse(maskwords(...args, '--json', '--jobs', '2'))
      expect(report.report.lost).toEqual([{ kind: 'bad-field', count: 1 }])
      expect(lines('out/problems.jsonl')[0]).toMatchObject({ file: 'boxes.csv', at: 'line 5' })
      const answers = lines('out/out-00000.jsonl').map(
        ({ messages }) => messages as { role: string; content: { text?: string }[] }[],
      )
      expect(answers).toHaveLength(2)
      const texts = answers
        .map((turns) =>
          turns
            .at(-1)!
            .content.map(({ text }) => text)
            .join(''),
        )
        .sort()
      expect(texts[0]).toMatch(/^1: /)
      expect(texts[1]).toMatch(/^2: /)
    })

    it('a reward is listed, and scores over HTTP', async () => {
      expect(maskwords('reward', ...plugin('reward'), '--list')).toContain('terse')
      const args = [BIN, 'reward', ...plugin('reward'), '--port', '0', '--json']
      const child = spawn(process.execPath, args, { cwd: PLACE, stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const url = await new Promise<string>((found, failed) => {
          let said = ''
          child.stdout.on('data', (chunk) => {
            said += chunk
            const match = /http:\/\/[^\s"]+/.exec(said)
            if (match !== null) found(match[0])
          })
          child.on('exit', () => failed(new Error(`no address in: ${said}`)))
        })
        const words = '<|mt_start|><|mt_0001|><|mt_0300|><|mt_end|>'
        const body = {
          rewards: ['terse'],
          samples: [words, `${words} is what you asked me for here`].map((response) => ({
            response,
            truth: words,
          })),
        }
        const answer = await fetch(new URL('/v1/rewards', url), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        const { results } = (await answer.json()) as { results: { overall: number }[] }
        expect(results.map(({ overall }) => overall)).toEqual([1, 0.65])
      } finally {
        child.kill()
      }
    })

    it('a codec encodes and decodes', () => {
      const out = JSON.parse(
        maskwords(
          'roundtrip',
          'data/a.png',
          'data/mask.png',
          ...plugin('codec'),
          '--codec',
          'box-16',
          '--json',
        ),
      )
      expect(out.masks[0].words ?? out.masks[0].text).toBe('<|mt_start|><|mt_0068|><|mt_0375|><|mt_end|>')
      expect(out.masks[0].iou).toBe(1)
    })

    it('what is no plugin is refused with the part that is wrong', () => {
      writeFileSync(
        join(PLACE, 'wrong.mjs'),
        "export const plugin = { name: 'x', readers: [{ name: 'y', title: 'Y' }] }\n",
      )
      const refused = (...args: string[]) => {
        try {
          return maskwords(...args)
        } catch (error) {
          return String((error as { stderr: string }).stderr)
        }
      }
      expect(refused('prepare', 'y', '--plugin', 'wrong.mjs', '--to', 'qwen')).toMatch(
        /readers\[0\] \(y\): layout is undefined/,
      )
      expect(refused('prepare', 'y', '--plugin', 'nowhere', '--to', 'qwen')).toMatch(
        /no package of this name is installed/,
      )
      expect(
        refused(
          'prepare',
          'y',
          ...plugin('task'),
          '--plugin',
          'examples/plugins/../plugins/task.ts',
          '--to',
          'qwen',
        ),
      ).toMatch(/no dataset, folder or file "y"/)
    })
  },
)
