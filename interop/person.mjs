// A person with a browser: reads pages, logs in as alice or as PERSON in the environment, presses Allow, and nothing else.
//
//   browser = new Person(); await browser.follow(authorizationUrl, redirectUri)
//
// `new Person({ name, presses, cookies, without })`: another name; `{ page: words }` for another button on a page; the cookies of another
// Person's browser, without those whose names begin so.
//
// By itself, for clients that are not JavaScript: `node person.mjs URL REDIRECT_URI` prints, as one line of JSON, where
// the browser was sent and which pages it showed; `node person.mjs --end ORIGIN CLIENT_ID` ends the access of a client on the person's own page. Node's fetch would claim to be a script (`Sec-Fetch-Mode: cors`), so
// requests are made with node:http, as the navigation they stand for.

import http from 'node:http';
import { pathToFileURL } from 'node:url';

/** What the person looks for on a page, in this order: the words on a button, or how they begin, and what the page is then called. */
const buttons = (name) => [
  { page: 'login', words: [`Continue as ${name}`, `Log in as ${name}`, name] },
  { page: 'login', words: ['Sign-in'] },
  // The page of a server whose people log in elsewhere: they decide before they go there.
  { page: 'decide', begins: 'Allow, and log in at' },
  { page: 'away', begins: 'Continue to ' },
  { page: 'consent', words: ['Allow', 'Continue'] },
];

/** What the person types into a field, by the field's type. */
const typed = (name) => ({ text: name, password: 'a password' });

export class Person {
  #cookies = new Map();
  #name;
  #presses;

  constructor({ name = process.env.PERSON ?? 'alice', presses = {}, cookies, without } = {}) {
    this.#name = name;
    this.#presses = presses;
    if (cookies) this.#cookies = new Map([...cookies.#cookies].filter(([cookie]) => !without || !cookie.startsWith(without)));
  }

  /** As `follow`, and the first URL of those that the browser is sent to and that `is` the one. */
  async until(url, is) {
    const found = new Error('found');
    let at;
    await this.follow(url, 'nowhere:', (to) => {
      if (!is(to)) return;
      at = to;
      throw found;
    }).catch((error) => { if (error !== found) throw error; });
    return at;
  }

  /** Ends the access of a client, on the person's own page at `origin`. */
  async end(origin, client) {
    const ends = (form) => form.includes('value="end"') && form.includes(`value="${client}"`);
    let next = { url: `${origin}/account`, method: 'GET' };
    for (let steps = 0, pressed = false; steps < 20; steps += 1) {
      const answer = await this.#send(next);
      if (answer.location) {
        next = { url: new URL(answer.location, next.url).href, method: 'GET' };
        continue;
      }
      const form = (answer.text.match(/<form\b[\s\S]*?<\/form>/gi) ?? []).find(ends);
      if (pressed && !form) return;
      const decision = form ? filled(form, ['end'], this.#name) : this.#decide(answer.text);
      if (!decision || answer.status >= 400) throw new Error(`${answer.status} at ${next.url}: ${words(answer.text)}`);
      pressed ||= Boolean(form);
      next = { url: new URL(decision.action || next.url, next.url).href, method: 'POST', body: decision.body };
    }
    throw new Error(`the access of ${client} is not ended after 20 steps`);
  }

  #decide(html) {
    return decide(html, this.#name, this.#presses);
  }

  /**
   * From the authorization URL to the redirect URI: where the browser was sent, the names of the pages it showed, and their texts. `passes` is told
   * where else it was sent.
   */
  async follow(authorizationUrl, redirectUri, passes = () => {}) {
    const [pages, texts] = [[], []];
    let next = { url: authorizationUrl, method: 'GET' };
    for (let steps = 0; steps < 20; steps += 1) {
      const answer = await this.#send(next);
      if (answer.location) {
        const url = new URL(answer.location, next.url).href;
        if (url.startsWith(redirectUri)) return { url, pages, texts };
        passes(url);
        next = { url, method: 'GET' };
        continue;
      }
      if (answer.status >= 400) throw new Error(`${answer.status} for ${next.method} ${next.url}: ${words(answer.text)}`);
      const decision = this.#decide(answer.text);
      if (!decision) throw new Error(`nothing to press on the page at ${next.url}: ${words(answer.text)}`);
      pages.push(decision.page);
      texts.push(words(answer.text, 3000));
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
function decide(html, person, presses) {
  const forms = html.match(/<form\b[\s\S]*?<\/form>/gi) ?? [];
  for (const { page, words: wanted, begins } of buttons(person)) {
    for (const form of forms) {
      const all = [...form.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/gi)];
      const found = all.find(([, , inner]) => (begins ? words(inner).startsWith(begins) : wanted.includes(words(inner))));
      if (!found) continue;
      const pressed = presses[page] ? all.find(([, , inner]) => words(inner) === presses[page]) : found;
      return { page, ...filled(form, [attribute(pressed[1], 'value')], person) };
    }
  }
  return undefined;
}

/** What the browser posts where, of a form of which the button with one of these values is pressed. */
function filled(form, values, person) {
  const body = new URLSearchParams();
  for (const [input] of form.matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(input, 'name');
    // A box that is not ticked is not sent.
    if (attribute(input, 'type') === 'checkbox' && !/\schecked\b/.test(input)) continue;
    if (name) body.append(name, attribute(input, 'value') ?? typed(person)[attribute(input, 'type')] ?? '');
  }
  const all = [...form.matchAll(/<button\b([^>]*)>/gi)].map(([, attributes]) => attributes);
  const pressed = all.find((button) => values.includes(attribute(button, 'value'))) ?? '';
  const name = attribute(pressed, 'name');
  if (name) body.append(name, attribute(pressed, 'value') ?? '');
  return { action: attribute(form.match(/<form\b[^>]*>/i)[0], 'action'), body: body.toString() };
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`, 'i'));
  return found ? unescape(found[1]) : undefined;
}

/** The text of a piece of HTML as a person reads it. */
function words(html, most = 300) {
  const text = html.replace(/<style[\s\S]*?<\/style>/gi, ' ').replace(/<[^>]*>/g, ' ');
  return unescape(text).replace(/\s+/g, ' ').trim().slice(0, most);
}

function unescape(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name) return named[name] ?? all;
    return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , first, second, third] = process.argv;
  if (first === '--end') await new Person().end(second, third);
  else console.log(JSON.stringify(await new Person().follow(first, second)));
}
