//! Markdown as the checks read it: blocks of code with what is said before them, links, headings, code in prose.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// One file.
#[derive(Debug, Default)]
pub struct Page {
    /// Relative to the root of the repository.
    pub name: String,
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
    /// What `#…` may name.
    pub anchors: Vec<String>,
    /// `code` in prose, with its line.
    pub code: Vec<(String, usize)>,
}

/// One fenced block.
#[derive(Debug)]
pub struct Block {
    pub line: usize,
    /// The words after the fence: a language, then attributes.
    pub info: String,
    /// The comment directly before it: `run: book` of `<!-- run: book -->`.
    pub marker: Option<String>,
    pub text: String,
}

impl Block {
    pub fn language(&self) -> &str {
        self.info.split([',', ' ']).next().unwrap_or_default()
    }
}

#[derive(Debug)]
pub struct Link {
    pub line: usize,
    pub to: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages of the book, in the order of their names.
pub fn book() -> Vec<Page> {
    let source = root().join("docs/src");
    let mut names: Vec<_> = std::fs::read_dir(source)
        .expect("docs/src")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.sort();
    names.iter().map(|name| read(&format!("docs/src/{name}"))).collect()
}

/// What is checked besides the book.
const OTHERS: [&str; 4] =
    ["README.md", "CONTRIBUTING.md", "examples/conformance/README.md", "examples/todos/README.md"];

/// The pages of the book, README, and what those read who contribute or try an example.
pub fn all() -> Vec<Page> {
    let mut pages = book();
    pages.extend(OTHERS.map(read));
    pages
}

pub fn read(name: &str) -> Page {
    let text = std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    parse(name, &text)
}

pub fn parse(name: &str, text: &str) -> Page {
    let mut page = Page { name: name.to_owned(), ..Page::default() };
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let mut slugs: HashMap<String, usize> = HashMap::new();
    let (mut marker, mut block, mut heading) = (None::<String>, None::<Block>, None::<String>);
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Html(html) => {
                let comment = html.trim().strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->"));
                marker = comment.map(|comment| comment.trim().to_owned());
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                block =
                    Some(Block { line: line(range.start), info, marker: marker.take(), text: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
            Event::Start(Tag::Heading { .. }) => {
                marker = None;
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let seen = slugs.entry(slug.clone()).or_default();
                page.anchors.push(if *seen == 0 { slug } else { format!("{slug}-{seen}") });
                *seen += 1;
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(Link { line: line(range.start), to: dest_url.to_string() });
            }
            Event::Text(words) => match (&mut block, &mut heading) {
                (Some(block), _) => block.text.push_str(&words),
                (None, Some(heading)) => heading.push_str(&words),
                (None, None) => {}
            },
            Event::Code(code) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&code);
                }
                page.code.push((code.to_string(), line(range.start)));
            }
            Event::Start(_) => marker = None,
            _ => {}
        }
    }
    page
}

/// A heading's anchor, as GitHub and mdBook make it.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect()
}

#[test]
fn a_block_knows_its_line_its_language_and_the_comment_before_it() {
    let page =
        parse("x.md", "# One\n\n<!-- run: book -->\n```sh\nls\n```\n\ntext\n\n```toml,whole\na = 1\n```\n");
    let [first, second] = &page.blocks[..] else { panic!("{page:?}") };
    assert_eq!((first.line, first.language(), first.marker.as_deref()), (4, "sh", Some("run: book")));
    assert_eq!(
        (second.language(), second.marker.as_deref(), second.text.as_str()),
        ("toml", None, "a = 1\n")
    );
}

#[test]
fn a_comment_counts_for_the_block_directly_after_it_only() {
    let page = parse("x.md", "<!-- run: book -->\n\nwords between\n\n```sh\nls\n```\n");
    assert_eq!(page.blocks[0].marker, None);
}

#[test]
fn headings_become_anchors() {
    let page = parse("x.md", "# What a 401 says\n## `auth.connect`, and why\n## Twice\n## Twice\n");
    assert_eq!(page.anchors, ["what-a-401-says", "authconnect-and-why", "twice", "twice-1"]);
}
