use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self) -> String {
        let shared = std::rc::Rc::new(1);
        std::future::ready(()).await;
        shared.to_string()
    }
}

fn main() {}
