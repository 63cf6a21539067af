use mcp_auth::prelude::*;

struct Todos;

#[server(scope = "todos", parts = [more])]
impl Todos {}

mod more {
    use mcp_auth::prelude::*;

    #[server(part)]
    impl super::Todos {
        #[tool]
        async fn list(&self) {}
    }
}

fn main() {}
