import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { countingIds } from '../harness.fixture.ts'
import { AccountError, createAccount, listAccounts, rotateRootKey } from './accounts.ts'
import { openIdentities } from './identities.ts'
import { identityOfRoot } from './principals.ts'

const at = () => ({ ids: countingIds(), nowMs: Date.UTC(2026, 0, 2) })

test('an account has a number of twelve digits and a root key of its own', async () => {
  await using store = await openStore('memory:')
  const { ids, nowMs } = at()
  const one = await createAccount(store.documents, 'one', { ids, nowMs })
  const two = await createAccount(store.documents, 'two', { ids, nowMs: nowMs + 1 })
  for (const account of [one, two]) {
    assert.match(account.accountId, /^[1-9]\d{11}$/)
    assert.match(account.accessKeyId, /^AKIA[A-Z2-7]{16}$/)
    assert.equal(account.secretAccessKey.length, 40)
  }
  assert.deepEqual(await listAccounts(store.documents), [one, two])
})

test('the first account takes the number and the key that it is given', async () => {
  await using store = await openStore('memory:')
  const rootKey = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' }
  const given = { accountId: '000000000000', rootKey }
  const made = await createAccount(store.documents, 'default', at(), given)
  assert.deepEqual(made, { name: 'default', accountId: '000000000000', ...rootKey })
})

const refused = [
  ['taken', {}, 'ACCOUNT_EXISTS'],
  ['other', { accountId: '000000000000' }, 'ACCOUNT_EXISTS'],
  ['other', { accountId: '123' }, 'INVALID_ACCOUNT'],
  ['other', { rootKey: { accessKeyId: 'AKIATAKEN', secretAccessKey: 'x' } }, 'INVALID_ACCOUNT'],
  ['no name', {}, 'INVALID_ACCOUNT'],
  ['', {}, 'INVALID_ACCOUNT'],
] as const
for (const [name, given, code] of refused)
  test(`an account \`${name}\` with ${JSON.stringify(given)} is refused: ${code}`, async () => {
    await using store = await openStore('memory:')
    await createAccount(store.documents, 'taken', at(), {
      accountId: '000000000000',
      rootKey: { accessKeyId: 'AKIATAKEN', secretAccessKey: 'secret' },
    })
    await assert.rejects(
      createAccount(store.documents, name, at(), given),
      (error) => error instanceof AccountError && error.code === code,
    )
    assert.equal((await listAccounts(store.documents)).length, 1)
  })

test('a key is known as soon as its account is, and is not any more once it was rotated', async () => {
  await using store = await openStore('memory:')
  const { ids, nowMs } = at()
  const before = await createAccount(store.documents, 'before', { ids, nowMs })
  using identities = openIdentities(store, ids)
  const find = (id: string) => identities.find(id, undefined, nowMs)
  const later = await createAccount(store.documents, 'later', { ids, nowMs })
  for (const { accessKeyId, secretAccessKey, accountId } of [before, later]) {
    const arn = `arn:aws:iam::${accountId}:root`
    const found = await find(accessKeyId)
    assert.deepEqual(found, identityOfRoot(accountId, secretAccessKey))
    assert.ok(typeof found !== 'string' && found.keys.get('aws:principalarn') === arn)
    // Whoever has called before is known at once.
    assert.equal(find(accessKeyId), found)
  }
  const rotated = await rotateRootKey(store.documents, 'later', ids)
  assert.equal(await find(later.accessKeyId), 'unknown')
  const again = await find(rotated.accessKeyId)
  assert.equal(typeof again !== 'string' && again.secretAccessKey, rotated.secretAccessKey)
  await assert.rejects(rotateRootKey(store.documents, 'nobody', ids), AccountError)
})

test('a key that is taken away while it is being loaded is not known afterwards', async () => {
  await using store = await openStore('memory:')
  const { ids, nowMs } = at()
  const account = await createAccount(store.documents, 'one', { ids, nowMs })
  const get: typeof store.documents.get = async (...args) => {
    const found = await store.documents.get(...args)
    if (found) await rotateRootKey(store.documents, 'one', ids)
    return found as never
  }
  const list = store.documents.list.bind(store.documents)
  const documents = { ...store.documents, list, get }
  using identities = openIdentities({ documents, changes: store.changes }, ids)
  assert.equal(await identities.find(account.accessKeyId, undefined, nowMs), 'unknown')
})
