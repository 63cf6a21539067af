//! `docs/src/interop.md`: the tables as they were last recorded, which a run has to confirm.

use std::fs;
use std::path::Path;

use crate::step::root;

/// Set (to anything) where a run may write what it measured.
const RECORD: &str = "RECORD";

/// Whether this run writes what it measured instead of comparing it.
pub(crate) fn recording() -> bool {
    std::env::var_os(RECORD).is_some()
}

/// Compares `table` with what `docs/src/interop.md` shows for `step`, or records it there.
///
/// # Errors
/// The page shows something else, or has no place for `step`.
pub(crate) fn confirm(step: &str, table: &str) -> Result<(), String> {
    let page = root().join("docs/src/interop.md");
    let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let updated = with_section(&text, step, table)
        .ok_or_else(|| format!("docs/src/interop.md: no section for {step}"))?;
    settle(&page, &text, &updated, step)
}

/// Writes `updated` to `file` where this run records, and insists that it is `current` where it does not.
pub(crate) fn settle(file: &Path, current: &str, updated: &str, step: &str) -> Result<(), String> {
    let shown = file.strip_prefix(root()).unwrap_or(file).display();
    if current == updated {
        return Ok(());
    }
    if recording() {
        println!("recorded in {shown}");
        return fs::write(file, updated).map_err(|error| format!("{shown}: {error}"));
    }
    Err(format!("{shown} differs from what was just measured; {RECORD}=1 cargo xtask {step} records it"))
}

/// `page` with `table` between the marks of `step`.
fn with_section(page: &str, step: &str, table: &str) -> Option<String> {
    let begin = format!("<!-- cargo xtask {step} -->\n");
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}{begin}\n{}\n\n<!-- end -->{after}", table.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_rest_stays() {
        let page =
            "# T\n<!-- cargo xtask a -->\nold\n<!-- end -->\ntext\n<!-- cargo xtask b -->\nb\n<!-- end -->\n";
        let updated = with_section(page, "a", "new\n");
        let expected = "# T\n<!-- cargo xtask a -->\n\nnew\n\n<!-- end -->\ntext\n<!-- cargo xtask b -->\nb\n<!-- end -->\n";
        assert_eq!(updated.as_deref(), Some(expected));
        assert_eq!(with_section(expected, "a", "new").as_deref(), Some(expected));
    }

    #[test]
    fn a_section_that_is_not_there_is_not_made_up() {
        assert_eq!(with_section("# T\n", "a", "new"), None);
        assert_eq!(with_section("<!-- cargo xtask a -->\n", "a", "new"), None);
    }
}
