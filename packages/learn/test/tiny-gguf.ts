// Small GGUF files, written from the format (docs/gguf.md of ggml): metadata of a tokenizer, one tensor, its data.

export type GgufToken = readonly [text: string, type: number]

/**
 * The bytes of a version 3 file with the given tokens and one 8-float tensor behind them. `split`: part (from 0) of how many; parts after the
 * first have no tokenizer.
 */
export function tinyGguf(
  tokens: readonly GgufToken[],
  extra: { version?: number; split?: readonly [part: number, count: number] } = {},
): Uint8Array {
  const { split } = extra
  const later = split !== undefined && split[0] > 0
  const parts: Uint8Array[] = []
  const u32 = (value: number) => parts.push(new Uint8Array(Uint32Array.of(value).buffer))
  const u64 = (value: number) => parts.push(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer))
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value)
    u64(bytes.length)
    parts.push(bytes)
  }
  parts.push(new TextEncoder().encode('GGUF'))
  u32(extra.version ?? 3)
  u64(1)
  u64((later ? 1 : 7) + (split === undefined ? 0 : 2))
  if (split !== undefined) {
    text('split.no')
    u32(2)
    parts.push(new Uint8Array(Uint16Array.of(split[0]).buffer))
    text('split.count')
    u32(2)
    parts.push(new Uint8Array(Uint16Array.of(split[1]).buffer))
  }
  text('general.architecture')
  u32(8)
  text('qwen2vl')
  if (!later) {
    text('tokenizer.ggml.add_bos_token')
    u32(7)
    parts.push(Uint8Array.of(0))
    text('tokenizer.ggml.scores')
    u32(9)
    u32(6)
    u64(3)
    parts.push(new Uint8Array(12))
    text('tokenizer.ggml.tokens')
    u32(9)
    u32(8)
    u64(tokens.length)
    for (const [token] of tokens) text(token)
    text('tokenizer.ggml.token_type')
    u32(9)
    u32(5)
    u64(tokens.length)
    for (const [, type] of tokens) u32(type)
    text('tokenizer.ggml.merges')
    u32(9)
    u32(8)
    u64(2)
    text('a b')
    text('b c')
    text('tokenizer.ggml.eos_token_id')
    u32(4)
    u32(1)
  }
  text('token_embd.weight')
  u32(1)
  u64(8)
  u32(0)
  u64(0)
  const head = parts.reduce((sum, part) => sum + part.length, 0)
  parts.push(new Uint8Array((32 - (head % 32)) % 32))
  parts.push(new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer))
  return Uint8Array.from(Buffer.concat(parts))
}
