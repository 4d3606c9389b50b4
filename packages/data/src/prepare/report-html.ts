// The health report as one HTML file: no script, nothing from outside, all text of datasets escaped. Definition: ours.
import type { SampleLook } from './look-picture.ts'
import { sizeInWords } from './read-back.ts'
import type { RunReport } from './report.ts'
import { type Bar, barChart, dataUrl, escaped, listChart, shortCount, usagePicture } from './report-charts.ts'

/** Problems and shards that are spelled out; files beside the report have all. */
const SHOWN_PROBLEMS = 60
const SHOWN_SHARDS = 12
/** Bars of tokens: more are put together. */
const TOKEN_BARS = 40

const STYLE = `
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#1c2127;--soft:#5d6875;--line:#dfe3e8;--accent:#2f7bd6;--warn:#9a5b00;--warn-ground:#fff4df;--word:#7a4fb5}
@media(prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1d2127;--ink:#e6e9ed;--soft:#9aa5b1;--line:#323941;--accent:#5a9df0;--warn:#f0b95a;--warn-ground:#33291a;--word:#c3a3f0}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0 0 2px;overflow-wrap:anywhere}h2{font-size:17px;margin:34px 0 12px}h3{font-size:14px;margin:0 0 8px}
.soft{color:var(--soft)}code{font:12.5px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;margin-top:18px}
.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;min-width:0}
.tile b{display:block;font-size:23px;line-height:1.2}.tile span{color:var(--soft);font-size:13px}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:14px}
.warn{background:var(--warn-ground);border-color:var(--warn);margin-top:16px}.warn ul{margin:0;padding-left:18px}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
svg .y{text-anchor:end}svg .x,svg .axis{text-anchor:middle}svg .tick{stroke:var(--line)}svg .bar{fill:var(--accent)}
.usage{width:min(100%,360px);height:auto;image-rendering:pixelated;border:1px solid var(--line);border-radius:4px;display:block}
.list{list-style:none;margin:0;padding:0;columns:2 220px;column-gap:26px}
.list li{break-inside:avoid;display:grid;grid-template-columns:1fr auto;gap:0 10px;padding:2px 0 5px;font-size:13.5px}
.list bdi{overflow-wrap:anywhere}.list span{color:var(--soft)}.list i{grid-column:1/3;height:3px;border-radius:2px;background:var(--accent);opacity:.75}
table{border-collapse:collapse;width:100%;font-size:13.5px}td,th{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right}
.scroll{overflow-x:auto}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:14px}
.sample img{width:100%;height:auto;border-radius:6px;display:block;background:#3a3e46}
.sample p{margin:8px 0 0;font-size:13.5px;overflow-wrap:anywhere}.sample .turns{max-height:190px;overflow-y:auto;margin-top:6px}
.sample .role{color:var(--soft);font-size:12px;text-transform:uppercase;letter-spacing:.04em}
.w{font:11.5px/1.4 ui-monospace,monospace;color:var(--word)}
details summary{cursor:pointer}ul.problems{padding-left:18px;margin:10px 0 0;font-size:13px;overflow-wrap:anywhere}
`

export function reportHtml(input: {
  readonly report: RunReport
  readonly looks: readonly SampleLook[]
  readonly problems: readonly string[]
}): string {
  const { report, looks, problems } = input
  const { stamp, masks, texts, words } = report
  const lost = report.lost.reduce((sum, { count }) => sum + count, 0)
  const sections = [
    `<h1>${escaped(stamp.name)}</h1>`,
    `<div class="soft">${escaped(headline(report))}</div>`,
    `<div class="tiles">${[
      tile(shortCount(stamp.conversations), 'conversations'),
      tile(shortCount(report.pictures), 'pictures'),
      tile(shortCount(masks.encoded), 'masks in words'),
      tile(masks.meanTokens.toFixed(1), 'tokens a mask'),
      tile(`${((100 * words.used) / Math.max(1, words.vocabulary)).toFixed(0)} %`, 'of the words used'),
      tile(shortCount(lost), 'samples lost'),
    ].join('')}</div>`,
    report.warnings.length === 0
      ? ''
      : `<div class="card warn"><ul>${report.warnings.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul></div>`,
    '<h2>Samples</h2>',
    looks.length === 0
      ? '<p class="soft">No conversation was written.</p>'
      : `<p class="soft">Drawn by the seed. Left the masks of the dataset, right what their words say when they are read back.</p><div class="samples">${looks.map(sampleCard).join('')}</div>`,
    '<h2>Masks and words</h2>',
    `<div class="two">${[
      card('Tokens a mask', barChart(tokenBars(report), { axis: 'tokens', title: 'masks by tokens' })),
      card(
        'Size of the masks',
        barChart(shareBars(report), { axis: 'share of the picture', title: 'masks by size' }),
      ),
      ...readBackCards(report),
      card(
        'Length of the conversations',
        barChart(lengthBars(report), { axis: 'characters, below', title: 'conversations by length' }),
      ),
      card(
        'Use of the words',
        `${usagePicture(words.usage, columnsOf(report))}<p class="soft">One dot a word, darker where it is used more. ${words.used} of ${words.vocabulary} words, evenness ${words.evenness.toFixed(2)}.</p>`,
      ),
    ].join('')}</div>`,
    '<h2>Conversations</h2>',
    `<div class="card scroll">${table(
      ['source', 'task', 'conversations'],
      report.conversations.map((row) => [row.source, row.task, row.count]),
    )}</div>`,
    listSection('Categories', texts.categories, texts.otherCategories),
    listSection('Phrases', texts.phrases, texts.otherPhrases),
    '<h2>What was lost</h2>',
    lostSection(report, problems),
    '<h2>Files</h2>',
    `<div class="card scroll">${shardTable(report)}</div>`,
    '<h2>Stamp</h2>',
    `<div class="card scroll">${stampTable(report)}</div>`,
  ]
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    `<title>${escaped(stamp.name)}: health of a training set</title><style>${STYLE}</style></head>`,
    `<body><main>${sections.join('\n')}</main></body></html>`,
    '',
  ].join('\n')
}

function headline({ stamp }: RunReport): string {
  const sources = stamp.sources.map(({ name, split, weightPercent }) => {
    const weight = weightPercent === 100 ? '' : ` at ${weightPercent} %`
    return `${name}${split === undefined ? '' : ` ${split}`}${weight}`
  })
  return `${sources.join(', ')}; words of ${stamp.codec.name}; written for ${stamp.writer} by maskwords ${stamp.version}`
}

const tile = (value: string, name: string) =>
  `<div class="tile"><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`

const card = (title: string, content: string) =>
  `<div class="card"><h3>${escaped(title)}</h3>${content}</div>`

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) =>
    typeof value === 'number'
      ? `<td class="n">${value.toLocaleString('en-US')}</td>`
      : `<td><bdi>${escaped(value)}</bdi></td>`
  const isNumber = (at: number) => rows.some((row) => typeof row[at] === 'number')
  const titles = head.map((title, at) => `<th${isNumber(at) ? ' class="n"' : ''}>${escaped(title)}</th>`)
  return `<table><tr>${titles.join('')}</tr>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')}</table>`
}

function tokenBars({ masks }: RunReport): Bar[] {
  const most = Math.max(1, ...masks.byTokens.map(([tokens]) => tokens))
  const step = Math.ceil(most / TOKEN_BARS)
  const bars = Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => ({
    label: String(at * step),
    count: 0,
  }))
  for (const [tokens, count] of masks.byTokens) bars[Math.floor(tokens / step)]!.count += count
  return bars
}

function shareBars({ masks }: RunReport): Bar[] {
  const used = masks.byShare.map(([, count]) => count > 0)
  const last = used.lastIndexOf(true)
  return masks.byShare
    .slice(0, last + 1)
    .map(([upTo, count]) => ({
      label: upTo >= 0.01 ? `${+(100 * upTo).toPrecision(2)}%` : `1/${1 / upTo}`,
      count,
    }))
    .reverse()
}

/** What words say when they are read back: how many masks at which IoU, and by source and size. */
function readBackCards({ masks: { readBack } }: RunReport): string[] {
  if (readBack === undefined) return []
  const bars = readBack.histogram.map((count, bin) => ({
    label: (bin / readBack.histogram.length).toFixed(2),
    count,
  }))
  const rows = readBack.bySource.map(({ source, upTo, masks, meanIou, weak }) => [
    source,
    sizeInWords(upTo),
    masks,
    meanIou.toFixed(3),
    weak,
  ])
  const how = readBack.isSample ? `a sample of ${readBack.masks.toLocaleString('en-US')} masks; ` : ''
  return [
    card(
      'IoU of masks and of what their words say',
      `${barChart(bars, { axis: 'IoU, from', title: 'masks by IoU' })}<p class="soft">${how}mean ${readBack.meanIou.toFixed(3)}</p>`,
    ),
    card(
      'The same by source and size',
      `<div class="scroll">${table(['source', 'share of the picture', 'masks', 'mean IoU', `below ${readBack.weakBelow}`], rows)}</div>`,
    ),
  ]
}

function lengthBars({ texts }: RunReport): Bar[] {
  const lengths = texts.byCharacters.map(([below]) => Math.log2(below))
  if (lengths.length === 0) return []
  const counts = new Map(texts.byCharacters)
  const bars: Bar[] = []
  for (let bin = Math.min(...lengths); bin <= Math.max(...lengths); bin++) {
    bars.push({ label: shortCount(2 ** bin), count: counts.get(2 ** bin) ?? 0 })
  }
  return bars
}

/** GETok's words lie as its cells do; others in rows of 64. */
function columnsOf({ words, stamp }: RunReport): number {
  const side = Math.floor(Math.sqrt(words.vocabulary - 10))
  return stamp.codec.name === 'getok' && side > 0 ? side : 64
}

function sampleCard(look: SampleLook): string {
  const { conversation, file, masks, meanIou } = look
  const turns = conversation.turns.map(
    ({ role, text }) => `<p><span class="role">${escaped(role)}</span> <bdi>${withWords(text)}</bdi></p>`,
  )
  const count = `${masks} mask${masks === 1 ? '' : 's'}`
  const score = meanIou === undefined ? '' : `, IoU ${meanIou.toFixed(2)}`
  const size = `width="${look.pngWidthPx}" height="${look.pngHeightPx}"`
  return `<div class="card sample"><img ${size} loading="lazy" alt="${escaped(file)}" src="${dataUrl(look.png)}"><p><b>${escaped(conversation.task)}</b> <span class="soft">${escaped(file)}, ${count}${score}</span></p><div class="turns">${turns.join('')}</div></div>`
}

/** Mask words in a colour of their own, so that the sentence around them can be read. */
function withWords(text: string): string {
  return escaped(text).replace(
    /(?:&lt;(?:(?!&gt;)[^\s]){1,40}&gt;|\[OFF_-?\d_-?\d\])+/g,
    (run) => `<span class="w">${run}</span>`,
  )
}

function listSection(title: string, rows: readonly (readonly [string, number])[], others: number): string {
  if (rows.length === 0) return ''
  const rest =
    others === 0
      ? ''
      : `<p class="soft">and ${others.toLocaleString('en-US')} of texts that came after the first 2,000 different ones</p>`
  return `<h2>${escaped(title)}</h2><div class="card">${listChart(rows)}${rest}</div>`
}

function lostSection(report: RunReport, problems: readonly string[]): string {
  const { lost, lostTexts, lostConversations, texts, masks } = report
  const rows: (readonly [string, number])[] = lost.map(({ kind, count }) => [KINDS[kind] ?? kind, count])
  if (lostTexts > 0) rows.push(['texts that went with their regions', lostTexts])
  if (lostConversations > 0) rows.push(['conversations that could not be made or written', lostConversations])
  const kept: (readonly [string, number])[] = [
    ['regions with the pixels of another one (kept)', masks.duplicates],
    ['conversations that say the same as another one of their picture (kept)', texts.duplicateConversations],
  ]
  const all = [...rows, ...kept.filter(([, count]) => count > 0)]
  const summary =
    all.length === 0
      ? '<p class="soft">Nothing: every sample was written.</p>'
      : table(['what', 'count'], all)
  if (problems.length === 0) return `<div class="card scroll">${summary}</div>`
  const shown = problems
    .slice(0, SHOWN_PROBLEMS)
    .map((line) => `<li><bdi>${escaped(messageOf(line))}</bdi></li>`)
  return `<div class="card scroll">${summary}<details><summary>The first ${shown.length} in words (problems.jsonl has all)</summary><ul class="problems">${shown.join('')}</ul></details></div>`
}

const KINDS: Readonly<Record<string, string>> = {
  'missing-picture': 'pictures that are not there',
  'wrong-size': 'pictures or masks of another size than stated',
  'bad-geometry': 'outlines, runs or boxes that cannot be read',
  'duplicate-id': 'ids that stand twice',
  'dangling-id': 'references to something that is not there',
  'bad-field': 'fields that are not what they should be',
  'unsafe-path': 'paths that leave the dataset',
  'empty-mask': 'masks without a pixel',
  'small-mask': 'masks below --min-area',
  'weak-words': 'labels whose words say another mask (--min-iou)',
}

function messageOf(line: string): string {
  try {
    const { kind, message } = JSON.parse(line) as { kind: string; message: string }
    return `${kind}: ${message}`
  } catch {
    return line
  }
}

function shardTable({ stamp }: RunReport): string {
  const rows = stamp.shards
    .slice(0, SHOWN_SHARDS)
    .map(({ file, conversations, bytes, sha256 }) => [file, conversations, bytes, sha256.slice(0, 16)])
  const more = stamp.shards.length - rows.length
  const rest = more > 0 ? `<p class="soft">and ${more} more in dataset.json</p>` : ''
  return table(['file', 'conversations', 'bytes', 'SHA-256'], rows) + rest
}

function stampTable({ stamp }: RunReport): string {
  const options = Object.entries(stamp.codec.options).map(([name, value]) => `${name} ${value}`)
  const tasks = stamp.tasks.map(({ name, settings }) => {
    const set = Object.entries(settings).map(([key, value]) => `${key}=${value}`)
    return set.length === 0 ? name : `${name} (${set.join(', ')})`
  })
  return table(
    ['', ''],
    [
      ['maskwords', stamp.version],
      ['codec', [stamp.codec.name, ...options].join(', ')],
      ['weights, SHA-256', stamp.codec.weightsSha256 ?? 'none'],
      ['tasks', tasks.join('; ')],
      ['seed', String(stamp.seed)],
      ['options, SHA-256', stamp.configSha256],
      ['records, SHA-256', stamp.datasetSha256],
      ...stamp.sources.map((source) => [`records of ${source.name}, SHA-256`, source.sha256]),
    ],
  )
}
