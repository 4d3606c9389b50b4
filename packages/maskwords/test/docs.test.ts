// docs/cli.md tells the truth: each `$ maskwords ...` in it is run, and what it prints is compared with what the page says.
// Times and the digits of scores are left out. UPDATE_DOCS=1 writes the outputs into the page instead.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../../commands/test/command.ts'

const PAGE = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url))
const BLOCK = /```console\n\$ maskwords ([^\n]*)\n([\s\S]*?)```/g

const { folder, remove } = makeFolder()
afterAll(remove)

/** Words of a command line, with double quotes as a shell reads them. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!)
}

/** What may differ between machines and decoders: times, scores, pixels of decoded masks, and blanks that align them. */
function lasting(text: string): string {
  return text
    .replace(/\d+(\.\d+)? m?s\b/g, '# ms')
    .replace(/("(?:image|encode|decode|draw|total)Ms": )[\d.]+/g, '$1#')
    .replace(/\b[01]\.\d{3}\b/g, '0.#')
    .replace(/("counts": ?)"[^"]*"/g, '$1"#"')
    .replace(/\bbytes +\d+/g, 'bytes #')
    .replace(/("area": )\d+/g, '$1#')
    .replace(/ +/g, ' ')
}

async function printed(line: string): Promise<string> {
  const { out, err } = await runCommand(shellWords(line), { cwd: folder })
  const text = out + err
  return text.endsWith('\n') || text === '' ? text : `${text}\n`
}

describe('docs/cli.md', () => {
  it('every example prints what the page says', async () => {
    let page = readFileSync(PAGE, 'utf8')
    const blocks = [...page.matchAll(BLOCK)]
    expect(blocks.length).toBeGreaterThan(8)
    for (const [block, line, said] of blocks) {
      const output = await printed(line!)
      if (process.env['UPDATE_DOCS']) {
        page = page.replace(block!, () => `\`\`\`console\n$ maskwords ${line}\n${output}\`\`\``)
      } else {
        expect([line, lasting(output)]).toEqual([line, lasting(said!)])
      }
    }
    if (process.env['UPDATE_DOCS']) writeFileSync(PAGE, page)
  })
})
