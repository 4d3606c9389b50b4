// `maskwords serve`: codecs, rewards and the studio over HTTP.
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolders } from '@maskwords/checkpoint'
import type { OptionSpecs } from '@maskwords/files'
import {
  CODEC_NAMES,
  CODEC_OPTIONS,
  type Context,
  defineCommand,
  getokCells,
  INSTALLED,
  localSource,
  MaskwordsError,
  MODEL_OPTIONS,
  serverOptions,
} from '@maskwords/files'
import { isAddress, openMultimodal, readAddress } from '@maskwords/mllm'
import type { ServedCodec, ServedModel } from '@maskwords/server'
import { type CodecServiceOptions, checkPort, openCodecService, requestLine } from '@maskwords/server'
import { openPage } from './open-page.ts'
import { serveUntilStopped, serviceToken } from './serving.ts'

const PORT = 7333
const HOST = '127.0.0.1'
const BODY_MB = 32
const TIMEOUT_S = 30
const CACHE_MIB = 512
const CACHE_FOLDER_MIB = 1024
const ANSWER_TIMEOUT_S = 300
const MAX_QUESTIONS = 32
/** Of a phone's camera; a picture of these takes 96 MB. */
const MAX_PIXELS = 32_000_000
const MAX_WORKERS = 4

const OPTIONS = {
  host: {
    type: 'text',
    valueName: 'address',
    help: `the address to listen on (default ${HOST}: this machine only)`,
  },
  port: {
    type: 'integer',
    min: 0,
    max: 65_535,
    help: `the port (default ${PORT}); 0 takes any free one and says which`,
  },
  token: {
    type: 'text',
    valueName: 'token',
    help: 'requests must carry it (default: MASKWORDS_SERVE_TOKEN, or none); other users of this machine can see it here',
  },
  'token-file': { type: 'text', valueName: 'file', help: 'a file that holds the token' },
  cors: {
    type: 'text',
    valueName: 'origin',
    help: 'a web origin whose pages may call, as in https://example.org; * for any (default none)',
  },
  codec: {
    type: 'list',
    valueName: 'codec',
    names: CODEC_NAMES,
    help: `a codec to serve, several times for several: as for encode, or name=folder (default ${CODEC_NAMES.join(', ')})`,
  },
  segmenter: CODEC_OPTIONS.segmenter,
  workers: {
    type: 'integer',
    min: 1,
    max: 64,
    help: `worker threads, each with its own codecs (default one a core, at most ${MAX_WORKERS})`,
  },
  threads: {
    type: 'integer',
    min: 1,
    max: 256,
    help: 'threads of the networks in each worker (default: the cores shared out)',
  },
  'cache-mib': {
    type: 'integer',
    min: 1,
    max: 2 ** 20,
    help: `memory for pictures and encoded pictures (default ${CACHE_MIB})`,
  },
  'cache-folder': {
    type: 'text',
    valueName: 'folder',
    help: "keep SAMTok's encoded pictures here, for the next start too",
  },
  'cache-folder-mib': {
    type: 'integer',
    min: 1,
    max: 2 ** 20,
    help: `most that the folder may hold (default ${CACHE_FOLDER_MIB})`,
  },
  'max-body': {
    type: 'integer',
    min: 1,
    max: 256,
    valueName: 'MB',
    help: `largest request (default ${BODY_MB})`,
  },
  'max-pixels': {
    type: 'integer',
    min: 1,
    max: 2 ** 28,
    help: `refuse larger pictures and masks (default ${MAX_PIXELS})`,
  },
  timeout: {
    type: 'number',
    min: 0.1,
    max: 3600,
    valueName: 'seconds',
    help: `longest time of a request (default ${TIMEOUT_S})`,
  },
  ...MODEL_OPTIONS,
  'model-threads': {
    type: 'integer',
    min: 1,
    max: 256,
    help: "threads of the model's networks (default: all cores)",
  },
  'answer-timeout': {
    type: 'number',
    min: 1,
    max: 36_000,
    valueName: 'seconds',
    help: `longest time of an answer of the model, waiting included (default ${ANSWER_TIMEOUT_S})`,
  },
  'max-questions': {
    type: 'integer',
    min: 1,
    max: 10_000,
    help: `questions to the model held at a time, waiting ones included (default ${MAX_QUESTIONS})`,
  },
  'fetch-images': {
    type: 'list',
    valueName: 'origin',
    help: 'a web origin from which pictures of questions may be fetched, as in https://example.org (default none)',
  },
  open: {
    type: 'flag',
    help: 'open the page in the browser of this machine (nothing happens without a display)',
  },
  'no-studio': { type: 'flag', help: 'no web page, only the interface for programs' },
} as const satisfies OptionSpecs

type ServeContext = Context<typeof OPTIONS>

export const command = defineCommand({
  spec: {
    name: 'serve',
    summary: 'The studio, and codecs, rewards and a model over HTTP.',
    details: [
      'Opens a page to see and try everything, and /v1 for programs: pictures, masks to words, words to masks, texts, rewards.',
      'With --model, OpenAI clients ask it at /v1/chat/completions, and get masks beside the text (docs/http-api.md).',
      '/openapi.json describes it; docs/http-api.md explains it. Ctrl-C answers what is under way, then ends.',
      'Requests are logged on stderr, a line each (--json: as JSON, --quiet: none).',
    ],
    arguments: [],
    options: OPTIONS,
    examples: [
      { command: 'maskwords serve', note: `the studio on http://${HOST}:${PORT}` },
      { command: 'maskwords serve --codec himtok-nano --workers 1', note: 'small: one codec, one thread' },
      {
        command: 'maskwords serve --codec mine=./weights/my-samtok --codec getok --no-studio',
        note: 'a codec of your own under a name of your own',
      },
      {
        command: 'maskwords serve --model ./Qwen3-VL-4B-SAMTok',
        note: 'a model for any OpenAI client: text and masks',
      },
      {
        command: 'maskwords serve --model http://127.0.0.1:8000/v1 --codec ./samtok-256x2',
        note: 'masks for a model that runs behind vLLM, SGLang, llama-server or Ollama',
      },
      {
        command: 'MASKWORDS_SERVE_TOKEN=$(openssl rand -hex 32) maskwords serve --host 0.0.0.0',
        note: 'for other machines, with a token',
      },
    ],
  },
  async run(context) {
    const { io, options, style, talk } = context
    const host = options.host ?? HOST
    const { 'token-file': file } = options
    const token = await serviceToken(context, {
      host,
      variable: 'MASKWORDS_SERVE_TOKEN',
      ...(options.token !== undefined && { token: options.token }),
      ...(file !== undefined && { file }),
    })
    const cores = availableParallelism()
    const workers = options.workers ?? Math.min(cores, MAX_WORKERS)
    const timeoutMs = (options.timeout ?? TIMEOUT_S) * 1000
    const setup: CodecServiceOptions = {
      host,
      codecs: codecsOf(context),
      workers,
      threads: options.threads ?? Math.max(1, Math.floor(cores / workers)),
      maxPixels: options['max-pixels'] ?? MAX_PIXELS,
      maxBodyBytes: (options['max-body'] ?? BODY_MB) * 2 ** 20,
      timeoutMs,
      cacheBytes: (options['cache-mib'] ?? CACHE_MIB) * 2 ** 20,
      ...(await folderOf(context)),
      ...(token !== undefined && { token }),
      ...(options.cors !== undefined && { cors: originOf('--cors', options.cors) }),
      ...(options['fetch-images'] && {
        fetchOrigins: options['fetch-images'].map((origin) => originOf('--fetch-images', origin)),
      }),
      ...modelOf(context),
      ...(options['no-studio'] !== true && { studioFolder: STUDIO_FOLDER }),
      onInternal: (error, requestId) => {
        const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
        talk.failure({ code: 'internal', message: `request ${requestId}: ${said}` }).catch(() => {})
      },
      onLost: (why) => {
        talk.failure({ code: 'worker-lost', message: `a worker thread is replaced: ${why}` }).catch(() => {})
      },
      ...(options.quiet !== true && {
        onRequest: (request) => {
          io.stderr.write(requestLine(request, new Date(), options.json === true)).catch(() => {})
        },
      }),
    }
    await checkPort(host, options.port ?? PORT)
    await talk.note('opening the codecs')
    const opened = await openCodecService(setup)
    try {
      for (const note of opened.model?.notes ?? []) await talk.note(note)
      const codecs = opened.pool.codecs.map((codec) => codec.name)
      await serveUntilStopped(context, opened.service, {
        host,
        port: options.port ?? PORT,
        timeoutMs,
        ...(setup.model && { answerTimeoutMs: setup.model.answerTimeoutMs + AFTER_ANSWER_MS }),
        // One line as JSON too, because whoever started the service reads it while the service runs.
        line: async ({ url, port }) => {
          if (options.open && options['no-studio'] !== true) openPage(url, process.platform, io.env)
          return options.json
            ? JSON.stringify({
                url,
                host,
                port,
                token: token !== undefined,
                codecs,
                ...(opened.model && { model: opened.model.id }),
                workers,
                studio: await hasStudio(),
              })
            : `${style.bold(url)}${style.dim(`  ${[...codecs, ...(opened.model ? [opened.model.id] : [])].join(', ')}${token === undefined ? '' : '; with a token'}`)}`
        },
      })
      return 0
    } finally {
      await opened.close()
    }
  },
})

/** Where the studio is built to. */
const STUDIO_FOLDER = fileURLToPath(new URL('studio', INSTALLED))

const hasStudio = async (): Promise<boolean> =>
  (await stat(join(STUDIO_FOLDER, 'index.html')).catch(() => undefined)) !== undefined

function codecsOf(context: ServeContext): ServedCodec[] {
  const codecs = (context.options.codec ?? CODEC_NAMES).map((text) => codecOf(context, text))
  if (
    context.options.segmenter !== undefined &&
    codecs.every(({ source }) => getokCells(source) === undefined)
  ) {
    throw new MaskwordsError('usage', '--segmenter is for getok, which is not served', {
      hint: 'add --codec getok',
    })
  }
  const names = codecs.map((codec) => codec.name)
  const twice = names.find((name, k) => names.indexOf(name) !== k)
  if (twice === undefined) return codecs
  throw new MaskwordsError('usage', `two codecs are called ${twice}`, {
    hint: 'name one: --codec other=...',
  })
}

/** `name=source` or a source alone. A path is named by its last part, so that no path of this machine is told. */
function codecOf({ options, path }: ServeContext, text: string): ServedCodec {
  const named = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(.+)$/.exec(text)
  const source = named?.[2] ?? text
  const name = named?.[1] ?? basename(source).replace(/[^A-Za-z0-9._-]/g, '-')
  if (getokCells(source) === undefined) return { name, source: localSource(path, source) }
  const { segmenter } = options
  return { name, source, ...(segmenter !== undefined && { segmenter: localSource(path, segmenter) }) }
}

function originOf(option: '--cors' | '--fetch-images', text: string): string {
  if (text === '*' && option === '--cors') return text
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && !text.includes(',')) {
    return url.origin
  }
  throw new MaskwordsError('usage', `${option} takes one web origin; got "${text}"`, {
    hint: `for example ${option} https://example.org${option === '--cors' ? ', or --cors "*" for any' : ''}`,
  })
}

/** What an answer may take to be written after it is whole. */
const AFTER_ANSWER_MS = 60_000

/** The model that is served. Its name tells no path and no address of this machine. */
function modelOf(context: ServeContext): { model?: ServedModel } {
  const { options, io, talk, path } = context
  const { model: source, 'model-name': modelName, weights, 'model-threads': threads } = options
  if (source === undefined) {
    const lost = (
      ['model-name', 'weights', 'model-threads', 'answer-timeout', 'max-questions', 'fetch-images'] as const
    ).find((name) => options[name] !== undefined)
    if (lost !== undefined) throw new MaskwordsError('usage', `--${lost} goes with --model`)
    return {}
  }
  const address = isAddress(source) ? readAddress(source) : undefined
  const server = serverOptions(context, address !== undefined)
  let progress: ReturnType<typeof talk.progress> | undefined
  const id = modelName ?? address?.model ?? (address === undefined ? source : undefined)
  return {
    model: {
      ...(id !== undefined && { id }),
      hidden: address === undefined ? [] : [address.base, address.root, new URL(address.base).host],
      answerTimeoutMs: (options['answer-timeout'] ?? ANSWER_TIMEOUT_S) * 1000,
      maxHeld: options['max-questions'] ?? MAX_QUESTIONS,
      async open(words) {
        await talk.note('opening the model')
        const model = await openMultimodal(address === undefined ? localSource(path, source) : source, {
          weights: weights ?? 'auto',
          ...(threads !== undefined && { threads }),
          signal: io.signal,
          server: {
            ...server,
            // A codec that was named says what the model speaks, where its server does not.
            ...(options.codec !== undefined && words !== undefined && { vocabulary: words }),
          },
          onProgress: ({ total }) => {
            progress ??= talk.progress(total, 'weight')
            progress.step()
          },
        })
        await progress?.clear()
        return model
      },
    },
  }
}

async function folderOf({
  options,
  path,
}: ServeContext): Promise<{ cacheFolder?: string; cacheFolderBytes?: number }> {
  const { 'cache-folder': folder, 'cache-folder-mib': mib } = options
  if (folder === undefined) {
    if (mib !== undefined) throw new MaskwordsError('usage', '--cache-folder-mib goes with --cache-folder')
    return {}
  }
  const cacheFolder = path(folder)
  await makeFolders(cacheFolder).catch((cause: unknown) => {
    throw new MaskwordsError('write-failed', 'the cache folder cannot be made', { file: folder, cause })
  })
  return { cacheFolder, cacheFolderBytes: (mib ?? CACHE_FOLDER_MIB) * 2 ** 20 }
}
