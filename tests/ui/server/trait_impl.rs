use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Clone for Todos {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
