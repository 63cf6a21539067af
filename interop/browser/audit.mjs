// What every page must be: readable, operable, named, within its window; and a screenshot to look at.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { contrasts, controls, overflow } from './in-page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Looks at what `page` shows and keeps a picture of it as `name`. `scripts`: how many it may have, from the issuer's own path; `own`: how many in
 * the page itself; `pictures`: how many, all of them in the page too.
 */
export async function audit(page, name, directory, { scripts = 0, own = 0, pictures = 0, language = 'en' } = {}) {
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
  const width = page.viewportSize().width;
  const at = (what) => `${name}: ${what}`;

  assert.equal(await page.locator('html').getAttribute('lang'), language, at('a language'));
  assert.match(await page.title(), /\S/, at('a title'));
  assert.equal(await page.locator('h1').count(), 1, at('one heading of the first level'));
  assert.equal(await page.locator('main').count(), 1, at('one main landmark'));
  assert.equal(await page.locator('script').count(), scripts + own, at('no other script'));
  assert.equal(await page.locator('script[src="/authorize/passkeys.js"]:empty').count(), scripts, at('no other script'));
  assert.equal(await page.locator('img[alt][src^="data:image/"]').count(), pictures, at('no other picture'));
  const active = 'link, img:not([src^="data:"]), iframe, object, embed, audio, video, [onclick], [autofocus], [tabindex]';
  assert.equal(await page.locator(active).count(), 0, at('nothing that runs, loads or grabs the focus'));
  assert.deepEqual(await page.evaluate(overflow), [], at('nothing reaches out of the window'));

  for (const control of await page.evaluate(controls)) {
    assert.match(control.name, /\S/, at('a name for every control'));
    assert.ok(control.width >= 24 && control.height >= 24, at(`${control.name} is smaller than 24 px`));
    if (width <= 360 && control.button) assert.ok(control.height >= 44, at(`${control.name} is lower than 44 px`));
  }
  for (const { text, ratio, least } of await page.evaluate(contrasts)) {
    assert.ok(ratio >= least, at(`contrast of ${JSON.stringify(text)} is ${ratio.toFixed(2)}, at least ${least}`));
  }

  await page.evaluate(axe);
  const report = await page.evaluate(
    (values) => window.axe.run(document, { preload: false, runOnly: { type: 'tag', values } }),
    RULES,
  );
  const found = report.violations.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map((n) => n.html).join(' ')}`);
  assert.deepEqual(found, [], at('axe finds nothing'));
}

/** Text twice as large, and the narrowest window of WCAG 2.2 (1.4.10): still nothing reaches out. */
export async function enlarge(page, name, directory) {
  const before = page.viewportSize();
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  assert.deepEqual(await page.evaluate(overflow), [], `${name}: text at 200 %`);
  await page.screenshot({ path: join(directory, `${name}-text-200.png`), fullPage: true });
  await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
  for (const width of [320, Math.round(before.width / 2)]) {
    await page.setViewportSize({ width: Math.max(width, 320), height: before.height });
    assert.deepEqual(await page.evaluate(overflow), [], `${name}: a window of ${width} px`);
  }
  await page.setViewportSize(before);
}
