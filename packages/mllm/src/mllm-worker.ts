// The thread that runs one multimodal model. A bundler must emit it as `mllm-worker.js` beside the code that opens models.
import { parentPort, workerData } from 'node:worker_threads'
import type { LoadedModel } from './loaded.ts'
import { loadModel } from './loaded.ts'
import { answerTogether, asMllmError, factsOf, questionAbout } from './questions.ts'
import type { WorkerData, WorkerMessage, WorkerRequest } from './worker-protocol.ts'
import { plainError } from './worker-protocol.ts'

const port = parentPort
if (port) {
  const say = (message: WorkerMessage) => port.postMessage(message)
  const { path, options } = workerData as WorkerData
  const loading = loadModel(path, {
    ...options,
    onProgress: (progress) => say({ kind: 'progress', progress }),
  })
  loading.then(
    (model) => say({ kind: 'ready', facts: factsOf(model) }),
    (error) => say({ kind: 'failed', id: undefined, error: plainError(asMllmError(error)) }),
  )

  const answer = async (
    model: LoadedModel,
    request: Exclude<WorkerRequest, { kind: 'close' }>,
  ): Promise<void> => {
    const { id, stop, options } = request
    const conversations =
      request.kind === 'ask'
        ? request.conversations
        : request.questions.map((question) => questionAbout(request.picture, question, request.system))
    try {
      await answerTogether(model, conversations, options, {
        aborted: () => Atomics.load(stop, 0) === 1,
        emit: (row, event) => say({ kind: 'event', id, row, event }),
      })
      say({ kind: 'done', id })
    } catch (error) {
      say({ kind: 'failed', id, error: plainError(asMllmError(error)) })
    }
  }

  // One question after another: they share the model's threads.
  let last: Promise<unknown> = loading.catch(() => undefined)
  port.on('message', (request: WorkerRequest) => {
    last = last.then(async () => {
      if (request.kind !== 'close') await answer(await loading, request)
      else {
        await loading.then((model) => model.close()).catch(() => undefined)
        port.close()
      }
    })
  })
}
