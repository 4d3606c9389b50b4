// Logits and answers of small models against what transformers 5.24 gave, through the loader, the memory and the batch
// (shared/reference/mllm/README.md).
import { describe, expect, it } from 'vitest'
import type { Chat } from '../test/recorded.ts'
import {
  checkpointPath,
  conversationOf,
  hasRecorded,
  largestDifference,
  recordedJson,
  recordedTensors,
} from '../test/recorded.ts'
import type { ConstraintMachine } from './constraint.ts'
import { constraintMachine, spanIds } from './constraint.ts'
import type { SaidToken } from './generate.ts'
import { generate } from './generate.ts'
import type { LoadedModel } from './loaded.ts'
import { loadModel, promptRow } from './loaded.ts'
import { buildPrompt } from './prompt.ts'
import type { PromptRow } from './prompt-batch.ts'
import { resolveSampling } from './sampling.ts'

const LOGITS = 2e-4
const LOG_PROBABILITIES = 1e-4
const STEPS = 24

type Recorded = { ids: number[]; logprobs: number[] }
type Generated = {
  cases: Record<string, Recorded>
  repetition_penalty: Record<string, Recorded>
  constrained: Record<
    string,
    Recorded & { input_ids?: number[]; appended_ids?: number[]; unconstrained: Recorded }
  >
  batch: Record<string, { cases: string[]; rows: Recorded[] }>
}

const rowOfCase = (model: LoadedModel, chat: Chat, name: string): PromptRow =>
  promptRow(
    buildPrompt(conversationOf(chat.cases[name]!), model, { variables: chat.cases[name]!.template_kwargs }),
    model,
  )

/** The prompt with more tokens of text behind it. */
function withText(row: PromptRow, ids: readonly number[]): PromptRow {
  const { axes, next } = row.positions
  const more = (axis: Int32Array) => Int32Array.from([...axis, ...ids.map((_, i) => next + i)])
  return {
    ...row,
    ids: [...row.ids, ...ids],
    positions: { axes: [more(axes[0]), more(axes[1]), more(axes[2])], next: next + ids.length },
  }
}

/** The machine in the state that it is in behind these tokens: where the prompt began a mask. */
function after(machine: ConstraintMachine, ids: readonly number[]): ConstraintMachine {
  let start = machine.start
  for (const id of ids)
    start = machine.states[start]!.moves.find((move) => move.ids.includes(id))?.to ?? start
  return { ...machine, start }
}

async function answers(
  model: LoadedModel,
  rows: readonly PromptRow[],
  more: { penalty?: number; constrained?: readonly number[] } = {},
): Promise<SaidToken[][]> {
  const said = rows.map((): SaidToken[] => [])
  const [vocabulary] = model.tokenizer.vocabularies
  await generate(rows, model.engine, model.memory, {
    sampling: resolveSampling({}, more.penalty ?? 1),
    machine: more.constrained && after(constraintMachine({ mode: 'free' }, vocabulary)!, more.constrained),
    span: vocabulary && vocabulary.kind !== 'getok' ? spanIds(vocabulary) : undefined,
    ends: new Set(),
    maxTokens: STEPS,
    aborted: () => false,
    onToken: async (row, token) => {
      said[row]!.push(token)
      return false
    },
    onEnd: () => {},
  })
  return said
}

function expectSaid(said: readonly SaidToken[], { ids, logprobs }: Recorded, name: string): void {
  expect(
    said.map(({ id }) => id),
    name,
  ).toEqual(ids)
  expect(
    largestDifference(
      said.map(({ logprob }) => logprob),
      logprobs,
    ),
    name,
  ).toBeLessThan(LOG_PROBABILITIES)
}

describe.skipIf(!hasRecorded)(
  'what comes out, against recorded values (needs ../shared/reference/mllm)',
  () => {
    for (const folder of [
      'qwen2.5-vl-micro',
      'qwen2.5-vl-micro-bf16',
      'qwen2.5-vl-micro-tied',
      'qwen3-vl-micro',
      'qwen3-vl-micro-bf16',
      'qwen2-micro',
      'qwen2-micro-bf16',
    ]) {
      it(`${folder}: logits of every conversation, pictures and videos included`, async () => {
        const model = await loadModel(checkpointPath(folder), { threads: 1 })
        // The tied folder holds bfloat16 too.
        const golden = await recordedTensors(
          `golden/${folder}${folder.endsWith('tied') ? '-bf16' : ''}.forward.safetensors`,
        )
        const chat = recordedJson<Chat>(`golden/${folder.replace(/-bf16$/, '')}.chat.json`)
        let compared = 0
        for (const name of Object.keys(chat.cases)) {
          if (!golden.names.includes(`${name}.logits`)) continue
          const wanted = golden.floats(`${name}.logits`)
          const size = model.config.text.vocabularySize
          const row = rowOfCase(model, chat, name)
          let scores = new Float32Array(0)
          // The first score that is chosen from is the last position's.
          const { engine } = model
          await generate(
            [row],
            {
              ...engine,
              run: async (step) => {
                const made = await engine.run(step)
                scores = Float32Array.from(made.scores)
                return made
              },
            },
            model.memory,
            {
              sampling: resolveSampling({}, 1),
              machine: undefined,
              span: undefined,
              ends: new Set(),
              maxTokens: 0,
              aborted: () => false,
              onToken: async () => true,
              onEnd: () => {},
            },
          )
          expect(largestDifference(scores, wanted.slice(-size)), name).toBeLessThan(LOGITS)
          compared++
        }
        expect(compared).toBeGreaterThan(1)
        await model.close()
      })
    }

    for (const folder of ['qwen2.5-vl-micro', 'qwen3-vl-micro', 'qwen2-micro']) {
      it(`${folder}: greedy answers, with penalty, with constraint and in batches`, async () => {
        const model = await loadModel(checkpointPath(folder), { threads: 1 })
        const chat = recordedJson<Chat>(`golden/${folder}.chat.json`)
        const golden = recordedJson<Generated>(`golden/${folder}.generate.json`)
        for (const [name, recorded] of Object.entries(golden.cases)) {
          const [said] = await answers(model, [rowOfCase(model, chat, name)])
          expectSaid(said!, recorded, name)
        }
        for (const [name, recorded] of Object.entries(golden.repetition_penalty)) {
          const [said] = await answers(model, [rowOfCase(model, chat, name)], { penalty: 1.05 })
          expectSaid(said!, recorded, `${name} with penalty`)
        }
        for (const [name, recorded] of Object.entries(golden.constrained)) {
          const row = recorded.input_ids
            ? textRow(recorded.input_ids)
            : withText(rowOfCase(model, chat, name.split('+')[0]!), recorded.appended_ids!)
          const [free] = await answers(model, [row])
          expectSaid(free!, recorded.unconstrained, `${name}, nothing imposed`)
          const [said] = await answers(model, [row], { constrained: recorded.appended_ids ?? [] })
          expectSaid(said!, recorded, `${name}, whole masks only`)
        }
        for (const [name, { cases, rows }] of Object.entries(golden.batch)) {
          const said = await answers(
            model,
            cases.map((item) => rowOfCase(model, chat, item)),
          )
          for (const [i, row] of said.entries()) expectSaid(row, rows[i]!, `${name} ${i}`)
        }
        await model.close()
      })
    }
  },
)

function textRow(ids: readonly number[]): PromptRow {
  const axis = Int32Array.from(ids, (_, i) => i)
  return { ids, positions: { axes: [axis, axis, axis], next: ids.length }, seen: [] }
}
