use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("completion/complete", public)]
    async fn complete(&self, caller: Caller) {
        drop(caller);
    }
}

fn main() {}
