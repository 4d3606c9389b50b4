// Annotation files written to a folder and read as a dataset, in words that a test can compare.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { DataProblem } from '@maskwords/inputs'
import { area, writePng } from '@maskwords/mask'
import { readerByName } from '../src/readers/index.ts'
import type { ReaderOptions } from '../src/record.ts'
import { regionMask } from '../src/region-mask.ts'

export const SIZE = { widthPx: 40, heightPx: 30 }
export const PICTURE = writePng({ ...SIZE, colour: 'grey', bitDepth: 8, samples: new Uint8Array(1200) })

/** Each record with its regions' labels and pixels, what may be missing of it, and what was said. */
export async function readFiles(
  name: string,
  files: Readonly<Record<string, unknown>>,
  options: Partial<ReaderOptions> = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'files-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      const isRaw = content instanceof Uint8Array || typeof content === 'string'
      writeFileSync(join(root, path), isRaw ? content : JSON.stringify(content))
    }
    const records: unknown[] = []
    const absent: unknown[] = []
    const problems: DataProblem[] = []
    const onProblem = (problem: DataProblem) => problems.push(problem)
    for await (const record of readerByName(name)!.read({ root, onProblem, ...options })) {
      const regions = record.regions.map((one) =>
        one.shape.kind === 'box'
          ? `${one.category} box ${one.boxXywhPx}`
          : `${one.category} ${area(regionMask(record, one, { root }))}`,
      )
      const { incomplete } = record.coverage!
      records.push([
        record.id,
        record.picture.file,
        ...regions,
        ...(incomplete.length === 0 ? [] : [incomplete]),
      ])
      absent.push(record.coverage!.absent)
    }
    const said = problems.map(({ message, isKept }) => `${isKept === true ? 'kept' : 'lost'}: ${message}`)
    return { records, said, absent }
  } finally {
    rmSync(root, { recursive: true })
  }
}
