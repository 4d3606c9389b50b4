// A NanoDet's folder: what is wrong with it is told, and the one that ships opens from a folder and from files in memory alike.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NanodetFeatures } from '@maskwords/codecs'
import { afterAll, expect, it } from 'vitest'
import { streetPicture } from '../../codecs/test/street-picture.ts'
import { loadNanodet, nanodetFromFiles } from './index.ts'

const SHIPPED = join(import.meta.dirname, '../../maskwords/weights/nanodet-g')
const folder = mkdtempSync(join(tmpdir(), 'detector-'))
afterAll(() => rmSync(folder, { recursive: true }))
const session = { worker: false, threads: 1 } as const
const config = readFileSync(join(SHIPPED, 'config.json'), 'utf8')

it('from its folder and from its files it says the same', async () => {
  const one = await loadNanodet(SHIPPED, { session })
  const other = await nanodetFromFiles(
    { config, weights: readFileSync(join(SHIPPED, 'weights.safetensors')), name: 'nanodet-g' },
    { session },
  )
  const picture = streetPicture()
  const bytes = ({ maps, scores, distances }: NanodetFeatures) =>
    Buffer.concat([...maps, ...scores, ...distances].map((list) => Buffer.from(list.buffer)))
  expect(bytes(await one.features(picture)).equals(bytes(await other.features(picture)))).toBe(true)
  await Promise.all([one.close(), other.close()])
})

it('a folder that is none, another network, sizes that cannot be and weights that are missing are told', async () => {
  const said = async (text: string | undefined) => {
    if (text !== undefined) writeFileSync(join(folder, 'config.json'), text)
    return loadNanodet(folder, { session }).then(
      () => 'opened',
      (error: Error & { code: string }) => `${error.code}: ${error.message.replaceAll(folder, 'folder')}`,
    )
  }
  expect(await said(undefined)).toMatch(/^not-found: folder\/config\.json cannot be read: ENOENT/)
  expect(await said('{')).toMatch(/^damaged: folder\/config\.json is no JSON/)
  expect(await said('{"codec":"samtok"}')).toBe(
    'out-of-range: folder/config.json is of no NanoDet: wanted "detector": "nanodet" and "config"',
  )
  expect(await said('{"detector":"nanodet","config":{"imagePx":416}}')).toMatch(
    /^out-of-range: folder\/config\.json: "config" lacks parts or has parts of another type/,
  )
  expect(await said(config.replace('"bins": 11', '"bins": 1'))).toBe(
    'out-of-range: folder/config.json: bins must be a whole number of at least 2, got 1',
  )
  expect(await said(config)).toMatch(/^missing: folder\/weights\.safetensors/)
  copyFileSync(join(SHIPPED, '../samtok-nano/weights.safetensors'), join(folder, 'weights.safetensors'))
  expect(await said(config)).toMatch(
    /^wrong-weights: .* does not hold the weights of this NanoDet: 68 of 68 tensors are missing/,
  )
})
