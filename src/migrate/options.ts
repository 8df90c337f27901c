import type { Finding } from './finding.ts'

/** Options of vite-imagetools that are written in another way here, with what to write. */
export const MOVED_OPTIONS: Readonly<Record<string, string>> = {
  defaultDirectives: 'Write `defaults`: a text, an object, or a function of the path and the query.',
  extendTransforms: 'Write `transforms`.',
  extendOutputFormats: 'Write `shapes`.',
  resolveConfigs: 'Lists multiply; write what should not as another import, a breakpoint, or a setting of one format (`avif.quality=50`).',
  removeMetadata: "Leave it out; in place of `false` write `defaults: 'metadata=keep'`.",
  namedExports: 'Leave it out: there is always a default export and named ones, and what is not used falls away.',
}

/** Settings of its `cache` that are written in another way. */
const MOVED_CACHE: Readonly<Record<string, string>> = {
  enabled: 'Leave it out: entries are verified, and named by all they depend on.',
  retention: 'Write `cache.maxSize`, or run `imagemill cache prune --older-than 30d`.',
}

const PACKAGE = /(['"])(vite-imagetools|imagetools-core)\1/g

/** What has to change in a file that uses vite-imagetools itself: its import, and the options of the plugin. */
export function reviewPackage(text: string): Finding[] {
  const imports = [...text.matchAll(PACKAGE)].map(({ index, 2: name = '' }) => ({
    index,
    must: true,
    what: name,
    change: 'another package',
    instead: 'Write `imagemill`: the plugin is `imagemill()`, and the types `Picture` and `Img` have their names.',
  }))
  const call = /\bimagetools\s*\(/.exec(text)
  return imports.length > 0 && call ? [...imports, ...reviewOptions(text, call.index)] : imports
}

function reviewOptions(text: string, from: number): Finding[] {
  const named = Object.entries({ ...MOVED_OPTIONS, ...MOVED_CACHE })
  return named.flatMap(([name, instead]) => {
    const found = new RegExp(`(?<![\\w.$])${name}\\s*(?=[:(,}])`).exec(text.slice(from))
    return found ? [{ index: from + found.index, must: true, what: name, change: 'another option', instead }] : []
  })
}

/** The dependency in a package.json. */
export function reviewManifest(text: string): Finding[] {
  return [...text.matchAll(/"(vite-imagetools|imagetools-core)"\s*:/g)].map(({ index, 1: name = '' }) => ({
    index,
    must: true,
    what: name,
    change: 'another package',
    instead: name === 'vite-imagetools' ? 'Run `npm uninstall vite-imagetools && npm install --save-dev imagemill`.' : 'Leave it out.',
  }))
}
