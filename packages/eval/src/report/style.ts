// The look of the report: light and dark by the reader's setting, one column on a telephone, no picture from outside.

export const REPORT_STYLE = `
:root { color-scheme: light dark; --ground: #fbfbf9; --card: #ffffff; --ink: #1d1f24; --soft: #626872; --line: #dcdfe4;
  --accent: #2b63d9; --both: #2ec4a0; --extra: #ff7a3c; --missing: #6096ff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #14161a; --card: #1c1f25; --ink: #e8eaee; --soft: #9ba3ae;
  --line: #30353d; --accent: #8fb1ff; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
p { margin: .4rem 0; }
.soft { color: var(--soft); }
.bad { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.figure, .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.figure { padding: .8rem 1rem; }
.figure b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.soft { min-width: 17rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; }
.card { margin: 0; overflow: hidden; display: flex; flex-direction: column; }
.card img { display: block; width: 100%; height: 15rem; object-fit: contain; background: #16181e; }
.card figcaption { padding: .6rem .8rem .8rem; overflow-wrap: anywhere; font-size: .9rem; }
.card b { font-variant-numeric: tabular-nums; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 0 0 .8rem; font-size: .9rem; }
.key span::before { content: ''; display: inline-block; width: .8em; height: .8em; margin-right: .4em;
  border-radius: .2em; vertical-align: -.05em; background: var(--swatch); }
.key .both { --swatch: var(--both); } .key .extra { --swatch: var(--extra); } .key .missing { --swatch: var(--missing); }
svg { display: block; width: 100%; height: auto; max-width: 44rem; color: var(--soft); }
svg .bar { fill: var(--accent); }
svg text { fill: currentColor; font-size: 12px; }
svg line { stroke: var(--line); }
code { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
li { margin: .25rem 0; overflow-wrap: anywhere; }
`
