// Loaded before the conformance suite (`node --import`), which sends no tokens: gets one and puts it into every request
// to the server under test. In the environment: RESOURCE, the server's URL, and CLIENT_SECRET.
//
// The suite sends with the global fetch, with undici, and in its header scenarios with node:http.

import http from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';

const { RESOURCE, CLIENT_SECRET } = process.env;
const { origin } = new URL(RESOURCE);

const answer = await fetch(`${origin}/token`, {
  method: 'POST',
  headers: { Authorization: `Basic ${Buffer.from(`conformance:${CLIENT_SECRET}`).toString('base64')}` },
  body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'mcp', resource: RESOURCE }),
});
if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
const authorization = `Bearer ${(await answer.json()).access_token}`;

const { fetch: plain } = globalThis;
globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  if (new URL(request.url).origin !== origin || request.headers.has('authorization')) return plain(input, init);
  const headers = new Headers(init?.headers ?? request.headers);
  headers.set('authorization', authorization);
  return plain(input, { ...init, headers });
};

// The suite's own undici: another copy would have another dispatcher.
const suite = createRequire(pathToFileURL(process.argv[1]));
const undici = suite('undici');
undici.setGlobalDispatcher(undici.getGlobalDispatcher().compose((dispatch) => (options, handler) => {
  const headers = new Headers(options.headers);
  if (String(options.origin) !== origin || headers.has('authorization')) return dispatch(options, handler);
  headers.set('authorization', authorization);
  return dispatch({ ...options, headers: Object.fromEntries(headers) }, handler);
}));

const { request: plainRequest } = http;
http.request = (...given) => {
  const request = plainRequest(...given);
  if (`http://${request.getHeader('host')}` === origin && !request.hasHeader('authorization')) {
    request.setHeader('authorization', authorization);
  }
  return request;
};
syncBuiltinESMExports();
