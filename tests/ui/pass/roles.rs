use mcp_auth::Handler;
use mcp_auth::prelude::*;

struct Todos;

#[server(scope = "todos.read")]
impl Todos {
    #[tool(role = "viewer")]
    async fn list(&self) {}

    #[prompt(any_of = [["a", "b"], ["c"]], role = "viewer", any_role = ["x", "y"])]
    async fn plan(&self) -> &'static str {
        ""
    }

    #[resource(uri = "todo://{id}", any_role = ["x", "y"])]
    async fn todo(&self, caller: Caller, id: u64) -> String {
        format!("{id} {}", caller.id())
    }

    #[method("acme/report", any_of = [["a"]], role = "viewer")]
    async fn report(&self) {}
}

fn main() {
    let _ = Todos::operations();
}
