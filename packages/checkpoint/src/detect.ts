// What a file is, by its first bytes: the checkpoints that are read here, and the things that people open by mistake.
import { CheckpointError } from './error.ts'
import { LEGACY_MAGIC } from './torch.ts'

export type FileKind = 'safetensors' | 'zip' | 'torch-legacy' | 'pickle' | 'shard-index'

/** Bytes that detection looks at: a tar header's magic lies at 257, web pages may begin with a comment. */
export const DETECTION_BYTES = 1024

type Stranger = { what: string; hint: string; matches(head: Uint8Array, text: string): boolean }

const startsWith = (head: Uint8Array, ...bytes: number[]): boolean =>
  bytes.every((byte, i) => head[i] === byte)

const STRANGERS: readonly Stranger[] = [
  {
    what: 'a Git LFS pointer, not the file itself',
    hint: 'Run `git lfs pull` in the repository, or download the file from its page instead of the raw view.',
    matches: (_head, text) => text.startsWith('version https://git-lfs'),
  },
  {
    what: 'a web page saved under the name of a model',
    hint: 'The download was answered with a page (log-in, licence, error): open the address in a browser and see what it says.',
    matches: (_head, text) => /^\s*(?:<!--[\s\S]*?-->\s*)?<(?:!doctype|html|head|\?xml)/i.test(text),
  },
  {
    what: 'the text of an error answer, not a model',
    hint: 'The download failed: check the address and whether it needs a log-in.',
    matches: (_head, text) =>
      /^\s*(?:Entry not found|Not Found|Invalid (?:username|credentials)|Access to model|Unauthorized|\{"error")/i.test(
        text,
      ),
  },
  {
    what: 'a GGUF file (llama.cpp)',
    hint: 'Get the original safetensors weights of this model.',
    matches: (_head, text) => text.startsWith('GGUF'),
  },
  {
    what: 'an HDF5 file (Keras)',
    hint: 'Convert it to safetensors in Python.',
    matches: (head) => startsWith(head, 0x89, 0x48, 0x44, 0x46),
  },
  {
    what: 'a numpy array file',
    hint: 'Convert it to safetensors in Python: safetensors.numpy.save_file.',
    matches: (head) => startsWith(head, 0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59),
  },
  {
    what: 'a gzip-compressed file',
    hint: 'Unpack it first: gunzip, or tar -xzf.',
    matches: (head) => startsWith(head, 0x1f, 0x8b),
  },
  {
    what: 'a Zstandard-compressed file',
    hint: 'Unpack it first: zstd -d.',
    matches: (head) => startsWith(head, 0x28, 0xb5, 0x2f, 0xfd),
  },
  {
    what: 'a tar archive',
    hint: 'Unpack it first: tar -xf. (Torch files from before 2017 are tar archives too: load and save them with a newer torch.)',
    matches: (_head, text) => text.slice(257, 262) === 'ustar',
  },
  {
    what: 'an ONNX model',
    hint: 'Give it to the engine as a model; its weights are not read as a checkpoint.',
    // Field 1 (ir_version, a small number), then field 2 (producer_name), 7 (graph) or 8 (opset_import).
    matches: (head) => head[0] === 0x08 && head[1] < 0x20 && [0x12, 0x3a, 0x42].includes(head[2]),
  },
]

/**
 * Tells what a file is from its first bytes.
 * @throws CheckpointError `truncated` for an empty file, `not-a-checkpoint` for everything else that is no checkpoint.
 */
export function detectFile(head: Uint8Array, options: { file: string; byteLength: number }): FileKind {
  const { file } = options
  if (options.byteLength === 0) {
    throw new CheckpointError('truncated', 'the file is empty', {
      file,
      hint: 'The download failed: fetch it again.',
    })
  }
  // First of all: a header length can by chance begin like a gzip, ONNX or ZIP file, but none of those has this brace behind four zeros.
  if (head[8] === 0x7b && head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] === 0)
    return 'safetensors'
  if (startsWith(head, 0x50, 0x4b, 3, 4) || startsWith(head, 0x50, 0x4b, 5, 6)) return 'zip'
  if (LEGACY_MAGIC.every((byte, i) => head[i] === byte)) return 'torch-legacy'
  const text = String.fromCharCode(...head)
  for (const stranger of STRANGERS) {
    if (stranger.matches(head, text)) {
      throw new CheckpointError('not-a-checkpoint', `this is ${stranger.what}`, { file, hint: stranger.hint })
    }
  }
  // An impossible header length before a brace is an error of that format, not another format.
  if (head[8] === 0x7b || (/\.safetensors$/i.test(file) && head[0] !== 0x7b)) return 'safetensors'
  if (/^\s*\{/.test(text)) return 'shard-index'
  if (head[0] === 0x80 && head[1] <= 5) return 'pickle'
  if (head.every((byte) => byte === 0)) {
    throw new CheckpointError('not-a-checkpoint', 'the file begins with nothing but zero bytes', {
      file,
      hint: 'A download reserved the space and never filled it: fetch the file again.',
    })
  }
  const shown = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  throw new CheckpointError(
    'not-a-checkpoint',
    `this is neither safetensors nor a torch file (it begins with ${shown})`,
    {
      file,
      hint: 'Readable: .safetensors, .pth/.pt/.bin written by torch.save, and *.index.json of sharded models.',
    },
  )
}
