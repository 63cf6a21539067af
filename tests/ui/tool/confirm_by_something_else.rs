use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated, confirm = "page")]
    fn by_another_word(&self) {}

    #[tool(authenticated, confirm = true)]
    fn by_a_bool(&self) {}

    #[tool(public, confirm = "login")]
    fn of_anyone(&self) {}
}

fn main() {}
