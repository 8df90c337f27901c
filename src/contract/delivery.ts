import * as z from 'zod'

const WEB = 'an address that begins with http:// or https://'
const address = z
  .url({ protocol: /^https?$/, error: WEB })
  .max(2000, { error: WEB })
  .refine((text) => URL.canParse(text) && new URL(text).username === '' && new URL(text).password === '', {
    error: `${WEB}, without a name and password in it`,
  })

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/
/** What the delivery itself says. */
const OWN = /^(?:host|content-length|content-type|connection|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|webhook-.*)$/i
const HEADERS =
  'an object of at most 20 header fields with texts of one line as values; those of the connection and webhook-* are not yours'

/** Who is told of the end of a job, and what is said besides. */
export const deliverySchema = z.strictObject({
  callback_url: address.optional().describe('Told by a WebhookEvent when the job ends.'),
  postback_url: address.optional().describe('Told by a results document when the job ends.'),
  postback_headers: z
    .record(
      z.string().regex(TOKEN, { error: HEADERS }),
      z
        .string({ error: HEADERS })
        .max(1000, { error: HEADERS })
        .regex(/^[\t\x20-\x7E\x80-\xFF]*$/, { error: HEADERS }),
      {
        error: HEADERS,
      },
    )
    .refine((headers) => Object.keys(headers).length <= 20 && !Object.keys(headers).some((name) => OWN.test(name)), { error: HEADERS })
    .optional()
    .describe('Sent with what is posted to `postback_url`.'),
  user_id: z
    .string({ error: 'a text of 1 to 200 characters' })
    .min(1, { error: 'a text of 1 to 200 characters' })
    .max(200, { error: 'a text of 1 to 200 characters' })
    .optional()
    .describe('Comes back in the WebhookEvent.'),
  image_identifier: z
    .string({ error: 'a text of 1 to 500 characters' })
    .min(1, { error: 'a text of 1 to 500 characters' })
    .max(500, { error: 'a text of 1 to 500 characters' })
    .optional()
    .describe('Comes back in the results document, untouched.'),
})

export type Delivery = z.output<typeof deliverySchema>
