// Functions that run inside the page; each is sent there by itself and sees nothing of this file.

/** What is wider than the window, or than the box that would cut it. */
export function overflow() {
  const root = document.documentElement;
  const wrong = [];
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} px, ${root.clientWidth} fit`);
  for (const element of document.querySelectorAll('body *')) {
    const { left, right } = element.getBoundingClientRect();
    if (left < 0 || right > root.clientWidth) wrong.push(`<${element.localName}> from ${left} to ${right}`);
    const inline = getComputedStyle(element).display === 'inline';
    if (!inline && element.scrollWidth > element.clientWidth + 1) wrong.push(`<${element.localName}> is cut`);
  }
  return wrong;
}

/** Everything one can press, with its name and size. */
export function controls() {
  const all = [...document.querySelectorAll('a, button, summary, select, textarea, input:not([type=hidden])')];
  // What is in a part that is closed cannot be pressed.
  return all.filter((element) => element.checkVisibility()).map((element) => {
    const { width, height } = element.getBoundingClientRect();
    const button = element.localName === 'button' || element.classList.contains('button');
    return { name: element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText, width, height, button };
  });
}

/** Contrast (WCAG 2.2, 1.4.3) of every text with what lies behind it, and of every button's edge (1.4.11). */
export function contrasts() {
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
  const behind = (element) => {
    if (!element) return parse(getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'rgb(0,0,0)' : 'rgb(255,255,255)');
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const below = behind(element);
    found.push({ text, ratio: ratio(over(parse(getComputedStyle(element).color), below), below), least: 4.5 });
  }
  for (const button of document.querySelectorAll('button:not(.link), .button')) {
    const below = behind(button.parentElement);
    const edge = over(parse(getComputedStyle(button).borderTopColor), below);
    found.push({ text: `edge of ${button.innerText}`, ratio: ratio(edge, below), least: 3 });
  }
  return found;
}

/** What has the focus, and whether one sees that it does. */
export function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
  const { top, bottom } = element.getBoundingClientRect();
  return {
    name: element.type === 'checkbox' ? element.labels[0].innerText : element.innerText,
    seen: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2 && !/, 0\)$/.test(outlineColor),
    inside: top >= 0 && bottom <= innerHeight,
  };
}
