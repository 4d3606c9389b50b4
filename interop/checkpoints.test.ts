// Files that torch and safetensors save (protocols, every type, shared storages, views), read here bit for bit.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runPython } from './python.ts'

type Saved = Record<string, Record<string, { dtype: string; shape: number[]; hex: string }>>
const root = mkdtempSync(join(tmpdir(), 'interop-checkpoints-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let saved: Saved
beforeAll(async () => {
  saved = await runPython<Saved>('torch_files.py', { folder: root })
})

const FILES = [
  ...[2, 3, 4, 5].map((protocol) => `plain-${protocol}.pt`),
  ...[
    'shared.pt',
    'shared-5.pth',
    'legacy.bin',
    'legacy-shared.bin',
    'model.pt',
    'nested.pt',
    'all.safetensors',
  ],
]

describe('files of torch and safetensors', () => {
  it('are the ones that are compared below', () => {
    expect(Object.keys(saved).sort()).toEqual([...FILES].sort())
    expect(Object.keys(saved['all.safetensors']!).length).toBeGreaterThanOrEqual(18)
  })

  it.each(FILES)('%s: every tensor with its type, shape and bits', async (file) => {
    const checkpoint = await openCheckpointFile(join(root, file))
    try {
      const read: Saved[string] = {}
      for (const name of Object.keys(saved[file]!)) {
        const info = checkpoint.tensors.get(name)
        if (info === undefined) continue
        const bytes = Buffer.from(await checkpoint.read(name, { as: 'bytes' }))
        read[name] = { dtype: info.dtype, shape: [...info.shape], hex: bytes.toString('hex') }
      }
      expect(read).toEqual(saved[file])
    } finally {
      await checkpoint.close()
    }
  })
})
