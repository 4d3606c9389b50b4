// Caption tokens against Stanford's tokeniser in Java, as pycocoevalcap runs it.
import { spawnSync } from 'node:child_process'
import { captionTokens } from '@maskwords/eval'
import { expect, it } from 'vitest'
import { HARD_CAPTIONS, madeCaptions } from './caption-corpus.ts'
import { runPython } from './python.ts'

const hasJava = spawnSync('java', ['-version']).status === 0

it.skipIf(!hasJava)('captionTokens gives what pycocoevalcap gives, for 20,000 hard captions', async () => {
  const captions = [...HARD_CAPTIONS, ...madeCaptions(20_000, 17)]
  const theirs = await runPython<string[]>('treebank_tokens.py', captions)
  const differing = captions.flatMap((caption, i) => {
    const ours = captionTokens(caption).join(' ')
    return ours === theirs[i] ? [] : [{ caption, ours, theirs: theirs[i] }]
  })
  expect(differing.slice(0, 10)).toEqual([])
})
