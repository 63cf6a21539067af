use mcp_auth::prelude::*;

struct Todos;

#[server(name = "")]
impl Todos {}

fn main() {}
