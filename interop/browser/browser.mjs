// Chromium as a person has it: a fresh profile, a window of some width, a colour scheme. It remembers what a person
// would never see: messages in the console, violations of the policy, requests that go elsewhere.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export const launch = (executablePath) => chromium.launch({ executablePath, headless: true, args: FLAGS });

/** A page in a profile of its own. `origins` are the only ones it may ask anything of; `expected` warnings of the console are not counted. */
export async function open(browser, { width, scheme, origins, javaScriptEnabled = true, reducedMotion, expected, locale, permissions }) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 740 : 800 },
    colorScheme: scheme,
    reducedMotion,
    javaScriptEnabled,
    hasTouch: width < 600,
    locale,
    permissions,
  });
  context.setDefaultTimeout(10_000);
  const wrong = [];
  await context.exposeBinding('violated', (_, what) => wrong.push(`policy violated: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.violated(`${event.violatedDirective} by ${event.blockedURI}`));
  });
  context.on('request', (request) => {
    const url = request.url();
    if (!origins.some((origin) => url.startsWith(`${origin}/`))) wrong.push(`request to ${url}`);
  });
  context.on('weberror', (error) => wrong.push(`script error: ${error.error()}`));
  context.on('console', (message) => {
    // Chromium reports every answer of 400 and more; error pages are such answers.
    if (/^Failed to load resource: the server responded with a status of 4/.test(message.text())) return;
    if (expected?.test(message.text())) return;
    if (['error', 'warning'].includes(message.type())) wrong.push(`console ${message.type()}: ${message.text()}`);
  });
  const page = await context.newPage();
  return {
    page,
    context,
    async close() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}
