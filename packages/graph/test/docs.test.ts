// The table of ops in docs/graph.md is the one that the gradient check runs. UPDATE_DOCS=1 writes it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OP_TABLE } from './op-table.ts'

const path = join(import.meta.dirname, '../../../docs/graph.md')
const START = '<!-- ops -->'
const END = '<!-- /ops -->'

test('docs/graph.md lists every op as it is checked', () => {
  const rows = OP_TABLE.map(({ name, onnx, gradient, dtype }) => {
    const checked = dtype ? `central differences, ${dtype}` : '-'
    return `| ${name} | ${onnx} | ${gradient ? 'yes' : 'none'} | ${checked} | ${gradient ? (name === 'cast' ? 'CPU, WebAssembly' : 'CPU, WebAssembly, WebGPU') : 'CPU'} |`
  })
  const head = [
    '| op | ONNX operators | gradient | checked by | tested on |',
    '| --- | --- | --- | --- | --- |',
  ]
  const table = `${[...head, ...rows].join('\n')}\n`
  const text = readFileSync(path, 'utf8')
  const [before, rest] = text.split(START)
  const after = rest!.slice(rest!.indexOf(END))
  const wanted = `${before}${START}\n\n${table}\n${after}`
  if (process.env['UPDATE_DOCS']) writeFileSync(path, wanted)
  // The formatter pads the cells.
  const cells = (page: string) =>
    page.split('\n').map((line) => line.split('|').map((cell) => cell.trim().replace(/^-+$/, '-')))
  expect(cells(readFileSync(path, 'utf8'))).toEqual(cells(wanted))
})

test('every op that the package exports is a row of the table', () => {
  const index = readFileSync(join(import.meta.dirname, '../src/index.ts'), 'utf8')
  const exported = [...index.matchAll(/export \{([^}]*)\} from '\.\/ops\//g)].flatMap(([, names]) =>
    names!.split(',').flatMap((name) => name.trim() || []),
  )
  const listed = new Set(OP_TABLE.flatMap(({ name }) => name.split(/[ ,()]+/)))
  // Views and arrangements of rows that are there, and what makes constants.
  const composed =
    'conv2d convTranspose2d globalAveragePool flatten squeeze unsqueeze swapAxes joinHeads splitHeads range full sumTo resizeMatrix'
  for (const name of composed.split(' ')) listed.add(name)
  expect(exported.length).toBeGreaterThan(80)
  expect(exported.filter((name) => !listed.has(name))).toEqual([])
})
