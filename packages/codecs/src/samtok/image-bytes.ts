// An encoded picture as bytes: a safetensors file of its three maps, with sizes and a checksum in the metadata. Definition:
// ours; the container is github.com/huggingface/safetensors.
import { bytesFromMemory, encodeSafetensors, openCheckpoint } from '@maskwords/checkpoint'
import { CodecError } from '../error.ts'
import { sha256Hex } from '../sha256.ts'
import type { SamtokImage } from './codec.ts'

const MAPS = ['coarse', 'middle', 'fine'] as const
const FORMAT = 'samtok-image-1'

export type ImageBytesOptions = {
  /** `float16` halves the size; docs/samtok.md says what it costs. Default `float32`, which loses nothing. */
  readonly dtype?: 'float32' | 'float16'
}

/** The picture as bytes of a safetensors file: 16 MiB for the published size, half of it as float16. */
export async function imageToBytes(
  image: SamtokImage,
  options: ImageBytesOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { dtype = 'float32' } = options
  const tensors = MAPS.map((name) => ({
    name,
    dtype: 'float32' as const,
    shape: [image[name].length],
    data: image[name],
  }))
  const facts = { format: FORMAT, widthPx: String(image.widthPx), heightPx: String(image.heightPx) }
  // What is stored is checked, so the maps are rounded before their sum is taken.
  const plain = await encodeSafetensors({ tensors, metadata: facts, storeFloatsAs: dtype })
  const checksum = await checksumOf(plain.subarray(plain.length - storedBytes(image, dtype)), facts)
  return encodeSafetensors({ tensors, metadata: { ...facts, sha256: checksum }, storeFloatsAs: dtype })
}

async function checksumOf(
  body: Uint8Array,
  { widthPx, heightPx }: { widthPx: string; heightPx: string },
): Promise<string> {
  return sha256Hex(new TextEncoder().encode(`${widthPx} x ${heightPx} ${await sha256Hex(body)}`))
}

function storedBytes(image: SamtokImage, dtype: 'float32' | 'float16'): number {
  return MAPS.reduce((sum, name) => sum + image[name].length, 0) * (dtype === 'float32' ? 4 : 2)
}

/**
 * The picture that `imageToBytes` wrote. `name` stands in errors.
 * Throws CodecError `damaged` for bytes that are cut short, fail their checksum or are something else.
 */
export async function imageFromBytes(bytes: Uint8Array, name = 'the stored picture'): Promise<SamtokImage> {
  const fail = (what: string, cause?: unknown): never => {
    throw new CodecError('damaged', `${name} ${what}`, { cause, hint: 'encode the picture again' })
  }
  const file = await openCheckpoint(bytesFromMemory(bytes), { name }).catch((cause: unknown) =>
    fail('is no encoded picture, or only a part of one', cause),
  )
  try {
    const { metadata, tensors } = file
    if (metadata.get('format') !== FORMAT || MAPS.some((map) => tensors.get(map) === undefined))
      fail('is no encoded picture of SAMTok')
    const facts = { widthPx: metadata.get('widthPx') ?? '', heightPx: metadata.get('heightPx') ?? '' }
    const lengths = MAPS.map((map) => tensors.get(map)!.byteLength)
    const body = bytes.subarray(bytes.length - lengths.reduce((a, b) => a + b, 0))
    if ((await checksumOf(body, facts)) !== metadata.get('sha256')) fail('fails its checksum')
    const [widthPx, heightPx] = [Number(facts.widthPx), Number(facts.heightPx)]
    const read = (map: string): Promise<Float32Array> => file.read(map, { as: 'float32' })
    const [coarse, middle, fine] = [await read('coarse'), await read('middle'), await read('fine')]
    return { codec: 'samtok', widthPx, heightPx, coarse, middle, fine }
  } finally {
    await file.close()
  }
}
