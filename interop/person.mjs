// A person with a browser: reads pages, logs in as alice, presses Allow, and nothing else.
//
//   browser = new Person(); await browser.follow(authorizationUrl, redirectUri)
//
// By itself, for clients that are not JavaScript: `node person.mjs URL REDIRECT_URI` prints, as one line of JSON, where
// the browser was sent and which pages it showed. Node's fetch would claim to be a script (`Sec-Fetch-Mode: cors`), so
// requests are made with node:http, as the navigation they stand for.

import http from 'node:http';
import { pathToFileURL } from 'node:url';

const USER = 'alice';

/** What the person looks for on a page, in this order: the words on a button, and what the page is then called. */
const BUTTONS = [
  { page: 'login', words: [`Continue as ${USER}`, `Log in as ${USER}`, USER] },
  { page: 'login', words: ['Sign-in'] },
  { page: 'consent', words: ['Allow', 'Continue'] },
];

/** What the person types into a field, by the field's type. */
const TYPED = { text: USER, password: 'a password' };

export class Person {
  #cookies = new Map();

  /** From the authorization URL to the redirect URI: where the browser was sent, and the names of the pages it showed. */
  async follow(authorizationUrl, redirectUri) {
    const pages = [];
    let next = { url: authorizationUrl, method: 'GET' };
    for (let steps = 0; steps < 20; steps += 1) {
      const answer = await this.#send(next);
      if (answer.location) {
        const url = new URL(answer.location, next.url).href;
        if (url.startsWith(redirectUri)) return { url, pages };
        next = { url, method: 'GET' };
        continue;
      }
      if (answer.status >= 400) throw new Error(`${answer.status} for ${next.method} ${next.url}: ${words(answer.text)}`);
      const decision = decide(answer.text);
      if (!decision) throw new Error(`nothing to press on the page at ${next.url}: ${words(answer.text)}`);
      pages.push(decision.page);
      next = { url: new URL(decision.action || next.url, next.url).href, method: 'POST', body: decision.body };
    }
    throw new Error(`still not at ${redirectUri} after 20 steps; pages: ${pages.join(', ')}`);
  }

  #send({ url, method, body }) {
    const { origin } = new URL(url);
    const headers = {
      Accept: 'text/html,application/xhtml+xml',
      'Sec-Fetch-Dest': 'document',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Site': body === undefined ? 'none' : 'same-origin',
      'Sec-Fetch-User': '?1',
    };
    if (this.#cookies.size > 0) headers.Cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    if (body !== undefined) {
      Object.assign(headers, { 'Content-Type': 'application/x-www-form-urlencoded', Origin: origin, Referer: url });
      headers['Content-Length'] = Buffer.byteLength(body);
    }
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers, timeout: 15_000 }, (response) => {
        for (const cookie of response.headers['set-cookie'] ?? []) this.#keep(cookie);
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode, location: response.headers.location, text }));
      });
      request.on('timeout', () => request.destroy(new Error(`no answer from ${url} within 15 s`)));
      request.on('error', reject).end(body);
    });
  }

  #keep(cookie) {
    const [pair] = cookie.split(';');
    const [name, ...value] = pair.split('=');
    const gone = /;\s*max-age=0\b/i.test(cookie) || /;\s*expires=Thu, 01 Jan 1970/i.test(cookie);
    if (gone) this.#cookies.delete(name);
    else this.#cookies.set(name, value.join('='));
  }
}

/** Which button the person presses on this page, and what the browser then posts where. */
function decide(html) {
  const forms = html.match(/<form\b[\s\S]*?<\/form>/gi) ?? [];
  for (const { page, words: wanted } of BUTTONS) {
    for (const form of forms) {
      const buttons = [...form.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/gi)];
      const pressed = buttons.find(([, , inner]) => wanted.includes(words(inner)));
      if (!pressed) continue;
      const body = new URLSearchParams();
      for (const [input] of form.matchAll(/<input\b[^>]*>/gi)) {
        const name = attribute(input, 'name');
        // A box that is not ticked is not sent.
        if (attribute(input, 'type') === 'checkbox' && !/\schecked\b/.test(input)) continue;
        if (name) body.append(name, attribute(input, 'value') ?? TYPED[attribute(input, 'type')] ?? '');
      }
      const name = attribute(pressed[1], 'name');
      if (name) body.append(name, attribute(pressed[1], 'value') ?? '');
      return { page, action: attribute(form.match(/<form\b[^>]*>/i)[0], 'action'), body: body.toString() };
    }
  }
  return undefined;
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`, 'i'));
  return found ? unescape(found[1]) : undefined;
}

/** The text of a piece of HTML as a person reads it. */
function words(html) {
  const text = html.replace(/<style[\s\S]*?<\/style>/gi, ' ').replace(/<[^>]*>/g, ' ');
  return unescape(text).replace(/\s+/g, ' ').trim().slice(0, 300);
}

function unescape(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name) return named[name] ?? all;
    return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , url, redirectUri] = process.argv;
  console.log(JSON.stringify(await new Person().follow(url, redirectUri)));
}
