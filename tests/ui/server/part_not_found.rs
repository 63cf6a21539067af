use mcp_auth::prelude::*;

struct Todos;

#[server(parts = [admin])]
impl Todos {}

mod admin {}

fn main() {}
