// `inspect` of a checkpoint (safetensors, torch): its tensors by name, type and shape, read from the header alone.

import { openCheckpointFile } from '@maskwords/checkpoint'
import { describeWeights } from '@maskwords/codec-loading'
import type { Report } from './report.ts'

/** Tensors that are listed; a model of billions has some thousand. `--json` lists them all. */
const LISTED_TENSORS = 40

export async function inspectCheckpoint(target: string, path: string, all: boolean): Promise<Report> {
  const checkpoint = await openCheckpointFile(path)
  try {
    const tensors = [...checkpoint.tensors.values()]
    const { what, codec, wanted, missing, misshapen, unread, remedy } = describeWeights(checkpoint)
    const parameters = tensors.reduce((sum, tensor) => sum + tensor.elementCount, 0)
    const types = new Map<string, number>()
    for (const tensor of tensors)
      types.set(tensor.dtype, (types.get(tensor.dtype) ?? 0) + tensor.elementCount)
    const listed = all ? tensors : tensors.slice(0, LISTED_TENSORS)
    const rows = listed.map((tensor) => [tensor.name, tensor.dtype, `[${tensor.shape.join(', ')}]`])
    if (rows.length < tensors.length)
      rows.push([`and ${tensors.length - rows.length} more (--json lists all)`])
    return {
      target,
      kind: 'checkpoint',
      what: `${checkpoint.format} checkpoint: ${tensors.length} tensors, ${parameters.toLocaleString('en-US')} numbers`,
      facts: [
        ['is', what],
        ...(codec === undefined ? [] : [['read, left alone', `${wanted}, ${unread}`] as const]),
        ...(codec === undefined && remedy !== undefined ? [['note', remedy] as const] : []),
        ['format', checkpoint.format],
        ['tensors', tensors.length],
        ['numbers', parameters],
        ['types', [...types].map(([type, count]) => `${type}: ${count}`).join(', ')],
        ['tensor, type, shape', rows],
      ],
      problems: [
        ...missing.map((key) => ({
          problem: `missing: ${key}`,
          remedy: 'fetch the file again, or another one',
          broken: true,
        })),
        ...misshapen.map(({ key, found, wanted: shape }) => ({
          problem: `${key} is [${found.join(', ')}], not [${shape.join(', ')}]`,
          broken: true,
        })),
        ...checkpoint.notes.map((problem) => ({ problem })),
        ...(tensors.length === 0 ? [{ problem: 'no tensors in it' }] : []),
      ],
    }
  } finally {
    await checkpoint.close()
  }
}
