use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(confirm)]
    fn in_the_client(&self) {}

    #[tool(confirm = "login")]
    fn after_a_login(&self) {}

    #[tool(public, confirm)]
    fn of_anyone(&self) {}
}

fn main() {}
