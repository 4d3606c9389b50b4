// A process that extends a folder and dies by SIGKILL in the middle of the shard.
import { executeExtension, planExtension, wordSetOfName } from '../src/index.ts'

const [folder, output] = process.argv.slice(2)
const plan = await planExtension(folder!, { words: wordSetOfName('samtok-32x2')! })
await executeExtension(plan, {
  output: output!,
  onProgress: ({ file }) => {
    if (file === 'model.safetensors') process.kill(process.pid, 'SIGKILL')
  },
})
