//! Every command that is printed is run by something, or says what it needs that is not here.

use crate::markdown::{Block, all};

/// Who runs blocks: `cargo xtask smoke` and `cargo xtask book`, and how `book` may be told to.
const SMOKE: &str = "run: smoke";
const BOOK: [&str; 6] = [
    "run: book",
    "run: book, serves",
    "run: book, elsewhere",
    "run: book, same place",
    "run: book, same place, serves",
    "run: book, elsewhere, serves",
];

fn mistake(block: &Block) -> Option<String> {
    let marker = block.marker.as_deref().unwrap_or_default();
    let needs = marker.strip_prefix("needs: ").is_some_and(|what| !what.trim().is_empty());
    if marker == SMOKE || BOOK.contains(&marker) || needs {
        return None;
    }
    Some(format!(
        "the line before it must be <!-- {SMOKE} -->, <!-- {} -->, or <!-- needs: what is not here -->; it is {marker:?}",
        BOOK.join(" -->, <!-- "),
    ))
}

#[test]
fn every_command_is_run_or_says_what_it_needs() {
    for page in all() {
        for block in page.blocks.iter().filter(|block| block.language() == "sh") {
            if let Some(mistake) = mistake(block) {
                panic!("{}:{}: {mistake}", page.name, block.line);
            }
        }
    }
}

/// The runner finds blocks by lines alone; what it would miss is refused here.
#[test]
fn blocks_that_are_run_stand_at_the_margin() {
    for page in all() {
        let text = std::fs::read_to_string(crate::markdown::root().join(&page.name)).expect("a page");
        let runs = |block: &&Block| block.marker.as_deref().is_some_and(|marker| marker.starts_with("run: "));
        for block in page.blocks.iter().filter(runs) {
            let marker =
                format!("<!-- {} -->\n```sh\n{}```\n", block.marker.as_deref().unwrap_or(""), block.text);
            assert!(text.contains(&marker), "{}:{}: write it without indentation", page.name, block.line);
        }
    }
}

#[test]
fn what_is_printed_belongs_to_a_command() {
    for page in all() {
        for (index, block) in page.blocks.iter().enumerate() {
            if block.marker.as_deref() == Some("prints") {
                let before = index.checked_sub(1).and_then(|before| page.blocks[before].marker.as_deref());
                let run = before.is_some_and(|marker| marker.starts_with("run: book"));
                assert!(run, "{}:{}: no command before it is run by `book`", page.name, block.line);
            }
        }
    }
}

#[test]
fn a_command_without_a_word_is_found() {
    let page = crate::markdown::parse("x.md", "```sh\nls\n```\n<!-- needs:  -->\n```sh\nls\n```\n");
    assert!(page.blocks.iter().all(|block| mistake(block).is_some()), "{page:?}");
}
