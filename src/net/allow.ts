import { domainToASCII } from 'node:url'
import picomatch from 'picomatch'

/** Says of a URL whether it may be asked for. */
export type Allows = (url: URL) => boolean

const PATTERN = /^(https?):\/\/([^/?#@]+)(\/[^?#]*)?$/i

/**
 * A pattern such as `https://cdn.example/images/**`: the scheme and the port as they are, `*` for a part of the host, `**`
 * for several of them, and a glob for the path, where none means every path. Undefined for a text that is no pattern.
 */
export function allowsOf(pattern: string): Allows | undefined {
  const [, scheme = '', written = '', path = '/**'] = PATTERN.exec(pattern) ?? []
  const [, name = '', port = ''] = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d+))?$/i.exec(written) ?? []
  const host = hostPattern(name)
  if (!host) return undefined
  const protocol = `${scheme.toLowerCase()}:`
  const usual = protocol === 'https:' ? '443' : '80'
  const isPath = picomatch(path, { dot: true })
  return (url) =>
    url.protocol === protocol &&
    (url.port || usual) === (port || usual) &&
    url.username === '' &&
    url.password === '' &&
    host.test(url.hostname) &&
    isPath(url.pathname)
}

function hostPattern(name: string): RegExp | undefined {
  // Brackets are left: an IPv6 address is written in one way only after it is parsed.
  const text = name.startsWith('[') ? hostnameOf(name) : name.split('.').map(labelPattern).join('.')
  if (text === undefined || text === '' || /(?:^|\.)(?:\.|$)/.test(text)) return undefined
  const parts = text.split(/(\*{1,2})/).map((part) => (part === '**' ? '.+' : part === '*' ? '[^.]+' : part.replace(/[.[\]]/g, '\\$&')))
  return new RegExp(`^${parts.join('')}$`, 'i')
}

/** As the parser of URLs writes it: a name with letters of other scripts in Punycode. A number alone it would take for an address. */
function labelPattern(label: string): string {
  return /^[\w*-]*$/.test(label) ? label : domainToASCII(label)
}

function hostnameOf(name: string): string | undefined {
  return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : undefined
}
