use mcp_auth::prelude::*;

struct Todos;

#[server(part)]
impl Todos {}

fn main() {}
