// From the studio to training data: the command that a saved dataset names is run as it stands, in the folder that it was unpacked to.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { maskFromRings, pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { DATASETS, datasetOf } from '../../../apps/exchange/src/dataset.ts'
import { zipEntries, zipOf } from '../../../apps/exchange/src/zip.ts'
import { drawScene } from '../src/demo/scene.ts'
import { makeFolder, runCommand } from './command.ts'

const { folder, remove } = makeFolder()
afterAll(remove)

const { widthPx, heightPx, rgb } = drawScene(1)
const box = (left: number, top: number, right: number, foot: number) =>
  maskFromRings({ widthPx, heightPx, rings: [[left, top, right, top, right, foot, left, foot]] })
const picture = {
  file: 'scene.png',
  widthPx,
  heightPx,
  bytes: pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }),
  regions: [
    { mask: box(20, 20, 160, 130), category: 'kite', phrase: 'the kite on the left' },
    { mask: box(180, 30, 300, 200), category: 'tower', phrase: '' },
  ],
}

describe('the command of a dataset that the studio saved', () => {
  for (const id of DATASETS) {
    it(`of ${id} makes conversations of its regions`, async () => {
      const cwd = join(folder, id)
      const { files } = datasetOf(id, [picture], 'scene')
      for (const { path, bytes } of zipEntries(zipOf(files))) {
        mkdirSync(dirname(join(cwd, 'scene', path)), { recursive: true })
        writeFileSync(join(cwd, 'scene', path), await bytes())
      }
      const readme = readFileSync(join(cwd, 'scene/README.txt'), 'utf8')
      const [, command] = /\n {4}maskwords (.*)\n/.exec(readme)!
      // The default language once, as it stands; for the others one that costs no network.
      const argv = [...command!.split(' '), ...(id === 'training' ? [] : ['--codec', 'getok'])]
      const { code, err } = await runCommand(argv, { cwd })
      expect([code, err]).toEqual([0, expect.not.stringContaining('lost')])
      const shards = readdirSync(join(cwd, 'scene-train')).filter((name) => /-\d{5}\.\w+$/.test(name))
      const text = shards.map((name) => readFileSync(join(cwd, 'scene-train', name), 'utf8')).join('')
      expect(text).toContain(id === 'training' ? 'the kite on the left' : 'kite')
      expect(text).toMatch(id === 'training' ? /<\|mt_\d{4}\|>/ : /<grid/)
    })
  }
})
