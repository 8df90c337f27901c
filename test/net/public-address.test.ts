import { describe, expect, test } from 'vitest'
import { guardedLookup, isPublicAddress, refusePrivateHost } from '../../src/net/public-address.ts'

describe('addresses that everyone can reach', () => {
  test.each(['1.1.1.1', '93.184.216.34', '172.15.0.1', '172.32.0.1', '192.0.1.1', '100.63.255.255', '100.128.0.1', '223.255.255.255'])(
    '%s is one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )

  test.each(['2606:4700:4700::1111', '2a00:1450:4001:80f::200e', '2001:4860:4860::8888', '::ffff:1.1.1.1', '64:ff9b::101:101'])(
    '%s is one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
  ])('%s is none', (address) => expect(isPublicAddress(address)).toBe(false))

  test.each([
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '100::1',
    '4000::1',
  ])('%s is none', (address) => expect(isPublicAddress(address)).toBe(false))

  test.each(['', 'localhost', '1.2.3', '1.1.1.1.1', '::g'])('%j is no address at all', (text) => expect(isPublicAddress(text)).toBe(false))
})

describe('hosts that are written as an address', () => {
  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://127.1/',
    'http://①②⑦.0.0.1/',
    'http://127.0.0.1./',
    'http://0/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://0xa9fea9fe/latest/meta-data/',
  ])('%s is refused', (url) => {
    expect(() => refusePrivateHost(new URL(url))).toThrow(expect.objectContaining({ code: 'REMOTE_DENIED' }))
  })

  test.each(['http://1.1.1.1/', 'http://[2606:4700::1111]/', 'http://example.com/', 'http://localhost/'])('%s is not', (url) => {
    expect(() => refusePrivateHost(new URL(url))).not.toThrow()
  })
})

test('a name that resolves to public addresses is answered in both ways that Node.js asks', async () => {
  const answered = (all: boolean) => new Promise((resolve) => guardedLookup('1.1.1.1', { all }, (...found) => resolve(found)))
  expect(await answered(true)).toEqual([null, [{ address: '1.1.1.1', family: 4 }]])
  expect(await answered(false)).toEqual([null, '1.1.1.1', 4])
})
