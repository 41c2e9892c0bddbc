import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BehaviourSettings, DistributionSnapshot } from '@sekisho/edge'
import { cachedApis } from './cached-apis.ts'

const behaviour = (pathPattern: string, targetId: string, maxTtl: number) =>
  ({ pathPattern, targetId, cache: { maxTtl } }) as BehaviourSettings

test('a distribution says which of its behaviours keep answers of APIs', () => {
  const snapshot = {
    origins: [
      { id: 'api', domainName: 'abc.execute-api.us-east-1.amazonaws.com' },
      { id: 'local', domainName: 'abc.execute-api.localhost' },
      { id: 'site', domainName: 'www.example.com' },
    ],
    groups: [{ id: 'group', members: ['site', 'api'] }],
    behaviours: [
      behaviour('/a', 'api', 60),
      behaviour('/b', 'api', 0),
      behaviour('/c', 'site', 60),
      behaviour('/d', 'group', 60),
      behaviour('*', 'local', 60),
    ],
  } as unknown as DistributionSnapshot
  assert.deepEqual(cachedApis(snapshot), ['/a', '/d', '*'])
})
