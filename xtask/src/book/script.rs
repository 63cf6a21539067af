//! The blocks of one page as one bash script: variables and servers live from one block to the next.
//!
//! What is printed is run, word for word. Its surroundings are such that no person is needed and nothing is compiled
//! twice: `https://github.com/mcp-auth/mcp-auth` is this repository, the browser is `person.sh`, and `cargo` gets this
//! workspace's lock file, its profile and its checkout by the name under which it is compiled already.

use std::fmt::Write as _;
use std::path::Path;

use super::page::{Page, Place};

/// How long a server may take to be built and to answer, in tenths of a second.
const PATIENCE: u32 = 6000;

/// What `xdg-open` is while a page runs: a script that logs in at the built-in issuer, and allows what is asked.
pub(super) const PERSON: &str = include_str!("person.sh");

/// A script for the page whose blocks are `directory/<number>.sh`. It writes what they print to `<number>.out`, and the
/// number of the one that runs to `current`.
pub(super) fn of(page: &Page, root: &Path, directory: &Path) -> String {
    let (here, there) = (root.display(), directory.display());
    let (root, directory) = (quoted(root), quoted(directory));
    let mut script = format!(
        r#"set -euo pipefail
server=
stop() {{
  if [ -n "$server" ]; then
    kill -TERM -- "-$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}}
trap stop EXIT
ready() {{
  for _ in $(seq {PATIENCE}); do
    if curl -sf http://127.0.0.1:8080/healthz >/dev/null; then return 0; fi
    if curl -sf http://127.0.0.1:8090/healthz >/dev/null; then return 0; fi # the conformance example
    if ! kill -0 "$server" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
  return 1
}}
# A project that is new has the versions of this workspace, and names this checkout as this workspace does. An installed
# command is the one that this workspace has built for its tests.
cargo() {{
  if [ "${{1-}}" = install ]; then
    [ "$*" = "install --locked --path $4" ]
    [ "$(git -C "$4" rev-parse HEAD)" = "$(git -C {root} rev-parse HEAD)" ]
    mkdir -p {directory}/installed/bin
    cp {root}/target/debug/mcp-auth {directory}/installed/bin/
    return
  fi
  # An example is built as those of the tests are: chosen of one package, its dependencies would be compiled again.
  if [ "${{2-}}" = --quiet ]; then set -- "$1" "${{@:3}}"; fi
  if [ "$PWD" = {root} ] && [ "${{2-}}" = --example ]; then
    local how="$1" name="$3"
    shift 3
    command cargo build --quiet --workspace --example "$name"
    if [ "$how" = run ]; then
      if [ "${{1-}}" = -- ]; then shift; fi
      {root}/target/debug/examples/"$name" "$@"
    fi
    return
  fi
  if [ "$PWD" != {root} ] && [ -e Cargo.toml ] && [ ! -e Cargo.lock ]; then
    cp {root}/Cargo.lock .
    sed -i 's|"{there}/elsewhere/mcp-auth"|"{here}"|' Cargo.toml
  fi
  command cargo "$@"
}}
# The built-in issuer of the example keeps its key apart from that of people who try it by hand; another project's
# stays where it belongs.
here() {{ cd {root}; export MCP_ISSUER__STATE_DIR={directory}/state; }}
elsewhere() {{ cd {directory}/elsewhere; unset MCP_ISSUER__STATE_DIR; }}
here
"#
    );
    if !page.blocks.iter().any(|block| block.text.contains("git clone ")) {
        let _ = writeln!(script, "ln -s {root} {directory}/elsewhere/mcp-auth");
    }
    for (number, block) in page.blocks.iter().enumerate() {
        let _ = writeln!(script, "\necho {number} > {directory}/current");
        match block.place {
            Place::Repository => script.push_str("here\n"),
            Place::Elsewhere => script.push_str("elsewhere\n"),
            Place::Same => {}
        }
        let (source, output) = (format!("{directory}/{number}.sh"), format!("{directory}/{number}.out"));
        let line = if block.serves {
            // A separate process group, so that every process it starts ends with it.
            format!(
                "stop\nset -m\n( set -euo pipefail; . {source} ) >{output} 2>&1 &\nserver=$!\nset +m\nready"
            )
        } else {
            format!(". {source} >{output} 2>&1 </dev/null")
        };
        let _ = writeln!(script, "{line}");
    }
    script
}

/// A path as one word of bash.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::page::Page;

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }

    #[test]
    fn a_block_that_serves_is_waited_for_and_the_next_one_keeps_its_place() {
        let text = "<!-- run: book, elsewhere, serves -->\n```sh\na\n```\n<!-- run: book, same place -->\n```sh\nb\n```\n";
        let script = of(&Page::read("a.md", text).unwrap(), Path::new("/r"), Path::new("/d"));
        let blocks: Vec<&str> = script.split("\necho ").skip(1).collect();
        assert!(blocks[0].contains("\nelsewhere\n") && blocks[0].trim_end().ends_with("ready"), "{script}");
        assert_eq!(blocks[1].trim_end(), "1 > '/d'/current\n. '/d'/1.sh >'/d'/1.out 2>&1 </dev/null");
    }
}
