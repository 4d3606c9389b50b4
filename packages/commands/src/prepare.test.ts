import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { WRITERS } from '@maskwords/data'
import { pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const scene = drawScene(1)
const { widthPx, heightPx } = scene
const png = pictureToPng({ widthPx, heightPx, channels: 3, bytes: scene.rgb })
const PICTURES = 260

/** A COCO set whose pictures are one and the same scene under many names, with hostile annotations among good ones. */
function writeSet(name: string, hostile: readonly unknown[] = []): void {
  const annotations = Array.from({ length: PICTURES * 3 }, (_, k) => {
    const [x, y, side] = [(k * 37) % 200, (k * 53) % 150, 20 + (k % 60)]
    return {
      id: k + 1,
      image_id: 1 + (k % PICTURES),
      category_id: 1 + (k % 5),
      iscrowd: 0,
      bbox: [x, y, side, side],
      segmentation: [[x, y, x + side, y, x + side, y + side / 2, x, y + side]],
    }
  })
  file(
    `${name}/instances.json`,
    JSON.stringify({
      images: Array.from({ length: PICTURES }, (_, k) => ({
        id: k + 1,
        file_name: `${k + 1}.png`,
        width: widthPx,
        height: heightPx,
      })),
      categories: [1, 2, 3, 4, 5].map((id) => ({ id, name: `kind ${id}` })),
      annotations: [...annotations, ...hostile],
    }),
  )
}
writeSet('set')
for (let k = 1; k <= 3; k++) file(`small/${k}.png`, png)
file(
  'small/instances.json',
  JSON.stringify({
    images: [1, 2, 3].map((id) => ({ id, file_name: `${id}.png`, width: widthPx, height: heightPx })),
    categories: [{ id: 1, name: 'kite' }],
    annotations: [1, 2, 3].map((id) => ({
      id,
      image_id: id,
      category_id: 1,
      iscrowd: 0,
      bbox: [10, 10, 40, 30],
      segmentation: [[10, 10, 50, 10, 50, 40, 10, 40]],
    })),
  }),
)

/** GETok where no codec is named: it needs no pictures, and its words are the same on every machine. */
const throughGetok = (argv: readonly string[]) =>
  argv.includes('--codec') ? argv : [...argv, '--codec', 'getok']
const run = (...argv: string[]) => runCommand(['prepare', ...throughGetok(argv)], { cwd: folder })

/** Files of a dataset, logs aside. */
function contents(name: string): Record<string, string> {
  const names = readdirSync(join(folder, name)).filter((one) => one !== '.prepare')
  return Object.fromEntries(names.sort().map((one) => [one, readFileSync(join(folder, name, one), 'latin1')]))
}

const CLI = join(import.meta.dirname, '../../maskwords/src', 'cli.ts')

/** The real command in a process of its own; killed after a while where a time is given. */
function spawned(argv: readonly string[], killAfterMs?: number): Promise<number | 'killed'> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@maskwords/source',
        '--import',
        import.meta.resolve('tsx'),
        CLI,
        'prepare',
        ...throughGetok(argv),
        '-q',
      ],
      { cwd: folder, stdio: 'ignore' },
    )
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(signal === 'SIGKILL' ? 'killed' : (code ?? -1))
    })
  })
}

describe('prepare', () => {
  it('plans on stdout without writing, as text and as JSON', async () => {
    const argv = ['coco', '--root', 'small', '--to', 'ms-swift', '--plan', '-o', 'no']
    const { code, out } = await run(...argv)
    expect(code).toBe(0)
    expect(out).toContain('read 3 records of 3 pictures with 3 regions')
    expect(out).toContain('write 3 conversations for ms-swift in 1 shard, pictures as paths')
    const { plan } = JSON.parse((await run(...argv, '--json')).out)
    expect(plan).toMatchObject({ taken: 3, masks: 3, dropped: [] })
    expect(existsSync(join(folder, 'no'))).toBe(false)
  })

  it('writes for every trainer there is; paths lead from the files to the pictures', {
    timeout: 240_000,
  }, async () => {
    for (const { name, shardExtension } of WRITERS) {
      const { code, err } = await run('coco', '--root', 'small', '--to', name, '-o', `to-${name}`, '-q')
      expect([name, code, err]).toEqual([name, 0, ''])
      expect(readdirSync(join(folder, `to-${name}`))).toContain(`to-${name}-00000.${shardExtension}`)
    }
    const [row] = readFileSync(join(folder, 'to-ms-swift', 'to-ms-swift-00000.jsonl'), 'utf8').split('\n')
    const [image] = JSON.parse(row!).images
    expect(image).toBe('../small/1.png')
    expect(existsSync(join(folder, 'to-ms-swift', image))).toBe(true)
  })

  it('killed at any moment and started again, gives the files of a run that was let alone', async () => {
    const argv = ['coco', '--root', 'set', '--to', 'ms-swift', '--shard-size', '25', '-o']
    // Nobody but the machine knows how long a start takes: kills are spread over the time of a whole run.
    const started = performance.now()
    expect(await spawned([...argv, 'alone', '--jobs', '2'])).toBe(0)
    const wholeMs = performance.now() - started
    for (const share of [0.7]) {
      await spawned([...argv, 'alone-killed', '--jobs', '1'], wholeMs * share)
    }
    expect(await spawned([...argv, 'alone-killed'])).toBe(0)
    // Once more, when all is done: nothing is added.
    expect(await spawned([...argv, 'alone-killed'])).toBe(0)
    const names = (text: Record<string, string>) =>
      Object.entries(text).map(([name, content]) => [
        name.replace('alone-killed', 'alone'),
        content.replaceAll('alone-killed', 'alone'),
      ])
    expect(names(contents('alone-killed'))).toEqual(names(contents('alone')))
  }, 240_000)

  it('hostile annotations lose one sample each and are named in problems.jsonl', async () => {
    let deep: unknown = 1
    for (let k = 0; k < 3000; k++) deep = [deep]
    const good = { image_id: 1, category_id: 1, iscrowd: 0, bbox: [1, 1, 20, 20] }
    const square = [[1, 1, 21, 1, 21, 21, 1, 21]]
    writeSet('hostile', [
      { ...good, id: 1, segmentation: square },
      { ...good, id: 9001, segmentation: deep },
      { ...good, id: 9002, bbox: ['NaN', 1, 2, 3], segmentation: square },
      { ...good, id: 9003, image_id: 99_999, segmentation: square },
      { ...good, id: 9004, segmentation: { size: [3, 3], counts: 'zz' } },
      { ...good, id: '__proto__', segmentation: square },
      { ...good, id: 0, segmentation: square },
    ])
    const { code } = await run(
      'coco',
      '--root',
      'hostile',
      '--to',
      'jsonl',
      '-o',
      'hostile-out',
      '-q',
      '--limit',
      '2',
    )
    expect(code).toBe(0)
    const problems = readFileSync(join(folder, 'hostile-out', 'problems.jsonl'), 'utf8')
      .trim()
      .split('\n')
    const kinds = problems.map((line) => JSON.parse(line).kind)
    for (const kind of ['duplicate-id', 'dangling-id']) expect(kinds).toContain(kind)
    expect(problems.length).toBeGreaterThanOrEqual(4)
    expect(problems.length).toBeLessThanOrEqual(7)
  })

  it('says what is wrong with a command line', async () => {
    expect((await run('cocoo', '--root', 'small', '--to', 'ms-swift')).err).toContain('did you mean coco?')
    expect((await run('coco', '--root', 'small')).err).toContain('--to ms-swift')
    expect((await run('coco', '--root', 'small', '--to', 'ms-swift')).err).toContain('-o')
    const task = await run(
      'coco',
      '--root',
      'small',
      '--to',
      'qwen',
      '--task',
      'open-vocabulary:distractor=3',
    )
    expect([task.code, task.err]).toEqual([2, expect.stringContaining('distractors=10')])
    const empty = await run('coco', '--root', 'small', '--to', 'qwen', '--task', 'dialogue', '-o', 'empty')
    expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('nothing to write')])
    rmSync(join(folder, 'empty'), { recursive: true })
  })
})

const POOL = join(import.meta.dirname, '../../../../shared/data')

describe.skipIf(!existsSync(POOL))('prepare on real datasets (skipped without ../shared/data)', () => {
  it.each([
    ['coco', 'coco-pool', 'open-vocabulary'],
    ['grounding-suite', 'grounding-suite', 'referring'],
    ['labelme', 'demos/labelme', undefined],
  ])('%s gives files for every trainer', { timeout: 240_000 }, async (reader, place, task) => {
    const { READERS } = await import('@maskwords/datasets')
    if (!Object.hasOwn(READERS, reader)) return
    for (const { name } of WRITERS) {
      const argv = [
        reader,
        '--root',
        join(POOL, place),
        '--to',
        name,
        '-o',
        `real-${reader}-${name}`,
        '--limit',
        '2',
        '-q',
      ]
      const { code, err } = await run(...argv, ...(task === undefined ? [] : ['--task', task]))
      expect([name, code, err]).toEqual([name, 0, ''])
    }
  })
})
