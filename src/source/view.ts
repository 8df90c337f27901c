/** A part of a view. The DataView constructor only checks the buffer below it, which may hold other files too. */
export function slice(view: DataView, offset: number, length: number): DataView {
  if (offset + length > view.byteLength) throw new RangeError(`byte ${offset + length} is past the end of the data`)
  return new DataView(view.buffer, view.byteOffset + offset, length)
}

/** Four bytes as the text that names a chunk or a brand. */
export function fourcc(view: DataView, offset: number): string {
  const code = view.getUint32(offset)
  return String.fromCharCode(code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff)
}
