import type { ContentfulStatusCode } from 'hono/utils/http-status'

export interface HttpErrorFacts {
  status: ContentfulStatusCode
  code: string
  /** One sentence, without a full stop and without paths of this machine. */
  message: string
  /** s after which the same request may be sent again. */
  retryAfter?: number
  headers?: Record<string, string>
}

/** An answer that is an error, thrown where it is found out. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly facts: HttpErrorFacts

  constructor(facts: HttpErrorFacts) {
    super(facts.message)
    this.facts = facts
  }
}

export type Detail = { loc: (string | number)[]; msg: string; type: string }

/** A job that is wrong in itself: the answer 422. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest'
  readonly detail: Detail[]

  constructor(detail: Detail[]) {
    super('the request is not valid')
    this.detail = detail
  }
}

export function unknownJob(): HttpError {
  return new HttpError({ status: 404, code: 'UNKNOWN_JOB', message: 'there is no job of this name, or it was forgotten after its time' })
}

export function invalidBody(message: string): HttpError {
  return new HttpError({ status: 400, code: 'BODY_INVALID', message })
}
