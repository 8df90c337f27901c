import type { MiddlewareHandler } from 'hono'
import type { ServiceApp, ServiceContext, ServiceEnv } from './context.ts'
import { holdStatus, sendStatus, streamStatus } from './follow.ts'
import type { Following } from './follow.ts'
import { HttpError, unknownJob } from './http-error.ts'
import { isJobId } from './job.ts'
import { countPoll, type Limit } from './limits.ts'
import { OPERATIONS } from './openapi.ts'

export interface FollowOptions extends Following {
  /** Stops a job; undefined where that cannot be done. */
  cancel?(id: string): Promise<boolean>
}

/** The routes by which jobs are followed and stopped. */
export function followRoutes(app: ServiceApp, options: FollowOptions): void {
  const { view, polls } = options
  const limited = limit(polls)
  app.get('/v1/jobs', limited, (c) => c.json({ jobs: view.list() }))
  app.get('/v1/jobs/:id', limited, (c) => sendStatus(c, view, idOf(c)))
  app.delete('/v1/jobs/:id', (c) => cancelJob(c, options, idOf(c)))
  app.get('/v1/jobs/:id/events', limited, (c) => streamStatus(c, options, idOf(c)))
  app.get('/listen/:id', (c) => holdStatus(c, options, idOf(c)))
  for (const operation of OPERATIONS) {
    app.get(`/v1/${operation}/status/:id`, limited, (c) => sendStatus(c, view, idOf(c), operation))
    app.delete(`/v1/${operation}/status/:id`, (c) => cancelJob(c, options, idOf(c), operation))
  }
}

/** A name that we could have given; no other one is looked for. */
export function idOf(c: ServiceContext): string {
  const id = c.req.param('id') ?? ''
  if (!isJobId(id)) throw unknownJob()
  return id
}

export function limit(polls: Limit): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    countPoll(c, polls)
    return next()
  }
}

async function cancelJob(c: ServiceContext, { view, cancel }: FollowOptions, id: string, operation?: string): Promise<Response> {
  if (!cancel)
    throw new HttpError({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      message: 'jobs of a build cannot be stopped here',
      headers: { Allow: 'GET' },
    })
  const before = await view.see(id)
  if (!before || (operation !== undefined && before.operation !== operation)) throw unknownJob()
  if (!(await cancel(id))) throw new HttpError({ status: 409, code: 'JOB_ENDED', message: 'the job has ended already' })
  return sendStatus(c, view, id)
}
