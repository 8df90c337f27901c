import { FILE_NAME, fields, fileNameOf, read } from './option-values.ts'

/** Which reports of a build are written into it. */
export interface ReportOptions {
  /** The page; or another name for it. @default true */
  html?: boolean | string
  /** The same as JSON; or another name for it. @default true */
  json?: boolean | string
}

/** Names of the files in the build's folder; undefined for what is not wanted. */
export interface ReportNames {
  html: string | undefined
  json: string | undefined
}

const NAMES = { html: '.vite/imagemill-report.html', json: '.vite/imagemill-report.json' } as const

export function reportNamesOf(value: unknown): ReportNames {
  if (value === undefined || value === false) return { html: undefined, json: undefined }
  const raw = value === true ? {} : fields(value, 'report.', ['html', 'json'])
  return { html: nameOf(raw['html'], 'html'), json: nameOf(raw['json'], 'json') }
}

function nameOf(value: unknown, kind: keyof typeof NAMES): string | undefined {
  const given = read(value, `report.${kind}`, `true, false or ${FILE_NAME}`, (item) =>
    typeof item === 'boolean' || fileNameOf(item) !== undefined ? { item } : undefined,
  )
  if (given?.item === false) return undefined
  return typeof given?.item === 'string' ? given.item : NAMES[kind]
}
