import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadPlugins, pluginHashes } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'plugins-'))
// Not sooner: what is loaded stays known to this process, and its threads load it from the file.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

it('a plugin has what maskwords offers without having it installed: codecs, and how they are loaded', async () => {
  const imports = [
    "import { createSamTok, loadCodec } from 'maskwords/codecs'",
    "import { iou } from 'maskwords/mask'",
    "import { parseMaskWords } from 'maskwords/words'",
    "import { definePlugin } from 'maskwords/plugin'",
  ]
  const name = '[createSamTok, loadCodec, iou, parseMaskWords].map((one) => typeof one).join()'
  writeFileSync(
    join(folder, 'mine.ts'),
    `${imports.join('\n')}\nexport const plugin = definePlugin({ name: ${name} })\n`,
  )
  const [plugin] = await loadPlugins(['mine.ts'], folder)
  expect(plugin!.name).toBe('function,function,function,function')
  const file = join(folder, 'mine.ts')
  const loaded = createHash('sha256').update(readFileSync(file)).digest('hex')
  writeFileSync(file, `${readFileSync(file, 'utf8')}// changed\n`)
  expect(pluginHashes()).toContain(loaded)
})
