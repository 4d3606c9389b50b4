// WebDataset shards: a tar whose members with one name before the first dot are one sample: `KEY.json` and its pictures
// `KEY.0.jpg`, `KEY.1.png`. Headers carry no time and no owner, so that a shard depends on its conversations alone.
import { createHash } from 'node:crypto'
import { pack } from 'tar-stream'
import type { FilledConversation, Writer } from '../conversation.ts'
import { mediaType, pictureBytes, rowsOf } from './lines.ts'

/** Characters of the id that are kept in a key: names of more than 100 bytes need header extensions. */
const KEY_LENGTH = 60

export const webDataset: Writer = {
  name: 'webdataset',
  title: 'WebDataset shards (tar)',
  wantsBytes: true,
  shardExtension: 'tar',
  async shard(conversations, options) {
    const embeds = options.pictures === 'bytes'
    const samples = rowsOf(conversations, (conversation) => conversation).map((conversation, at) => ({
      conversation,
      key: keyOf(conversation, at),
    }))
    const archive = pack()
    const chunks: Uint8Array[] = []
    const done = (async () => {
      for await (const chunk of archive) chunks.push(chunk as Uint8Array)
    })()
    const add = (name: string, bytes: Uint8Array) =>
      archive.entry(
        { name, size: bytes.length, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, type: 'file' },
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      )
    try {
      for (const { conversation, key } of samples) {
        const { pictures } = conversation
        const members = embeds
          ? pictures.map((one, at) => `${at}.${mediaType(one) === 'image/png' ? 'png' : 'jpg'}`)
          : []
        add(`${key}.json`, Buffer.from(`${JSON.stringify(sampleOf(conversation, members))}\n`))
        for (const [at, member] of members.entries()) add(`${key}.${member}`, pictureBytes(pictures[at]!))
      }
      archive.finalize()
      await done
    } catch (error) {
      archive.destroy()
      await done.catch(() => undefined)
      throw error
    }
    return Buffer.concat(chunks)
  },
  extras: ({ name, shards, conversations }) => [
    { file: `${name}-shards.json`, text: `${JSON.stringify({ shards, samples: conversations }, null, 2)}\n` },
  ],
}

function sampleOf(
  { id, task, dataset, pictures, turns, truth }: FilledConversation,
  members: readonly string[],
) {
  return {
    id,
    task,
    dataset,
    images: pictures.map(({ file, widthPx, heightPx }, at) => ({
      ...(members.length > 0 ? { member: members[at]! } : {}),
      file,
      width: widthPx,
      height: heightPx,
    })),
    messages: turns.map(({ role, text }) => ({ role, content: text })),
    ...(truth === undefined ? {} : { truth }),
  }
}

/**
 * A key without dots and slashes: the place in the shard (a repeated conversation must not join its twin), what is readable
 * of the id, and twelve hex digits of a SHA-256 of dataset and id.
 */
function keyOf({ id, dataset }: FilledConversation, at: number): string {
  const readable = id.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, KEY_LENGTH)
  const hash = createHash('sha256').update(`${dataset}\n${id}`, 'utf8').digest('hex').slice(0, 12)
  return `${String(at).padStart(6, '0')}-${readable}-${hash}`
}
