use mcp_auth::prelude::*;
use mcp_auth::serde;

struct Todos;

#[derive(serde::Serialize)]
#[serde(crate = "mcp_auth::serde")]
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
