use mcp_auth::prelude::*;

struct Todos;

struct Todo {
    title: String,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn first(&self) -> Result<Json<Todo>, ToolError> {
        Ok(Json(Todo { title: "plants".to_owned() }))
    }
}

fn main() {}
