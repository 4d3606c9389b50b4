// `inspect` of a GGUF file: what model it is, and whether llama.cpp will show its mask words.
import { open } from 'node:fs/promises'
import { LearnError, maskTokenTypes, readGgufHead, TOKEN_TYPE, TOKEN_TYPE_NAMES } from '@maskwords/learn'
import type { FactValue, Problem, Report } from './report.ts'

export async function inspectGguf(target: string, path: string): Promise<Report> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const source = {
      byteLength: size,
      async read(offset: number, length: number): Promise<Uint8Array> {
        const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, offset)
        return buffer.subarray(0, bytesRead)
      },
    }
    const head = await readGgufHead(source, path)
    const facts: [string, FactValue][] = [
      ['version', head.version],
      ['architecture', String(head.values.get('general.architecture') ?? 'unnamed')],
      ['name', String(head.values.get('general.name') ?? 'unnamed')],
      ['tensors', head.tensorCount],
      ['tokens', head.tokens?.length ?? 0],
      ['tokenizer', String(head.values.get('tokenizer.ggml.model') ?? 'none')],
    ]
    const problems: Problem[] = []
    try {
      const found = maskTokenTypes(head, path)
      const first = found.words[0]!
      const last = found.words.at(-1)!
      const contiguous = last.id - first.id + 1 === found.words.length
      facts.push(
        ['mask words', `${found.vocabularies.join(', ')}: ${found.words.length} words`],
        ['ids', `${first.id} to ${last.id}${contiguous ? '' : ', not contiguous'}`],
        [
          'type, words',
          [...found.countOfType].map(([type, count]) => [TOKEN_TYPE_NAMES[type] ?? String(type), count]),
        ],
      )
      const hidden = found.words.length - (found.countOfType.get(TOKEN_TYPE.userDefined) ?? 0)
      if (hidden > 0) {
        problems.push({
          problem: `${hidden} mask words are not user-defined: llama-server leaves control tokens out of answers, Ollama and LM Studio have no switch for it`,
          remedy: `maskwords patch-gguf ${target} -o shown.gguf, or llama-server --special`,
          broken: true,
        })
      }
    } catch (error) {
      if (!(error instanceof LearnError && error.code === 'missing')) throw error
      problems.push({ problem: error.message, ...(error.hint !== undefined && { remedy: error.hint }) })
    }
    return { target, kind: 'gguf', what: 'GGUF file (llama.cpp)', facts, problems }
  } finally {
    await handle.close()
  }
}
