// Access tokens of issuer.mjs or issuer.py, the ones a server must take and the ones it must refuse.
//
//   node tokens.mjs --url URL --keyed-url URL --issuer ISSUER --algs RS256,ES256,EdDSA
//
// Both servers ask the issuer about opaque tokens: the first by a secret, the other by a private key.
//
// Each token is the issuer's own, from client_credentials; what makes it bad is asked for, not forged, except where a
// signature is broken.

import { challenge, claims, expect, option, sleep, Steps, Stopped } from './steps.mjs';

const url = option('url');
const keyedUrl = option('keyed-url');
const issuer = option('issuer');
const algs = option('algs').split(',');
const ROBOT = `Basic ${Buffer.from(`robot:${encodeURIComponent('the secret of a test')}`).toString('base64')}`;

async function control(change) {
  const response = await fetch(`${issuer}/control`, { method: 'POST', body: JSON.stringify(change) });
  expect(response.ok, 'the issuer to change', response.status);
}

async function token({ resource = url, scope = 'todos.read' } = {}) {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { Authorization: ROBOT },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource }),
  });
  const answer = await response.json();
  expect(response.ok, 'a token', answer);
  return answer.access_token;
}

/** One that only the issuer can read. */
async function opaque(options) {
  await control({ format: 'opaque' });
  const bearer = await token(options);
  await control({ format: 'jwt' });
  expect(!bearer.includes('.'), 'an opaque token', 'a JWT');
  return bearer;
}

/** One `tools/call`, in the form of each era. */
async function call(bearer, tool, revision = '2026-07-28', at = url) {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': revision, 'io.modelcontextprotocol/clientCapabilities': {} };
  const stateless = revision === '2026-07-28';
  const response = await fetch(at, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${bearer}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': revision,
      ...(stateless && { 'Mcp-Method': 'tools/call', 'Mcp-Name': tool }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      ...(stateless
        ? { method: 'tools/call', params: { name: tool, arguments: tool === 'add_todo' ? { title: 'a todo' } : {}, _meta } }
        : { method: 'initialize', params: { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'interop', version: '1' } } }),
    }),
  });
  const body = await response.text();
  return { status: response.status, challenge: challenge(response.headers.get('www-authenticate')), body };
}

async function taken(bearer, tool = 'list_todos', at = url) {
  for (const revision of ['2026-07-28', '2025-11-25']) {
    const answer = await call(bearer, tool, revision, at);
    expect(answer.status === 200 && answer.body.includes('"result"'), `200 on ${revision}`, answer);
  }
}

async function refused(bearer) {
  for (const revision of ['2026-07-28', '2025-11-25']) {
    const answer = await call(bearer, 'list_todos', revision);
    expect(answer.status === 401 && answer.challenge?.error === 'invalid_token', `401 invalid_token on ${revision}`, answer);
  }
}

/** `check`, again and again until it holds or `seconds` have passed: what a change of keys is allowed to take. */
async function within(seconds, check) {
  const begun = Date.now();
  for (;;) {
    try {
      await check();
      return `after ${Math.round((Date.now() - begun) / 100) / 10} s`;
    } catch (error) {
      if (Date.now() - begun > seconds * 1000) throw error;
      await sleep(100);
    }
  }
}

function header(jwt) {
  return JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url').toString());
}

const steps = new Steps();
try {
  for (const alg of algs) {
    await steps.step(`${alg} is taken`, async () => {
      await control({ alg });
      const bearer = await token();
      const { alg: used, typ } = header(bearer);
      expect(used === alg && typ === 'at+jwt', `an at+jwt signed with ${alg}`, { used, typ });
      expect(claims(bearer).aud === url, `the audience ${url}`, claims(bearer).aud);
      await taken(bearer);
    });
    await steps.step(`${alg} with another's signature is refused`, async () => {
      const [head, payload] = (await token()).split('.');
      const [, , signature] = (await token({ scope: 'todos.write' })).split('.');
      await refused(`${head}.${payload}.${signature}`);
    });
  }
  await steps.step('todos.write may write', async () => taken(await token({ scope: 'todos.write' }), 'add_todo'));
  await steps.step('todos.read may not write', async () => {
    const answer = await call(await token(), 'add_todo');
    expect(answer.status === 403 && answer.challenge?.error === 'insufficient_scope', '403 insufficient_scope', answer);
  });
  for (const resource of [`${url}/`, new URL(url).origin, 'http://127.0.0.1:9/mcp']) {
    const what = { [`${url}/`]: 'our name and a slash', [new URL(url).origin]: 'our origin' }[resource] ?? 'another server';
    await steps.step(`a token for ${what} is refused`, async () => {
      const bearer = await token({ resource });
      expect(claims(bearer).aud === resource, `the audience ${resource}`, claims(bearer).aud);
      await refused(bearer);
    });
  }
  await steps.step('an opaque token is taken, by a question with a secret', async () => taken(await opaque()));
  await steps.step('an opaque token is taken, by a question with a private key', async () => {
    await taken(await opaque({ resource: keyedUrl }), 'list_todos', keyedUrl);
  });
  await steps.step('an opaque token with todos.read may not write', async () => {
    const answer = await call(await opaque(), 'add_todo');
    expect(answer.status === 403 && answer.challenge?.error === 'insufficient_scope', '403 insufficient_scope', answer);
  });
  await steps.step('an opaque token for another server is refused', async () => refused(await opaque({ resource: keyedUrl })));
  await steps.step('an opaque token that nobody made is refused', async () => refused(`${await opaque()}x`));
  await steps.step('an opaque token is taken until it is revoked, and refused then', async () => {
    const bearer = await opaque();
    await taken(bearer);
    const revoked = await fetch(`${issuer}/token/revocation`, {
      method: 'POST',
      headers: { Authorization: ROBOT },
      body: new URLSearchParams({ token: bearer }),
    });
    expect(revoked.ok, 'the token to be revoked', revoked.status);
    await within(5, () => refused(bearer));
  });
  await steps.step('a token is taken until it expires, and refused then', async () => {
    await control({ lifetime: 5 });
    const bearer = await token();
    await control({ lifetime: 300 });
    await taken(bearer);
    await sleep(claims(bearer).exp * 1000 - Date.now() + 1100);
    await refused(bearer);
  });
  const old = await token();
  await steps.step('new keys beside the old ones: both are taken', async () => {
    await control({ keys: 'rotate' });
    const bearer = await token();
    expect(header(bearer).kid !== header(old).kid, 'a new kid', header(bearer).kid);
    const waited = await within(10, () => taken(bearer));
    await taken(old);
    return waited;
  });
  await steps.step('new keys only: new tokens are taken, old ones refused', async () => {
    await control({ keys: 'drop' });
    const bearer = await token();
    const waited = await within(10, () => taken(bearer));
    await within(10, () => refused(old));
    return waited;
  });
  await steps.step('new keys under the old names: new tokens are taken, old ones refused', async () => {
    const before = await token();
    await taken(before);
    await control({ keys: 'same-kid' });
    const bearer = await token();
    expect(header(bearer).kid === header(before).kid, 'the same kid', header(bearer).kid);
    const waited = await within(10, () => taken(bearer));
    await within(10, () => refused(before));
    return waited;
  });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
}
