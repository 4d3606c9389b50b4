// The package as people get it: packed, and installed by npm into an empty folder outside the house, once for a whole test run.
// Between npm and everything but its registry stands a proxy that refuses and counts.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** Packs the package into `folder`; its path. */
export function pack(folder: string): string {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  execFileSync('npm', args, { cwd: join(HOUSE, 'packages/maskwords'), stdio: 'ignore' })
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz'))!)
}

/** The installed package; whoever asks first installs it, the others wait. */
export async function installed(): Promise<Installed> {
  const base = process.env[VARIABLE]!
  const [folder, said] = [join(base, 'app'), join(base, 'said.json')]
  try {
    mkdirSync(folder)
  } catch {
    while (!existsSync(said)) await new Promise((done) => setTimeout(done, 200))
    return answer(said)
  }
  try {
    writeFileSync(said, JSON.stringify(await install(base, folder)))
  } catch (error) {
    writeFileSync(said, JSON.stringify({ failure: String((error as { stderr?: string }).stderr ?? error) }))
  }
  return answer(said)
}

function answer(said: string): Installed {
  const { failure, ...rest } = JSON.parse(readFileSync(said, 'utf8')) as Installed & { failure?: string }
  if (failure !== undefined) throw new Error(`npm could not install the package: ${failure}`)
  return rest
}

async function install(base: string, folder: string): Promise<Installed> {
  const tarball = pack(base)
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
