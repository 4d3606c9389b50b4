// The model at the page's server (`maskwords serve --model`, docs/http-api.md): what it is, its answers as they come, masks of other words.
import {
  type ChatChunk,
  type ChatRequest,
  type Client,
  createClient,
  type ModelList,
  ServiceError,
} from '@maskwords/client'
import type { Mask } from '@maskwords/mask'
import { maskOfAnswer } from './answered-mask.ts'
import { EngineError } from './error.ts'
import { type HandedPictures, handedPictures } from './handed-pictures.ts'
import { keptToken, TOKEN_HINT } from './token.ts'
import type { PictureToSee } from './worker-link.ts'

export type { ChatChunk, ChatMask, ChatRequest } from '@maskwords/client'
export type ModelFacts = ModelList['data'][number]
export type ChatMessages = ChatRequest['messages']

type Connection = {
  readonly client: Client
  readonly pictures: HandedPictures
  readonly token: string | undefined
}
let connection: Connection | undefined

/** A connection for each token: another one speaks with another. */
function connected(): Connection {
  const token = keptToken()
  if (connection === undefined || connection.token !== token) {
    const client = createClient({
      url: new URL('.', document.baseURI).href,
      ...(token === undefined ? {} : { token }),
    })
    connection = { client, pictures: handedPictures(client), token }
  }
  return connection
}

/** What the service says goes on as an error of the engine; aborts stay what they are. */
function engineError(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error
  const hint = error.status === 401 ? TOKEN_HINT : error.hint
  return new EngineError('server', error.message, { hint, cause: error })
}

/** The model that the server answers with; undefined where it serves none. Rejects with EngineError. */
export async function servedModel(signal: AbortSignal): Promise<ModelFacts | undefined> {
  try {
    return (await connected().client.models({ signal })).data[0]
  } catch (error) {
    throw engineError(error)
  }
}

/**
 * Asks; `request` makes the question from the picture's handle. The answer's events as they come, the first of them waited for.
 * Leaving the loop stops the model. Rejects with EngineError.
 */
export async function* askModel(
  picture: PictureToSee,
  request: (handle: string) => ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatChunk, void, undefined> {
  const { client, pictures } = connected()
  try {
    // A server that has forgotten the picture says so before its first event.
    const { first, stream } = await pictures.with(picture, async (handle) => {
      const stream = client.chatStream(request(handle), { signal })
      return { first: await stream.next(), stream }
    })
    if (first.done) return
    try {
      yield first.value
      yield* stream
    } finally {
      void stream.return()
    }
  } catch (error) {
    throw engineError(error)
  }
}

/** What words draw on the picture by a codec of the server. Rejects with EngineError. */
export async function drawWords(picture: PictureToSee, codec: string, words: string): Promise<Mask> {
  const { client, pictures } = connected()
  try {
    const { results } = await pictures.with(picture, (handle) =>
      client.decodeWords({ codec, picture: handle, words: [words] }),
    )
    const [one] = results
    if (one === undefined || 'error' in one) {
      throw new EngineError('codec', one?.error.message ?? 'the server drew nothing', {
        hint: one?.error.hint,
      })
    }
    return maskOfAnswer(one.mask)
  } catch (error) {
    throw engineError(error)
  }
}
