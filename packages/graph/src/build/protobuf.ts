// A protobuf writer of just what ONNX needs (protobuf.dev/programming-guides/encoding); big byte fields are kept, not copied.

const encoder = new TextEncoder()

/** One message under construction: bytes so far, in pieces. */
export class MessageWriter {
  private readonly pieces: Uint8Array[] = []
  private tail: number[] = []
  private settled = 0

  /** Bytes written so far. */
  get byteLength(): number {
    return this.settled + this.tail.length
  }

  private flush(): void {
    if (this.tail.length === 0) return
    this.pieces.push(Uint8Array.from(this.tail))
    this.settled += this.tail.length
    this.tail = []
  }

  private varint(value: number): void {
    // Negative int64 are ten bytes of two's complement; everything else here is below 2^53.
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value))
      while (rest > 127n) {
        this.tail.push(Number(rest & 127n) | 128)
        rest >>= 7n
      }
      this.tail.push(Number(rest))
      return
    }
    while (value > 127) {
      this.tail.push((value % 128) | 128)
      value = Math.floor(value / 128)
    }
    this.tail.push(value)
  }

  int(field: number, value: number): this {
    this.varint(field * 8)
    this.varint(value)
    return this
  }

  float(field: number, value: number): this {
    this.varint(field * 8 + 5)
    this.tail.push(...new Uint8Array(Float32Array.of(value).buffer))
    return this
  }

  string(field: number, text: string): this {
    const bytes = encoder.encode(text)
    this.varint(field * 8 + 2)
    this.varint(bytes.length)
    for (const byte of bytes) this.tail.push(byte)
    return this
  }

  /** A byte field; the array is referenced until `finish`. */
  bytes(field: number, bytes: Uint8Array): this {
    this.varint(field * 8 + 2)
    this.varint(bytes.length)
    this.flush()
    this.pieces.push(bytes)
    this.settled += bytes.length
    return this
  }

  message(field: number, message: MessageWriter): this {
    this.varint(field * 8 + 2)
    this.varint(message.byteLength)
    if (message.pieces.length === 0) {
      for (const byte of message.tail) this.tail.push(byte)
      return this
    }
    this.flush()
    message.flush()
    for (const piece of message.pieces) this.pieces.push(piece)
    this.settled += message.settled
    return this
  }

  /** All bytes in one array. */
  finish(): Uint8Array {
    this.flush()
    const all = new Uint8Array(this.settled)
    let at = 0
    for (const piece of this.pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }
}
