import { existsSync } from 'node:fs'
import { dirname, join, normalize, resolve } from 'node:path'
import { asImagemillError } from '../errors.ts'
import { dataCode } from '../module/code.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import { noteImporter, type Api } from './api.ts'
import type { BundlerContext, PluginPart } from './bundler.ts'
import { toBundlerError } from './error.ts'
import { openImportLines } from './import-lines.ts'
import { ask, decode, imageOf, loadImage } from './load.ts'
import { makeManifest } from './manifest.ts'
import { followLinks, placeOf, rootOf, type Place } from './place.ts'
import { REMOTE, escapeQuery, idOfRemote, remoteOfId } from './remote-id.ts'
import { useInDev } from './result.ts'
import { tokenOf } from './tokens.ts'
import { transformFiles } from './transforms.ts'
import { isOutside } from './path-below.ts'

const IMAGE_ID = new RegExp(`\\.(?:avif|gif|hei[cf]|jfif|jpe?g|png|svg|tiff?|webp)(?:\\?|$)|${REMOTE.source}`, 'i')
const MANIFEST = 'virtual:imagemill/manifest'
export const MANIFEST_ID = `\0${MANIFEST}`
const MANIFEST_NAME = /virtual:imagemill\/manifest$/

/** The part that turns image imports into modules. */
export function modulesPart(api: Api): PluginPart {
  return {
    name: 'imagemill:modules',
    enforce: 'pre',
    // Also for those who hand us on from a plugin of their own, where our `enforce` is not looked at.
    resolveId: {
      order: 'pre',
      filter: { id: IMAGE_ID },
      async handler(this: BundlerContext, specifier: string, importer: string | undefined, options: object) {
        if (!IMAGE_ID.test(specifier) || specifier.startsWith('\0')) return null
        const safe = await idOf(this, specifier, importer, options)
        if (safe === null) return null
        const asked = ask(safe, placeOf(this, api))
        if (!asked) return null
        const image = imageOf(asked)
        if (importer !== undefined) noteImporter(api, image, importer)
        // What stands in the source file; on the dev server it was replaced by an id.
        api.types(rootOf(this))?.imported(image, remoteOfId(specifier) ?? specifier, importer)
        return safe
      },
    },
    load: {
      order: 'pre',
      filter: { id: IMAGE_ID },
      async handler(this: BundlerContext, id: string) {
        // Vite 6.0 does not know filters, so they are not relied on.
        const asked = IMAGE_ID.test(id) ? ask(id, placeOf(this, api)) : undefined
        if (!asked) return null
        const place = placeOf(this, api)
        // To Vite's dev server a watched file is an import, which it may fail to resolve: `#` in the name, or gone for a moment.
        const files = [...(isRemote(asked.file) ? [] : [asked.file]), ...transformFiles(place.root, api.options.transforms)]
        if (place.devBase === undefined) for (const file of files) this.addWatchFile(file)
        try {
          await place.allow(asked.file)
          if (place.devBase !== undefined) for (const file of files) watch(file, id, place)
          const code = await loadImage(asked, place)
          forgetManifest(this)
          return { code, moduleSideEffects: false, moduleType: 'js', map: { mappings: '' } }
        } catch (error) {
          return this.error(toBundlerError(asImagemillError(error).at({ query: asked.query }), place.root, api.importers))
        }
      },
    },
    hotUpdate: {
      order: 'pre',
      handler(this: BundlerContext, { file, modules }: HotUpdate) {
        forgetImporter(api, normalize(file))
        if (api.watched.has(normalize(file))) api.changes.tell(normalize(file))
        if (api.onPages.has(normalize(file))) this.environment?.hot?.send({ type: 'full-reload' })
        // Vite finds modules by the name of their file; in an id it may be escaped, or an address of the public folder.
        const ids = [...(api.watched.get(normalize(file)) ?? [])]
        const more = ids.map((id) => this.environment?.moduleGraph?.getModuleById(id)).filter((module) => module !== undefined)
        return more.length > 0 ? [...new Set([...modules, ...more])] : undefined
      },
    },
  }
}

/** Has the dev server tell of changes of a file; those outside of the root it would not see. */
export function watch(file: string, id: string, { api, root }: Place): void {
  api.watched.set(file, (api.watched.get(file) ?? new Set()).add(id))
  if (isOutside(root, file)) api.watcher?.add(file)
}

/** An edited file may no longer ask for an image; one that does, in words that are not in it, says so when it is loaded again. */
function forgetImporter({ imported, changes }: Api, edited: string): void {
  const lines = openImportLines()
  const isGone = !existsSync(edited)
  for (const [image, importers] of imported)
    for (const importer of importers)
      if (normalize(splitId(importer).file) === edited && (isGone || !lines.names(importer, splitId(image)))) {
        importers.delete(importer)
        changes.tell(image)
      }
}

/** On the dev server the manifest lists what is loaded so far, so it is out of date with every image that is. */
function forgetManifest({ environment }: BundlerContext): void {
  const manifest = environment?.moduleGraph?.getModuleById(MANIFEST_ID)
  if (manifest) environment?.moduleGraph?.invalidateModule(manifest)
}

interface HotUpdate {
  file: string
  modules: unknown[]
}

/** In an address of the dev server a raw `#` begins a fragment, and a raw `%` makes it malformed. */
function escapeFile(file: string): string {
  return file.replaceAll('%', '%25').replaceAll('#', '%23')
}

/** How plain bundlers treat links unless told otherwise; they do not tell us. */
const PLAIN = { resolve: { preserveSymlinks: false } }

/** The id of an image, with nothing in it that a bundler could misread. */
async function idOf(context: BundlerContext, specifier: string, importer: string | undefined, options: object): Promise<string | null> {
  if (isRemote(specifier)) return idOfRemote(specifier)
  if (remoteOfId(specifier)) return specifier
  const id = await resolveImage(context, specifier, importer, options)
  if (id === null) return null
  const { file, query } = splitId(id)
  return escapeFile(file) + (query === '' ? '' : `?${escapeQuery(query)}`)
}

/** Rollup does not resolve an id with a query, and Vite takes `#` for a fragment: then the file is looked for without. */
async function resolveImage(
  context: BundlerContext,
  specifier: string,
  importer: string | undefined,
  options: object,
): Promise<string | null> {
  const { file, query } = splitId(specifier)
  const suffix = query === '' ? '' : `?${query}`
  const beside = file.startsWith('.') && importer !== undefined ? resolve(dirname(splitId(importer).file), file) : undefined
  if (beside !== undefined && existsSync(beside)) return followLinks(context.environment?.config ?? PLAIN, beside) + suffix
  const resolved = await context.resolve(specifier, importer, { ...options, skipSelf: true })
  if (resolved) return resolved.external ? null : unescaped(resolved.id)
  const bare = suffix === '' ? null : await context.resolve(file, importer, { ...options, skipSelf: true })
  if (bare && !bare.external) return bare.id + suffix
  // The browser asks for a file by the name that we escaped.
  const address = context.environment && unescaped(join(context.environment.config.root, file))
  if (address !== undefined && existsSync(address)) return address + suffix
  // A file that is not there is ours to report: its error says more than "failed to resolve".
  return beside === undefined ? null : beside + suffix
}

/** An id with the name of its file as it is on disk. */
function unescaped(id: string): string {
  const { file } = splitId(id)
  return existsSync(file) || !existsSync(decode(file)) ? id : decode(file) + id.slice(file.length)
}

/** The part that serves the manifest as a module. */
export function manifestPart(api: Api): PluginPart {
  return {
    name: 'imagemill:manifest',
    enforce: 'pre',
    resolveId: {
      filter: { id: MANIFEST_NAME },
      handler: (specifier: string) => (specifier === MANIFEST ? MANIFEST_ID : null),
    },
    load: {
      filter: { id: MANIFEST_NAME },
      async handler(this: BundlerContext, id: string) {
        if (id !== MANIFEST_ID) return null
        const place = placeOf(this, api)
        // In a build it is filled in when the chunk is rendered: only then is it known what is used.
        if (place.devBase === undefined)
          return { code: `export default ${JSON.stringify(tokenOf('MANIFEST', 'ALL'))}\n`, moduleType: 'js', map: { mappings: '' } }
        try {
          // The images that the page imports are loaded at the same time; a server imports one after the other.
          if (this.environment?.config.consumer === 'client') await this.environment.waitForRequestsIdle?.(MANIFEST_ID)
          const jobs = [...api.jobs.values()].filter(({ source }) => existsSync(source.local ?? source.file))
          const manifest = await makeManifest(jobs, api, place.root, {
            useOf: (output, job) => useInDev(output, job, place),
            usesFact: () => true,
          })
          return { code: dataCode(manifest), moduleType: 'js', map: { mappings: '' } }
        } catch (error) {
          return this.error(toBundlerError(error, place.root, api.importers))
        }
      },
    },
  }
}
