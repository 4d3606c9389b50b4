// Listing and reading checkpoints by range, beside fs.readFile of the same bytes: 200 MB of float32, float16 and torch tensors in /tmp.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile, type TensorToWrite, writeSafetensorsFile } from '@maskwords/checkpoint'

const TENSORS = 50
const SIDE = 1024
const ROUNDS = 5
const folder = mkdtempSync(join(tmpdir(), 'maskwords-bench-'))
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]

async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return median(times)
}

async function readAll(path: string, as: 'native' | 'float32'): Promise<void> {
  const checkpoint = await openCheckpointFile(path)
  for (const name of checkpoint.tensors.keys()) await checkpoint.read(name, { as })
  await checkpoint.close()
}

async function list(path: string): Promise<void> {
  await (await openCheckpointFile(path)).close()
}

try {
  console.log(
    `${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}; medians of ${ROUNDS}, files in the page cache`,
  )
  const values = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(i))
  const tensors = Array.from(
    { length: TENSORS },
    (_, i): TensorToWrite => ({
      name: `layer.${i}.weight`,
      dtype: 'float32',
      shape: [SIDE, SIDE],
      data: values,
    }),
  )
  const paths = {
    float32: join(folder, 'float32.safetensors'),
    bfloat16: join(folder, 'bfloat16.safetensors'),
    torch: join(folder, 'torch.pth'),
  }
  const writeMs = await timed(() => writeSafetensorsFile(paths.float32, { tensors }))
  const convertMs = await timed(() =>
    writeSafetensorsFile(paths.bfloat16, { tensors, storeFloatsAs: 'bfloat16' }),
  )
  const megabytes = (path: string) => statSync(path).size / 1e6
  const row = (what: string, ms: number, mb: number, baseMs: number) =>
    console.log(
      `${what.padEnd(44)} ${ms.toFixed(1).padStart(8)} ms ${((mb / ms) * 1000).toFixed(0).padStart(7)} MB/s  ${(baseMs / ms).toFixed(2)}x readFile`,
    )
  console.log(
    `write float32 safetensors (with fsync)        ${writeMs.toFixed(1).padStart(8)} ms ${((megabytes(paths.float32) / writeMs) * 1000).toFixed(0).padStart(7)} MB/s`,
  )
  console.log(`write as bfloat16 (with fsync)                ${convertMs.toFixed(1).padStart(8)} ms`)
  let hasTorch = true
  try {
    const script = `import torch\ntorch.save({'layer.%d' % i: torch.sin(torch.arange(${SIDE * SIDE}, dtype=torch.float32)) for i in range(${TENSORS})}, '${paths.torch}')`
    execFileSync('/usr/bin/python3', ['-c', script], { stdio: 'ignore' })
  } catch {
    hasTorch = false
    console.log('torch rows left out: no /usr/bin/python3 with torch')
  }
  for (const [kind, path] of Object.entries(paths)) {
    if (kind === 'torch' && !hasTorch) continue
    const baseMs = await timed(() => readFile(path))
    const mb = megabytes(path)
    console.log(
      `${`${kind}: fs.readFile`.padEnd(44)} ${baseMs.toFixed(1).padStart(8)} ms ${((mb / baseMs) * 1000).toFixed(0).padStart(7)} MB/s`,
    )
    console.log(`${`${kind}: list`.padEnd(44)} ${(await timed(() => list(path))).toFixed(2).padStart(8)} ms`)
    row(`${kind}: list and read every tensor`, await timed(() => readAll(path, 'native')), mb, baseMs)
    if (kind !== 'torch')
      row(
        `${kind}: list and read every tensor as float32`,
        await timed(() => readAll(path, 'float32')),
        mb,
        baseMs,
      )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
