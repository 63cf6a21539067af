// A provider that people log in at and no MCP client can register with: npm's oidc-provider with one client, which is the server under test.
//
//   node provider.mjs      prints {"issuer": "http://127.0.0.1:…"} once it answers; ends when its standard input does
//
// Its login asks for any name, and its consent page comes once for each person. `POST /control` says where the one client returns to:
//   {"redirect_uri": "http://127.0.0.1:…"}
// `GET /control` says how often each of its paths was asked.

import { createServer } from 'node:http';
import * as jose from 'jose';
import { Provider } from 'oidc-provider';
import { endWithParent } from './steps.mjs';

const { privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
const key = { ...(await jose.exportJWK(privateKey)), use: 'sig', alg: 'ES256', kid: 'one' };

const provider = (redirectUri) => new Provider(issuer, {
  jwks: { keys: [key] },
  cookies: { keys: ['a test signs its cookies with this'] },
  responseTypes: ['code'],
  pkce: { required: () => true },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  claims: { openid: ['sub'], profile: ['name'] },
  // So that the name is in the ID token.
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id }) }),
  clients: [{
    client_id: 'bridge',
    client_secret: process.env.INTEROP_SECRET,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  }],
  features: { devInteractions: { enabled: true }, registration: { enabled: false } },
});

const asked = {};
const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  if (path !== '/control') {
    console.error(`${request.method} ${path}`);
    asked[path] = (asked[path] ?? 0) + 1;
    return handler(request, response);
  }
  if (request.method === 'GET') return response.end(JSON.stringify(asked));
  let body = '';
  for await (const part of request) body += part;
  handler = provider(JSON.parse(body).redirect_uri).callback();
  response.end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
let handler = provider(`${issuer}/nowhere`).callback();
console.log(JSON.stringify({ issuer }));
endWithParent();
