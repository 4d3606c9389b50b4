// A page whose lines are run: files that it shows are written, `$ ...` of its console blocks are run, and what they print is compared with what
// the page says: words to the letter, whole numbers exactly, decimals nearly (networks differ in the last digits from machine to
// machine), times not at all.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const CONSOLE = /```console\n([\s\S]*?)```/g
/** A file that a line of the page names, and its text below that line. */
const FILE = /`([\w.-]+\.(?:json|mjs))`[^\n]*\n\n```(?:json|js)\n([\s\S]*?)```/g

export type RunLine = (line: string) => Promise<string>

/** A line of the page in the folder: `npx maskwords` is the command at `bin`. What it prints, errors and notes too. */
export function runLine(line: string, folder: string, bin: string): Promise<string> {
  const node = `"${process.execPath}" `
  const own = line.replace(/^npx maskwords(?= |$)/, `${node}"${bin}"`).replace(/^node /, node)
  return new Promise((resolve) => {
    execFile('sh', ['-c', `${own} 2>&1`], { cwd: folder }, (error, stdout) =>
      resolve(error === null ? stdout : `${stdout}(exit code ${error.code})\n`),
    )
  })
}

/** Runs the page from top to bottom; the page as it should be, and what differs. */
export async function playPage(
  page: string,
  folder: string,
  run: RunLine,
): Promise<{ readonly now: string; readonly differences: string[] }> {
  const differences: string[] = []
  for (const [, name, text] of page.matchAll(FILE)) writeFileSync(join(folder, name!), text!)
  let now = page
  for (const [whole, block] of page.matchAll(CONSOLE)) {
    const played: string[] = []
    for (const part of block!.split(/^\$ /m).slice(1)) {
      const end = part.indexOf('\n')
      const [line, said] = [part.slice(0, end), part.slice(end + 1)]
      const output = withoutProgress(await run(line))
      const difference = differenceOf(said, output)
      if (difference !== undefined) differences.push(`$ ${line}\n${difference}`)
      played.push(`$ ${line}\n${difference === undefined ? said : output}`)
    }
    now = now.replace(whole, () => `\`\`\`console\n${played.join('')}\`\`\``)
  }
  return { now, differences }
}

/** Without lines that a slow machine writes and a fast one does not. */
function withoutProgress(output: string): string {
  const lines = output.split('\n').filter((line) => !/^(?:step )?\d+\/\d+ .*(?:left|\/s)/.test(line))
  const text = lines.join('\n')
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

const TIME = /\d+(?:\.\d+)? m?s\b/g
const MASK_WORD = /<\|mt_\d+\|>/g
const NUMBER = /\d+(?:\.\d+)?/g

function differenceOf(said: string, output: string): string | undefined {
  const plain = (text: string) =>
    text.replace(TIME, 'TIME').replace(MASK_WORD, 'WORD').replace(/ {2,}/g, '  ')
  const form = (text: string) => plain(text).replace(NUMBER, '#').trim()
  if (form(said) !== form(output)) return `the page says\n${said}\nit printed\n${output}`
  const numbers = (text: string) => [...plain(text).matchAll(NUMBER)].map(([number]) => number)
  const printed = numbers(output)
  const wrong = numbers(said).flatMap((number, i) => {
    const other = printed[i]!
    const isNear = number.includes('.')
      ? Math.abs(Number(number) - Number(other)) <= Math.max(0.03, 0.05 * Number(number))
      : number === other
    return isNear ? [] : [`${number} is ${other}`]
  })
  return wrong.length === 0 ? undefined : `numbers of the page: ${wrong.join(', ')}, in\n${output}`
}
