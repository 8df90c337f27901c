/** Whether an image is named by its address on another server, and not by a file. */
export function isRemote(name: string): boolean {
  return /^https?:\/\//i.test(name)
}
