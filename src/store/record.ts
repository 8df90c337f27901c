import { createHmac, timingSafeEqual } from 'node:crypto'
import { isRecord, sha256 } from '../hash.ts'
import type { Blob, Entry } from './store.ts'

/**
 * An entry as text: the digest of the JSON, a line break, the JSON, and in a shared store the JSON's HMAC-SHA256 as a
 * third line. The key is in the JSON, so a signature is of no use under another one.
 */
export function formatRecord(entry: Entry, secret?: string): string {
  const text = JSON.stringify(entry)
  return `${sha256(text)}\n${text}\n${secret === undefined ? '' : `${signatureOf(text, secret)}\n`}`
}

/** What a record says; undefined when it is damaged, or another key's. */
export function parseRecord(text: string, key: string): Entry | undefined {
  const [digest = '', body = '', signature = ''] = text.split('\n')
  const signed = /^[0-9a-f]{64}$/.test(signature) ? `${signature}\n` : ''
  if (sha256(body) !== digest || text !== `${digest}\n${body}\n${signed}`) return undefined
  const entry = parseJson(body)
  if (!isRecord(entry) || entry['key'] !== key) return undefined
  const { blob } = entry
  return { key, value: entry['value'], ...(isBlob(blob) && { blob }) }
}

/** Whether a record that can be read was written by someone who knows the secret. */
export function isSigned(text: string, secret: string): boolean {
  const [, body = '', signature = ''] = text.split('\n')
  const [own, given] = [Buffer.from(signatureOf(body, secret)), Buffer.from(signature)]
  return own.length === given.length && timingSafeEqual(own, given)
}

/** Whoever writes a record into a shared store may sum up anything. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(`imagemill record\n${text}`).digest('hex')
}

function isBlob(value: unknown): value is Blob {
  return (
    isRecord(value) &&
    typeof value['digest'] === 'string' &&
    /^[0-9a-f]{64}$/.test(value['digest']) &&
    typeof value['size_bytes'] === 'number'
  )
}
