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
    expect(text).toContain('THOUGHT_OPEN = False\n')
    expect(rewardShim({ ...options, thoughtOpen: true })).toContain('THOUGHT_OPEN = True\n')
    expect(text).toContain('"sentence":"Nichts da, gr\\u00f6\\u00dfe \\"\\ud83d\\ude00\\""')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing but ASCII is what this looks for.
    expect(text).toMatch(/^[\x00-\x7f]*$/)
  })

  it.skipIf(!hasPython)(
    'are Python whose imports are the standard library and, for ms-swift, its own plug point (skipped without python3)',
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

  it.skipIf(!hasPython)('take truths and answers as columns bring them (skipped without python3)', () => {
    const check = [
      'import sys, json',
      'names = {}',
      'exec(sys.stdin.read(), names)',
      'class Scalar:',
      '    def __init__(self, value): self.value = value',
      '    def tolist(self): return self.value',
      'class Missing:',
      '    def __eq__(self, other): return self',
      '    def __bool__(self): raise TypeError("ambiguous")',
      'nan = float("nan")',
      'values = [None, nan, Missing(), Scalar(nan), b"w", Scalar("w"), Scalar([1, nan]), 5, "", [], {}, {"text": nan},',
      '          {"text": b"w", "masks": None}, {"masks": [], "size": (4, nan)}]',
      'print(json.dumps([names["_truth"](value) for value in values], allow_nan=False))',
      'print(json.dumps([names["_response"](value) for value in [None, "w", b"w", 5, nan]]))',
    ].join('\n')
    const { stdout, stderr } = spawnSync('python3', ['-c', check], {
      input: rewardShim({ trainer: 'trl', rewards: 'samtok-gcg' }),
      encoding: 'utf8',
    })
    const [truths, responses] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(truths).toEqual([
      null,
      null,
      null,
      null,
      'w',
      'w',
      [1, null],
      5,
      '',
      [],
      null,
      null,
      { text: 'w' },
      { masks: [], size: [4, null], text: '' },
    ])
    expect(responses).toEqual([null, 'w', 'w', null, null])
    expect(stderr).toContain('a response is no text but int; it counts as none')
  })

  it.skipIf(!hasPython)(
    'give one number for each answer, or say which column has no row for each (skipped without python3)',
    () => {
      const check = [
        'import sys, json, types, asyncio',
        'shims = json.load(sys.stdin)',
        'swift = types.ModuleType("swift.rewards")',
        'swift.AsyncORM, swift.orms = object, {}',
        'sys.modules.update({"swift": types.ModuleType("swift"), "swift.rewards": swift})',
        'modules = {}',
        'class Array(list):',
        '    def tolist(self): return list(self)',
        'def post(url, token, body):',
        '    samples = json.loads(body)["samples"]',
        '    one = lambda s: {"overall": float(s["truth"] == s["response"]), "parts": {"same": 1.0}}',
        '    wrong = {"error": {"code": "bad-request", "at": "truth", "message": "truth is no text"}}',
        '    return {"names": ["same"], "results": [one(s) if isinstance(s["truth"], str) else wrong for s in samples]}',
        'for name, text in shims.items():',
        '    modules[name] = {}',
        '    exec(text, modules[name])',
        '    modules[name]["_post"] = post',
        'def call(name, answers, truths):',
        '    one = modules[name]',
        '    if name == "trl": return one["maskwords_reward"](None, answers, solution=truths)',
        '    if name == "ms-swift": return asyncio.run(swift.orms["maskwords"]()(answers, solution=truths))',
        '    if name == "verl": return [s["score"] for s in one["compute_score_batch"](None, answers, truths)]',
        '    inputs = [{"response": a, "ground_truth": t} for a, t in zip(answers, truths)]',
        '    return [s["overall"] for s in one["compute_score"](inputs)]',
        'said = lambda text: [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]',
        'shapes = [(["a", "b"], ["a", "a"]), (["a", "b"], Array(["a", "b"])), (["a", "b", "c"], ["a", None, "c"]),',
        '          (["a", "b"], [["a"], {"x": 1}]), (["a", 5], ["a", ""]), ("ab", "ab"), (["a", "b"], ["a"]), (["a"], "a")]',
        'def tried(name, answers, truths):',
        '    try: return call(name, answers, truths)',
        '    except Exception as error: return "%s: %s" % (type(error).__name__, error)',
        'for name in ("trl", "ms-swift", "verl", "easyr1"):',
        '    print(json.dumps([tried(name, *shape) for shape in shapes]))',
        'print(json.dumps([tried("trl", [said("a"), [said("b")], [{"content": [{"type": "text", "text": "c"}]}]], ["a", "b", "c"]),',
        '                  tried("trl", ["a"], None)]))',
        'old = modules["easyr1"]["compute_score"]',
        'for call in (lambda: old(["a"], ["a"]), lambda: old("a")):',
        '    try: print(json.dumps(call()))',
        '    except Exception as error: print(json.dumps(str(error)))',
      ].join('\n')
      const shims = Object.fromEntries(
        SHIM_TRAINERS.map((trainer) => [trainer, rewardShim({ trainer, rewards: 'samtok-gcg' })]),
      )
      const { stdout, stderr } = spawnSync('python3', ['-c', check], {
        input: JSON.stringify(shims),
        encoding: 'utf8',
      })
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      const [trl, swift, verl, easyr1, messages, ...calls] = lines
      const wrong = (text: string) => `MaskwordsError: maskwords: ${text}`
      const column = (answers: string, truths: string, none: number | null) => [
        [1, 0],
        [1, 1],
        [1, none, 1],
        [none, none],
        [1, 0],
        wrong(`${answers} is no list of one value for each answer but str`),
        wrong(`${truths} has 1 rows for 2 answers`),
        wrong(`${truths} is no list of one value for each answer but str`),
      ]
      expect(trl).toEqual(column('completions', 'solution', null))
      expect(swift).toEqual(column('completions', 'solution', null))
      expect(verl).toEqual(column('solution_strs', 'ground_truths', 0))
      // EasyR1 hands over one dict for each answer: columns cannot differ.
      expect(easyr1.slice(0, 5)).toEqual([
        [1, 0],
        [1, 1],
        [1, 0, 1],
        [0, 0],
        [1, 0],
      ])
      expect(messages).toEqual([
        [1, 0, 1],
        wrong('solution is no list of one value for each answer but NoneType'),
      ])
      expect(calls).toEqual([
        expect.stringContaining('EasyR1 gives dicts with response and ground_truth'),
        'maskwords: reward_inputs is no list of one value for each answer but str',
      ])
      expect(stderr).not.toContain('Traceback')
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
