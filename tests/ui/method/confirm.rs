use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("acme/wipe", authenticated, confirm)]
    async fn wipe(&self) {}
}

fn main() {}
