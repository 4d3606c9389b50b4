// The Python files: one text for the same options, that Python can read, with nothing but its standard library.

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { LearnError, rewardShim, SHIM_TRAINERS, type ShimOptions } from '../index.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('shims', () => {
  it('are the same text for the same options, and name address and rewards', () => {
    const options: ShimOptions = {
      trainer: 'trl',
      rewards: [{ name: 'no-target', options: { sentence: 'Nichts da, größe "\u{1f600}"' } }],
      url: 'http://10.0.0.7:1234',
      truthColumn: 'answer',
      version: '1.2.3',
    }
    const text = rewardShim(options)
    expect(rewardShim({ ...options })).toBe(text)
    expect(text).toContain('URL = "http://10.0.0.7:1234"\n')
    expect(text).toContain('TRUTH_COLUMN = "answer"\n')
    expect(text).toContain('"sentence":"Nichts da, gr\\u00f6\\u00dfe \\"\\ud83d\\ude00\\""')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing but ASCII is what this looks for.
    expect(text).toMatch(/^[\x00-\x7f]*$/)
  })

  it.skipIf(!hasPython)(
    'are Python whose imports are the standard library and, for ms-swift, its own plug point',
    () => {
      const check = [
        'import ast, sys, json',
        'shims = json.load(sys.stdin)',
        'for name, text in shims.items():',
        '    found = set()',
        '    for node in ast.walk(ast.parse(text)):',
        '        if isinstance(node, ast.Import): found.update(a.name for a in node.names)',
        '        if isinstance(node, ast.ImportFrom): found.add(node.module)',
        '    print(name, sorted(m for m in found if m.split(".")[0] not in sys.stdlib_module_names))',
      ].join('\n')
      const shims = Object.fromEntries(
        SHIM_TRAINERS.map((trainer) => [trainer, rewardShim({ trainer, rewards: 'samtok-gcg' })]),
      )
      const { stdout, stderr } = spawnSync('python3', ['-c', check], {
        input: JSON.stringify(shims),
        encoding: 'utf8',
      })
      expect([stdout, stderr]).toEqual(["easyr1 []\nverl []\nms-swift ['swift.rewards']\ntrl []\n", ''])
    },
  )

  it('refuse rewards, addresses and columns that cannot be', () => {
    const good: ShimOptions = { trainer: 'trl', rewards: ['mask-format'] }
    const wrong: Partial<Record<keyof ShimOptions, unknown>>[] = [
      { rewards: ['mask'] },
      { url: 'ftp://x' },
      { url: '"\nimport os' },
      { truthColumn: 'a b' },
      { trainer: 'pytorch' },
    ]
    for (const part of wrong) {
      expect(() => rewardShim({ ...good, ...part } as ShimOptions)).toThrow(LearnError)
    }
  })
})
