use mcp_auth::prelude::*;
use mcp_auth::serde;

struct Todos;

#[derive(serde::Deserialize)]
#[serde(crate = "mcp_auth::serde")]
struct NewTodo {
    title: String,
}

#[server]
impl Todos {
    #[prompt(public)]
    fn plan(&self, Parameters(new): Parameters<NewTodo>) -> String {
        new.title
    }
}

fn main() {}
