import { resultsDocument, webhookEvent, type Addresses } from './documents.ts'
import type { EndedJob } from './job.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

/** Hands over to the outbox what a job's end has to be told by. Told again after a crash, it has the same ids. */
export async function deliver(job: EndedJob, { webhooks, addresses }: { webhooks: Webhooks; addresses: Addresses }): Promise<void> {
  const { callback_url, postback_url, postback_headers } = job.delivery
  const json = { 'Content-Type': 'application/json' }
  if (callback_url !== undefined)
    await webhooks.send({ id: `${job.id}-callback`, url: callback_url, headers: json, body: JSON.stringify(webhookEvent(job, addresses)) })
  if (postback_url !== undefined)
    await webhooks.send({
      id: `${job.id}-postback`,
      url: postback_url,
      headers: { ...postback_headers, ...json },
      body: JSON.stringify(resultsDocument(job, addresses)),
    })
}
