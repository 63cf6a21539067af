//! The blocks of one page as one bash script: variables and servers live from one block to the next.

use std::fmt::Write as _;
use std::path::Path;

use super::page::{Page, Place};

/// How long a server may take to be built and to answer, in tenths of a second.
const PATIENCE: u32 = 6000;

/// A script for the page whose blocks are `directory/<number>.sh`. It writes what they print to `<number>.out`, and the
/// number of the one that runs to `current`.
pub(super) fn of(page: &Page, root: &Path, directory: &Path) -> String {
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
    if ! kill -0 "$server" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
  return 1
}}
# The built-in issuer of the example keeps its key apart from that of people who try it by hand; another project's
# stays where it belongs.
here() {{ cd {root}; export MCP_AUTH__EMBEDDED__STATE_DIR={directory}/state; }}
elsewhere() {{ cd {directory}/elsewhere; unset MCP_AUTH__EMBEDDED__STATE_DIR; }}
ln -s {root} {directory}/elsewhere/mcp-auth
here
"#
    );
    for (number, block) in page.blocks.iter().enumerate() {
        let _ = writeln!(script, "\necho {number} > {directory}/current");
        match block.place {
            Place::Repository => script.push_str("here\n"),
            Place::Elsewhere => script.push_str("elsewhere\n"),
            Place::Same => {}
        }
        let (source, output) = (format!("{directory}/{number}.sh"), format!("{directory}/{number}.out"));
        let line = if block.serves {
            // A group of its own, so that whatever it starts ends with it.
            format!(
                "stop\nset -m\n( set -euo pipefail; . {source} ) >{output} 2>&1 &\nserver=$!\nset +m\nready"
            )
        } else {
            format!(". {source} >{output} 2>&1")
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
        assert_eq!(blocks[1].trim_end(), "1 > '/d'/current\n. '/d'/1.sh >'/d'/1.out 2>&1");
    }
}
