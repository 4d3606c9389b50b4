// A dataset of one's own: a folder with boxes.csv (file,width,height,name,x,y,w,h; one box a line) beside its pictures.
//   maskwords prepare box-table --plugin examples/plugins/dataset.ts --root DIR --codec samtok-nano --to qwen -o train/
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DataRecord, definePlugin, defineReader, type Region } from 'maskwords/plugin'

const boxTable = defineReader({
  name: 'box-table',
  title: 'Boxes in one CSV file',
  layout: ['boxes.csv with the columns file,width,height,name,x,y,w,h', 'the pictures that it names'],
  splits: [],
  gives: ['boxes', 'masks'],
  async *read({ root, onProblem, signal }) {
    const [, ...lines] = readFileSync(join(root, 'boxes.csv'), 'utf8').trim().split(/\r?\n/)
    const pictures = new Map<string, { widthPx: number; heightPx: number; regions: Region[] }>()
    for (const [index, line] of lines.entries()) {
      const [file = '', width, height, category = '', ...box] = line.split(',')
      const [x, y, w, h] = box.map(Number)
      const numbers = [Number(width), Number(height), x, y, w, h]
      // A line that cannot be read costs itself and is said; it never ends the run.
      if (numbers.length !== 6 || !numbers.every((value) => Number.isFinite(value))) {
        onProblem({
          kind: 'bad-field',
          message: `no eight columns: ${line}`,
          file: 'boxes.csv',
          at: `line ${index + 2}`,
        })
        continue
      }
      const picture = pictures.get(file) ?? { widthPx: Number(width), heightPx: Number(height), regions: [] }
      pictures.set(file, picture)
      const corners = [x!, y!, x! + w!, y!, x! + w!, y! + h!, x!, y! + h!]
      picture.regions.push({
        id: String(index),
        shape: { kind: 'coco', segmentation: [corners] },
        boxXywhPx: [x!, y!, w!, h!],
        category,
      })
    }
    for (const [file, { regions, ...size }] of pictures) {
      signal?.throwIfAborted()
      const record: DataRecord = {
        id: file,
        dataset: 'box-table',
        picture: { file, ...size },
        regions,
        phrases: regions.map(({ id, category }) => ({ text: category!, regions: [id] })),
        captions: [],
        relations: [],
        dialogues: [],
        choices: [],
      }
      yield record
    }
  },
})

export const plugin = definePlugin({ name: 'box-table', readers: [boxTable] })
