// The rooms of the house and what each looks into, as an SVG: floors by the longest way down to the ground, arrows by the imports that
// are there. An arrow that a longer way says already is left out.
import { readFileSync } from 'node:fs'
import { importsOf, ROOMS, type Room, sourceFiles } from './rooms.ts'

const BOX = { width: 150, height: 52 }
const GAP = { x: 26, y: 58 }
const EDGE = 24

/** The rooms that the sources of a room import, by name. */
function usedBy(room: Room): string[] {
  const names = sourceFiles(room)
    .flatMap((path) => importsOf(readFileSync(path, 'utf8')))
    .flatMap((target) => /^@maskwords\/([^/]+)/.exec(target)?.[1] ?? [])
  return [...new Set(names)].filter((name) => name !== room.name).sort()
}

/** What each room uses, without what it reaches through another one. */
export function arrows(): ReadonlyMap<string, readonly string[]> {
  const direct = new Map(ROOMS.map((room) => [room.name, usedBy(room)]))
  const below = new Map<string, ReadonlySet<string>>()
  for (const { name } of ROOMS) {
    const used = direct.get(name)!
    below.set(name, new Set(used.flatMap((other) => [other, ...(below.get(other) ?? [])])))
  }
  return new Map(
    ROOMS.map(({ name }) => {
      const used = direct.get(name)!
      return [name, used.filter((one) => !used.some((other) => other !== one && below.get(other)!.has(one)))]
    }),
  )
}

type Placed = { readonly name: string; readonly floor: number; x: number }

/** Rooms on their floors; on a floor, each near the middle of what it stands on. */
function placed(uses: ReadonlyMap<string, readonly string[]>): Placed[][] {
  const rooms = new Map<string, Placed>()
  for (const { name } of ROOMS) {
    const floor = Math.max(-1, ...uses.get(name)!.map((other) => rooms.get(other)!.floor)) + 1
    rooms.set(name, { name, floor, x: 0 })
  }
  const floors: Placed[][] = []
  for (const room of rooms.values()) (floors[room.floor] ??= []).push(room)
  const most = Math.max(...floors.map((floor) => floor.length))
  for (const floor of floors) {
    const wanted = (room: Placed) => {
      const under = uses.get(room.name)!.map((other) => rooms.get(other)!.x)
      return under.length === 0 ? 0 : under.reduce((sum, x) => sum + x, 0) / under.length
    }
    const order = floor
      .map((room, at) => ({ room, at, x: wanted(room) }))
      .sort((a, b) => a.x - b.x || a.at - b.at)
    const left = ((most - floor.length) * (BOX.width + GAP.x)) / 2
    for (const [at, { room }] of order.entries()) room.x = EDGE + left + at * (BOX.width + GAP.x)
  }
  return floors
}

/** The text of the SVG. The same imports give the same bytes. */
export function housePicture(): string {
  const uses = arrows()
  const floors = placed(uses)
  const rooms = new Map(floors.flat().map((room) => [room.name, room]))
  const width = Math.max(...floors.flat().map(({ x }) => x)) + BOX.width + EDGE
  const height = 2 * EDGE + floors.length * BOX.height + (floors.length - 1) * GAP.y
  const top = ({ floor }: Placed) => EDGE + (floors.length - 1 - floor) * (BOX.height + GAP.y)
  const lines = [...uses].flatMap(([name, others]) =>
    others.map((other) => {
      const from = rooms.get(name)!
      const to = rooms.get(other)!
      const [x1, y1] = [from.x + BOX.width / 2, top(from) + BOX.height]
      const [x2, y2] = [to.x + BOX.width / 2, top(to) - 3]
      const bend = (y2 - y1) / 2
      return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}" marker-end="url(#tip)"/>`
    }),
  )
  const boxes = floors.flat().map((room) => {
    const isApp = ROOMS.find(({ name }) => name === room.name)!.folder.startsWith('apps/')
    const middle = room.x + BOX.width / 2
    return [
      `<rect x="${room.x}" y="${top(room)}" width="${BOX.width}" height="${BOX.height}" rx="8" class="${isApp ? 'app' : 'room'}"/>`,
      `<text x="${middle}" y="${top(room) + BOX.height / 2 + 6}">${room.name}</text>`,
    ].join('\n')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>The rooms of maskwords, each above the rooms it uses</title>',
    '<style>text{font:16px system-ui,sans-serif;text-anchor:middle;fill:#16202b}path{fill:none;stroke:#8795a5;stroke-width:1.3}',
    '.room{fill:#e4eef8;stroke:#4d7ba8}.app{fill:#fdeed6;stroke:#c08a2d}</style>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#8795a5;stroke:none"/></marker>',
    ...lines,
    ...boxes,
    '</svg>',
    '',
  ].join('\n')
}
