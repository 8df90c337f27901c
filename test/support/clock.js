// Shifts the clock of a process: node --import ./clock.js with so many ms in CLOCK_SHIFT
const shift = Number(process.env['CLOCK_SHIFT'])
const Real = Date
globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + shift)
    else super(...args)
  }
  static now() {
    return Real.now() + shift
  }
}
