// Server-sent events out of bytes that are cut anywhere (WHATWG HTML, section 9.2): the `data` of each event, in order.

/** Takes bytes, gives the data of the events that they complete. */
export type SseReader = {
  push(bytes: Uint8Array): string[]
  /** Data of an event that the end of the stream cut off, or that no empty line followed. */
  end(): string[]
}

/** `maxChars` bounds one event. @throws RangeError where an event is longer. */
export function sseReader(maxChars: number): SseReader {
  const decoder = new TextDecoder('utf-8')
  let line = ''
  let data: string[] = []
  let held = 0
  let afterReturn = false

  const take = (out: string[]) => {
    if (line === '') {
      if (data.length > 0) out.push(data.join('\n'))
      data = []
      held = 0
    } else if (line.startsWith('data:')) {
      data.push(line.slice(line[5] === ' ' ? 6 : 5))
      held += line.length
    }
    line = ''
  }
  const feed = (text: string): string[] => {
    const out: string[] = []
    let from = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code !== 10 && code !== 13) {
        afterReturn = false
        continue
      }
      // CR LF is one end of a line, also where the two come apart.
      const second = code === 10 && afterReturn
      afterReturn = code === 13
      if (!second) {
        line += text.slice(from, at)
        take(out)
      }
      from = at + 1
    }
    line += text.slice(from)
    if (line.length + held > maxChars) throw new RangeError(`an event of more than ${maxChars} characters`)
    return out
  }
  return {
    push: (bytes) => feed(decoder.decode(bytes, { stream: true })),
    end() {
      const out = feed(decoder.decode())
      if (line !== '') take(out)
      take(out)
      return out
    },
  }
}
