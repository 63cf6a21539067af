//! Makes of each page the one that the compiler reads: what stands in `<!-- hidden before:` and `<!-- hidden after:` beside a
//! block of Rust becomes a part of it. On GitHub, where people read the pages, such comments are not seen; lines that begin
//! with `# ` would be.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?).join("pages");
    fs::create_dir_all(out.join("src"))?;
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=../README.md");
    write(&here.join("../README.md"), &out.join("../README.md"))?;
    for entry in fs::read_dir(here.join("src"))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|end| end == "md")) {
            write(&path, &out.join("src").join(name))?;
        }
    }
    Ok(())
}

fn write(from: &Path, to: &Path) -> io::Result<()> {
    fs::write(to, compiled(&fs::read_to_string(from)?))
}

/// The page with hidden lines as rustdoc has them.
fn compiled(page: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let (mut lines, mut before) = (page.lines(), Vec::new());
    while let Some(line) = lines.next() {
        match line {
            "<!-- hidden before:" => before = hidden(&mut lines),
            // The block has ended: its last line comes again behind what is hidden.
            "<!-- hidden after:" => {
                let fence = out.pop();
                out.extend(hidden(&mut lines));
                out.extend(fence);
            }
            _ => {
                out.push(line.to_owned());
                if line.starts_with("```rust") {
                    out.append(&mut before);
                }
            }
        }
    }
    out.push(String::new());
    out.join("\n")
}

/// The lines of a comment up to its end, hidden from a reader of the documentation.
fn hidden<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<String> {
    lines.take_while(|line| *line != "-->").map(|line| format!("# {line}")).collect()
}
