// `maskwords extend-vocab`: a language model's folder with mask words in its vocabulary.
import { readFile, stat } from 'node:fs/promises'
import { namesHint } from '@maskwords/base'
import {
  byteProgress,
  CODEC_NAMES,
  type Context,
  counted,
  DEFAULT_CODEC,
  decodedText,
  defineCommand,
  MaskwordsError,
  openCodec,
  reportOf,
  SPEAKERS,
} from '@maskwords/files'
import {
  checkOutput,
  DEFAULT_PAD_TO,
  type ExtensionPlan,
  type ExtensionResult,
  executeExtension,
  growthBytes,
  planExtension,
  type WordSet,
  wordSetOfName,
  wordSetOfText,
} from '@maskwords/learn'
import { vocabularyName } from '@maskwords/words'
import { preparedLanguage } from './prepared.ts'

const DEFAULT_WORDS = 'samtok-256x2'
/** What --words takes by name; other sizes have names like these. */
const NAMED_WORDS = [DEFAULT_WORDS, 'himtok-1024', 'getok-n32', ...CODEC_NAMES]

const OPTIONS = {
  words: {
    type: 'text',
    valueName: 'words',
    names: NAMED_WORDS,
    help: 'samtok-KxD, himtok-N, getok-nN, a codec as --codec names it, or a file with one word a line or a JSON list (default samtok-256x2)',
  },
  data: {
    type: 'text',
    valueName: 'folder',
    help: 'a folder that maskwords prepare wrote: take the words of its language, and refuse others',
  },
  output: { type: 'text', short: 'o', valueName: 'folder', help: 'the folder to make; must not exist' },
  'pad-to': {
    type: 'integer',
    min: 1,
    max: 65_536,
    help: `rows become a multiple of this (default: rows grow only where they must, then to a multiple of ${DEFAULT_PAD_TO})`,
  },
  seed: { type: 'integer', min: 0, max: 2 ** 31 - 1, help: 'seed of the new rows (default 0)' },
  spread: {
    type: 'number',
    min: 0,
    max: 100,
    help: "times the old rows' deviation (default 1, the paper; SAMTok's released script: 0.02)",
  },
  copy: { type: 'flag', help: 'copy large files instead of linking them' },
  'dry-run': { type: 'flag', help: 'say what would be done, write nothing' },
} as const

type ExtendContext = Context<typeof OPTIONS>

export const command = defineCommand({
  spec: {
    name: 'extend-vocab',
    summary: 'Give a language model the words of masks: tokenizer, configuration and weights.',
    details: [
      'Takes a Hugging Face folder (Qwen2-VL, Qwen2.5-VL, Qwen3-VL, InternVL, Llama and others with safetensors) and makes a',
      'new one. Words are normal tokens (special: false). New rows are drawn from mean and variance of the old ones by',
      'dimension; old rows stay to the bit. Only shards that change are rewritten, the others are linked. The result is read',
      'with a second tokenizer before it gets its name. Words that are there already as special tokens are made normal: their',
      'ids and rows stay.',
    ],
    arguments: [{ name: 'folder', help: 'the folder of the base model, as from_pretrained takes it' }],
    options: OPTIONS,
    examples: [
      {
        command: 'maskwords extend-vocab Qwen2.5-VL-3B-Instruct --words samtok-256x2 -o base',
        note: 'the 514 words of SAMTok',
      },
      {
        command: 'maskwords extend-vocab Qwen2.5-VL-3B-Instruct --data train -o base',
        note: 'the words that training files were prepared in',
      },
      {
        command: 'maskwords extend-vocab InternVL2_5-8B --words himtok-1024 -o base --dry-run',
        note: 'ids, rows and files first',
      },
    ],
  },
  async run(context) {
    const { io, options, args } = context
    const folder = context.path(args[0]!)
    if (options.output === undefined && !options['dry-run']) {
      throw new MaskwordsError('usage', 'missing -o: the folder to make', {
        hint: '--dry-run says what would be done without one',
      })
    }
    if (/\.gguf$/i.test(folder)) {
      throw new MaskwordsError('unsupported', 'a GGUF file cannot be given new words', {
        file: folder,
        hint: 'extend the safetensors folder and convert it; maskwords patch-gguf makes words visible that are there',
      })
    }
    const words = await wordSet(context)
    const plan = await planExtension(folder, {
      words,
      ...(options['pad-to'] === undefined ? {} : { padTo: options['pad-to'] }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.spread === undefined ? {} : { spread: options.spread }),
    })
    const output = options.output === undefined ? undefined : context.path(options.output)
    if (options['dry-run'] || output === undefined) {
      if (output !== undefined) await checkOutput(folder, output)
      if (options.json) await context.printJson({ ...planAsJson(plan), dryRun: true, output })
      else await context.print(planLines(plan, `${args[0]} (dry run, nothing is written)`, true).join('\n'))
      return 0
    }
    const progress = byteProgress(io, options.quiet === true)
    let result: ExtensionResult
    try {
      result = await executeExtension(plan, {
        output,
        signal: io.signal,
        copy: options.copy === true,
        onProgress: (at) => progress.show('extend-vocab', at),
      })
    } finally {
      await progress.clear()
    }
    for (const note of plan.notes) await context.talk.note(note)
    if (options.json) {
      const { check, linked, copied, rewritten, edited } = result
      await context.printJson({
        ...planAsJson(plan),
        dryRun: false,
        output,
        written: { linked, copied, rewritten, edited },
        check: check ?? null,
      })
    } else {
      const lines = planLines(plan, options.output!, false)
      lines.push(`  written    ${writtenText(result)}`, `  check      ${checkText(result)}`)
      if (options.data === undefined) {
        const codec = codecOfWords(plan.words)
        const spoken = codec === undefined ? '' : ` --codec ${codec}`
        lines.push(
          `  next       maskwords prepare <sources> --to <trainer>${spoken} --model ${options.output} -o train`,
        )
      }
      await context.print(lines.join('\n'))
    }
    return 0
  },
})

/** The words to add: those of --words, of the training files, or of the language that every command speaks by default. */
async function wordSet(context: ExtendContext): Promise<WordSet> {
  const { words, data } = context.options
  const prepared = data === undefined ? undefined : await preparedLanguage(context.path(data))
  const named = words === undefined ? undefined : await wordsNamed(context, words)
  if (prepared === undefined) {
    if (named !== undefined) return named
    await context.talk.note(
      `no --words: ${DEFAULT_WORDS}, those of ${DEFAULT_CODEC}, which every command speaks where nothing else is said`,
    )
    return wordSetOfName(DEFAULT_WORDS)!
  }
  const has = new Set(named?.words)
  const lacking = named === undefined ? undefined : prepared.words.words.find((word) => !has.has(word))
  if (lacking === undefined) return named ?? prepared.words
  throw new MaskwordsError(
    'usage',
    `${data} is written in ${prepared.words.name} (${prepared.codec}), and --words ${words} lacks ${lacking}`,
    { hint: `leave --words out, or prepare the data again with a codec of ${words}` },
  )
}

async function wordsNamed(context: ExtendContext, words: string): Promise<WordSet> {
  const named = wordSetOfName(words)
  if (named !== undefined) return named
  const path = context.path(words)
  const info = await stat(path).catch(() => undefined)
  if (info?.isFile() && !/\.(?:safetensors|pth|pt)$/.test(words)) {
    return wordSetOfText(decodedText(await readFile(path), path), path)
  }
  try {
    const codec = await openCodec({ ...context, options: { codec: words } })
    await codec.close()
    return wordSetOfName(vocabularyName(codec.vocabulary))!
  } catch (cause) {
    if (reportOf(cause).code !== 'not-found') throw cause
    throw new MaskwordsError('not-found', `"${words}" is neither a vocabulary, a codec nor a file`, {
      hint: `${namesHint(words, NAMED_WORDS)} (samtok-KxD, himtok-N, getok-nN with other numbers); else a folder with weights, or a file with one word a line`,
      cause,
    })
  }
}

/** Who speaks these words by name; undefined for those of folders and files. */
function codecOfWords({ name, vocabulary }: WordSet): string | undefined {
  if (name === DEFAULT_WORDS) return DEFAULT_CODEC
  if (name === 'himtok-1024') return SPEAKERS.himtok
  return vocabulary?.kind === 'getok' ? `getok:${vocabulary.gridSize}` : undefined
}

function planLines(plan: ExtensionPlan, title: string, files: boolean): string[] {
  const { words, tokenCount, rows, firstId, lastId, weights, tokenizer } = plan
  const spare = rows.after - tokenCount.after
  const grown = rows.after === rows.before ? 'as before' : `${rows.before} -> ${rows.after}`
  const there = plan.normal === undefined ? '' : `, there already: ${plan.normal.changed.size} made normal`
  const lines = [
    title,
    `  model      ${plan.architecture}`,
    `  words      ${words.name}: ${counted(words.words.length, 'word')}, ids ${firstId} to ${lastId}${there}`,
    `  tokenizer  ${tokenCount.before} -> ${tokenCount.after} tokens (${tokenizer.kind})`,
    `  rows       ${grown}${rows.after === rows.before ? ` (${rows.before})` : ''}, ${spare} of them without a token`,
    ...weights.rowTensors.map((t, i) => {
      const shape = t.role === 'head-bias' ? `[${rows.after}]` : `[${rows.after}, ${t.columns}]`
      return `  ${i === 0 ? 'tensors  ' : '         '}  ${t.name} ${t.dtype} ${shape}`
    }),
    `  head       ${weights.tied ? 'tied to the embedding' : 'its own'}`,
    `  grows by   ${growthBytes(plan).toLocaleString('en-US')} bytes`,
  ]
  if (!files) return lines
  lines.push('  files')
  for (const { path, action, byteLength } of plan.files) {
    lines.push(`    ${action.padEnd(9)}  ${path}  ${byteLength.toLocaleString('en-US')} bytes`)
  }
  for (const note of plan.notes) lines.push(`  note       ${note}`)
  return lines
}

function writtenText({ rewritten, edited, linked, copied }: ExtensionResult): string {
  return `${counted(rewritten, 'shard')} anew, ${counted(edited, 'file')} edited, ${linked} linked, ${copied} copied`
}

function checkText({ check }: ExtensionResult): string {
  if (check === undefined) return 'ids and rows (no tokenizer.json for the second tokenizer)'
  const around = check.wholeText ? '' : ` (text around them was not checked: ${check.reason})`
  const blanks = check.blankAfter
    ? '; decoded text has a blank after it, as after every added token of this tokenizer'
    : ''
  return `each of ${check.words} words is one token in ${check.contexts} contexts and comes back from its id${around}${blanks}`
}

function planAsJson(plan: ExtensionPlan): Record<string, unknown> {
  const { folder, architecture, words, firstId, lastId, tokenCount, rows, seed, spread, weights } = plan
  return {
    folder,
    architecture,
    words: { name: words.name, count: words.words.length, firstId, lastId },
    madeNormal: plan.normal?.changed.size ?? 0,
    tokenizer: { kind: plan.tokenizer.kind, ...tokenCount },
    rows: { ...rows, padTo: plan.padTo ?? null, withoutToken: rows.after - tokenCount.after },
    seed,
    spread,
    tied: weights.tied,
    tensors: weights.rowTensors.map(({ name, role, dtype, columns, info }) => ({
      name,
      role,
      dtype,
      columns,
      file: info.file,
    })),
    growthBytes: growthBytes(plan),
    files: plan.files,
    notes: plan.notes,
  }
}
