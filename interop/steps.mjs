// What every driver tells `cargo xtask`: one line of JSON on standard output for each step, and then its exit code.

/** Runs the steps of a driver in order; the first one that fails ends it. */
export class Steps {
  /** Does `work` and reports `name`; what `work` returns is told beside it where it is a string. */
  async step(name, work) {
    try {
      const seen = await work();
      report({ step: name, ok: true, seen: typeof seen === 'string' ? seen : '' });
      return seen;
    } catch (error) {
      report({ step: name, ok: false, seen: told(error) });
      process.exitCode = 1;
      throw new Stopped();
    }
  }
}

/** Thrown after a failed step, which was reported already. */
export class Stopped extends Error {}

function report(line) {
  console.log(JSON.stringify(line));
}

function told(error) {
  const causes = [];
  for (let e = error; e; e = e.cause) causes.push(e.message ?? String(e));
  return causes.join(': ');
}

/** Insists that `holds`. */
export function expect(holds, what, got) {
  if (!holds) throw new Error(`expected ${what}; got ${typeof got === 'string' ? got : JSON.stringify(got)}`);
}

/** The value after `--name` on the command line. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  if (at >= 0) return process.argv[at + 1];
  if (otherwise === undefined) throw new Error(`--${name} is missing`);
  return otherwise;
}

/** The parameters of the challenge of this scheme, among those of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export function challenge(header, scheme = 'Bearer') {
  const found = {};
  let parameters;
  for (const [, begun, name, value] of (header ?? '').matchAll(/([\w-]+) +(?=\w+=)|(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (begun) parameters = found[begun] = {};
    else if (parameters) parameters[name] = value;
  }
  return found[scheme];
}

/** The claims of a JWT, unverified: a client that wants to know when its token expires. */
export function claims(jwt) {
  return JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends this process when the process that started it is gone, however that ended. */
export function endWithParent() {
  process.stdin.on('end', () => process.exit()).on('error', () => process.exit()).resume();
}
