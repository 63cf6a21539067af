use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    unsafe fn list(&self) {}
}

fn main() {}
