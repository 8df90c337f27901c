// Preloaded into what is watched: what nobody needs any longer goes before memory is measured, so that what stays is seen.
process.on('SIGUSR2', () => {
  globalThis.gc()
  globalThis.gc()
})
