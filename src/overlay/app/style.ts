export const STYLE = `
:host { all: initial; color-scheme: light dark; --paper: #fff; --ink: #1b1e21; --dim: #565d65; --line: #d4d9de; --strong: #1c5fae; --warn: #8a4b00; --code: #f0f3f6 }
@media (prefers-color-scheme: dark) { :host { --paper: #1a1d21; --ink: #e9ebed; --dim: #aab1b9; --line: #3a4047; --strong: #8fc0f5; --warn: #f0b463; --code: #262b31 } }
* { box-sizing: border-box }
section { position: fixed; z-index: 2147483000; right: 12px; bottom: 12px; font: 13px/1.45 system-ui, sans-serif; color: var(--ink); display: flex; flex-direction: column; align-items: flex-end; gap: 8px; max-width: calc(100vw - 24px) }
button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; cursor: pointer }
button:focus-visible, a:focus-visible { outline: 2px solid var(--strong); outline-offset: 1px }
.toggle { box-shadow: 0 2px 8px #0004; font-weight: 600 }
.panel { width: 420px; max-width: 100%; max-height: 70vh; overflow: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 28px #0005; padding: 12px 14px }
.panel[hidden] { display: none }
header { display: flex; align-items: baseline; gap: 8px }
h2 { font-size: 14px; margin: 0; flex: 1 }
p { margin: 4px 0; color: var(--dim) }
ol, ul { list-style: none; margin: 0; padding: 0 }
ol > li { border-top: 1px solid var(--line); padding: 8px 0 }
.name { border: 0; padding: 0; color: var(--strong); text-align: left; overflow-wrap: anywhere; background: none; text-decoration: underline }
a { color: var(--strong) }
.facts { margin: 2px 0; color: var(--dim) }
.wasted { color: var(--warn); font-weight: 600 }
ul > li { margin: 6px 0 0 }
.fix { display: flex; gap: 6px; align-items: center; margin-top: 2px }
code { font: 12px/1.4 ui-monospace, monospace; background: var(--code); border-radius: 4px; padding: 2px 5px; overflow-wrap: anywhere; flex: 1 }
b { font: 12px/1.4 ui-monospace, monospace }
.fix button { padding: 1px 7px }
.frame { position: fixed; pointer-events: none; border: 3px solid var(--strong); border-radius: 4px; box-shadow: 0 0 0 2px var(--paper) }
`
