use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[prompt(public)]
    async fn plan(&self, caller: Caller) -> String {
        caller.subject().to_owned()
    }
}

fn main() {}
