//! Every command that is printed is run by something, or says what it needs that is not here and whether it was run by
//! hand.

use crate::markdown::{Block, Page, all, root};

/// `cargo xtask book`, and how it may be told to run a block.
const BOOK: [&str; 6] = [
    "run: book",
    "run: book, serves",
    "run: book, elsewhere",
    "run: book, same place",
    "run: book, same place, serves",
    "run: book, elsewhere, serves",
];

/// The markers of blocks that another step runs in its own way: what of the block (its words up to `…`, in order) that
/// step's sources hold as strings, and where.
const STEPS: [(&str, &str, &[&str]); 4] = [
    ("run: template", "xtask/src/template/generator.rs", &["generate", "--path", "--name"]),
    ("run: conformance", "xtask/src/conformance/check.rs", &["server", "--url", "--requirements"]),
    ("run: program", "xtask/src/book/program.sh", &["doctor", "https://todos.example.com", "/mcp"]),
    ("run: ci", ".ci/run", &["cargo", "xtask", "test"]),
];

/// Runs the block itself, read from the page.
const SMOKE: (&str, &str) = ("run: smoke", "docs/src/without-a-browser.md");

fn mistake(page: &str, block: &Block) -> Option<String> {
    let marker = block.marker.as_deref().unwrap_or_default();
    if BOOK.contains(&marker) || (marker, page) == SMOKE {
        return None;
    }
    if let Some((_, source, words)) = STEPS.iter().find(|(step, ..)| *step == marker) {
        return not_of_the_step(&block.text, source, words);
    }
    if let Some(what) = marker.strip_prefix("needs: ") {
        let (what, by_hand) = what.split_once("; ").unwrap_or((what, ""));
        let said = by_hand.starts_with("run by hand with ") || by_hand.starts_with("not run yet: ");
        return (what.trim().is_empty() || !said)
            .then(|| "say `needs: …; run by hand with …` or `needs: …; not run yet: …`".to_owned());
    }
    Some(format!(
        "the line before it must be <!-- {} -->, the name of another step, or <!-- needs: … -->; it is {marker:?}",
        BOOK.join(" -->, <!-- "),
    ))
}

/// Why the step with this source does not run this block: a word that is missing in either.
fn not_of_the_step(text: &str, source: &str, words: &[&str]) -> Option<String> {
    let code =
        std::fs::read_to_string(root().join(source)).unwrap_or_else(|error| panic!("{source}: {error}"));
    let mut rest = text;
    for word in words {
        if !code.contains(word) {
            return Some(format!("{source} has no {word:?}"));
        }
        match rest.split_once(word) {
            Some((_, after)) => rest = after,
            None => return Some(format!("{source} runs it with {word:?}, which is not here")),
        }
    }
    None
}

fn mistakes(page: &Page) -> Vec<String> {
    let blocks = page.blocks.iter().filter(|block| block.language() == "sh");
    let found = blocks.filter_map(|block| {
        mistake(&page.name, block).map(|mistake| format!("{}:{}: {mistake}", page.name, block.line))
    });
    found.collect()
}

#[test]
fn every_command_is_run_or_says_what_it_needs() {
    let mistakes: Vec<_> = all().iter().flat_map(mistakes).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn the_conformance_suite_is_named_by_the_version_that_is_run() {
    let manifest =
        std::fs::read_to_string(root().join("interop/package.json")).expect("interop/package.json");
    for (package, page) in [
        ("@modelcontextprotocol/conformance", "examples/conformance/README.md"),
        ("@modelcontextprotocol/inspector", "docs/src/connect-clients.md"),
    ] {
        let pinned =
            manifest.split(&format!("\"{package}\": \"")).nth(1).and_then(|rest| rest.split('"').next());
        let named = format!("{package}@{}", pinned.expect("a version"));
        let page = crate::markdown::read(page);
        let said = page.blocks.iter().map(|block| block.text.matches(package).count()).sum::<usize>();
        let right = page.blocks.iter().map(|block| block.text.matches(&named).count()).sum::<usize>();
        assert!(said > 0 && said == right, "{}: {named} is what is run", page.name);
    }
}

/// The runner finds blocks by lines alone; what it would miss is refused here.
#[test]
fn blocks_that_are_run_stand_at_the_margin() {
    for page in all() {
        let text = std::fs::read_to_string(root().join(&page.name)).expect("a page");
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
fn a_command_that_nothing_runs_is_found() {
    let blocks = [
        "",
        "<!-- needs:  -->\n",
        "<!-- needs: docker -->\n",
        "<!-- needs: docker; some day -->\n",
        "<!-- run: smoke -->\n",
        "<!-- run: template -->\n",
    ];
    for marker in blocks {
        let page = crate::markdown::parse("x.md", &format!("{marker}```sh\nls\n```\n"));
        assert_eq!(mistakes(&page).len(), 1, "{page:?}");
    }
    let fine = "<!-- run: template -->\n```sh\ncargo generate --path a --name b\n```\n";
    assert!(mistakes(&crate::markdown::parse("x.md", fine)).is_empty());
}
