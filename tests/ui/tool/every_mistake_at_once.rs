use mcp_auth::prelude::*;

struct Todos;

#[server(nam = "todos", scope = "a b")]
impl Todos {
    #[tool(scopes = ["a b", ""], titel = "x")]
    async fn list(&mut self, caller: Caller) {
        let _ = caller;
    }

    #[resource(public)]
    async fn todo(&self) -> &'static str {
        "todo"
    }

    #[method("tools/call", public)]
    async fn call(&self) {}

    /// No mistake here, and none reported.
    #[tool(public)]
    async fn ping(&self) -> &'static str {
        "pong"
    }
}

/// The type is a server and its methods are there: a mistake has no followers.
fn uses_it(todos: &Todos) {
    fn is_server<T: mcp_auth::Handler>(_: &T) {}
    is_server(todos);
    drop(todos.ping());
}

fn main() {}
