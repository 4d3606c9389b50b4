// Against recorded checkpoints (formula weights, README of that folder) and, where Python has torch, against torch.save itself.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formulaWeights } from '../../graph/test/formula-weights.ts'
import type { Checkpoint } from './checkpoint.ts'
import { openCheckpointFile } from './node-files.ts'
import { isKind } from './pickle-values.ts'

const REFERENCE = join(import.meta.dirname, '../../../../shared/reference')
const found = existsSync(REFERENCE)
const title = (name: string) => `${name}${found ? '' : ` (skipped: ${REFERENCE} is absent)`}`

async function differences(
  checkpoint: Checkpoint,
  gain: Readonly<Record<string, number>>,
  replaced: ReadonlySet<string>,
) {
  const different: string[] = []
  for (const [name, info] of checkpoint.tensors) {
    if (replaced.has(name)) continue
    const got = await checkpoint.read(name, { as: 'float32' })
    const expected = formulaWeights(name, info.shape).map((value) => Math.fround(value * (gain[name] ?? 1)))
    if (got.length !== expected.length || got.some((value, i) => value !== expected[i])) different.push(name)
  }
  return different
}

describe.skipIf(!found)(title('recorded files'), () => {
  it('samtok-micro.pth: every tensor equals the formula to the bit, codebooks those of the golden file', async () => {
    const checkpoint = await openCheckpointFile(join(REFERENCE, 'samtok-micro.pth'))
    const golden = await openCheckpointFile(join(REFERENCE, 'samtok-micro.golden.safetensors'))
    expect(checkpoint.tensors.size).toBeGreaterThan(500)
    const books = [...checkpoint.tensors.keys()].filter((name) =>
      [...golden.tensors.keys()].some((key) => name.endsWith(key)),
    )
    expect(books.length).toBeGreaterThanOrEqual(2)
    for (const name of books) {
      const key = [...golden.tensors.keys()].find((other) => name.endsWith(other))!
      expect(await checkpoint.read(name)).toEqual(await golden.read(key))
    }
    const different = await differences(checkpoint, {}, new Set(books))
    expect(different).toEqual([])
    await Promise.all([checkpoint.close(), golden.close()])
  })

  it('himtok-micro.pth: unwrapped from {"model": {"module.*"}}, formula times the four gains', async () => {
    const checkpoint = await openCheckpointFile(join(REFERENCE, 'himtok-micro.pth'))
    expect(checkpoint.group).toBe('model')
    expect(checkpoint.tensors.get('latent_tokens')!.storedName).toBe('model.module.latent_tokens')
    const gain = {
      'encoder.patch_embed.weight': 12,
      'decoder.decoder_embed.weight': 4,
      'decoder.ffn.2.weight': 3,
      'pixel_decoder.conv_out.weight': 4,
    }
    expect(await differences(checkpoint, gain, new Set(['encoder.attn_mask']))).toEqual([])
    // The one buffer that is no weight: 257 picture tokens are seen by all, each of the 32 latents by itself and later ones.
    const mask = await checkpoint.read('encoder.attn_mask')
    expect(mask).toEqual(
      Uint8Array.from({ length: 289 * 289 }, (_, i) =>
        i % 289 >= Math.max(257, Math.floor(i / 289) + 1) ? 1 : 0,
      ),
    )
    await checkpoint.close()
  })

  it('every safetensors file is read to its last tensor', async () => {
    const names = readdirSync(REFERENCE).filter((name) => name.endsWith('.safetensors'))
    expect(names.length).toBeGreaterThanOrEqual(5)
    for (const name of names) {
      const checkpoint = await openCheckpointFile(join(REFERENCE, name))
      expect(checkpoint.tensors.size).toBeGreaterThan(5)
      for (const [key, info] of checkpoint.tensors)
        expect((await checkpoint.read(key)).length).toBe(info.elementCount)
      await checkpoint.close()
    }
  })
})

/** A Python that imports torch and numpy, or undefined. */
function torchPython(): string | undefined {
  return ['/usr/bin/python3', 'python3'].find((python) => {
    try {
      execFileSync(python, ['-c', 'import torch, numpy'], { stdio: 'ignore', timeout: 60_000 })
      return true
    } catch {
      return false
    }
  })
}

const SCRIPT = `
import sys, argparse, collections, torch, numpy
folder = sys.argv[1]
base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
value = {
    'epoch': 3, 'lr': 0.125, 'best': numpy.float32(1.5), 'count': numpy.int64(2 ** 60), 'args': argparse.Namespace(depth=2), 'none': None, 'big': 2 ** 70,
    'curve': numpy.arange(3, dtype='f8'), 'where': torch.device('cpu'), 'type': torch.bfloat16, 'size': base.shape, 'hits': collections.Counter('aab'),
    'state_dict': collections.OrderedDict([
        ('module.base', base), ('module.permuted', base.permute(2, 0, 1)), ('module.slice', base[:, 1:, ::2]), ('module.row', base[1, 2]),
        ('module.expanded', torch.tensor([7.0]).expand(3, 2)), ('module.scalar', torch.tensor(2.5)), ('module.empty', torch.zeros(0, 4)),
        ('module.half', base.half() / 3), ('module.bfloat16', base.bfloat16() / 3), ('module.double', base.double() / 3),
        ('module.bool', base > 5), ('module.long', base.long() - 2 ** 40), ('module.byte', base.byte()), ('module.short', base.short()),
        ('module.parameter', torch.nn.Parameter(base[0])), ('module.complex', torch.complex(base, -base)),
    ]),
}
module = torch.nn.Linear(3, 2)
torch.save(value, folder + '/zip.pth')
torch.save(value, folder + '/protocol4.pth', pickle_protocol=4)
torch.save(value, folder + '/legacy.pth', _use_new_zipfile_serialization=False)
torch.save(module.state_dict(), folder + '/linear.pth')
torch.save(base, folder + '/bare.pth')
torch.save([base, {'x': base[0]}], folder + '/list.pth')
torch.jit.script(module).save(folder + '/script.pt')
`

const python = torchPython()
describe.skipIf(python === undefined)(
  `torch.save${python === undefined ? ' (skipped: no python3 with torch)' : ''}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'maskwords-torch-'))
    beforeAll(() => {
      execFileSync(python!, ['-c', SCRIPT, folder], { timeout: 120_000 })
    }, 130_000)
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const base = Array.from({ length: 24 }, (_, i) => i)
    it.each(['zip.pth', 'protocol4.pth', 'legacy.pth'])(
      '%s: views, shared storages, all types, and what lies around them',
      async (file) => {
        const checkpoint = await openCheckpointFile(join(folder, file))
        expect(checkpoint.group).toBe('state_dict')
        expect(checkpoint.tensors.size).toBe(16)
        const numbers = async (name: string) => [...(await checkpoint.read(name, { as: 'float32' }))]
        expect(await numbers('base')).toEqual(base)
        const permuted = [0, 1, 2, 3].flatMap((k) =>
          [0, 1].flatMap((i) => [0, 1, 2].map((j) => 12 * i + 4 * j + k)),
        )
        expect(await numbers('permuted')).toEqual(permuted)
        expect(await numbers('slice')).toEqual([4, 6, 8, 10, 16, 18, 20, 22])
        expect(await numbers('row')).toEqual([20, 21, 22, 23])
        expect(checkpoint.tensors.get('row')!.byteOffset).toBe(
          checkpoint.tensors.get('base')!.byteOffset + 80,
        )
        expect(await numbers('expanded')).toEqual([7, 7, 7, 7, 7, 7])
        expect(await numbers('scalar')).toEqual([2.5])
        expect(checkpoint.tensors.get('empty')).toMatchObject({ shape: [0, 4], byteLength: 0 })
        expect(await numbers('empty')).toEqual([])
        expect((await numbers('half'))[1]).toBe(0.333251953125)
        expect((await numbers('bfloat16'))[1]).toBe(0.333984375)
        expect((await checkpoint.read('double'))[1]).toBe(1 / 3)
        expect(await numbers('bool')).toEqual(base.map((value) => (value > 5 ? 1 : 0)))
        expect((await checkpoint.read('long'))[1]).toBe(1n - 2n ** 40n)
        expect(await numbers('byte')).toEqual(base)
        expect(await numbers('short')).toEqual(base)
        expect(await numbers('parameter')).toEqual(base.slice(0, 12))
        expect([...new Float32Array((await checkpoint.read('complex')).slice().buffer)].slice(0, 4)).toEqual([
          0, -0, 1, -1,
        ])
        const contents = checkpoint.contents as Map<string, never>
        expect([
          contents.get('epoch'),
          contents.get('lr'),
          contents.get('best'),
          contents.get('count'),
          contents.get('none'),
          contents.get('big'),
        ]).toEqual([3, 0.125, 1.5, 2n ** 60n, null, 2n ** 70n])
        expect(contents.get('curve')).toMatchObject({ kind: 'numpy-array', dtype: '<f8', shape: [3] })
        expect(contents.get('size')).toEqual({ kind: 'tuple', items: [2, 3, 4] })
        expect(contents.get('hits')).toEqual(
          new Map([
            ['a', 2],
            ['b', 1],
          ]),
        )
        expect(contents.get('type')).toEqual({ kind: 'global', module: 'torch', name: 'bfloat16' })
        expect(isKind(contents.get('args'), 'object')).toBe(true)
        await checkpoint.close()
      },
    )

    it('plain state dicts, bare tensors, lists and TorchScript archives', async () => {
      const shapes = async (file: string) => {
        const checkpoint = await openCheckpointFile(join(folder, file))
        await checkpoint.close()
        return Object.fromEntries([...checkpoint.tensors].map(([name, { shape }]) => [name, shape]))
      }
      expect(await shapes('linear.pth')).toEqual({ weight: [2, 3], bias: [2] })
      expect(await shapes('bare.pth')).toEqual({ tensor: [2, 3, 4] })
      expect(await shapes('list.pth')).toEqual({ '0': [2, 3, 4], '1.x': [3, 4] })
      expect(await shapes('script.pt')).toEqual({ weight: [2, 3], bias: [2] })
    })
  },
)
