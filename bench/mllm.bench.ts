// A multimodal model in process: Qwen2.5-VL-3B's shapes with random weights in 4 bits. Prompt and answer in tokens a second beside
// llama.cpp and beside what the memory gives, eight questions on one picture together against one after the other, the vision tower beside
// PyTorch, memory beside the weights.
//   node --conditions=@maskwords/source --import tsx bench/mllm.bench.ts [--python PATH] [--threads 2] [--layers 36] [--blocks 32]
//     [--repeats 3] [--keep]
// --python: one with torch, transformers, gguf, and llama-cpp-python built for this processor. llama.cpp 0.3.36's code for AMX ends with a
// segmentation fault on some virtual machines; built without it (CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX512=ON ...") it runs.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { TensorToWrite } from '@maskwords/checkpoint'
import { openCheckpointFile, writeSafetensorsFile } from '@maskwords/checkpoint'
import { blockParameters, fileWeight, storedBlocks } from '@maskwords/graph'
import { readQwenConfig } from '@maskwords/models'
import type { Kept, Own } from '../packages/mllm/src/engine.ts'
import { openEngine } from '../packages/mllm/src/engine.ts'
import { schemeOfWeight } from '../packages/mllm/src/int4.ts'
import { networkWeights } from '../packages/mllm/src/network-outputs.ts'

const { values: args } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    layers: { type: 'string', default: '36' },
    blocks: { type: 'string', default: '32' },
    repeats: { type: 'string', default: '3' },
    prompt: { type: 'string', default: '480' },
    past: { type: 'string', default: '500' },
    keep: { type: 'boolean', default: false },
    python: { type: 'string' },
  },
})
const [threads, layers, blocks, repeats] = [args.threads, args.layers, args.blocks, args.repeats].map(
  Number,
) as [number, number, number, number]

const vision = {
  depth: blocks,
  hidden_size: 1280,
  num_heads: 16,
  intermediate_size: 3420,
  out_hidden_size: 2048,
  patch_size: 14,
  window_size: 112,
  fullatt_block_indexes: [7, 15, 23, 31].filter((block) => block < blocks),
}
const config = readQwenConfig({
  model_type: 'qwen2_5_vl',
  tie_word_embeddings: true,
  text_config: {
    hidden_size: 2048,
    num_hidden_layers: layers,
    num_attention_heads: 16,
    num_key_value_heads: 2,
    intermediate_size: 11008,
    vocab_size: 152192,
    rms_norm_eps: 1e-6,
    rope_parameters: { rope_type: 'default', rope_theta: 1e6, mrope_section: [16, 24, 24] },
  },
  vision_config: vision,
})

/** The other side's numbers, or undefined without --python. */
function other<T>(side: string, asked: object): T | undefined {
  if (args.python === undefined) return undefined
  const input = JSON.stringify({ side, folder, threads, repeats, ...asked })
  const said = execFileSync(args.python, [join(import.meta.dirname, 'mllm_others.py')], {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return JSON.parse(said.trim().split('\n').at(-1)!) as T
}

/** Random numbers of use as weights: cheap, and the same every time. */
function noise(count: number): Float32Array {
  const out = new Float32Array(count)
  let state = 1
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    out[i] = state / 2 ** 31
  }
  return out
}

async function randomFile(path: string): Promise<void> {
  const bytes = new Uint8Array(noise(1 << 20).buffer)
  const tensors = networkWeights(config).flatMap(({ name, shape }): TensorToWrite[] => {
    const scheme = schemeOfWeight(name, shape, config)
    const elements = (of: readonly number[]) => of.reduce((a, b) => a * b, 1)
    if (scheme === undefined) {
      return [{ name, shape, dtype: 'float32' as const, data: () => noise(elements(shape)) }]
    }
    const made = blockParameters(name, shape as [number, number], scheme)
    const packed = (count: number) => {
      const out = new Uint8Array(count)
      for (let at = 0; at < count; at += bytes.length)
        out.set(bytes.subarray(0, Math.min(bytes.length, count - at)), at)
      return out
    }
    return [
      { ...made.blocks, dtype: 'uint8' as const, data: () => packed(elements(made.blocks.shape)) },
      {
        ...made.scales,
        dtype: 'float32' as const,
        data: () => new Float32Array(elements(made.scales.shape)).fill(0.02 / 2 ** (scheme.bits - 1)),
      },
    ]
  })
  await writeSafetensorsFile(path, { tensors, order: 'given', alignBytes: 64 })
}

const networkShape = new Map(networkWeights(config).map(({ name, shape }) => [name, shape]))
const folder = join(tmpdir(), 'maskwords-bench-mllm')
mkdirSync(folder, { recursive: true })
const file = join(folder, `random-${layers}-${blocks}.safetensors`)
if (!existsSync(file)) await randomFile(file)
const bytes = statSync(file).size
const checkpoint = await openCheckpointFile(file)
await checkpoint.close()

console.log(
  `# a multimodal model in process: ${layers} layers, ${blocks} vision blocks, ${(bytes / 1e9).toFixed(2)} GB of weights`,
)
console.log(
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${threads} threads, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`,
)

const before = process.memoryUsage().rss
const started = performance.now()
const engine = await openEngine(
  {
    config,
    rows: {
      read: (_ids, out) => out.set(noise(out.length)),
      range: () => new Float32Array(0),
      close: () => {},
    },
    forOutputs: () => ({
      weights: (name) => {
        const info = checkpoint.tensors.get(name)
        return info && fileWeight(info)
      },
      rewrite: storedBlocks((name) =>
        checkpoint.tensors.has(`${name}.blocks`)
          ? schemeOfWeight(name, networkShape.get(name)!, config)
          : undefined,
      ),
    }),
    close: async () => {},
  },
  { threads },
)
console.log(`loaded in ${((performance.now() - started) / 1000).toFixed(1)} s`)

const { width, kvHeads, headWidth, layers: depth } = config.text
const axesOf = (rows: number, tokens: number, from: number) => {
  const axis = Int32Array.from({ length: rows * tokens }, (_, i) => from + (i % tokens))
  return [axis, axis, axis] as const
}
const keptOf = (tokens: number): Kept => ({
  tokens,
  keys: Array.from({ length: depth }, () => noise(kvHeads * tokens * headWidth)),
  values: Array.from({ length: depth }, () => noise(kvHeads * tokens * headWidth)),
})
const ownOf = (rows: number, capacity: number): Own => ({
  capacity,
  keys: Array.from({ length: depth }, () => noise(kvHeads * rows * capacity * headWidth)),
  values: Array.from({ length: depth }, () => noise(kvHeads * rows * capacity * headWidth)),
  bias: new Float32Array(rows * capacity),
})

/** Milliseconds of the best run. */
async function best(run: () => Promise<unknown>): Promise<number> {
  await run()
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

const prompt = Number(args.prompt)
const past = Number(args.past)
const embeds = noise(prompt * width)
const prefill = await best(() =>
  engine.run({
    rows: 1,
    tokens: prompt,
    embeds,
    axes: axesOf(1, prompt, 0),
    shared: undefined,
    own: undefined,
    wanted: [prompt - 1],
  }),
)
const { heads, mlpWidth, vocabularySize: vocabulary } = config.text
const shape = { width, layers: depth, heads, kvHeads, headWidth, mlpWidth, vocabulary }
type Llama = { prefill: number; decode: number; bytes: number; version: string; system: string }
const llama = other<Llama>('llama', { shape, prompt, past })
const beside = (ours: number, seconds: number) =>
  `llama.cpp ${(1 / seconds).toFixed(1)}: ${(ours * seconds).toFixed(2)} x`
if (llama) {
  console.log(
    `llama-cpp-python ${llama.version}, Q4_0, ${(llama.bytes / 1e9).toFixed(2)} GB; ${llama.system.trim()}`,
  )
}
const prefilled = (prompt / prefill) * 1000
console.log(
  `prompt of ${prompt} tokens: ${prefilled.toFixed(1)} tokens a second${llama ? `; ${beside(prefilled, llama.prefill / prompt)}` : ''}`,
)

const shared = keptOf(past - 64)
const step = (rows: number) => {
  const own = ownOf(rows, 64)
  const vectors = noise(rows * width)
  return best(async () => {
    for (let i = 0; i < 4; i++) {
      await engine.run({
        rows,
        tokens: 1,
        embeds: vectors,
        axes: axesOf(rows, 1, past),
        shared,
        own,
        wanted: Array.from({ length: rows }, (_, row) => row),
      })
    }
  }).then((ms) => ms / 4)
}
const one = await step(1)
const eight = await step(8)
const read = (bytes - visionBytes()) / (one / 1000) / 1e9
console.log(
  `answer at ${past} tokens: ${(1000 / one).toFixed(1)} tokens a second (weights read at ${read.toFixed(1)} GB/s)${llama ? `; ${beside(1000 / one, llama.decode)}` : ''}`,
)
console.log(
  `eight answers together: ${(8000 / eight).toFixed(1)} tokens a second, ${((8 * one) / eight).toFixed(2)} x one after the other`,
)

const patches = { grid: { frames: 1, rows: 32, columns: 32 }, values: noise(1024 * 1176) }
const tower = await best(() => engine.see(patches))
const torch = other<{ tower: number; version: string }>('tower', {
  vision: { ...vision, in_channels: 3, spatial_merge_size: 2, temporal_patch_size: 2, hidden_act: 'silu' },
})
console.log(
  `vision tower, 448 x 448: ${(tower / 1000).toFixed(2)} s${torch ? `; ${torch.version}, float32: ${torch.tower.toFixed(2)} s: ${(tower / 1000 / torch.tower).toFixed(2)} x its time` : ''}`,
)
const grown = process.memoryUsage().rss - before
console.log(`memory: ${(grown / 1e9).toFixed(2)} GB, ${(grown / bytes).toFixed(2)} x the weights`)
await engine.close()
if (!args.keep) rmSync(folder, { recursive: true, force: true })

function visionBytes(): number {
  return [...checkpoint.tensors.values()]
    .filter(({ name }) => name.startsWith('visual.'))
    .reduce((sum, { byteLength }) => sum + byteLength, 0)
}
