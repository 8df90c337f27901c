import { lookup as resolveName, type LookupAddress } from 'node:dns'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import { ImagemillError } from '../errors.ts'

/**
 * IPv4 addresses that lead into a network of one's own or nowhere: https://www.iana.org/assignments/iana-ipv4-special-registry,
 * and at the end the one by which a machine at Azure talks to its host.
 */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['168.63.129.16', 32],
]

/** Of IPv6 only 2000::/3 is public, without these. What holds an IPv4 address in a tunnel (Teredo, 6to4) is among them. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

/** Whether an IP address can be reached by everyone: neither this machine, nor its network, nor one that only some networks know. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) === 4 && !blocked(SPECIAL_IPV4, 'ipv4').check(address, 'ipv4')
  const groups = groupsOf(address)
  const inner = embeddedIPv4(groups)
  if (inner !== undefined) return isPublicAddress(inner)
  const [first = 0] = groups
  return first >> 13 === 1 && !blocked(SPECIAL_IPV6, 'ipv6').check(address, 'ipv6')
}

function blocked(list: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const blockList = new BlockList()
  for (const [net, prefix] of list) blockList.addSubnet(net, prefix, family)
  return blockList
}

/** The eight numbers of an IPv6 address, none for one with a zone, which is never public. */
function groupsOf(address: string): number[] {
  if (address.includes('%')) return []
  // The parser of URLs writes each address in one way, and the part in dots as numbers.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const numbers = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [before, after] = [numbers(head), numbers(tail ?? '')]
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

/** The IPv4 address that one of IPv6 stands for: mapped (::ffff:0:0/96), or behind a translator of the network (64:ff9b::/96). */
function embeddedIPv4(groups: readonly number[]): string | undefined {
  const head = groups.slice(0, 6).join()
  if (head !== '0,0,0,0,0,65535' && head !== '100,65435,0,0,0,0') return undefined
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.')
}

/**
 * Refuses a URL whose host is written as an address that is not public, in whatever notation (`0x7f.1`, `2130706433`,
 * `[::ffff:7f00:1]`). A name is looked at when it is resolved: see `guardedLookup`.
 */
export function refusePrivateHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw denied(hostname)
}

/**
 * A `lookup` for `node:net` that answers public addresses alone. A connection goes to what it answers and to nothing else,
 * so a name that resolves to another address a moment later is no way round it.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return callback(error, '', 0)
    const open = found.filter(({ address }) => isPublicAddress(address))
    const [first] = open
    if (!first) return callback(denied(hostname), '', 0)
    return options.all ? callback(null, open) : callback(null, first.address, first.family)
  })
}

function denied(host: string): ImagemillError {
  return new ImagemillError({
    code: 'REMOTE_DENIED',
    message: `${host} is an address of this machine or of a private network`,
    hint: 'Where such addresses are meant, `allowPrivate` allows them.',
  })
}
