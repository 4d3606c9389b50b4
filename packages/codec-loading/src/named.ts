// Mask languages of other people: a name and a function that opens it. Definition: ours; what it opens stands behind MaskCodec.
import { catalogueOf } from '@maskwords/base'
import { CodecError, type MaskCodec } from '@maskwords/codecs'

export type NamedCodecOptions = {
  /** Threads of its networks, where it has any. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

/** A codec that a plugin brings. Its words are those of one of the three vocabularies, so that everything that reads text can read them. */
export type NamedCodec = {
  /** What `--codec` calls it. */
  readonly name: string
  readonly title: string
  readonly open: (options: NamedCodecOptions) => Promise<MaskCodec>
}

/** Empty at first: the codecs of this house are known by the files that hold them, and `getok` needs none. */
const CATALOGUE = catalogueOf<NamedCodec>([], taken)

function taken(quotedName: string): CodecError {
  return new CodecError('out-of-range', `there is a codec ${quotedName} already`)
}

/** Keeps the literal types of a codec's declaration. */
export function defineCodec<const C extends NamedCodec>(codec: C): C {
  return codec
}

/** Makes a codec known by its name, from now on and in this thread. Throws CodecError `out-of-range` for a name that is taken. */
export function addCodec(codec: NamedCodec): void {
  if (codec.name === 'getok') throw taken('"getok"')
  CATALOGUE.add(codec)
}

/** The codec that `addCodec` made known by this name, or undefined. */
export const codecNamed = (name: string): NamedCodec | undefined => CATALOGUE.named(name)

/** The names that `addCodec` made known. */
export const codecNames = (): string[] => CATALOGUE.all.map(({ name }) => name)
