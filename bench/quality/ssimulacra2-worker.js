import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { calc_s2, initSync, new_buffer, remove_buffer } from 'calc-s2-rust/calc_s2_rust.js'

const { memory } = initSync(readFileSync(createRequire(import.meta.url).resolve('calc-s2-rust/calc_s2_rust_bg.wasm')))

parentPort.on('message', ({ pictures, width, height }) => {
  for (const [name, pixels] of Object.entries(pictures)) {
    const at = new_buffer(name, pixels.length)
    new Uint8Array(memory.buffer, at, pixels.length).set(pixels)
  }
  parentPort.postMessage(calc_s2('source', 'shown', width, height))
  for (const name of Object.keys(pictures)) remove_buffer(name)
})
