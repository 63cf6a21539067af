//! A page of Markdown: the blocks marked to be run, and what is said to come of them.

/// One page and its blocks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) blocks: Vec<Block>,
}

/// A block after `<!-- run: book … -->`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) line: usize,
    pub(super) place: Place,
    /// It goes on running while the next ones run.
    pub(super) serves: bool,
    pub(super) text: String,
    /// The block after `<!-- prints -->` that follows it.
    pub(super) prints: Option<String>,
}

/// Where a block runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the root of the repository.
    Repository,
    /// In an empty directory in which the repository is `mcp-auth`.
    Elsewhere,
    /// Where the one before it ended.
    Same,
}

impl Page {
    /// The blocks of `text`.
    ///
    /// # Errors
    /// A marker that is not understood, or that no block follows.
    pub(super) fn read(name: &str, text: &str) -> Result<Self, String> {
        let lines: Vec<&str> = text.lines().collect();
        let mut blocks: Vec<Block> = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let at = |what: &str| format!("{name}:{}: {what}", index + 1);
            if *line == "<!-- prints -->" {
                let block = blocks.last_mut().ok_or_else(|| at("nothing is run before it"))?;
                block.prints =
                    Some(fenced(&lines, index + 1, "```text").ok_or_else(|| at("no ```text follows"))?);
            }
            let Some(marker) = line.strip_prefix("<!-- run: book").and_then(|rest| rest.strip_suffix(" -->"))
            else {
                continue;
            };
            let (place, serves) = match marker {
                "" => (Place::Repository, false),
                ", serves" => (Place::Repository, true),
                ", elsewhere" => (Place::Elsewhere, false),
                ", elsewhere, serves" => (Place::Elsewhere, true),
                ", same place" => (Place::Same, false),
                ", same place, serves" => (Place::Same, true),
                _ => return Err(at(&format!("not a marker of blocks to run: {line}"))),
            };
            let text = fenced(&lines, index + 1, "```sh").ok_or_else(|| at("no ```sh follows"))?;
            blocks.push(Block { line: index + 2, place, serves, text, prints: None });
        }
        Ok(Self { name: name.to_owned(), blocks })
    }
}

/// The one block of `text` that opens with `fence`; nothing if there are more, or none.
pub(super) fn only(text: &str, fence: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = lines.iter().enumerate().filter(|(_, line)| **line == fence);
    let (first, _) = found.next()?;
    if found.next().is_some() { None } else { fenced(&lines, first, fence) }
}

/// The block that opens with `fence` at line `from`.
fn fenced(lines: &[&str], from: usize, fence: &str) -> Option<String> {
    let (first, rest) = lines.get(from..)?.split_first()?;
    let end = rest.iter().position(|line| *line == "```")?;
    (*first == fence).then(|| rest[..end].iter().map(|line| format!("{line}\n")).collect())
}

impl Block {
    /// Whether `output` has every line it is said to have, in that order. Spaces at both ends do not count, and a line
    /// `…` stands for anything.
    ///
    /// # Errors
    /// The first line that is missing, and what came instead.
    pub(super) fn printed(&self, output: &str) -> Result<(), String> {
        let mut came = output.lines().map(str::trim);
        for line in self.prints.iter().flat_map(|text| text.lines()).map(str::trim) {
            if !line.is_empty() && line != "…" && !came.any(|other| other == line) {
                return Err(format!("it is said to print\n{line}\nand printed\n{output}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_blocks_are_taken_with_what_they_print() {
        let text = "# A\n\n```sh\nnot this\n```\n\n<!-- run: book, elsewhere, serves -->\n```sh\nthis\nand this\n```\n\n\
                    <!-- prints -->\n```text\nout\n```\n";
        let page = Page::read("a.md", text).unwrap();
        assert_eq!(
            page.blocks,
            [Block {
                line: 8,
                place: Place::Elsewhere,
                serves: true,
                text: "this\nand this\n".to_owned(),
                prints: Some("out\n".to_owned()),
            }]
        );
    }

    #[test]
    fn a_marker_that_marks_nothing_is_an_error() {
        for text in [
            "<!-- run: book, sevres -->\n```sh\nls\n```\n",
            "<!-- run: book -->\n\n```sh\nls\n```\n",
            "<!-- run: book -->\n```toml\na = 1\n```\n",
            "<!-- prints -->\n```text\nx\n```\n",
        ] {
            assert!(Page::read("a.md", text).unwrap_err().starts_with("a.md:1: "), "{text}");
        }
    }

    #[test]
    fn a_block_is_the_only_one_of_its_language_or_none() {
        let text = "```nginx\nserver {}\n```\n\n```ini\n[A]\n```\n\n```ini\n[B]\n```\n";
        assert_eq!(only(text, "```nginx").as_deref(), Some("server {}\n"));
        assert_eq!((only(text, "```ini"), only(text, "```yaml")), (None, None));
    }

    #[test]
    fn every_line_must_come_in_order_and_dots_stand_for_anything() {
        let mut block = Page::read("a.md", "<!-- run: book -->\n```sh\nls\n```\n").unwrap().blocks.remove(0);
        assert_eq!(block.printed("anything"), Ok(()));
        block.prints = Some("first\n…\n  third\n".to_owned());
        assert_eq!(block.printed("zero\nfirst\nsecond\nthird\r\n"), Ok(()));
        assert!(block.printed("third\nfirst\n").unwrap_err().contains("\nthird\n"));
    }
}
