use mcp_auth::prelude::*;

struct Slow;

#[server]
impl Slow {
    #[tool(public, timeout = "30")]
    fn without_a_unit(&self) {}

    #[tool(public, timeout = "soon")]
    fn in_words(&self) {}

    #[tool(public, timeout = "0s")]
    fn at_once(&self) {}

    #[tool(public, timeout = "500ms")]
    fn too_short(&self) {}

    #[tool(public, timeout = "8d")]
    fn too_long(&self) {}

    #[tool(public, timeout = 30)]
    fn a_number(&self) {}
}

fn main() {}
