// Programs without a person, by the official TypeScript SDK: each gets a token by itself and calls a tool.
//
//   node machine.mjs --url URL --issuer ISSUER --revision 2026-07-28|2025-11-25 --kind secret|key|id-jag --keys DIRECTORY
//
// `secret` and `key` are client_credentials (RFC 6749 §4.4), authenticated by the secret in INTEROP_SECRET or by a key
// (`private_key_jwt`). `id-jag` brings an assertion of an identity provider about a person (JWT bearer, RFC 7523). The keys are
// those of outside.py. Each may read and not write.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  Client, ClientCredentialsProvider, CrossAppAccessProvider, PrivateKeyJwtProvider, StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import * as jose from 'jose';
import { claims, expect, option, Steps, Stopped } from './steps.mjs';

const url = new URL(option('url'));
const issuer = option('issuer');
const revision = option('revision');
const kind = option('kind');
const pem = (name) => readFileSync(path.join(option('keys'), `${name}.pem`), 'utf8');
const secret = process.env.INTEROP_SECRET;

/** What an identity provider says of alice to the client `agent` (ID-JAG). */
async function assertion({ authorizationServerUrl, resourceUrl, scope }) {
  const key = await jose.importPKCS8(pem('provider'), 'ES256');
  const said = { client_id: 'agent', resource: resourceUrl, scope: scope ?? 'todos.read' };
  return new jose.SignJWT(said)
    .setProtectedHeader({ typ: 'oauth-id-jag+jwt', alg: 'ES256', kid: 'provider' })
    .setIssuer('https://provider.example').setSubject('alice').setAudience(authorizationServerUrl)
    .setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime('2m').sign(key);
}

const kinds = {
  secret: {
    provider: () => new ClientCredentialsProvider({ clientId: 'robot', clientSecret: secret, expectedIssuer: issuer }),
    grant: 'client_credentials', client: 'robot', subject: 'robot',
  },
  key: {
    provider: () => new PrivateKeyJwtProvider({
      clientId: 'robot-with-a-key', privateKey: pem('robot'), algorithm: 'ES256', expectedIssuer: issuer,
    }),
    grant: 'client_credentials', client: 'robot-with-a-key', subject: 'robot-with-a-key',
  },
  'id-jag': {
    provider: () => new CrossAppAccessProvider({ assertion, clientId: 'agent', clientSecret: secret, expectedIssuer: issuer }),
    grant: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client: 'agent', subject: undefined,
  },
};

/** Every exchange, oldest first. Tokens are in it; it is never printed as it is. */
const wire = [];
const traced = async (input, init) => {
  const response = await fetch(input, init);
  const body = String(init?.body ?? '');
  const form = body.startsWith('{') ? undefined : new URLSearchParams(body);
  const answered = response.headers.get('content-type')?.startsWith('application/json') ? await response.clone().json() : undefined;
  wire.push({ url: String(input), form, status: response.status, challenge: response.headers.get('www-authenticate'), answered });
  console.error(`${init?.method ?? 'GET'} ${input} ${form?.get('grant_type') ?? ''} -> ${response.status} ${answered?.error_description ?? ''}`);
  return response;
};

const { provider, grant, client: clientId, subject } = kinds[kind];
const authProvider = provider();
const client = new Client({ name: 'interop', version: '1.0.0' }, revision === '2025-11-25' ? {} : { versionNegotiation: { mode: { pin: revision } } });
const steps = new Steps();
try {
  await steps.step('token', async () => {
    await client.connect(new StreamableHTTPClientTransport(url, { authProvider, fetch: traced }));
    const exchange = wire.find((entry) => entry.form?.get('grant_type'));
    expect(exchange?.form.get('grant_type') === grant && exchange.status === 200, `200 for ${grant}`, exchange?.status ?? 'no such request');
    const { scope, refresh_token, access_token } = exchange.answered;
    expect(scope === 'todos.read' && refresh_token === undefined, 'todos.read, and no refresh token', scope);
    const said = claims(access_token);
    expect(said.client_id === clientId && (subject === undefined || said.sub === subject), `a token of ${clientId}`, [said.client_id, said.sub]);
    const spoken = client.getNegotiatedProtocolVersion();
    expect(spoken === revision, `revision ${revision}`, spoken);
    return spoken;
  });
  await steps.step('call', async () => {
    const { structuredContent, isError } = await client.callTool({ name: 'list_todos', arguments: {} });
    expect(!isError && Array.isArray(structuredContent?.todos), 'a list of todos', structuredContent);
  });
  await steps.step('403', async () => {
    const refused = await client.callTool({ name: 'add_todo', arguments: { title: 'not for a program' } }).then(() => undefined, (error) => error);
    expect(refused instanceof Error, 'an error', 'a result');
    const denied = wire.find((entry) => entry.status === 403);
    expect(denied?.challenge?.includes('insufficient_scope'), '403 insufficient_scope', denied?.challenge ?? wire.map(({ url: to, status }) => [to, status]));
  });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
} finally {
  await client.close().catch(() => {});
}
