use mcp_auth::prelude::*;

struct Todos;

impl Todos {
    #[method("tasks/get", authenticated)]
    async fn get(&self) {}
}

fn main() {}
