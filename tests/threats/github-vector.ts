/**
 * A report with its signature, made once with a key that was thrown away, for a key that never was
 * any. It holds the form still: what was genuine once goes on being genuine.
 */
export const VECTOR = Object.freeze({
  keyId: '7Hq2mZ9x',
  secret: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg',
  pem: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+TUgiEIViwWni5ZcBNU1/fFnXxeY
yGM5zCBNjEBrwNB2c/70Uf4xCxTOI528kfbcD17pVgekum2prlrDpiurpg==
-----END PUBLIC KEY-----
`,
  body: '[{"token":"sk_live_7Hq2mZ9x_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg2IcSsL","type":"lockgate_api_key","url":"https://github.com/octocat/Hello-World/blob/main/.env","source":"content"}]',
  signature:
    'MEUCIDIFyeDWMBhElusce1efd2K+i2pwcSbH7WU5PyPk5bTgAiEA39t1FMHb0BYanSFL2TBqJ6xkS6ydOqDsV/nza236Ldc=',
})
