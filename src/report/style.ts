/** The style of the page, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2023; --dim: #5a6169; --paper: #fff; --line: #dde1e5; --before: #9aa3ad; --after: #6d9fd6; --first: #1f63b0; --time: #b98a2f }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaec; --dim: #a7aeb6; --paper: #16191c; --line: #33393f; --before: #7d868f; --after: #4d7fb8; --first: #8dbdf2; --time: #d0a24b } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
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
