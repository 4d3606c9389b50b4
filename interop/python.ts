// Runs a helper script of interop/python with a JSON value in and a JSON value out: how a test asks a real Python library.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { preparePython } from './venv.ts'

const SCRIPTS = fileURLToPath(new URL('./python/', import.meta.url))
/** Importing torch and transformers takes ten seconds on two cores; a trainer's steps come on top. */
const TIMEOUT_MS = 240_000
/** What an error shows of a script's stderr: enough for a traceback. */
const SHOWN_STDERR = 4000

/** Settings of a script's run. */
export type RunPythonOptions = {
  readonly cwd?: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/**
 * Runs `interop/python/<script>` and gives the JSON value in the last line of its stdout.
 * `input` is on its stdin as one line of JSON. No script may use the network or a GPU: the environment says so.
 * A script that fails, is too slow or prints no JSON throws with the end of its stderr.
 */
export async function runPython<Result = unknown>(
  script: string,
  input: unknown = null,
  options: RunPythonOptions = {},
): Promise<Result> {
  const found = preparePython()
  if ('missing' in found) throw new Error(`interop: ${found.missing}`)
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const child = spawn(found.python, [SCRIPTS + script], {
    cwd: options.cwd,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      HF_HUB_OFFLINE: '1',
      HF_DATASETS_OFFLINE: '1',
      CUDA_VISIBLE_DEVICES: '',
      TOKENIZERS_PARALLELISM: 'false',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONIOENCODING: 'utf-8',
      ...options.env,
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SHOWN_STDERR)
  })
  // A script that ends before it has read its input is told by its exit code.
  child.stdin.on('error', () => {})
  child.stdin.end(`${JSON.stringify(input)}\n`)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (...ended) => resolve(ended))
  })
  if (code !== 0) {
    const why = signal === null ? `exit code ${code}` : `${signal} (limit ${timeoutMs} ms)`
    throw new Error(`interop/python/${script}: ${why}\n${stderr}`)
  }
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line) as Result
  } catch {
    throw new Error(`interop/python/${script}: last line is no JSON: ${line.slice(0, 200)}\n${stderr}`)
  }
}
