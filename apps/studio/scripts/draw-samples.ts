// Draws the studio's samples into public/samples: NAME.webp and NAME.json with the mask of each thing in it.
// `npx tsx apps/studio/scripts/draw-samples.ts`; the scenes are our own. The files are committed: this runs when a scene changes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import sharp from 'sharp'
import { drawScene } from '../../../packages/commands/src/demo/scene.ts'
import { regionToJson } from '../../board/src/documents/regions-json.ts'
import { newRegion } from '../../board/src/state/regions.ts'
import type { Region } from '../../board/src/state/types.ts'

const FOLDER = join(import.meta.dirname, '../public/samples')

type Scene = {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
  readonly things: readonly { readonly label: string; readonly mask: Mask }[]
}

/** Things of a drawing from back to front: SVG, and a label where the studio should know them. */
type Part = { readonly label?: string; readonly svg: string }

/** Draws parts over each other; a thing's mask is where it is the topmost part that covers at least half of a pixel. */
async function painted(
  widthPx: number,
  heightPx: number,
  defs: string,
  parts: readonly Part[],
): Promise<Scene> {
  const picture = (body: string) =>
    sharp(
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}"><defs>${defs}</defs>${body}</svg>`,
      ),
    )
  const rgb = await picture(parts.map(({ svg }) => svg).join(''))
    .removeAlpha()
    .raw()
    .toBuffer()
  const top = new Uint8Array(widthPx * heightPx)
  for (const [i, { svg }] of parts.entries()) {
    const alone = await picture(svg).ensureAlpha().raw().toBuffer()
    for (let pixel = 0; pixel < top.length; pixel++) if (alone[4 * pixel + 3]! >= 128) top[pixel] = i
  }
  const random = randomNumbers(widthPx)
  for (let i = 0; i < rgb.length; i++) rgb[i] = Math.max(0, Math.min(255, rgb[i]! + (random() - 0.5) * 7))
  const labels = [...new Set(parts.flatMap(({ label }) => label ?? []))]
  const things = labels.map((label) => {
    const bytes = top.map((part) => (parts[part]!.label === label ? 1 : 0))
    return { label, mask: maskFromRowMajor({ widthPx, heightPx, bytes }) }
  })
  return { widthPx, heightPx, rgb, things }
}

/** Numbers from 0 to 1, the same for the same seed (xorshift, 32 bits). */
function randomNumbers(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const gradient = (id: string, from: string, to: string, down = true) =>
  `<linearGradient id="${id}" x1="0" y1="0" x2="${down ? 0 : 1}" y2="${down ? 1 : 0}"><stop offset="0" stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`
const round = (id: string, from: string, to: string) =>
  `<radialGradient id="${id}" cx="0.35" cy="0.3" r="0.8"><stop offset="0" stop-color="${from}"/><stop offset="1" stop-color="${to}"/></radialGradient>`

function shelf(): Promise<Scene> {
  const defs = [
    gradient('wall', '#d9d3c4', '#b7ae9b'),
    gradient('board', '#9a6a3f', '#6f4724'),
    gradient('cup', '#f4f1ea', '#9fb2bd', false),
    gradient('mug', '#d8573c', '#83261b', false),
    gradient('pot', '#c96f4a', '#8d4327', false),
    gradient('shade', '#fff2c9', '#e9bd62'),
    gradient('metal', '#5d646b', '#22262a', false),
    gradient('red', '#a5352f', '#7c2420', false),
    gradient('blue', '#2f5d8c', '#1d3d60', false),
    gradient('green', '#4c7a4a', '#2f5230', false),
    gradient('yellow', '#d6a93c', '#a37a1f', false),
    gradient('leaf', '#6ea052', '#2f5f31'),
    '<radialGradient id="glow"><stop offset="0" stop-color="#fff3cc" stop-opacity="0.9"/><stop offset="1" stop-color="#fff3cc" stop-opacity="0"/></radialGradient>',
  ].join('')
  const leaves = [-62, -38, -14, 12, 34, 58]
    .map(
      (turn, i) =>
        `<path transform="translate(150 196) rotate(${turn})" d="M0 0C-18 -34 -16 -${86 + 8 * (i % 3)} 0 -${112 + 6 * (i % 2)}C16 -${86 + 8 * (i % 3)} 18 -34 0 0z" fill="url(#leaf)" stroke="#2a4d2b" stroke-width="1.5"/>`,
    )
    .join('')
  return painted(720, 540, defs, [
    {
      svg: '<rect width="720" height="540" fill="url(#wall)"/><circle cx="541" cy="120" r="330" fill="url(#glow)"/>',
    },
    {
      svg: '<g><rect x="30" y="262" width="660" height="26" fill="url(#board)"/><rect x="30" y="288" width="660" height="10" fill="#000" opacity="0.22"/></g>',
      label: 'upper board',
    },
    {
      svg: '<g><rect x="30" y="476" width="660" height="26" fill="url(#board)"/><rect x="30" y="502" width="660" height="12" fill="#000" opacity="0.22"/></g>',
      label: 'lower board',
    },
    { svg: leaves, label: 'plant' },
    {
      svg: '<path d="M104 192h92l-12 70h-68z" fill="url(#pot)"/><rect x="98" y="182" width="104" height="20" rx="4" fill="#b65d3a"/>',
      label: 'pot',
    },
    {
      svg: '<rect x="536" y="150" width="10" height="100" fill="url(#metal)"/><ellipse cx="541" cy="256" rx="52" ry="8" fill="url(#metal)"/><path d="M500 62h82l32 96h-146z" fill="url(#shade)"/>',
      label: 'lamp',
    },
    {
      svg: '<rect x="262" y="116" width="38" height="146" rx="2" fill="url(#red)"/><rect x="266" y="136" width="30" height="7" fill="#e8d9a8"/>',
      label: 'red book',
    },
    {
      svg: '<rect x="302" y="94" width="46" height="168" rx="2" fill="url(#blue)"/><rect x="307" y="116" width="36" height="22" fill="#dfe7ee"/>',
      label: 'blue book',
    },
    { svg: '<rect x="350" y="130" width="30" height="132" rx="2" fill="url(#green)"/>', label: 'green book' },
    {
      svg: '<g transform="rotate(-13 400 262)"><rect x="392" y="112" width="34" height="150" rx="2" fill="url(#yellow)"/><rect x="396" y="132" width="26" height="5" fill="#513a10"/></g>',
      label: 'yellow book',
    },
    {
      svg: '<path d="M196 396c34-8 44 52 0 54" fill="none" stroke="#8c2b1f" stroke-width="13"/><path d="M96 366h104v86q0 24-24 24h-56q-24 0-24-24z" fill="url(#mug)"/><ellipse cx="148" cy="366" rx="52" ry="11" fill="#4a1710"/>',
      label: 'mug',
    },
    {
      svg: '<path d="M288 392h88l-10 70q-2 14-16 14h-36q-14 0-16-14z" fill="url(#cup)"/><ellipse cx="332" cy="392" rx="44" ry="9" fill="#6b4a35"/>',
      label: 'cup',
    },
    {
      svg: '<g><circle cx="500" cy="440" r="37" fill="url(#yellow)"/><path d="M500 404q2 -16 14 -20" stroke="#5b3d18" stroke-width="5" fill="none"/></g>',
      label: 'orange',
    },
    {
      svg: '<g><circle cx="578" cy="444" r="33" fill="url(#red)"/><path d="M578 414q-2 -12 -9 -18" stroke="#4b2d12" stroke-width="5" fill="none"/></g>',
      label: 'apple',
    },
  ])
}

function orchard(): Promise<Scene> {
  const defs = [
    gradient('sky', '#8fbfe0', '#e7f1f2'),
    gradient('far', '#93ad8c', '#7f9c74'),
    gradient('near', '#8fae57', '#4f7433'),
    gradient('trunk', '#6f5138', '#432e1e', false),
    round('crown', '#7fae4c', '#2f5a26'),
    round('late', '#c99a3f', '#7c4a1c'),
    round('fruit', '#f26d4a', '#a3201a'),
    gradient('wood', '#d8cbb4', '#9a8a70'),
  ].join('')
  const random = randomNumbers(77)
  const tree = (x: number, y: number, size: number, fill: string) => {
    const blobs = Array.from({ length: 9 }, (_, i) => {
      const turn = (i / 9) * 2 * Math.PI
      const away = i === 0 ? 0 : 0.52 * size
      return `<circle cx="${(x + away * Math.cos(turn) * 1.1).toFixed(1)}" cy="${(y - size * 1.5 + away * Math.sin(turn) * 0.85).toFixed(1)}" r="${(size * (0.52 + 0.16 * random())).toFixed(1)}" fill="url(#${fill})"/>`
    }).join('')
    return `<path d="M${x - size * 0.13} ${y}l${size * 0.05} -${size * 1.2}h${size * 0.16}l${size * 0.05} ${size * 1.2}z" fill="url(#trunk)"/>${blobs}`
  }
  const fruits = (x: number, y: number, size: number) =>
    Array.from({ length: 7 }, () => {
      const turn = random() * 2 * Math.PI
      const away = Math.sqrt(random()) * size * 0.85
      return `<circle cx="${(x + away * Math.cos(turn)).toFixed(1)}" cy="${(y - size * 1.5 + away * 0.8 * Math.sin(turn)).toFixed(1)}" r="${(size * 0.1).toFixed(1)}" fill="url(#fruit)"/>`
    }).join('')
  const posts = Array.from(
    { length: 15 },
    (_, i) =>
      `<rect x="${12 + i * 54}" y="${418 + (i % 3)}" width="12" height="62" rx="2" fill="url(#wood)"/>`,
  ).join('')
  return painted(800, 500, defs, [
    { svg: '<rect width="800" height="500" fill="url(#sky)"/>' },
    {
      svg: '<g fill="#fff"><ellipse cx="170" cy="86" rx="84" ry="24"/><ellipse cx="222" cy="70" rx="56" ry="28"/><ellipse cx="124" cy="74" rx="38" ry="18"/></g>',
      label: 'cloud',
    },
    { svg: '<path d="M0 262Q140 186 300 240T620 220T800 244V500H0z" fill="url(#far)"/>', label: 'far hill' },
    { svg: '<path d="M0 330Q220 268 430 312T800 300V500H0z" fill="url(#near)"/>' },
    { svg: tree(96, 350, 46, 'crown'), label: 'tree 1' },
    { svg: tree(300, 342, 40, 'crown'), label: 'tree 2' },
    { svg: tree(452, 352, 48, 'late'), label: 'autumn tree' },
    { svg: tree(640, 372, 82, 'crown'), label: 'large tree' },
    { svg: fruits(640, 372, 82), label: 'fruit' },
    {
      svg: `<g>${posts}<rect x="0" y="432" width="800" height="9" fill="url(#wood)"/><rect x="0" y="456" width="800" height="9" fill="url(#wood)"/></g>`,
      label: 'fence',
    },
    {
      svg: '<g><path d="M196 470l10 -52h76l10 52z" fill="#b98a4e"/><path d="M200 452h88M203 436h82" stroke="#7a5526" stroke-width="4"/><path d="M206 420q38 -66 76 0" fill="none" stroke="#8d642f" stroke-width="7"/></g>',
      label: 'basket',
    },
  ])
}

async function write(name: string, scene: Scene, quality: number): Promise<void> {
  const { widthPx, heightPx, rgb, things } = scene
  const raw = { width: widthPx, height: heightPx, channels: 3 as const }
  const webp = await sharp(rgb, { raw }).webp({ quality, effort: 6 }).toBuffer()
  const regions: Region[] = []
  for (const { label, mask } of things)
    regions.push(newRegion(mask, regions, label, `r${regions.length + 1}`))
  const json = { widthPx, heightPx, regions: regions.map(regionToJson) }
  writeFileSync(join(FOLDER, `${name}.webp`), webp)
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(json)}\n`)
  process.stderr.write(`${name}: ${widthPx} x ${heightPx}, ${webp.length} bytes, ${regions.length} regions\n`)
}

mkdirSync(FOLDER, { recursive: true })
await write('lake', drawScene(1), 88)
await write('shelf', await shelf(), 88)
await write('orchard', await orchard(), 88)
