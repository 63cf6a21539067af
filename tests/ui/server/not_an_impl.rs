use mcp_auth::prelude::*;

struct Todos;

#[server]
struct Notes;

fn main() {}
