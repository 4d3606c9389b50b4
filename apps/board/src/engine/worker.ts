// The entry of an engine worker.
import { engineHost } from './host.ts'
import { answerCalls, type Port } from './rpc.ts'

const scope = globalThis as unknown as {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}
const port: Port = {
  post: (message) => scope.postMessage(message),
  onMessage: (listener) => scope.addEventListener('message', (event) => listener(event.data)),
}
answerCalls(
  port,
  engineHost(
    async (args, tell) => (await import('./networks.ts')).openNetworks(args, tell),
    async (baseUrl) => (await import('./clicks.ts')).openClicks(baseUrl),
  ),
)
