// `maskwords doctor`: what this machine has, what is missing, and the one line that mends it.

import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, freemem, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '@maskwords/base'
import { temporaryFolder } from '@maskwords/checkpoint'
import { defineCommand, findSharp, sharpTrouble, VERSION } from '@maskwords/files'
import { type GraphError, loadRuntime } from '@maskwords/graph'

type Check = {
  readonly name: string
  readonly status: 'ok' | 'missing' | 'failed'
  readonly found: string
  /** True where the commands of this package cannot work without it. */
  readonly required: boolean
  readonly remedy?: string
}

const CHROMIUM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
]

export const command = defineCommand({
  spec: {
    name: 'doctor',
    summary: 'Check this machine: versions, optional packages, permissions.',
    details: ['Exits with 1 where something that the commands need does not work.'],
    arguments: [],
    options: {},
    examples: [
      { command: 'maskwords doctor', note: 'a line for each check, with the remedy where one is needed' },
      { command: 'maskwords doctor --json', note: 'the same for programs' },
    ],
  },
  async run(context) {
    const checks = [
      nodeCheck(),
      machineCheck(),
      await temporaryCheck(),
      await sharpCheck(),
      await onnxruntimeCheck(),
      chromiumCheck(context.io.env),
    ]
    const failed = checks.some((check) => check.required && check.status !== 'ok')
    if (context.options.json) {
      await context.printJson({ maskwords: VERSION, ok: !failed, checks })
      return failed ? 1 : 0
    }
    const { green, yellow, red, bold } = context.style
    await context.print(bold(`maskwords ${VERSION}`))
    const width = Math.max(...checks.map((check) => check.name.length))
    for (const check of checks) {
      const mark =
        check.status === 'ok' ? green('ok     ') : check.required ? red('FAILED ') : yellow('missing')
      await context.print(`${mark}  ${check.name.padEnd(width)}  ${check.found}`)
      if (check.remedy) await context.print(`${' '.repeat(width + 11)}${context.style.cyan(check.remedy)}`)
    }
    return failed ? 1 : 0
  },
})

function nodeCheck(): Check {
  const version = process.versions.node
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > 20 || (major === 20 && minor >= 19)
  return {
    name: 'Node.js',
    status: fits ? 'ok' : 'failed',
    found: `${version} on ${process.platform} ${process.arch}`,
    required: true,
    ...(!fits && { remedy: 'install Node.js 20.19 or newer: https://nodejs.org' }),
  }
}

function machineCheck(): Check {
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1)
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return {
    name: 'machine',
    status: 'ok',
    found: `${availableParallelism()} x ${model}, ${gib(totalmem())} GiB memory (${gib(freemem())} free)`,
    required: false,
  }
}

async function temporaryCheck(): Promise<Check> {
  const base = { name: 'temporary files', required: true }
  try {
    const folder = await temporaryFolder('doctor')
    await writeFile(join(folder, 'probe'), 'probe')
    await rm(folder, { recursive: true })
    return { ...base, status: 'ok', found: `${tmpdir()} is writable` }
  } catch (error) {
    const said = messageOf(error)
    return { ...base, status: 'failed', found: said, remedy: 'set TMPDIR to a folder that you may write to' }
  }
}

async function sharpCheck(): Promise<Check> {
  const base = { name: 'sharp (pictures)', required: false }
  const sharp = await findSharp()
  if (sharp === undefined) {
    return {
      ...base,
      status: 'missing',
      found: `PNG is read without it, JPEG, WebP, AVIF, TIFF and GIF are not: ${await sharpTrouble()}`,
      remedy: 'npm install sharp',
    }
  }
  const { versions } = sharp
  return { ...base, status: 'ok', found: `${versions.sharp} with libvips ${versions.vips}` }
}

async function onnxruntimeCheck(): Promise<Check> {
  const base = { name: 'ONNX Runtime (models)', required: false }
  try {
    const runtime = await loadRuntime()
    const supported = runtime.listSupportedBackends?.() ?? []
    const names = (bundled: boolean) =>
      supported
        .filter((backend) => backend.bundled === bundled)
        .map((backend) => backend.name)
        .join(', ')
    const others = names(false)
    const backends = `${names(true)}${others === '' ? '' : ` (with their own libraries: ${others})`}`
    return { ...base, status: 'ok', found: `${runtime.env?.versions?.['node']}, backends ${backends}` }
  } catch (error) {
    const { message, hint } = error as GraphError
    return {
      ...base,
      status: 'missing',
      found: `GETok works without it, codecs with a network do not: ${message.split('\n')[0]}`,
      ...(hint !== undefined && { remedy: hint }),
    }
  }
}

function chromiumCheck(env: Readonly<Record<string, string | undefined>>): Check {
  const wanted = env['CHROMIUM_PATH']
  const path =
    wanted === undefined ? CHROMIUM_PATHS.find(existsSync) : existsSync(wanted) ? wanted : undefined
  const base = { name: 'Chromium (browser tests)', required: false }
  return path === undefined
    ? {
        ...base,
        status: 'missing',
        found: 'only the tests in a browser need it',
        remedy: 'sudo apt-get install chromium   (or set CHROMIUM_PATH)',
      }
    : { ...base, status: 'ok', found: path }
}
