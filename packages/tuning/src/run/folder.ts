// A run's folder: one configuration, its curves, and what was learned.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LossCurveOptions } from '@maskwords/charts'
import { lossCurveSvg } from '@maskwords/charts'
import { ensureFolder, MaskwordsError, writeWhole } from '@maskwords/files'

/** Writes the configuration, or refuses a folder of another one. Throws MaskwordsError `usage`. */
export async function keepConfig(folder: string, config: unknown, signal: AbortSignal): Promise<void> {
  await ensureFolder(folder)
  const path = join(folder, 'learn.json')
  const text = `${JSON.stringify(config, undefined, 2)}\n`
  if (!existsSync(path)) await writeWhole(path, new TextEncoder().encode(text), signal)
  else if (readFileSync(path, 'utf8') !== text) {
    throw new MaskwordsError('usage', 'this folder holds a run with another configuration', {
      file: path,
      hint: 'learn into another folder, or set the configuration back to go on with that run',
    })
  }
}

/** `curves.svg` from `metrics.jsonl`; undefined where there is no log yet. An interrupted run has its curves, too. */
export async function writeCurves(folder: string, options: LossCurveOptions): Promise<string | undefined> {
  const log = join(folder, 'metrics.jsonl')
  if (!existsSync(log)) return undefined
  const path = join(folder, 'curves.svg')
  const svg = lossCurveSvg(readFileSync(log, 'utf8').split('\n'), options)
  await writeWhole(path, new TextEncoder().encode(svg), new AbortController().signal)
  return path
}
