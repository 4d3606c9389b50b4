// A reader of plain tar files for tests, by the POSIX format alone: independent of the library that writes them.

export type TarMember = {
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly bytes: Uint8Array
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '')
const octal = (bytes: Uint8Array) => Number.parseInt(text(bytes).trim() || '0', 8)

export function tarMembers(file: Uint8Array): TarMember[] {
  const members: TarMember[] = []
  for (let at = 0; at + 512 <= file.length && file[at] !== 0; ) {
    const header = file.subarray(at, at + 512)
    const field = (start: number, length: number) => header.subarray(start, start + length)
    const stored = octal(field(148, 8))
    let sum = 0
    header.forEach((byte, k) => {
      sum += k >= 148 && k < 156 ? 32 : byte
    })
    if (sum !== stored) throw new Error(`checksum ${sum} of the header at ${at} is not ${stored}`)
    const size = octal(field(124, 12))
    const prefix = text(field(345, 155))
    members.push({
      name: (prefix === '' ? '' : `${prefix}/`) + text(field(0, 100)),
      mode: octal(field(100, 8)),
      uid: octal(field(108, 8)),
      gid: octal(field(116, 8)),
      mtime: octal(field(136, 12)),
      bytes: file.subarray(at + 512, at + 512 + size),
    })
    at += 512 + 512 * Math.ceil(size / 512)
  }
  return members
}
