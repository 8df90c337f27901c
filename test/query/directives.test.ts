import { describe, expect, test } from 'vitest'
import { DIRECTIVES, isDirective } from '../../src/query/directives.ts'
import { parseRequest } from '../../src/query/request.ts'
import { isOurs } from '../../src/query/text.ts'
import { failureOf } from '../support/plans.ts'

const yes = { '': 'KEY', true: 'KEY', 1: 'KEY', false: '', 0: '' }
const notFlag = ['yes', '2', 'TRUE', 'false;maybe']
const notSize = ['0', '-1', '65536', '1.5', '320px', 'auto', '1e2', '0x10', 'NaN', '100,200', '']

/** The sha256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** For every directive: what may be written, with the canonical query that it becomes, and what may not. */
const TABLE: Record<keyof typeof DIRECTIVES, { valid: Record<string, string>; invalid: string[] }> = {
  w: {
    valid: {
      320: 'w=320',
      '320.0': 'w=320',
      '%20320%20': 'w=320',
      '0320': 'w=320',
      '640;320': 'w=320;640',
      ';1;': 'w=1',
      65535: 'w=65535',
    },
    invalid: [...notSize, ';'],
  },
  h: { valid: { 200: 'h=200', '3;2;3': 'h=2;3' }, invalid: notSize },
  aspect: {
    valid: { '16:9': `aspect=16:9`, '1.5': 'aspect=1.5', '3:2': 'aspect=1.5', '1.5:1': 'aspect=1.5' },
    invalid: ['0', '16:0', '0:9', '1:2:3', 'wide', '-1', '16/9', ':', ''],
  },
  fit: {
    valid: { cover: 'fit=cover', contain: 'fit=contain', fill: 'fit=fill', inside: 'fit=inside', outside: 'fit=outside' },
    invalid: ['crop', 'Cover', ''],
  },
  position: {
    valid: {
      top: 'position=top',
      north: 'position=top',
      'right%20top': 'position=right top',
      'top+right': 'position=right top',
      northeast: 'position=right top',
      centre: 'position=center',
      attention: 'position=attention',
    },
    invalid: ['middle', '5', ''],
  },
  focus: {
    valid: { '0.3,0.7': 'focus=0.3,0.7', '.3,%200.70': 'focus=0.3,0.7', '0,1': 'focus=0,1' },
    invalid: ['0.3', '0.3,1.1', '-1,0', '1,1,1', 'left,top', ''],
  },
  kernel: { valid: { nearest: 'kernel=nearest', lanczos2: 'kernel=lanczos2' }, invalid: ['linear', ''] },
  linear: { valid: yes, invalid: notFlag },
  background: {
    valid: {
      fff: 'background=%23ffffff',
      '%23FFF': 'background=%23ffffff',
      '#fff': 'background=%23ffffff',
      white: 'background=%23ffffff',
      '336699cc': 'background=%23336699cc',
      '336699FF': 'background=%23336699',
      transparent: 'background=%2300000000',
      'rgb(51,102,153)': 'background=%23336699',
      'rgba(51 102 153 / 0.8)': 'background=%23336699cc',
    },
    invalid: ['ff', 'fffff', 'blurple', 'rgb(1,2)', 'rgb(256,0,0)', 'constructor', ''],
  },
  allowUpscale: { valid: yes, invalid: [...notFlag, 'true;false'] },
  crop: {
    valid: {
      '10,20,30,40': 'crop=10,20,30,40',
      '10%25,0,50%25,100%25': 'crop=10%,0,50%,100%',
      '10%,0,50%,100%': 'crop=10%,0,50%,100%',
      '1px, 2px, 3px, 4px': 'crop=1,2,3,4',
    },
    invalid: ['1,2,3', '1,2,0,4', '-1,0,5,5', '101%25,0,1,1', 'a,b,c,d', '1,2,3,4,5', ''],
  },
  trim: { valid: { '': 'trim', true: 'trim', 1: 'trim=1', 0: '', 25: 'trim=25', false: '' }, invalid: ['256', '-1', 'white', '10;20'] },
  rotate: { valid: { 90: 'rotate=90', '-45.5': 'rotate=-45.5', 360: 'rotate=360' }, invalid: ['361', '90deg', 'left', ''] },
  flip: { valid: yes, invalid: notFlag },
  flop: { valid: yes, invalid: notFlag },
  noAutoOrient: { valid: yes, invalid: notFlag },
  format: {
    valid: { jpg: 'format=jpeg', jpeg: 'format=jpeg', 'webp;avif': 'format=webp;avif', 'jpg;jpeg': 'format=jpeg', auto: 'format=auto' },
    invalid: ['heic', 'jxl', 'tiff', 'JPG', 'svg', ''],
  },
  quality: {
    valid: {
      80: 'quality=80',
      1: 'quality=1',
      100: 'quality=100',
      auto: 'quality=auto',
      'auto:high;auto:low': 'quality=auto:high;auto:low',
      'auto;70': 'quality=70;auto',
    },
    invalid: ['0', '101', '79.5', 'high', 'auto:best', 'Auto', ''],
  },
  target_size: {
    valid: {
      50000: 'target_size=50000',
      '50kb': 'target_size=50000',
      '50KB': 'target_size=50000',
      '50%20kb': 'target_size=50000',
      '1.2mb': 'target_size=1200000',
      '1b': 'target_size=1',
    },
    invalid: ['0', '0kb', '-5', '50k', '1gb', 'kb', '1.2.3kb', '1e3', '50kb;60kb', '0.4', ''],
  },
  tolerance_percent: {
    valid: { '3.5&target_size=9': 'target_size=9&tolerance_percent=3.5', '0&avif.target_size=9': 'avif.target_size=9&tolerance_percent=0' },
    invalid: ['-1', '101', '5%25', '1;2', ''],
  },
  max_iterations: { valid: { '3&quality=auto': 'max_iterations=3&quality=auto' }, invalid: ['0', '1.5', '101', '3;4', ''] },
  min_quality: { valid: { '3&webp.quality=auto:low': 'min_quality=3&webp.quality=auto:low' }, invalid: ['0', '101', '1.5', ''] },
  max_quality: { valid: { '3&target_size=9': 'max_quality=3&target_size=9' }, invalid: ['0', '101', '1.5', ''] },
  effort: { valid: { 0: 'effort=0', 10: 'effort=10', max: 'effort=max', min: 'effort=min' }, invalid: ['11', '-1', 'fast', ''] },
  lossless: { valid: yes, invalid: notFlag },
  progressive: { valid: { ...yes, false: 'KEY=false', 0: 'KEY=false' }, invalid: notFlag },
  blur: { valid: { '': 'blur', true: 'blur', 5: 'blur=5', 1: 'blur=1', false: '', '0.3': 'blur=0.3' }, invalid: ['0.2', '1001', 'soft'] },
  sharpen: { valid: { '': 'sharpen', 2: 'sharpen=2', 0: '' }, invalid: ['11', 'much'] },
  median: { valid: { 3: 'median=3' }, invalid: ['0', '1.5', '101', ''] },
  grayscale: { valid: yes, invalid: notFlag },
  invert: { valid: yes, invalid: notFlag },
  normalize: { valid: yes, invalid: notFlag },
  flatten: { valid: yes, invalid: notFlag },
  tint: { valid: { ffaa22: 'tint=%23ffaa22', red: 'tint=%23ff0000' }, invalid: ['redd', ''] },
  hue: { valid: { 180: 'hue=180', '-90': 'hue=-90' }, invalid: ['361', '10.5', 'red', ''] },
  saturation: { valid: { 0: 'saturation=0', '1.5': 'saturation=1.5' }, invalid: ['-1', '101', ''] },
  brightness: { valid: { '0.5': 'brightness=0.5' }, invalid: ['-0.1', 'bright', ''] },
  transform: {
    valid: {
      paint: 'transform=paint',
      'paint:a b,grain': 'transform=paint:a b,grain',
      'paint;grain': 'transform=grain;paint',
      'paint:': 'transform=paint:',
    },
    invalid: ['', '9', 'paint,', ':left', 'paint grain'],
  },
  colors: { valid: { keep: 'colors=keep', srgb: 'colors=srgb' }, invalid: ['p3', 'keep;srgb', ''] },
  densities: { valid: { '1;2': 'densities=1;2', '2;1;1.5': 'densities=1;1.5;2' }, invalid: ['0', '11', '2x', ''] },
  basePixels: { valid: { 300: 'basePixels=300' }, invalid: ['0', '1.5', '300;600', ''] },
  placeholder: {
    valid: {
      lqip: 'placeholder=lqip',
      dominant: 'placeholder=dominant_color',
      dominant_color: 'placeholder=dominant_color',
      css_gradient: 'placeholder=css_gradient',
      blurhash: 'placeholder=blurhash',
      thumbhash: 'placeholder=thumbhash',
      'lqip:32': 'placeholder=lqip:32',
      'lqip:20': 'placeholder=lqip',
    },
    invalid: ['blur', 'lqip;thumbhash', 'lqip:', 'lqip:3', 'lqip:65', 'lqip:8:8', 'thumbhash:32', ''],
  },
  exif: { valid: yes, invalid: notFlag },
  metadata: {
    valid: { strip: 'metadata=strip', copyright: 'metadata=copyright', keep: 'metadata=keep' },
    invalid: ['all', 'strip;keep', ''],
  },
  as: {
    valid: {
      picture: 'as=picture',
      meta: 'as=metadata',
      'metadata:width;height': 'as=metadata:width;height',
      'metadata:width,height': 'as=metadata:width;height',
      url: 'as=url',
    },
    invalid: ['html', 'url:width', 'url;srcset', ''],
  },
  inline: { valid: { '': 'inline', auto: 'inline=auto', false: 'inline=false' }, invalid: ['base64', 'yes'] },
  animated: { valid: { '': 'animated', false: 'animated=false', 0: 'animated=false' }, invalid: notFlag },
  prune: { valid: yes, invalid: notFlag },
  integrity: {
    valid: {
      'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=': `integrity=sha256-${EMPTY}`,
      'sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU': `integrity=sha256-${EMPTY}`,
      [`sha256-${EMPTY.toUpperCase()}`]: `integrity=sha256-${EMPTY}`,
    },
    invalid: ['', EMPTY, 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=', 'sha256-', 'sha256-47DEQpj8', `sha256-${EMPTY}0`],
  },
  preset: { valid: { hero: 'w=7' }, invalid: [] },
  id: { valid: { 'the;hero': 'id=the%3Bhero', '100%25': 'id=100%', '%2520': 'id=%2520', 'a%26w=9': 'id=a%26w%3D9' }, invalid: [''] },
  imagemill: { valid: { '': '', true: '' }, invalid: ['yes'] },
}

const TRANSFORMS = { names: ['paint', 'grain'], find: () => ({ url: '', digest: '' }) }
const read = (query: string): string => parseRequest(query, { presets: { hero: 'w=7' }, transforms: TRANSFORMS }).query

describe.each(Object.entries(TABLE))('%s', (name, { valid, invalid }) => {
  test.each(Object.entries(valid))('=%s becomes %s', (value, canonical) => {
    const expected = canonical.replace('KEY', name)
    expect(read(value === '' ? name : `${name}=${value}`)).toBe(expected)
    expect(read(expected)).toBe(expected)
  })

  test.each(invalid)('=%s is refused with its key, what is expected and what was received', (value) => {
    if (!isDirective(name)) throw new Error(`${name} is not a directive`)
    const { code, reason } = failureOf(() => read(`${name}=${value}`))
    if (code === 'CONFLICTING_DIRECTIVES') return expect(reason).toContain(`\`${name}\` takes one value`)
    expect(code).toBe('INVALID_DIRECTIVE')
    expect(reason).toContain(`\`${name}\`: expected ${DIRECTIVES[name].expected}, received \``)
  })
})

test.each([
  ['width=300', 'w'],
  ['widths=1;2', 'w'],
  ['W=300', 'w'],
  ['wdth=300', 'w'],
  ['witdh=300', 'w'],
  ['heigth=300', 'h'],
  ['qulaity=80', 'quality'],
  ['desnity=2', 'densities'],
  ['height=5', 'h'],
  ['formt=webp', 'format'],
  ['Format=webp', 'format'],
  ['qualty=80', 'quality'],
  ['q=80', 'quality'],
  ['targetsize=5', 'target_size'],
  ['min_qualty=5', 'min_quality'],
  ['grayscle', 'grayscale'],
  ['greyscale', 'grayscale'],
  ['bg=fff', 'background'],
  ['postion=top', 'position'],
  ['densitys=1', 'densities'],
  ['preseet=a', 'preset'],
  ['avif.qualty=50', 'avif.quality'],
  ['jpg.efort=1', 'jpeg.effort'],
])('%s is unknown, and %s was meant', (query, meant) => {
  expect(isOurs(query)).toBe(true)
  const { code, reason, hint } = failureOf(() => read(query))
  expect(code).toBe('UNKNOWN_DIRECTIVE')
  expect(reason).toContain(`unknown directive \`${query.split('=')[0]?.replace('jpg', 'jpeg')}\``)
  expect(hint).toBe(`Did you mean \`${meant}\`?`)
})

test.each([
  ['webp', 'format=webp'],
  ['avif&t=3', 'format=avif'],
  ['card', 'preset=card'],
])('%s alone is a value whose directive was forgotten: %s', (query, whole) => {
  const presets = { card: 'w=3' }
  expect(isOurs(query, Object.keys(presets))).toBe(true)
  const { code, hint } = failureOf(() => parseRequest(query, { presets }))
  expect(code).toBe('UNKNOWN_DIRECTIVE')
  expect(hint).toBe(`Write \`${whole}\`.`)
  expect(isOurs('card')).toBe(false)
})

test.each(['w=300&frobnicate=1', 'w=300&jpeg.frobnicate=1', 'w=3&a.b.c=1', 'w=3&cover=yes', 'w=3&constructor=1', 'avif.w=3'])(
  '%s is refused, not ignored',
  (query) => {
    expect(failureOf(() => read(query)).code).toBe('UNKNOWN_DIRECTIVE')
  },
)

test.each([
  'react',
  'component',
  'url',
  'raw',
  'inline',
  'no-inline',
  'worker',
  'sharedworker',
  'worker&inline',
  'worker&url',
  'init',
  'wrap',
  'vue',
  'svelte',
  'skipsvgo',
  'arraybuffer',
  'uint8array',
  'base64',
  'import',
  't=1700000000',
  'v=1',
  'v=abc123',
  'import&t=17',
  'url&no-inline',
  'enhanced',
  'astroContentImageFlag',
  'origWidth=300&origHeight=200&origFormat=jpg',
  'imagetools',
  'html-proxy&index=0.js',
  'commonjs-proxy',
  'module',
  'used',
  'lang.svg',
  '',
  'id=3',
  'cover',
  'top',
])('?%s belongs to another tool', (query) => {
  expect(isOurs(query)).toBe(false)
})

test.each([
  'w=3',
  'format=webp',
  'w=3&url',
  'imagemill',
  'preset=hero',
  'as=url',
  'avif.quality=3',
  'jpg.quality=3',
  'cover&w=3',
  'import&w=3',
  'blur',
])('?%s is ours', (query) => {
  expect(isOurs(query)).toBe(true)
})

test.each([
  ['w=3&raw', '`raw` asks for the text'],
  ['w=3&url&as=picture', '`url` and `as`'],
  ['trim&crop=0,0,1,1;0,0,2,2', '`trim` looks at one rectangle'],
  ['avif.quality=50;60', '`avif.quality` takes one value'],
  ['quality=80&min_quality=40', '`min_quality` says how a quality is looked for, and none is'],
  ['quality=80&max_quality=40', '`max_quality` says how a quality is looked for, and none is'],
  ['w=3&max_iterations=4', '`max_iterations` says how a quality is looked for, and none is'],
  ['quality=auto&tolerance_percent=4', '`tolerance_percent` says how a quality is looked for, and none is'],
])('?%s contradicts itself', (query, reason) => {
  const failure = failureOf(() => read(query))
  expect(failure.code).toBe('CONFLICTING_DIRECTIVES')
  expect(failure.reason).toContain(reason)
})
