// Toy models, conversations and configurations that the tests learn from.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pictureToPng } from '@maskwords/mask'
import { formulaPicture } from '../../mllm/test/recorded.ts'
import type { TinyOptions } from '../../mllm/test/tiny-model.ts'
import { writeTinyModel } from '../../mllm/test/tiny-model.ts'

export type ToyTurn = { role: 'system' | 'user' | 'assistant'; content: string }
export type ToyRow = {
  id: string
  images: { file: string; width: number; height: number }[]
  messages: ToyTurn[]
  truth?: { kind: string; text: string }
}

export const ask = (question: string, answer: string): ToyTurn[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
]

export const mask = (a: number, b: number): string =>
  `<|mt_start|><|mt_${String(a).padStart(4, '0')}|><|mt_${String(b).padStart(4, '0')}|><|mt_end|>`

/** Questions of one letter with answers of fixed masks. */
export function letterRows(count: number): ToyRow[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `letter-${i}`,
    images: [],
    messages: ask(String.fromCharCode(97 + i), `It is ${mask((37 * i) % 256, 256 + ((91 * i) % 256))}.`),
  }))
}

export const SIZES = [
  [40, 32],
  [64, 48],
  [32, 64],
] as const

/** Writes some pictures, `picture-0.png` and so on. */
export function writePictures(folder: string): void {
  mkdirSync(folder, { recursive: true })
  SIZES.forEach(([width, height], variant) => {
    const { rgb } = formulaPicture({ width, height, variant })
    writeFileSync(
      join(folder, `picture-${variant}.png`),
      pictureToPng({ widthPx: width, heightPx: height, channels: 3, bytes: rgb }),
    )
  })
}

/** Several questions about each picture, of one round or two. */
export function pictureRows(each: number): ToyRow[] {
  return SIZES.flatMap(([width, height], p) =>
    Array.from({ length: each }, (_, i) => ({
      id: `picture-${p}-${i}`,
      images: [{ file: `picture-${p}.png`, width, height }],
      messages: [
        ...ask(`<image>Where is ${String.fromCharCode(97 + i)}?`, mask(10 * p + i, 300 + i)),
        ...(i % 2 === 0 ? [] : ask('And the other?', `None, ${p}.`)),
      ],
    })),
  )
}

export function writeRows(path: string, rows: readonly object[]): string {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}

/** A folder with a model, and its path. */
export async function toyModel(root: string, options: TinyOptions): Promise<string> {
  const folder = join(root, `model-${options.kind ?? 'qwen3-vl'}`)
  await writeTinyModel(folder, options)
  return folder
}
