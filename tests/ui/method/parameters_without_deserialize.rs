use mcp_auth::prelude::*;

struct Todos;

struct NewTodo {
    title: String,
}

#[server]
impl Todos {
    #[method("acme/add", public)]
    async fn add(&self, Parameters(new): Parameters<NewTodo>) -> Result<(), ToolError> {
        let _ = new.title;
        Ok(())
    }
}

fn main() {}
