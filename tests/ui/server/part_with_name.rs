use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {}

mod more {
    use mcp_auth::prelude::*;

    #[server(part, name = "more", parts = [])]
    impl super::Todos {}
}

fn main() {}
