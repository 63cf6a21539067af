use mcp_auth::prelude::*;

struct Todos;

#[server(instruction = "Be brief")]
impl Todos {}

fn main() {}
