import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AwsError, readModel } from '@sekisho/protocols'
import { services } from '@sekisho/services'
import { openStore } from '@sekisho/store'

const root = join(import.meta.dirname, '..')

/** Enough of any input for a gate to look at. */
const sample = {
  restApiId: 'abcdefghij',
  domainName: 'api.example.com',
  patchOperations: [],
  body: new Uint8Array(),
  parameters: {},
  RoleArn: 'arn:aws:iam::000000000000:role/sample',
  WebIdentityToken: 'no token',
  logGroupName: 'sample',
  Arn: 'arn:aws:lambda:us-east-1:000000000000:layer:sample:1',
  Bucket: 'sample',
  Key: 'sample',
  CopySource: 'sample/sample',
  resourceArn: 'arn:aws:logs:us-east-1:000000000000:log-group:sample',
  deliveryDestinationArn: 'arn:aws:logs:us-east-1:000000000000:delivery-destination:sample',
}

/** Where a service means something else by a name that another has too. */
const samples: Readonly<Record<string, object>> = {
  events: {
    Name: 'sample',
    Rule: 'sample',
    Targets: [],
    Entries: [{}],
    ResourceARN: 'arn:aws:events:us-east-1:000000000000:rule/sample',
    Tags: [],
    TagKeys: [],
  },
  scheduler: {
    Name: 'sample',
    Target: { RoleArn: 'arn:aws:iam::000000000000:role/sample' },
    ResourceArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/sample',
    Tags: [],
    TagKeys: [],
  },
  cloudfront: {
    Resource: 'arn:aws:cloudfront::000000000000:distribution/ESAMPLE',
    TagKeys: {},
    DistributionConfigWithTags: {},
  },
  'cloudfront-keyvaluestore': {
    KvsARN: 'arn:aws:cloudfront::000000000000:key-value-store/sample',
  },
}

for (const service of services)
  test(`every operation of ${service.name} is one of its model, and asks for something`, async () => {
    await using store = await openStore('memory:')
    const accountId = '000000000000'
    await store.documents.transact((transaction) =>
      transaction.put('s3.buckets', 'sample', { name: 'sample', id: 'sample', accountId }),
    )
    const call = {
      accountId,
      region: 'us-east-1',
      principal: { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` },
      documents: store.documents,
    } as never
    const model = readModel(await service.sdk())
    const input = { ...sample, ...samples[service.name] }
    for (const [name, operation] of service.operations) {
      const shape = model.operations.get(name)
      assert.ok(shape, `${name} is no operation of the model`)
      if (operation.isUnsigned) {
        // Who proves nothing is not even asked about.
        await assert.rejects(operation.needs(shape, input, call), AwsError, name)
        continue
      }
      const needs = await operation.needs(shape, input, call)
      assert.ok(needs.length > 0, `${name} has no gate`)
      for (const { action, resource } of needs) {
        assert.match(action, /^[a-z0-9-]+:[A-Za-z]+$/, name)
        assert.match(resource, /^(?:\*|arn:aws:)/, name)
      }
    }
  })

test('every package has a licence, a description and the one version', () => {
  for (const path of globSync('packages/*/package.json', { cwd: root })) {
    const { version, license, description } = JSON.parse(readFileSync(join(root, path), 'utf8'))
    assert.deepEqual(
      [version, license, typeof description],
      ['0.1.0', 'Apache-2.0', 'string'],
      path,
    )
  }
})

test('lock files name no registry', () => {
  for (const path of globSync('{,bench/}package-lock.json', { cwd: root })) {
    const text = readFileSync(join(root, path), 'utf8')
    assert.doesNotMatch(text, /"resolved": "(?!packages\/)/, path)
  }
})
