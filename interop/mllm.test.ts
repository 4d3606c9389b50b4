// A folder whose vocabulary was extended here is asked by both: transformers and the model in this process say the same tokens.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executeExtension, planExtension, wordSetOfName } from '@maskwords/learn'
import type { Conversation } from '@maskwords/mllm'
import { buildPrompt, openModel, patchesOfPicture, readPromptModel } from '@maskwords/mllm'
import { afterAll, expect, it } from 'vitest'
import { formulaPicture } from '../packages/mllm/test/recorded.ts'
import { writeTinyModel } from '../packages/mllm/test/tiny-model.ts'
import { runPython } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-mllm-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const STEPS = 16
const QUESTIONS = ['Please segment the cup.', 'What is <|mt_start|><|mt_0011|><|mt_0300|><|mt_end|>?']

for (const kind of ['qwen2.5-vl', 'qwen3-vl'] as const) {
  it(`${kind}: extend-vocab makes a folder that transformers and ask answer alike`, async () => {
    const [base, folder] = [join(root, `${kind}-base`), join(root, kind)]
    await writeTinyModel(base, { kind, maskWords: false, tied: false })
    await executeExtension(await planExtension(base, { words: wordSetOfName('samtok-256x2')! }), {
      output: folder,
    })
    const model = await readPromptModel(folder)
    expect(model.tokenizer.vocabularies.map((one) => one.kind)).toEqual(['samtok'])
    const conversations = QUESTIONS.map(
      (text, variant): Conversation => [
        {
          role: 'user',
          content: [
            { type: 'picture', picture: formulaPicture({ width: 60 + 8 * variant, height: 44, variant }) },
            { type: 'text', text },
          ],
        },
      ],
    )
    const prompts = conversations.map((conversation) => {
      const prompt = buildPrompt(conversation, model)
      const cut = prompt.seen.flatMap((part) =>
        part.type === 'picture' ? [patchesOfPicture(part.picture, model.pictures!.image)] : [],
      )
      return {
        input_ids: prompt.ids,
        mm_token_type_ids: Array.from(prompt.kinds),
        pixel_values: cut.flatMap(({ values }) => Array.from(values)),
        image_grid_thw: cut.map(({ grid }) => [grid.frames, grid.rows, grid.columns]),
      }
    })
    const theirs = await runPython<{ ids: number[][]; rows: number }>('qwen_generate.py', {
      folder,
      prompts,
      steps: STEPS,
    })
    const ours = await openModel(folder, { threads: 1 })
    for (const [i, conversation] of conversations.entries()) {
      const { tokens } = await ours.ask(conversation, { maxTokens: STEPS, constraint: { mode: 'off' } })
        .answer
      // transformers gives the token that ends the turn too.
      expect(tokens.map(({ id }) => id)).toEqual(theirs.ids[i]!.slice(0, tokens.length))
      expect(theirs.ids[i]!.length - tokens.length).toBeLessThanOrEqual(1)
    }
    await ours.close()
  })
}
