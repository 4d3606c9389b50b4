// One engine worker as the page sees it: its calls in turn, the pictures that it holds, and what happens when it dies.
import type { Pixels } from '@maskwords/codecs'
import type { Mask } from '@maskwords/mask'
import type { Prompt } from '@maskwords/selection'
import type { CodecId } from '../state/types.ts'
import type {
  CallOptions,
  CodecFacts,
  Decoded,
  PickedObject,
  PickOptions,
  Progress,
  Spoken,
} from './backend.ts'
import type { EngineCalls, OpenArgs, Proof } from './calls.ts'
import { EngineError } from './error.ts'
import { lane, URGENCY } from './lane.ts'
import { type Caller, callsOver } from './rpc.ts'

/** Pictures that a worker keeps; a codec keeps some megabytes of each beside the pixels. */
const MAX_PICTURES = 3

export type PictureToSee = { readonly id: string; readonly pixels: Pixels }

export type WorkerLink = {
  open(args: OpenArgs, onProgress: (progress: Progress) => void): Promise<CodecFacts>
  see(codec: CodecId, picture: PictureToSee): Promise<number>
  speak(codec: CodecId, picture: PictureToSee, mask: Mask, options: CallOptions): Promise<Spoken>
  draw(
    codec: CodecId,
    picture: PictureToSee,
    words: string | readonly number[],
    options: CallOptions,
  ): Promise<Decoded>
  levels(
    codec: CodecId,
    picture: PictureToSee,
    codes: readonly number[],
    lengths: readonly number[],
    options: CallOptions,
  ): Promise<readonly Decoded[]>
  pick(picture: PictureToSee, prompt: Prompt, options: PickOptions): Promise<PickedObject>
  proof(codec: CodecId): Promise<Proof>
  /** False once the worker has failed or was closed. */
  readonly alive: boolean
  /** Closes it when everything that was asked is answered. */
  retire(): void
  close(): void
}

/** The part of a Worker that is used, so that tests give a message port. */
export type WorkerLike = {
  postMessage(message: unknown): void
  addEventListener(
    type: 'message' | 'error' | 'messageerror',
    listener: (event: { data?: unknown; message?: string }) => void,
  ): void
  terminate(): void
}

export function workerLink(worker: WorkerLike): WorkerLink {
  const calls: Caller<EngineCalls> = callsOver({
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
  })
  const turns = lane()
  /** Ids of the pictures that the worker holds, the one used longest ago first. */
  const held: string[] = []
  let alive = true

  const end = (error: EngineError): void => {
    if (!alive) return
    alive = false
    calls.fail(error)
    worker.terminate()
  }
  worker.addEventListener('error', ({ message }) =>
    end(
      new EngineError('worker', `the worker that runs codecs failed: ${message ?? 'it did not start'}`, {
        hint: 'the next call starts a new one; if that fails too, reload the page',
      }),
    ),
  )

  /** Messages keep their order, so a call that follows finds the picture there. */
  const give = ({ id, pixels }: PictureToSee): void => {
    const at = held.indexOf(id)
    if (at >= 0) held.splice(at, 1)
    else void calls.call('picture', { id, pixels }).catch(() => {})
    held.push(id)
    if (held.length <= MAX_PICTURES) return
    void calls.call('forget', { id: held.shift()! }).catch(() => {})
  }

  return {
    open: (args, onProgress) => calls.call('open', args, onProgress),

    see(codec, picture) {
      return turns.run(() => {
        give(picture)
        return calls.call('see', { codec, id: picture.id })
      }, URGENCY.see)
    },

    speak(codec, picture, mask, { refine, quick, signal }) {
      const run = () => {
        give(picture)
        const more = { ...(refine === undefined ? {} : { refine }), ...(quick === true ? { quick } : {}) }
        return calls.call('speak', { codec, id: picture.id, mask, ...more })
      }
      return turns.run(run, URGENCY.speak, signal)
    },

    draw(codec, picture, words, { length, signal }) {
      const run = () => {
        give(picture)
        const more = length === undefined ? {} : { length }
        return calls.call('draw', { codec, id: picture.id, words, ...more })
      }
      return turns.run(run, URGENCY.draw, signal)
    },

    levels(codec, picture, codes, lengths, { signal }) {
      const run = () => {
        give(picture)
        return calls.call('levels', { codec, id: picture.id, codes, lengths })
      }
      return turns.run(run, URGENCY.levels, signal)
    },

    pick(picture, prompt, { before, signal }) {
      const run = () => {
        give(picture)
        const more = before === undefined ? {} : { before }
        return calls.call('pick', { id: picture.id, prompt, ...more })
      }
      return turns.run(run, URGENCY.draw, signal)
    },

    proof: (codec) => turns.run(() => calls.call('proof', { codec }), URGENCY.levels),

    get alive() {
      return alive
    },

    retire: () => void turns.run(async () => end(closed()), URGENCY.last),
    close: () => end(closed()),
  }
}

const closed = () => new EngineError('worker', 'the worker that runs codecs was closed')
