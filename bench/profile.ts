// Time by operator of one model, from ONNX Runtime's own profile; a tool for reading where a step spends its time.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadRuntime, type Model, type TensorData } from '@maskwords/graph'

type Event = {
  cat: string
  name: string
  dur: number
  args?: { op_name?: string; input_type_shape?: object[]; output_type_shape?: object[] }
}

/** Runs `model` a few times and prints milliseconds by operator and by shapes, the largest first. */
export async function printProfile(
  model: Model,
  feeds: Readonly<Record<string, TensorData>>,
  options: { threads: number; runs?: number; lines?: number },
): Promise<void> {
  const { runs = 8, lines = 40 } = options
  const runtime = await loadRuntime()
  const folder = mkdtempSync(join(tmpdir(), 'profile-'))
  const session = await runtime.InferenceSession.create(model.onnx, {
    enableProfiling: true,
    profileFilePrefix: join(folder, 'run'),
    intraOpNumThreads: options.threads,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
  const tensors = Object.fromEntries(
    model.inputs.map(({ name, dtype, shape }) => [
      name,
      new runtime.Tensor(dtype as 'float32', feeds[name] as Float32Array, shape as number[]),
    ]),
  )
  await session.run(tensors)
  for (let i = 0; i < runs; i++) await session.run(tensors)
  session.endProfiling()
  await session.release()
  const text = readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')
  rmSync(folder, { recursive: true })
  const kernels = (JSON.parse(text) as Event[]).filter(
    ({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'),
  )
  const shapes = (list: object[] | undefined) =>
    (list ?? []).map((entry) => JSON.stringify(Object.values(entry)[0])).join(' ')
  // The shortest time of each node over the runs: other work on the machine only ever adds to it.
  const nodes = new Map<string, { ms: number; op: string; key: string }>()
  for (const { name, dur, args } of kernels) {
    const ms = dur / 1000
    const seen = nodes.get(name)
    if (seen) seen.ms = Math.min(seen.ms, ms)
    else {
      const op = args?.op_name ?? '?'
      const key = `${op} ${shapes(args?.input_type_shape)} -> ${shapes(args?.output_type_shape)}`
      nodes.set(name, { ms, op, key })
    }
  }
  const table = new Map<string, { ms: number; count: number }>()
  const byOp = new Map<string, { ms: number; count: number }>()
  let total = 0
  for (const { ms, op, key } of nodes.values()) {
    total += ms
    for (const [map, of] of [
      [table, key],
      [byOp, op],
    ] as const) {
      const entry = map.get(of) ?? { ms: 0, count: 0 }
      entry.ms += ms
      entry.count++
      map.set(of, entry)
    }
  }
  const print = (map: Map<string, { ms: number; count: number }>, count: number) => {
    for (const [key, entry] of [...map].sort((a, b) => b[1].ms - a[1].ms).slice(0, count)) {
      console.log(`${entry.ms.toFixed(1).padStart(8)} ms ${String(entry.count).padStart(4)}x  ${key}`)
    }
  }
  console.log(`${total.toFixed(1)} ms in kernels, each at its best of ${runs} runs`)
  print(byOp, 30)
  console.log()
  print(table, lines)
}
