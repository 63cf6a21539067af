use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[cfg(unix)]
    #[tool(public, name = "system")]
    fn unix(&self) {}

    #[cfg(not(unix))]
    #[tool(public, name = "system")]
    fn other(&self) {}
}

fn main() {}
