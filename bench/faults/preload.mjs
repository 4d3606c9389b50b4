// Preload for a child process: counts what it writes to the disk, and ends it with SIGKILL (or fails the write as a full disk
// does) at the operation named by FAULT_AT. FAULT_KIND: kill, half (half of the bytes, then kill), full (ENOSPC from there on).
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env['FAULT_AT'] ?? 'NaN')
const kind = process.env['FAULT_KIND'] ?? 'kill'
const tally = process.env['FAULT_TALLY']
let count = 0

const full = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    errno: -28,
    syscall: 'write',
  })

/** True where this operation is to fail; does not come back where it is to kill. */
function met(writeHalf) {
  count++
  if (kind === 'full') return count >= at
  if (count !== at) return false
  if (kind === 'half') writeHalf?.()
  process.kill(process.pid, 'SIGKILL')
  // The signal comes at once, but not before this line on every system.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  return false
}

// What a full disk does not refuse.
const FREE = /^(?:rename|unlink|rm|rmdir)(?:Sync)?$/

const original = { ...fs, promises: { ...fs.promises } }
const ours = (path) => typeof path !== 'string' || !/\/(?:tsx-|node_modules|proc|dev)\b/.test(path)

function bytesOf(data) {
  return typeof data === 'string'
    ? Buffer.from(data)
    : Buffer.from(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength ?? data.length)
}

for (const name of [
  'renameSync',
  'truncateSync',
  'ftruncateSync',
  'copyFileSync',
  'linkSync',
  'mkdirSync',
  'unlinkSync',
  'rmSync',
]) {
  fs[name] = (...rest) => {
    if (ours(rest[0]) && met() && !FREE.test(name)) throw full()
    return original[name](...rest)
  }
}
fs.writeSync = (fd, data, ...rest) => {
  if (
    fd > 2 &&
    met(() => {
      const b = bytesOf(data)
      original.writeSync(fd, b.subarray(0, b.length >> 1))
    })
  )
    throw full()
  return original.writeSync(fd, data, ...rest)
}
fs.writeFileSync = (path, data, ...rest) => {
  if (
    ours(path) &&
    met(() => {
      const b = bytesOf(data)
      original.writeFileSync(path, b.subarray(0, b.length >> 1), ...rest)
    })
  )
    throw full()
  return original.writeFileSync(path, data, ...rest)
}
fs.appendFileSync = (path, data, ...rest) => {
  if (
    ours(path) &&
    met(() => {
      const b = bytesOf(data)
      original.appendFileSync(path, b.subarray(0, b.length >> 1))
    })
  )
    throw full()
  return original.appendFileSync(path, data, ...rest)
}
for (const name of ['rename', 'truncate', 'copyFile', 'link', 'mkdir', 'unlink', 'rm', 'rmdir']) {
  fs.promises[name] = async (...rest) => {
    if (ours(rest[0]) && met() && !FREE.test(name)) throw full()
    return await original.promises[name](...rest)
  }
}
for (const name of ['writeFile', 'appendFile']) {
  fs.promises[name] = async (path, data, ...rest) => {
    if (
      ours(path) &&
      met(() => {
        const b = bytesOf(data)
        if (typeof path === 'string') original[`${name}Sync`](path, b.subarray(0, b.length >> 1))
      })
    )
      throw full()
    return await original.promises[name](path, data, ...rest)
  }
}
fs.write = (fd, data, ...rest) => {
  if (
    fd > 2 &&
    met(() => {
      const b = bytesOf(data)
      original.writeSync(fd, b.subarray(0, b.length >> 1))
    })
  ) {
    const done = rest.at(-1)
    if (typeof done === 'function') return process.nextTick(done, full())
  }
  return original.write(fd, data, ...rest)
}
const handle = await fs.promises.open(new URL(import.meta.url), 'r')
const prototype = Object.getPrototypeOf(handle)
await handle.close()
for (const name of ['write', 'writeFile', 'appendFile', 'truncate', 'writev']) {
  const before = prototype[name]
  prototype[name] = async function (data, ...rest) {
    if (
      met(() => {
        if (name === 'truncate') return
        const b = bytesOf(Array.isArray(data) ? data[0] : data)
        const [offset, length, position] =
          typeof rest[0] === 'number' ? rest : [rest[0]?.offset, rest[0]?.length, rest[0]?.position]
        const piece = b.subarray(offset ?? 0, (offset ?? 0) + (length ?? b.length - (offset ?? 0)))
        original.writeSync(this.fd, piece, 0, piece.length >> 1, position ?? null)
      })
    )
      throw full()
    return await before.call(this, data, ...rest)
  }
}
if (tally !== undefined) process.on('exit', () => original.appendFileSync(tally, `${count}\n`))
syncBuiltinESMExports()
