// Runs a TensorFlow.js graph model on one input: node nanodet.mjs <folder with node_modules> <model.json> <input, float32 file> <backend>.
// Prints one JSON value: each output's shape and numbers (base64 of float32), and the milliseconds of the fastest of three runs.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const [folder, modelFile, inputFile, backend] = process.argv.slice(2)
const require = createRequire(join(folder, 'package.json'))
const tf = require('@tensorflow/tfjs-core')
const { loadGraphModel } = require('@tensorflow/tfjs-converter')
// Says hello on stdout, where the answer goes.
console.warn = console.log = () => {}
require('@tensorflow/tfjs-backend-cpu')
require('@tensorflow/tfjs-backend-wasm')
await tf.setBackend(backend)

const model = JSON.parse(readFileSync(modelFile, 'utf8'))
const parts = model.weightsManifest.flatMap(({ paths }) => paths)
const bin = Buffer.concat(parts.map((path) => readFileSync(join(dirname(modelFile), path))))
const network = await loadGraphModel({
  load: async () => ({
    modelTopology: model.modelTopology,
    signature: model.signature,
    format: model.format,
    weightSpecs: model.weightsManifest.flatMap(({ weights }) => weights),
    weightData: new Uint8Array(bin).buffer,
  }),
})
const shape = Object.values(model.signature.inputs)[0].tensorShape.dim.map(({ size }) => Number(size))
const input = tf.tensor(new Float32Array(new Uint8Array(readFileSync(inputFile)).buffer), shape)
const names = Object.keys(model.signature.outputs)
let fastest = Number.POSITIVE_INFINITY
let outputs
for (let run = 0; run < (backend === 'wasm' ? 3 : 1); run++) {
  const start = performance.now()
  outputs = []
  for (const tensor of network.execute(input, names))
    outputs.push({
      shape: tensor.shape,
      numbers: Buffer.from(new Uint8Array((await tensor.data()).slice().buffer)).toString('base64'),
    })
  fastest = Math.min(fastest, performance.now() - start)
}
process.stdout.write(JSON.stringify({ backend: tf.getBackend(), milliseconds: fastest, outputs }))
