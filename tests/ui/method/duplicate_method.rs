use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("tasks/get", authenticated)]
    async fn get(&self) {}

    #[method("tasks/get", authenticated)]
    async fn get_again(&self) {}
}

fn main() {}
