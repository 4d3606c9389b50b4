import { expect, it } from 'vitest'
import { TOY_HIMTOK } from '../../test/toy-codecs.ts'
import { createHiMTok } from '../himtok/codec.ts'
import { addedWeights, initialWeights } from './initial-weights.ts'

it('layers that earlier weights lack change nothing at first', async () => {
  const trained = initialWeights(3)
  const added = addedWeights(3)
  const grown = { ...TOY_HIMTOK, encoder: { ...TOY_HIMTOK.encoder, layers: 4 } }
  const squares = Float32Array.from({ length: TOY_HIMTOK.sizePx ** 2 }, (_, i) => (i % 32 < 9 ? 1 : 0))
  const latents = async (config: typeof TOY_HIMTOK): Promise<Float32Array> => {
    const codec = await createHiMTok({
      config,
      weights: (key, shape) => (/^encoder\.transformer\.[23]\./.test(key) ? added : trained)(key, shape),
      session: { worker: false, threads: 1 },
    })
    const found = await codec.latents(squares)
    await codec.close()
    return found
  }
  expect(await latents(grown)).toEqual(await latents(TOY_HIMTOK))
  expect(added('encoder.transformer.2.mlp.c_fc.weight', [32, 16]).some((value) => value !== 0)).toBe(true)
})
