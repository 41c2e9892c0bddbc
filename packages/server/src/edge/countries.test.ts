import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCountries } from './countries.ts'

test('the narrowest block that holds an address says its country', () => {
  const countryOf = createCountries(['10.0.0.0/8=JP', '10.1.0.0/16=FR', '2001:db8::/32=DE'])
  const rows = {
    '10.2.3.4': 'JP',
    '10.1.3.4': 'FR',
    '2001:db8::1': 'DE',
    '192.0.2.1': undefined,
    '::1': undefined,
  }
  for (const [address, country] of Object.entries(rows))
    assert.equal(countryOf(address), country, address)
})
