// The page that says how applications are connected, and the pages of the login in German and in the colours of an operator:
// `cargo xtask browser` starts the servers and runs this.
// node connect.mjs <todos URL> <URL of todos with branded.toml> <chromium> <directory for screenshots>
import assert from 'node:assert/strict';

import { audit, enlarge } from './audit.mjs';
import { launch, open } from './browser.mjs';
import { authorizationUrl, listen, register } from './client.mjs';

const [, , todos, branded, executable, directory] = process.argv;
const browser = await launch(executable);

/** How the page is looked at in each language. */
const LANGUAGES = {
  en: { heading: 'Connect to', copy: 'Copy', copied: 'Copied', login: 'Log in to', allow: 'Allow', as: 'Continue as alice' },
  de: { heading: 'verbinden', copy: 'Kopieren', copied: 'Kopiert', login: 'Anmelden bei', allow: 'Erlauben', as: 'Weiter als alice' },
};

/** `GET /`, and what a browser sees at the MCP endpoint. */
async function connects(page, origin, language, { name, pictures }) {
  const words = LANGUAGES[language];
  for (const [path, status] of [['/', 200], ['/mcp', 401]]) {
    const answer = await page.goto(`${origin}${path}`);
    assert.equal(answer.status(), status);
    assert.match(await page.locator('h1').innerText(), new RegExp(words.heading));
    const at = `connect${path === '/' ? '' : '-endpoint'}-${name}`;
    await audit(page, at, directory, { own: 1, pictures, language });
    await enlarge(page, at, directory);
  }
  await page.locator('summary').first().click();
  await audit(page, `connect-open-${name}`, directory, { own: 1, pictures, language });

  const url = await page.locator('#address').innerText();
  assert.equal(url, `${origin}/mcp`);
  await page.getByRole('button', { name: words.copy, exact: true }).first().click();
  await page.getByText(words.copied, { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), url);
  const links = await page.locator('a.button').evaluateAll((all) => all.map((link) => link.href));
  assert.deepEqual(links.map((link) => link.split(':')[0]), ['vscode', 'cursor']);
  const told = JSON.parse(decodeURIComponent(links[0].slice('vscode:mcp/install?'.length)));
  assert.deepEqual([told.type, told.url], ['http', url]);
  const config = new URL(links[1]).searchParams.get('config');
  assert.deepEqual(JSON.parse(Buffer.from(config, 'base64').toString()), { url });
}

/** Login, consent, an error and the account. */
async function logsIn(page, origin, language, { name, pictures }) {
  const words = LANGUAGES[language];
  const callback = await listen();
  try {
    const application = await register(origin, { name: `Example ${name}`, redirectUris: [callback.uri], scope: 'todos.read' });
    await page.goto(authorizationUrl(application));
    assert.match(await page.locator('h1').innerText(), new RegExp(words.login));
    await audit(page, `login-${name}`, directory, { pictures, language });
    await enlarge(page, `login-${name}`, directory);
    await page.getByRole('button', { name: words.as, exact: true }).click();
    await page.getByRole('button', { name: words.allow, exact: true }).waitFor();
    await audit(page, `consent-${name}`, directory, { pictures, language });
    await enlarge(page, `consent-${name}`, directory);
    await page.goto(authorizationUrl(application, { client_id: 'nobody' }));
    await audit(page, `error-${name}`, directory, { pictures, language });
    await page.goto(`${origin}/account`);
    await audit(page, `account-${name}`, directory, { pictures, language });
    await enlarge(page, `account-${name}`, directory);
  } finally {
    callback.close();
  }
}

/** Without JavaScript there are no buttons that copy, and the text can be selected. */
async function withoutScripts() {
  const opened = await open(browser, { width: 320, scheme: 'light', origins: [todos], javaScriptEnabled: false });
  await opened.page.goto(`${todos}/`);
  assert.equal(await opened.page.getByRole('button', { name: 'Copy' }).count(), 0);
  assert.ok(await opened.page.locator('#address').isVisible());
  await opened.close();
}

try {
  for (const [server, pictures] of [[todos, 0], [branded, 1]]) {
    for (const language of ['en', 'de']) {
      for (const [width, scheme] of [[320, 'light'], [320, 'dark'], [1280, 'light']]) {
        const name = `${pictures ? 'branded-' : ''}${language}-${width}-${scheme}`;
        const opened = await open(browser, { width, scheme, origins: [server], locale: language, permissions: ['clipboard-read', 'clipboard-write'] });
        await connects(opened.page, server, language, { name, pictures });
        await logsIn(opened.page, server, language, { name, pictures });
        await opened.close();
        console.log(`${name}: connect, login, consent, error, account`);
      }
    }
  }
  await withoutScripts();
} finally {
  await browser.close();
}
