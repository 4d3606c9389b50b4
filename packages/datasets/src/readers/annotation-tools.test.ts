// Files of CVAT and Label Studio as datasets: several pictures, tasks and frames, what does not count, and what is not read.

import { describe, expect, it } from 'vitest'
import { PICTURE, readFiles as read } from '../../test/read-files.ts'

describe('CVAT', () => {
  const box = (width: number, rest = '') => `<box xtl="0" ytl="0" xbr="${width}" ybr="10" ${rest}/>`
  const image = (id: number, name: string, inside: string, rest = '') =>
    `<image id="${id}" name="${name}" width="40" height="30" ${rest}>${inside}</image>`
  const xml = (...images: string[]) => `<annotations>${images.join('')}</annotations>`

  it('every image of a task is a record of its own shapes; what is not read makes its label unknown', async () => {
    const text = xml(
      image(0, 'a.png', `${box(10, 'label="cup"')}<polyline label="way" points="0,0;9,9"/>`),
      image(1, 'b.png', ''),
      image(2, 'c.png', box(20, 'label="cup"'), 'subset="train"'),
      image(3, 'gone.png', box(20, 'label="cup"')),
    )
    const files = { 'annotations.xml': text, 'images/a.png': PICTURE, 'images/b.png': PICTURE }
    const { records, said } = await read('cvat', { ...files, 'images/train/c.png': PICTURE })
    expect(records).toEqual([
      ['a.png', 'images/a.png', 'cup 100', ['way']],
      ['b.png', 'images/b.png'],
      ['train/c.png', 'images/train/c.png', 'cup 200'],
    ])
    expect(said).toEqual([
      expect.stringMatching(/^lost: character \d+: a polyline covers no area$/),
      expect.stringMatching(/^lost: character \d+: there is no picture images\/gone\.png$/),
    ])
  })

  it('each frame of a video has its own shapes, without those that are outside', async () => {
    const frames = (shapes: readonly [frame: number, width: number, outside: number][]) =>
      shapes
        .map(([frame, width, outside]) => box(width, `frame="${frame}" outside="${outside}" keyframe="1"`))
        .join('')
    const text = `<annotations><meta><task><original_size><width>40</width><height>30</height></original_size></task></meta>
      <track id="0" label="car">${frames([
        [0, 10, 0],
        [1, 20, 0],
        [2, 20, 1],
      ])}</track>
      <track id="1" label="cat">${frames([[1, 5, 0]])}</track></annotations>`
    const pictures = Object.fromEntries([0, 1, 2].map((n) => [`images/frame_00000${n}.PNG`, PICTURE]))
    const { records, said } = await read('cvat', { 'annotations.xml': text, ...pictures })
    expect(records).toEqual([
      ['frame_0', 'images/frame_000000.PNG', 'car 100'],
      ['frame_1', 'images/frame_000001.PNG', 'car 200', 'cat 50'],
      ['frame_2', 'images/frame_000002.PNG'],
    ])
    expect(said).toEqual([])
  })

  it('a backup names its frames; boxes between key frames are those that CVAT draws, polygons there are told', async () => {
    const shape = (frame: number, width: number) => ({
      type: 'rectangle',
      label: 'cup',
      points: [0, 0, width, 10],
      frame,
    })
    const triangle = (x: number) => ({ type: 'polygon', label: 'sky', points: [x, 0, x + 4, 0, x, 4] })
    const job = {
      version: 0,
      tags: [],
      shapes: [shape(0, 10)],
      tracks: [
        { label: 'car', shapes: [shape(0, 20), shape(2, 30)] },
        { label: 'sky', shapes: [0, 2].map((frame) => ({ ...shape(frame, 0), ...triangle(frame) })) },
      ],
    }
    const manifest = [
      '{"version":"1.1"}',
      '{"type":"images"}',
      ...['a', 'b', 'c'].map((name) => `{"name":"${name}","extension":".png","width":40,"height":30}`),
    ]
    const files = {
      'task_0/annotations.json': [job],
      'task_0/data/manifest.jsonl': manifest.join('\n'),
      ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`task_0/data/${name}.png`, PICTURE])),
    }
    const { records, said } = await read('cvat', files)
    expect(records).toEqual([
      ['a.png', 'task_0/data/a.png', 'cup 100', 'cup 200', 'sky 6'],
      ['b.png', 'task_0/data/b.png', 'cup 250', ['sky']],
      ['c.png', 'task_0/data/c.png', 'cup 300', 'sky 6'],
    ])
    expect(said).toEqual([
      expect.stringMatching(/no shape in frame 1, only in key frames: how CVAT draws a polygon/),
    ])
    const { 'task_0/data/manifest.jsonl': _, ...nameless } = files
    expect((await read('cvat', nameless)).said).toContainEqual(
      expect.stringMatching(/frame 0: there is no picture of this frame: .*manifest/),
    )
  })

  it('files that were cut, points that are no pairs and labels of nothing are told, not guessed', async () => {
    const cut = xml(image(0, 'a.png', box(10, 'label="cup"'))).replace('</image></annotations>', '')
    expect(await read('cvat', { 'annotations.xml': cut, 'images/a.png': PICTURE })).toMatchObject({
      records: [],
      said: ['lost: annotations.xml: the XML ends before </annotations>'],
    })
    const odd = xml(
      image(0, 'a.png', `<polygon label="cup" points="5,5,5;15,5,5;15,5,15,5"/>${box(10, 'label=" "')}`),
    )
    expect(await read('cvat', { 'annotations.xml': odd, 'images/a.png': PICTURE })).toMatchObject({
      records: [['a.png', 'images/a.png', 'undefined 100', 'any']],
      said: [expect.stringContaining('its points are not pairs')],
    })
  })

  it('a picture that stands twice says nothing of what is absent; XML in its declared encoding; foreign XML is told', async () => {
    const twice = xml(image(0, 'a.png', box(10, 'label="cup"')), image(1, 'a.png', box(20, 'label="lid"')))
    const { records } = await read('cvat', { 'annotations.xml': twice, 'images/a.png': PICTURE })
    expect(records).toEqual([
      ['a.png', 'images/a.png', 'cup 100'],
      ['a.png#1', 'images/a.png', 'lid 200', 'any'],
    ])
    const gbk = Buffer.concat([
      Buffer.from(
        '<?xml version="1.0" encoding="gbk"?><annotations><image id="0" name="a.png" width="40" height="30"><box label="',
      ),
      Buffer.of(0xb1, 0xad, 0xd7, 0xd3),
      Buffer.from('" xtl="0" ytl="0" xbr="10" ybr="10"/></image></annotations>'),
    ])
    expect((await read('cvat', { 'job.xml': gbk, 'a.png': PICTURE })).records).toEqual([
      ['a.png', 'a.png', '杯子 100'],
    ])
    const foreign = await read('cvat', { 'a.xml': '<annotation><object/></annotation>', 'a.png': PICTURE })
    expect(foreign.said).toEqual([expect.stringContaining("not CVAT's, but <annotation>")])
  })
})

describe('Label Studio', () => {
  const region = (id: string, label: string, width: number, rest = {}) => ({
    id,
    type: 'rectanglelabels',
    to_name: 'image',
    original_width: 40,
    original_height: 30,
    value: { x: 0, y: 0, width, height: 100, rotation: 0, rectanglelabels: [label] },
    ...rest,
  })
  const annotation = (id: number, result: unknown[], rest = {}) => ({ id, result, ...rest })
  const task = (id: number, data: object, annotations: unknown[], rest = {}) => ({
    id,
    data,
    annotations,
    ...rest,
  })
  const pictures = { 'images/a.png': PICTURE, 'images/0a1b2c3d-b.png': PICTURE, 'images/c.png': PICTURE }

  it('each task is a record of its annotation that counts', async () => {
    const predicted = { predictions: [annotation(5, [region('p', 'guess', 90)])] }
    const tasks = [
      task(
        1,
        { image: '/data/upload/3/0a1b2c3d-a.png' },
        [annotation(11, [region('r', 'cup', 10)])],
        predicted,
      ),
      task(2, { image: 'https://host/x/0a1b2c3d-b.png?key=1' }, [
        annotation(12, [region('r', 'lid', 20)], { was_cancelled: true }),
        annotation(13, [
          region('r', 'cup', 20),
          region('k', 'dot', 1, { type: 'keypointlabels', value: { x: 1, y: 1 } }),
        ]),
      ]),
      task(3, { image: '/data/local-files/?d=deep/c.png' }, [annotation(14, [])]),
      task(4, { image: 'a.png' }, [], predicted),
    ]
    const { records, said } = await read('label-studio', { 'export.json': tasks, ...pictures })
    expect(records).toEqual([
      ['1', 'images/a.png', 'cup 120'],
      ['2', 'images/0a1b2c3d-b.png', 'cup 240', 'any'],
      ['3', 'images/c.png'],
    ])
    expect(said).toEqual([
      expect.stringMatching(/a keypoint covers no area$/),
      'lost: task 4 has no annotation that counts: 1 cancelled or predicted',
    ])
  })

  it('of several annotations the one of the ground truth counts; of several it is as without', async () => {
    const truth = annotation(12, [region('r', 'cup', 20)], { ground_truth: true })
    const of = (...annotations: unknown[]) => ({
      'export.json': [
        task(1, { image: 'a.png' }, [annotation(11, [region('r', 'cup', 10)]), ...annotations]),
      ],
      ...pictures,
    })
    expect(await read('label-studio', of(truth))).toMatchObject({
      records: [['1', 'images/a.png', 'cup 240']],
      said: ['kept: task 1 has several annotations; that of the ground truth counts'],
    })
    expect((await read('label-studio', of(truth, { ...truth, id: 13 }))).records).toEqual([])
  })

  it('a task of several pictures, none of which its regions name, is told; several labels are one name, said', async () => {
    const one = (data: object, rest: object) => ({
      'export.json': [task(1, data, [annotation(11, [region('r', 'cup', 10, rest)])])],
      ...pictures,
    })
    const unsaid = await read('label-studio', one({ photo: 'a.png', map: 'c.png' }, {}))
    expect(unsaid).toMatchObject({
      records: [],
      said: ['lost: task 1 names 2 pictures (a.png, c.png), and which its regions lie on is not said'],
    })
    expect((await read('label-studio', one({ text: 'x' }, {}))).said).toEqual([
      'lost: task 1 names no picture',
    ])
    const value = { x: 0, y: 0, width: 10, height: 100, rectanglelabels: ['cup', 'lid'] }
    expect(await read('label-studio', one({ image: 'a.png' }, { value }))).toMatchObject({
      records: [['1', 'images/a.png', 'cup, lid 120']],
      said: [expect.stringContaining('several labels, taken together as the name "cup, lid"')],
    })
    const { value: _, ...bare } = region('r', 'cup', 10)
    const lost = { 'export.json': [task(1, { image: 'a.png' }, [annotation(11, [bare])])], ...pictures }
    expect(await read('label-studio', lost)).toMatchObject({
      records: [['1', 'images/a.png', 'any']],
      said: [expect.stringContaining('a rectangle has no `value`')],
    })
  })

  it('of two annotations of one task none is used, or the one that is chosen', async () => {
    const both = [annotation(11, [region('r', 'cup', 10)]), annotation(12, [region('r', 'cup', 20)])]
    const files = { 'export.json': [task(1, { image: 'a.png' }, both)], ...pictures }
    const refused = await read('label-studio', files)
    expect(refused.records).toEqual([])
    expect(refused.said[0]).toBe(
      'lost: task 1 has 2 annotations (11, 12): which counts is not known, none is used; choose with --same-id first or last',
    )
    expect((await read('label-studio', files, { sameId: 'last' })).records).toEqual([
      ['1', 'images/a.png', 'cup 240'],
    ])
    // JSON-MIN has an entry for each annotation.
    const min = both.map(({ id }, i) => ({
      id: 1,
      annotation_id: id,
      image: 'a.png',
      tag: [{ ...region('r', 'cup', 10 + 10 * i).value, original_width: 40, original_height: 30 }],
    }))
    expect((await read('label-studio', { 'min.json': min, ...pictures })).records).toEqual([])
    expect((await read('label-studio', { 'min.json': min.slice(1), ...pictures })).records).toEqual([
      ['1', 'images/a.png', 'cup 240'],
    ])
    // Storages write a file for each annotation, with its task inside.
    const stored = both.map((one) => ({ ...one, task: { id: 1, data: { image: 'a.png' } } }))
    expect((await read('label-studio', { '11.json': stored[0], ...pictures })).records).toHaveLength(1)
    expect(
      (await read('label-studio', { '11.json': stored[0], '12.json': stored[1], ...pictures })).records,
    ).toEqual([])
  })

  it('regions of several pictures of one task go to theirs, or are refused where that is not said', async () => {
    const result = [region('l', 'cup', 10, { to_name: 'left' }), region('r', 'lid', 20, { to_name: 'right' })]
    const two = (data: object) => ({ 'export.json': [task(1, data, [annotation(11, result)])], ...pictures })
    const { records } = await read('label-studio', two({ left: 'a.png', right: 'c.png' }))
    expect(records).toEqual([
      ['1/left', 'images/a.png', 'cup 120'],
      ['1/right', 'images/c.png', 'lid 240'],
    ])
    const unsaid = await read('label-studio', two({ one: 'a.png', other: 'c.png' }))
    expect(unsaid.records).toEqual([])
    expect(unsaid.said[0]).toMatch(/regions of 2 pictures, and which file this one is is not said/)
    const pages = [region('l', 'cup', 10, { item_index: 0 }), region('r', 'lid', 20, { item_index: 1 })]
    const paged = task(1, { images: ['a.png', 'c.png'] }, [annotation(11, pages)])
    expect((await read('label-studio', { 'export.json': [paged], ...pictures })).records).toEqual([
      ['1/image0', 'images/a.png', 'cup 120'],
      ['1/image1', 'images/c.png', 'lid 240'],
    ])
  })

  it('a region of another size, two tasks of one picture and foreign entries are told', async () => {
    const tasks = [
      task(1, { image: 'a.png' }, [
        annotation(11, [region('r', 'cup', 10), region('s', 'lid', 10, { original_width: 50 })]),
      ]),
      task(2, { image: 'a.png' }, [annotation(12, [region('r', 'cup', 20)])]),
      { images: [] },
    ]
    const { records, said } = await read('label-studio', { 'export.json': tasks, ...pictures })
    expect(records).toEqual([
      ['1', 'images/a.png', 'cup 120', ['lid']],
      ['2', 'images/a.png', 'cup 240', 'any'],
    ])
    expect(said).toEqual([
      expect.stringMatching(/1 of 3 entries are no tasks of Label Studio/),
      expect.stringMatching(/drawn on 50 x 30 pixels, its picture has 40 x 30/),
      expect.stringMatching(/^kept: task 2: another task has its picture images\/a\.png/),
    ])
  })
})
