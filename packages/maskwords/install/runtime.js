// Runs before the install scripts of other packages: makes ONNX Runtime come without a download and without the files of other machines.
// It touches nothing but node_modules/maskwords-onnxruntime, this package's own copy of onnxruntime-node; where install scripts
// are not allowed it does not run, and nothing is lost but disk space, as the copy's own script does not run either.
import { existsSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MARK = `This is no library. It tells the install script of onnxruntime-node that there is nothing to fetch.
The CUDA files come with: ONNXRUNTIME_NODE_INSTALL=true npm rebuild maskwords-onnxruntime
`

/** What npm installs for: this machine, or the one that --os and --cpu name. */
const target = (env) => ({
  os: env.npm_config_os || platform(),
  cpu: env.npm_config_cpu || arch(),
})

/** Whether somebody has told onnxruntime-node's script what to do. */
const isToldOtherwise = (env) =>
  ['onnxruntime_node_install', 'onnxruntime_node_install_cuda'].some(
    (name) => env[name.toUpperCase()] || env[`npm_config_${name}`],
  )

/**
 * The script of onnxruntime-node looks for files of CUDA (Linux on x64 only), fetches hundreds of megabytes from a host that is
 * not the registry where they are missing, and npm removes the package where that fails. Files of these names end it at once.
 */
export function markFetched(folder, { os, cpu }) {
  const metadata = createRequire(join(folder, 'package.json'))('./script/install-metadata.js')
  for (const name of metadata.requirements[`${os}/${cpu}`] ?? []) {
    for (const file of Object.keys(metadata.manifests[`${os}/${cpu}:${name}`] ?? {})) {
      const path = join(folder, 'bin/napi-v6', os, cpu, file)
      if (!existsSync(path)) writeFileSync(path, MARK)
    }
  }
}

/** Removes the libraries of other systems and processors, more than 200 MB; all stay where this one's are not there. */
export function removeOthers(folder, { os, cpu }) {
  const libraries = join(folder, 'bin/napi-v6')
  if (!existsSync(join(libraries, os, cpu))) return
  for (const otherOs of readdirSync(libraries)) {
    if (otherOs !== os) rmSync(join(libraries, otherOs), { recursive: true })
  }
  for (const otherCpu of readdirSync(join(libraries, os))) {
    if (otherCpu !== cpu) rmSync(join(libraries, os, otherCpu), { recursive: true })
  }
}

function main(env) {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('maskwords-onnxruntime/package.json'))
    removeOthers(folder, target(env))
    if (!isToldOtherwise(env)) markFetched(folder, target(env))
  } catch {
    // No runtime, or one of another form: what needs it says so when it is used, and `maskwords doctor` before.
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main(process.env)
