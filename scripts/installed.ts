// The package as people get it: packed, and installed by npm into an empty folder outside the house, once for a whole test run.
// Between npm and everything but its registry stands a proxy that refuses and counts.
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const HOUSE = resolve(import.meta.dirname, '..')
/** The folder of this test run; its workers inherit the name. */
const VARIABLE = 'MASKWORDS_INSTALLED'

/** Whether there is a build to pack. */
export const isBuilt =
  existsSync(join(HOUSE, 'packages/maskwords/dist/index.js')) &&
  existsSync(join(HOUSE, 'packages/maskwords/studio/index.html'))

export type Installed = {
  /** An empty folder but for package.json and node_modules. */
  readonly folder: string
  readonly tarball: string
  /** Hosts that something other than npm asked for while it installed. */
  readonly asked: readonly string[]
}

/** The package, packed once for a whole test run; whoever asks first packs it, the others wait. Its path. */
export const packed = (): Promise<string> =>
  once('packed', async (folder) => {
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
    await promisify(execFile)('npm', args, { cwd: join(HOUSE, 'packages/maskwords') })
    return join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz'))!)
  })

/** The installed package, once for a whole test run as well. */
export const installed = (): Promise<Installed> => once('app', install)

/** What `make` gives for a folder of this test run: made by the first of its processes that asks, waited for by the others. */
async function once<T>(name: string, make: (folder: string) => Promise<T>): Promise<T> {
  const base = process.env[VARIABLE]!
  const [folder, said] = [join(base, name), join(base, `${name}.json`)]
  const tell = (answer: { readonly value: T } | { readonly failure: string }) => {
    // Whole or not at all: the others read it as soon as it is there.
    writeFileSync(`${said}.part`, JSON.stringify(answer))
    renameSync(`${said}.part`, said)
  }
  try {
    mkdirSync(folder)
  } catch {
    while (!existsSync(said)) await new Promise((done) => setTimeout(done, 200))
    return answered(said)
  }
  try {
    tell({ value: await make(folder) })
  } catch (error) {
    tell({ failure: String((error as { stderr?: string }).stderr || error) })
  }
  return answered(said)
}

function answered<T>(said: string): T {
  const answer = JSON.parse(readFileSync(said, 'utf8')) as { readonly value: T; readonly failure?: string }
  if (answer.failure !== undefined)
    throw new Error(`npm could not make or install the package: ${answer.failure}`)
  return answer.value
}

async function install(folder: string): Promise<Installed> {
  const tarball = await packed()
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const asked: string[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url!)
    response.writeHead(403).end()
  })
  proxy.on('connect', (request, socket) => {
    asked.push(request.url!)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const env: NodeJS.ProcessEnv = { ...process.env }
  // What the house itself was installed with must not help.
  for (const name of Object.keys(env))
    if (/onnxruntime|^npm_(?!config_(?:registry|cafile|cache|userconfig)$)/i.test(name)) delete env[name]
  try {
    // The install script of onnxruntime-node takes its proxy from these; npm does not look at them.
    Object.assign(env, { GLOBAL_AGENT_HTTP_PROXY: url, GLOBAL_AGENT_HTTPS_PROXY: url })
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]
    await promisify(execFile)('npm', args, { cwd: folder, env })
  } finally {
    proxy.close()
  }
  return { folder, tarball, asked }
}

/** Vitest's global set-up: the place of this run's folder, which is filled only where a test asks for it. */
export function setup(): () => void {
  const base = mkdtempSync(join(tmpdir(), 'maskwords-installed-'))
  process.env[VARIABLE] = base
  return () => rmSync(base, { recursive: true, force: true })
}
