// The baseline of the mask benchmarks: the C COCO mask library, compiled here with gcc -O3 and timed in the same run.
//
// Its source is not part of this repository. It is taken from the folder in MASKWORDS_COCO_C (that has maskApi.c and
// maskApi.h), else fetched once from the project's repository; without it the benchmarks print their own times only.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cocoCountsFromMask, type FlatRing, type Mask } from '@maskwords/mask'

const SOURCE_URL = 'https://raw.githubusercontent.com/cocodataset/cocoapi/master/common/'
const FETCH_TIMEOUT_MS = 10_000

export type BaselineOperation = 'decode' | 'encode' | 'iou' | 'polygon' | 'write' | 'read'

export type PolygonItem = { readonly widthPx: number; readonly heightPx: number; readonly ring: FlatRing }

/** Items that are timed together; for `iou`, all pairs within each block. */
export type BaselineGroup = {
  readonly items: readonly (Mask | PolygonItem)[]
  readonly blockSizes?: readonly number[]
}

/** Nanoseconds of the best pass over each group. */
export type Baseline = (operation: BaselineOperation, groups: readonly BaselineGroup[]) => number[]

/** Compiles the library and returns what times it; undefined, with a line that says why, where it cannot be had. */
export async function cocoBaseline(): Promise<Baseline | undefined> {
  const build = join(tmpdir(), 'maskwords-coco-baseline')
  mkdirSync(build, { recursive: true })
  const source = process.env['MASKWORDS_COCO_C'] ?? (await fetchedSource(build))
  if (source === undefined) return undefined
  const program = join(build, 'coco-baseline')
  try {
    const driver = fileURLToPath(new URL('coco-baseline.c', import.meta.url))
    execFileSync('gcc', ['-O3', '-w', `-I${source}`, driver, join(source, 'maskApi.c'), '-o', program, '-lm'])
  } catch (error) {
    console.log(
      `no baseline: gcc failed on ${source} (${error instanceof Error ? error.message.split('\n')[0] : error})`,
    )
    return undefined
  }
  return (operation, groups) => {
    const input = groups
      .map(({ items, blockSizes = [items.length] }) =>
        [`G ${items.length} ${blockSizes.length} ${blockSizes.join(' ')}`, ...items.map(itemText)].join('\n'),
      )
      .join('\n')
    const output = execFileSync(program, [operation], { input, maxBuffer: 2 ** 26, encoding: 'utf8' })
    return output.trim().split('\n').map(Number)
  }
}

function itemText(item: Mask | PolygonItem): string {
  if ('ring' in item) {
    return `P ${item.heightPx} ${item.widthPx} ${item.ring.length / 2} ${Array.from(item.ring).join(' ')}`
  }
  const { counts } = cocoCountsFromMask(item)
  return `M ${item.heightPx} ${item.widthPx} ${counts.length} ${counts.join(' ')}`
}

async function fetchedSource(build: string): Promise<string | undefined> {
  const folder = join(build, 'source')
  if (existsSync(join(folder, 'maskApi.c'))) return folder
  try {
    const texts: [string, string][] = []
    for (const name of ['maskApi.h', 'maskApi.c']) {
      const response = await fetch(SOURCE_URL + name, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      texts.push([name, await response.text()])
    }
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of texts) writeFileSync(join(folder, name), text)
    return folder
  } catch (error) {
    console.log(
      `no baseline: set MASKWORDS_COCO_C to the folder of the C COCO API's maskApi.c (fetching it failed: ${error instanceof Error ? error.message : error})`,
    )
    return undefined
  }
}
