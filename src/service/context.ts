import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'

/** What the handlers of a request share. */
export interface ServiceEnv {
  Bindings: Partial<HttpBindings>
  Variables: {
    requestId: string
    /** Who asks: a digest of the key, or the address of the machine. */
    client: string
  }
}

export type ServiceContext = Context<ServiceEnv>
export type ServiceApp = Hono<ServiceEnv>

/** One line of the log of a service. */
export interface LogLine {
  level: 'info' | 'warn' | 'error'
  message: string
  [field: string]: unknown
}

export type Log = (line: LogLine) => void
