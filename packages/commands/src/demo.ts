// `maskwords demo`: the whole way on a scene that the code draws: masks, words, masks again, and pictures of it.

import { join } from 'node:path'
import type { NamedMask } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  DECODE_OPTIONS,
  defineCommand,
  duration,
  ENCODE_OPTIONS,
  ensureFolder,
  labelMapPng,
  openCodec,
  overlayPng,
  sideBySidePng,
  writeWhole,
} from '@maskwords/files'
import { maskToPng, pictureToPng } from '@maskwords/mask'
import { drawScene } from './demo/scene.ts'
import { rounded } from './encode.ts'
import { roundtrip, tableText } from './roundtrip.ts'

const FOLDER = 'maskwords-demo'

export const command = defineCommand({
  spec: {
    name: 'demo',
    summary: 'Draw a scene, turn its masks into words, read the words back, and show what survived.',
    details: [
      `Needs no file and no network. Writes its pictures to ./${FOLDER}/ unless -o names another folder.`,
    ],
    arguments: [],
    options: {
      output: {
        type: 'text',
        short: 'o',
        valueName: 'folder',
        help: `folder for the pictures (default ${FOLDER})`,
      },
      ...CODEC_OPTIONS,
      ...ENCODE_OPTIONS,
      ...DECODE_OPTIONS,
      seed: {
        type: 'integer',
        min: 0,
        max: 2 ** 31 - 1,
        help: 'another scene: clouds, ridge and ripples (default 1)',
      },
    },
    examples: [
      { command: 'maskwords demo', note: `words, numbers and pictures in ./${FOLDER}/` },
      {
        command: 'maskwords demo --n 64 --refine --seed 7',
        note: 'a finer grid with offset words, on another evening',
      },
    ],
  },
  async run(context) {
    const { options, io, talk, style } = context
    const started = performance.now()
    const scene = drawScene(options.seed ?? 1)
    const drawMs = performance.now() - started
    const codec = await openCodec(context)
    try {
      const masks: NamedMask[] = scene.things.map((thing) => ({ ...thing, file: 'scene.png' }))
      const { rows, failures, imageMs } = await roundtrip(codec, scene, masks, talk, io.signal)
      if (failures.length > 0) throw new Error(failures[0]!.message)

      const folder = options.output ?? FOLDER
      await ensureFolder(context.path(folder))
      const truths = scene.things.map((thing) => thing.mask)
      const { widthPx, heightPx, rgb } = scene
      const outputs: [string, Uint8Array, string][] = [
        ['scene.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }), 'the picture'],
        [
          'masks.png',
          labelMapPng(truths).bytes,
          'its masks, a label map: try encode and roundtrip on these two',
        ],
        [
          'sailboat.png',
          maskToPng(scene.things.find((thing) => thing.label === 'sailboat')!.mask),
          'one mask',
        ],
        [
          'overlay.png',
          overlayPng(
            scene,
            rows.map((row) => row.decoded),
          ),
          'what the words say',
        ],
        [
          'side-by-side.png',
          sideBySidePng(
            scene,
            rows.map((row) => ({ label: row.item.label, truth: row.item.mask, decoded: row.decoded })),
          ),
          'truth, reconstruction, difference',
        ],
      ]
      for (const [file, bytes] of outputs)
        await writeWhole(join(context.path(folder), file), bytes, io.signal)
      const totalMs = performance.now() - started

      if (options.json) {
        await context.printJson({
          codec: codec.name,
          masks: rows.map(({ item, words, codes, tokens, bits, iou, boundaryF, encodeMs, decodeMs }) => ({
            label: item.label,
            words,
            codes,
            tokens,
            bits,
            iou,
            boundaryF,
            encodeMs: rounded(encodeMs),
            decodeMs: rounded(decodeMs),
          })),
          files: outputs.map(([file]) => join(folder, file)),
          times: { drawMs: rounded(drawMs), imageMs: rounded(imageMs), totalMs: rounded(totalMs) },
        })
        return 0
      }
      await context.print(style.bold('The words of each thing in the scene'))
      const width = Math.max(...rows.map((row) => row.item.label.length))
      for (const row of rows) {
        const text = row.words.replaceAll('\n', ' ')
        await context.print(`  ${style.cyan(row.item.label.padEnd(width))}  ${text}`)
      }
      await context.print(`\n${style.bold('What survived the way through words')}`)
      for (const [i, line] of tableText(rows).entries()) {
        await context.print(`  ${i === 0 ? style.dim(line) : line}`)
      }
      await context.print(`\n${style.bold('Pictures')}`)
      for (const [file, , what] of outputs)
        await context.print(`  ${join(folder, file).padEnd(folder.length + 18)}${style.dim(what)}`)
      await context.print(`\n${style.dim(`drawn, encoded, decoded and written in ${duration(totalMs)}`)}`)
      return 0
    } finally {
      await codec.close()
    }
  },
})
