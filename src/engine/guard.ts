import { Worker } from 'node:worker_threads'

/** Time between two looks at who the parent is, in ms. */
const LOOK = 500

const CODE = `
  const { workerData } = require('node:worker_threads')
  setInterval(() => process.ppid === workerData || process.kill(process.pid, 'SIGKILL'), ${LOOK})`

/**
 * Answers a function that has this process end with its parent, from a thread of its own: code of a project that computes for
 * ever keeps the process from hearing that the channel is closed. What is ours does not, and needs no such thread.
 */
export function openGuard(): () => void {
  // Known now: it may be gone before the thread has begun.
  const workerData = process.ppid
  let thread: Worker | undefined
  return () => {
    thread ??= new Worker(CODE, { eval: true, execArgv: [], workerData })
    thread.unref()
  }
}
