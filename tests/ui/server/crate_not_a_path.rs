use mcp_auth::prelude::*;

struct Todos;

#[server(crate = 5)]
impl Todos {}

fn main() {}
