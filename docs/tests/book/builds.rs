//! The book builds, and mdBook has nothing to say against it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use mdbook_driver::MDBook;

use crate::markdown::root;

/// What mdBook logs.
#[derive(Clone, Default)]
struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl Write for CapturedLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_book_builds_without_a_warning_and_every_include_is_found() {
    let captured = CapturedLog::default();
    let writer = captured.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let built = tempfile::tempdir().expect("a directory");
    tracing::subscriber::with_default(log, || {
        let mut book = MDBook::load(root().join("docs")).expect("the book loads");
        book.config.build.build_dir = built.path().to_owned();
        book.build().expect("the book builds");
    });
    let captured = captured.0.lock().expect("the log").clone();
    assert_eq!(String::from_utf8_lossy(&captured), "", "mdBook warns");
    for page in std::fs::read_dir(built.path()).expect("the built book") {
        let path = page.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "html") {
            let html = std::fs::read_to_string(&path).expect("a page");
            assert!(!html.contains("{{#"), "{} holds an include that was not found", path.display());
        }
    }
    assert!(built.path().join("performance.html").is_file(), "docs/src/performance.md is a page of the book");
}
