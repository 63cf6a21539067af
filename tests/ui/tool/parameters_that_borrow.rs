use mcp_auth::prelude::*;
use mcp_auth::{schemars, serde};

struct Todos;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct NewTodo<'a> {
    title: &'a str,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, Parameters(new): Parameters<NewTodo<'_>>) -> String {
        new.title.to_owned()
    }
}

fn main() {}
