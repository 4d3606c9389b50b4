// The code vectors of the shipped codecs, read from their weights, which the browser keeps.
import { fetchCodecFiles } from '@maskwords/board/engine/weights.ts'
import { bytesFromMemory, openCheckpoint } from '@maskwords/checkpoint'
import { type CodeVectors, codeVectors, projected } from './vectors.ts'

/** The vectors that a word at `place` chooses from; HiMTok has one table for all places. Rejects as fetchCodecFiles. */
export async function readCodeVectors(
  codec: 'samtok' | 'himtok',
  place: number,
  baseUrl: string,
): Promise<CodeVectors> {
  const { config, weights, name } = await fetchCodecFiles(baseUrl, `${codec}-nano`, () => {})
  const checkpoint = await openCheckpoint(bytesFromMemory(weights), { name })
  const read = (key: string): Promise<Float32Array> => checkpoint.read(key, { as: 'float32' })
  try {
    if (codec === 'samtok') {
      const { codesPerLevel, sam2 } = JSON.parse(config).config
      const table = await read(`quantizer.codebooks.${place}.weight`)
      // The release's tables have a row more than there are codes.
      return codeVectors(table.slice(0, codesPerLevel * sam2.width), sam2.width, false)
    }
    const { codeSize } = JSON.parse(config).config
    const embedding = await read('quantize.embedding.weight')
    const projection = await read('quantize.embedding_proj.weight')
    return codeVectors(projected(embedding, projection, codeSize), codeSize, true)
  } finally {
    await checkpoint.close()
  }
}
