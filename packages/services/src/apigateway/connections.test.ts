import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeApi, refusal } from './made-api.fixture.ts'

const balancer = 'arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/a/1'
const integration = '/restapis/{api}/resources/{root}/methods/GET/integration'

test('a VPC link is made, waited for, changed and deleted', async () => {
  await using made = await madeApi()
  const { ask } = made
  const created = await ask('POST', '/vpclinks', { name: 'link', targetArns: [balancer] })
  assert.deepEqual([created.status, created.json.status], [202, 'PENDING'])
  const at = `/vpclinks/${created.json.id}`
  const shown = (await ask('GET', at)).json
  assert.deepEqual(shown, {
    id: created.json.id,
    name: 'link',
    targetArns: [balancer],
    status: 'AVAILABLE',
    statusMessage: 'Your vpc link is ready for use',
  })
  assert.deepEqual((await ask('GET', '/vpclinks')).json, { item: [shown] })
  const changed = await made.patch(at, { op: 'replace', path: '/description', value: 'to there' })
  assert.equal(changed.json.description, 'to there')
  assert.equal((await ask('DELETE', at)).status, 202)
  assert.deepEqual(refusal(await ask('GET', at)), [404, 'Invalid Vpc Link identifier specified'])
})

test('what is no VPC link is refused in the words of AWS', async () => {
  await using made = await madeApi()
  const create = async (members: object) =>
    refusal(await made.ask('POST', '/vpclinks', { name: 'a', targetArns: [balancer], ...members }))
  assert.deepEqual(await create({ name: '' }), [400, 'Name cannot be empty'])
  assert.deepEqual(await create({ targetArns: ['invalid-arn'] }), [
    400,
    'Invalid ARN. ARN is not well formed invalid-arn',
  ])
})

test('an integration names a link that is there, or the stage variable that does; a used link stays', async () => {
  await using made = await madeApi()
  const { ask } = made
  const { id } = (await ask('POST', '/vpclinks', { name: 'link', targetArns: [balancer] })).json
  const put = (members: object) =>
    ask('PUT', integration, {
      type: 'HTTP_PROXY',
      httpMethod: 'GET',
      uri: 'http://backend.test/',
      connectionType: 'VPC_LINK',
      ...members,
    })
  assert.deepEqual(refusal(await put({ connectionId: 'nothere' })), [
    404,
    'Invalid Vpc Link identifier specified',
  ])
  assert.equal((await put({})).status, 400)
  assert.equal((await put({ type: 'MOCK', connectionId: id })).status, 400)
  const variable = '$' + '{stageVariables.link}'
  assert.equal((await put({ connectionId: variable })).json.connectionId, variable)
  assert.equal((await put({ connectionId: id })).status, 201)
  assert.equal(
    (await made.patch(integration, { op: 'replace', path: '/connectionId', value: 'nothere' }))
      .status,
    404,
  )
  assert.match((await ask('DELETE', `/vpclinks/${id}`)).json.message, /is referenced in \[GET:/)
})

test('TLS settings are kept for HTTP integrations alone', async () => {
  await using made = await madeApi()
  const tlsConfig = { insecureSkipVerification: true }
  assert.equal((await made.ask('PUT', integration, { type: 'MOCK', tlsConfig })).status, 400)
  const http = {
    type: 'HTTP',
    httpMethod: 'GET',
    uri: 'https://backend.test/',
    tlsConfig,
  }
  assert.deepEqual((await made.ask('PUT', integration, http)).json.tlsConfig, tlsConfig)
  const off = { op: 'replace', path: '/tlsConfig/insecureSkipVerification', value: 'false' }
  assert.deepEqual((await made.patch(integration, off)).json.tlsConfig, {
    insecureSkipVerification: false,
  })
})

test('a client certificate is generated without its key being shown, and set for a stage', async () => {
  await using made = await madeApi()
  const { ask } = made
  const { status, json } = await ask('POST', '/clientcertificates', { description: 'mine' })
  const { clientCertificateId: id, createdDate, expirationDate, ...others } = json
  assert.deepEqual(
    [status, others, expirationDate - createdDate],
    [201, { description: 'mine', pemEncodedCertificate: 'certificate' }, 365 * 86_400],
  )
  assert.deepEqual((await ask('GET', `/clientcertificates/${id}`)).json, json)
  assert.deepEqual((await ask('GET', '/clientcertificates')).json, { item: [json] })
  await ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
  const set = (value: string) =>
    made.patch('/restapis/{api}/stages/prod', {
      op: 'replace',
      path: '/clientCertificateId',
      value,
    })
  assert.deepEqual(refusal(await set('nothere')), [
    400,
    'Invalid client certificate identifier specified',
  ])
  assert.equal((await set(id)).json.clientCertificateId, id)
  assert.equal((await ask('DELETE', `/clientcertificates/${id}`)).status, 400)
  assert.equal((await set('')).json.clientCertificateId, undefined)
  assert.equal((await ask('DELETE', `/clientcertificates/${id}`)).status, 202)
  assert.deepEqual(refusal(await ask('GET', `/clientcertificates/${id}`)), [
    404,
    'Invalid Client Certificate identifier specified',
  ])
})

test('tags of links and certificates are what policies are asked with', async () => {
  await using made = await madeApi()
  const tags = { team: 'a' }
  const { clientCertificateId } = (await made.ask('POST', '/clientcertificates', { tags })).json
  const link = (await made.ask('POST', '/vpclinks', { name: 'l', targetArns: [balancer], tags }))
    .json
  for (const path of [`/clientcertificates/${clientCertificateId}`, `/vpclinks/${link.id}`]) {
    await made.ask('GET', path)
    assert.deepEqual(made.api.needs()[0]?.keys, { 'aws:ResourceTag/team': 'a' })
    const arn = encodeURIComponent(`arn:aws:apigateway:us-east-1::${path}`)
    assert.deepEqual((await made.ask('GET', `/tags/${arn}`)).json, { tags })
  }
})
