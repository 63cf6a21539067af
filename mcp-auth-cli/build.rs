//! Where the template is that `mcp-auth new` carries. The link `template` brings it into the package; where git made
//! no link of it, as it does on some Windows machines, it is beside this crate. A file of it that comes, goes or
//! changes builds the command anew.

use std::path::Path;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let inside = here.join("template");
    let template = if inside.is_dir() { inside } else { here.join("../template") };
    println!("cargo::rerun-if-changed={}", template.display());
    println!("cargo::rustc-env=MCP_AUTH_TEMPLATE={}", template.display());
}
