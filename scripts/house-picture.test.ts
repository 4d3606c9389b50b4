// The picture and the table of the rooms say what the sources do. UPDATE_DOCS=1 writes both.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { housePicture } from './house-picture.ts'
import { HOUSE, ROOMS } from './rooms.ts'

const PICTURE = join(HOUSE, 'docs/pictures/rooms.svg')
const PAGE = join(HOUSE, 'docs/architecture.md')

it('docs/pictures/rooms.svg shows the imports that are there', () => {
  const drawn = housePicture()
  if (process.env['UPDATE_DOCS']) writeFileSync(PICTURE, drawn)
  expect(
    readFileSync(PICTURE, 'utf8') === drawn,
    'UPDATE_DOCS=1 npx vitest run scripts/house-picture.test.ts',
  ).toBe(true)
})

it('docs/architecture.md lists the rooms, from the ground up', () => {
  const rows = ROOMS.map(({ name, folder, job, mayUse, external }) => {
    const others = external.filter((one) => one !== 'node:')
    const runs = external.includes('node:') ? 'Node.js' : 'anywhere'
    return `| [\`${name}\`](../${folder}/src) | ${job} | ${mayUse.join(', ') || '-'} | ${others.join(', ') || '-'} | ${runs} |`
  })
  const table = [
    '| room | its one job | may use | from outside | runs in |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
  const page = readFileSync(PAGE, 'utf8')
  const wanted = page.replace(
    /(<!-- rooms -->\n)[\s\S]*(\n<!-- \/rooms -->)/,
    (_, start, end) => `${start}\n${table}\n${end}`,
  )
  if (process.env['UPDATE_DOCS']) writeFileSync(PAGE, wanted)
  expect(readFileSync(PAGE, 'utf8')).toBe(wanted)
})
