//! Finds the template that `mcp-auth new` carries. The symbolic link `template` brings it into the package; where git
//! made a plain file instead of the link, as on some Windows machines, the template is beside this crate. The command
//! is built again when a file of the template is added, removed or changed.

use std::path::Path;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let inside = here.join("template");
    let template = if inside.is_dir() { inside } else { here.join("../template") };
    println!("cargo::rerun-if-changed={}", template.display());
    println!("cargo::rustc-env=MCP_AUTH_TEMPLATE={}", template.display());
}
