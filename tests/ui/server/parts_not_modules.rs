use mcp_auth::prelude::*;

struct Todos;

#[server(parts = ["admin", 5])]
impl Todos {}

fn main() {}
