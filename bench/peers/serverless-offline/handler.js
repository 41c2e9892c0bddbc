exports.mock = async () => ({ statusCode: 200, body: '{"hello":"world"}' })
