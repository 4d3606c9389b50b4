// A judge on this machine, whose replies a test makes: an OpenAI-compatible server, hostile where it is told to be.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type JudgeBody = {
  readonly model: string
  readonly temperature?: number
  readonly max_tokens?: number
  readonly messages: readonly {
    readonly role: string
    readonly content:
      | string
      | readonly {
          readonly type: string
          readonly text?: string
          readonly image_url?: { readonly url: string }
        }[]
  }[]
}

export type JudgeReply =
  | string
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly message: unknown; readonly finish?: string }
  | 'hang'

/** The text of a question: of all its messages. */
export const textOf = ({ messages }: JudgeBody): string =>
  messages
    .flatMap(({ content }) =>
      typeof content === 'string' ? [content] : content.map(({ text = '' }) => text),
    )
    .join('\n')

/** Starts a judge; `reply` is asked for each question, in the order in which they come. */
export async function startJudge(
  reply: (
    body: JudgeBody,
    about: { readonly number: number; readonly key: string | undefined },
  ) => JudgeReply | Promise<JudgeReply>,
) {
  const asked: JudgeBody[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const send = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    if (request.url === '/v1/models')
      return send(200, { object: 'list', data: [{ id: 'judge-1', object: 'model' }] })
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as JudgeBody
    asked.push(body)
    const said = await reply(body, { number: asked.length, key: request.headers.authorization })
    if (said === 'hang') return
    if (typeof said === 'object' && 'status' in said) return send(said.status, said.body ?? '', said.headers)
    const message = typeof said === 'string' ? { role: 'assistant', content: said } : said.message
    const finish = typeof said === 'string' ? 'stop' : (said.finish ?? 'stop')
    send(200, { object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }] })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
