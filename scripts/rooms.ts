// The rooms of this house, from the ground up: what each is for and what it may stand on. The one list: tests, the picture of the
// house and the check of sizes read it.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type Room = {
  readonly name: string
  /** The folder in the repository. */
  readonly folder: string
  /** Its one job. */
  readonly job: string
  /** Packages from outside this house. `node:` stands for all of Node's own; a room without it runs in a browser. */
  readonly external: readonly string[]
  /** The rooms below it that it may look into. */
  readonly mayUse: readonly string[]
}

const packages = (name: string, job: string, mayUse: string, external = ''): Room => ({
  name,
  folder: `packages/${name}`,
  job,
  mayUse: words(mayUse),
  external: words(external),
})
const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')

/** A room may use only rooms that stand before it in this list, and of those the ones that it names. */
export const ROOMS: readonly Room[] = [
  packages(
    'base',
    'what every room stands on: errors with codes, catalogues of names, streams of events',
    '',
  ),
  packages(
    'mask',
    'pixels: the mask value, its dialects, PNG, polygons, resizing, morphology, overlap',
    'base',
  ),
  packages(
    'selection',
    'what clicks and boxes on a picture mean: prompts as maps, answers made exact along edges',
    'mask',
  ),
  packages('words', 'text: vocabularies, writing, reading and repairing mask words', 'base mask'),
  packages(
    'annotations',
    'annotation files read and written, whatever tool they are of: COCO, CVAT, Label Studio, YOLO',
    'base mask words',
  ),
  packages(
    'checkpoint',
    'tensors in files: safetensors, PyTorch pickles, zip; locks on folders',
    'base',
    'node:',
  ),
  packages(
    'graph',
    'networks as graphs: ops and their gradients, ONNX, sessions',
    'base checkpoint',
    'maskwords-onnxruntime onnxruntime-web onnxruntime-common node:',
  ),
  packages('train', 'the training loop of any graph', 'base checkpoint graph', 'node:'),
  packages(
    'models',
    'published networks as graphs: Hiera, SAM 2, TiTok, NanoDet, Qwen with and without eyes',
    'base graph',
  ),
  packages(
    'codecs',
    'SAMTok, HiMTok and GETok behind one interface; SAM 2 and NanoDet, which see for others',
    'base mask words checkpoint graph models',
    'node:',
  ),
  packages(
    'codec-loading',
    'codecs from their names, folders, weight files and hubs',
    'base checkpoint graph models codecs',
    'node:',
  ),
  packages(
    'mllm',
    'what lies between text and network: tokenizer, template, picture processor, generation',
    'base mask words checkpoint graph models codecs codec-loading',
    'node: @huggingface/tokenizers @huggingface/jinja',
  ),
  packages(
    'inputs',
    'what annotations come as: text in any encoding, JSON of any size, tables',
    'base words annotations',
    'node: hyparquet',
  ),
  packages(
    'datasets',
    'published datasets as records',
    'base mask words annotations checkpoint inputs',
    'node:',
  ),
  packages(
    'data',
    "records as conversations, conversations as trainers' files",
    'base mask words checkpoint graph codecs datasets',
    'node: hyparquet hyparquet-writer tar-stream',
  ),
  packages(
    'learn',
    'what a trainer needs: vocabularies in checkpoints, rewards, GGUF',
    'base mask words checkpoint graph models codecs mllm datasets data',
    'node:',
  ),
  packages('charts', 'charts of numbers as SVG text', ''),
  packages('eval', 'metrics, intervals, comparisons', 'base mask words annotations charts', 'node:'),
  packages(
    'files',
    'pictures, masks and words in and out in every dialect, and what a command line needs for it',
    'base mask words annotations checkpoint codecs codec-loading mllm learn',
    'node: zod sharp',
  ),
  packages(
    'plugins',
    'things of other people by name: datasets, tasks, formats, rewards, codecs',
    'mask words codecs codec-loading datasets data learn files',
    'node: jiti',
  ),
  packages(
    'scenes',
    'made-up scenes to learn from, with questions by rules',
    'base mask codecs datasets data files',
    'node:',
  ),
  packages(
    'client',
    'the service as an object, and what is said to it and what it answers',
    'base learn',
    'zod',
  ),
  packages(
    'server',
    'the service: codecs, rewards, a model and the studio over HTTP',
    'base mask words graph codecs codec-loading mllm learn files plugins client',
    'node: zod hono @hono/node-server',
  ),
  packages(
    'judging',
    'a language model as judge of answers: what it is asked, its verdicts, what they count',
    'base mask words codecs mllm eval files',
    'node:',
  ),
  packages(
    'benchmarks',
    'the answers of a model against the truth of published benchmarks',
    'base mask words annotations codecs mllm datasets data eval files judging',
    'node: zod',
  ),
  packages(
    'codec-training',
    'training the tokenizers: batches, losses, stages, runs',
    'base mask words checkpoint graph train models codecs codec-loading datasets eval files benchmarks',
    'node: zod',
  ),
  packages(
    'tuning',
    'a language model learns the words: fine-tuning, adapters, learning by reward',
    'base mask words checkpoint graph train models codecs codec-loading mllm datasets data learn charts files plugins',
    'node: zod',
  ),
  packages(
    'commands',
    'the command line: every command and its options',
    'base mask words annotations checkpoint graph train codecs codec-loading mllm datasets data learn eval files plugins scenes server benchmarks codec-training tuning',
    'node: zod',
  ),
  packages(
    'maskwords',
    'what people install: the index, the doors to the rooms, the command, the weights',
    'mask words checkpoint graph train models codecs codec-loading mllm datasets data learn eval files plugins client codec-training tuning commands',
    'node:',
  ),
  {
    name: 'exchange',
    folder: 'apps/exchange',
    job: "files of annotations in and out of the studio: any tool's masks of the open picture, its regions as datasets",
    mayUse: words('base mask words annotations'),
    external: [],
  },
  {
    name: 'board',
    folder: 'apps/board',
    job: 'what the views of the studio stand on: regions, canvas, documents, the codecs behind them',
    mayUse: words(
      'base mask selection words annotations checkpoint graph models codecs codec-loading client exchange',
    ),
    external: words('react zustand'),
  },
  {
    name: 'answers',
    folder: 'apps/answers',
    job: "the studio's views of answers: asking a model about the picture, reading what one said",
    mayUse: words('base mask words eval board'),
    external: words('react zustand'),
  },
  {
    name: 'studio',
    folder: 'apps/studio',
    job: 'the web app: its views and its shell',
    mayUse: words('base mask words checkpoint codecs eval exchange board answers'),
    external: words('react react-dom zustand'),
  },
]

/** More lines than this are two jobs: about what one person can hold in mind. Tests do not count. */
export const MAX_ROOM_LINES = 8000

export const HOUSE = join(import.meta.dirname, '..')

/** The sources of a room without its tests, sorted, as absolute paths. */
export function sourceFiles(room: Room): string[] {
  return readdirSync(join(HOUSE, room.folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
    .map((path) => join(HOUSE, room.folder, 'src', path))
    .sort()
}

export const lineCount = (path: string): number => readFileSync(path, 'utf8').split('\n').length - 1

/** Every module that a source text imports or re-exports, dynamically too. */
export function importsOf(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*(?:\/\*.*?\*\/\s*)?['"]([^'"]+)['"]/gms,
  )
  return [...statements].map((match) => (match[1] ?? match[2] ?? match[3])!)
}

/** What each file imports of the others by a relative path. */
export function importGraph(files: readonly string[]): Map<string, string[]> {
  const known = new Set(files)
  return new Map(
    files.map((file) => [
      file,
      importsOf(readFileSync(file, 'utf8'))
        .filter((target) => target.startsWith('.'))
        .map((target) => join(dirname(file), target))
        .filter((target) => known.has(target)),
    ]),
  )
}

/** Sets of nodes that reach each other, and nodes that point at themselves; each sorted (Tarjan 1972). */
export function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (node: string): number => {
    order.set(node, order.size)
    let low = order.get(node)!
    const depth = stack.push(node) - 1
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, order.get(next)!)
    }
    if (low === order.get(node)) {
      const part = stack.splice(depth).sort()
      if (part.length > 1 || graph.get(node)?.includes(node)) circles.push(part)
    }
    return low
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return circles.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))
}
