use mcp_auth::prelude::*;
use mcp_auth::schemars;

struct Todos;

#[derive(schemars::JsonSchema)]
#[schemars(crate = "mcp_auth::schemars")]
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
