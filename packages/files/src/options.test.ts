import { describe, expect, it } from 'vitest'
import { MaskwordsError } from './error.ts'
import { type CommandSpec, helpText, parseCommandLine } from './options.ts'

const spec = {
  name: 'probe',
  summary: 'A probe.',
  arguments: [
    { name: 'picture', help: 'a picture' },
    { name: 'mask', help: 'masks', many: true },
  ],
  options: {
    n: { type: 'integer', min: 2, max: 128, help: 'cells' },
    codec: { type: 'choice', choices: ['getok', 'samtok'], help: 'language' },
    output: { type: 'text', short: 'o', help: 'output' },
    size: { type: 'size', help: 'size' },
    refine: { type: 'flag', help: 'refine' },
    shift: { type: 'number', min: -1, max: 1, help: 'shift' },
  },
  examples: [{ command: 'maskwords probe a b', note: 'an example' }],
} as const satisfies CommandSpec

const parse = (...argv: string[]) => parseCommandLine(spec, argv)
const failure = (...argv: string[]): MaskwordsError => {
  try {
    parse(...argv)
  } catch (error) {
    if (error instanceof MaskwordsError) return error
  }
  throw new Error('it did not fail')
}

describe('command lines', () => {
  it('options may stand before, between and after arguments, with = or without', () => {
    const { args, options } = parse(
      '--n=16',
      'a.jpg',
      '-o',
      'out.png',
      'b.png',
      '--refine',
      'c.png',
      '--size',
      '640x480',
    )
    expect(args).toEqual(['a.jpg', 'b.png', 'c.png'])
    expect(options).toEqual({ n: 16, output: 'out.png', refine: true, size: { widthPx: 640, heightPx: 480 } })
  })

  it('- is an argument and a value, negative numbers are values, -- ends the options', () => {
    expect(parse('-', 'x', '-o', '-').options.output).toBe('-')
    expect(parse('a', 'b', '--output=-x.png').options.output).toBe('-x.png')
    expect(parse('a', 'b', '--shift', '-0.5').options.shift).toBe(-0.5)
    expect(parse('a', '--', '--n').args).toEqual(['a', '--n'])
  })

  it('an unknown option is refused with the nearest one', () => {
    const error = failure('a', 'b', '--codek', 'getok')
    expect(error.code).toBe('usage')
    expect(error.message).toContain('--codek')
    expect(error.hint).toContain('--codec')
    expect(failure('a', 'b', '--no-refine').message).toContain('--no-refine')
    expect(failure('a', 'b', '-x').message).toContain('-x')
  })

  it.each([
    [['--n', '1'], 'from 2 to 128'],
    [['--n', '3.5'], 'whole number'],
    [['--n', ''], 'whole number'],
    [['--n', '0x10zz'], 'whole number'],
    [['--codec', 'gettok'], '--codec does not take "gettok"'],
    [['--size', '640'], '640x480'],
    [['--refine=yes'], 'takes no value'],
    [['--output'], 'needs a value'],
    [['--output', '--refine'], 'needs a value'],
    [['--n', '8', '--n', '9'], 'given twice'],
  ])('%j is refused with the reason', (argv, reason) => {
    const error = failure('a', 'b', ...argv)
    expect(error.code).toBe('usage')
    expect(error.message).toContain(reason)
  })

  it('prototype names are unknown options, not crashes', () => {
    for (const name of ['--constructor', '--__proto__', '--toString'])
      expect(failure('a', 'b', name).code).toBe('usage')
  })

  it('a missing argument is named', () => {
    expect(failure('a').message).toContain('<mask>')
    expect(failure().message).toContain('<picture>')
  })

  it('a missing option that must be there is named with its values', () => {
    const wants = {
      ...spec,
      options: { to: { type: 'choice', choices: ['a', 'b'], required: true, help: 'way' } },
    }
    const parsed = () => parseCommandLine(wants as CommandSpec, ['x', 'y'])
    expect(parsed).toThrow('missing --to <a|b>: way')
    expect(parseCommandLine(wants as CommandSpec, ['--help']).options.help).toBe(true)
  })

  it('the help names every option, argument and example', () => {
    const text = helpText(spec, (title) => title)
    for (const word of [
      '--n',
      '-o, --output',
      '--size <WxH>',
      'getok|samtok',
      '<mask...>',
      'maskwords probe a b',
      '--json',
    ]) {
      expect(text).toContain(word)
    }
  })
})
