/** The style of the page, light and dark. */
export const STYLE = `
.report { --ink: light-dark(#1d2023, #e8eaec); --dim: light-dark(#5a6169, #a7aeb6); --paper: light-dark(#fff, #16191c); --line: light-dark(#dde1e5, #33393f); --before: light-dark(#9aa3ad, #7d868f); --after: light-dark(#6d9fd6, #4d7fb8); --first: light-dark(#1f63b0, #8dbdf2); --time: light-dark(#b98a2f, #d0a24b); background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
.report > * { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1.25rem 2.5rem }
h1 { font-size: 1.6rem; margin: 0 0 1rem }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .25rem }
p { color: var(--dim); margin: 0 0 .75rem; max-width: 42rem }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 0 }
dt { color: var(--dim) }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums }
table { width: 100%; border-collapse: collapse; table-layout: fixed }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: middle }
thead th { color: var(--dim); font-weight: 400 }
tbody th { font-weight: 400; overflow-wrap: anywhere }
.number { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums }
thead td { width: 250px } thead .number { width: 13rem }
svg { display: block; max-width: 100% }
.before { fill: var(--before) } .after { fill: var(--after) } .first { fill: var(--first) } .time { fill: var(--time) }
@media (max-width: 40rem) { .bar, thead td { display: none } thead .number { width: 8rem } }
`
