// Values kept while their bytes are under a limit.

/** Least recently used values go first when their bytes are over the limit; the newest always stays. */
export class Recent<T> {
  private readonly entries = new Map<string, { value: T; bytes: number }>()
  private bytes = 0
  private readonly limitBytes: number
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    this.entries.delete(key)
    this.entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: T, bytes: number): void {
    this.delete(key)
    this.entries.set(key, { value, bytes })
    this.bytes += bytes
    for (const [oldest, entry] of this.entries) {
      if (this.bytes <= this.limitBytes || oldest === key) break
      this.entries.delete(oldest)
      this.bytes -= entry.bytes
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    this.entries.delete(key)
    this.bytes -= entry.bytes
  }

  *[Symbol.iterator](): IterableIterator<[string, T]> {
    for (const [key, { value }] of this.entries) yield [key, value]
  }
}
