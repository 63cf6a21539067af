use mcp_auth::prelude::*;

struct Todos;

struct Name {
    name: String,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, mut ask: Ask) -> Result<String, ToolError> {
        let name = ask.form::<Name>("Who?").await?.accepted();
        Ok(name.map(|name| name.name).unwrap_or_default())
    }
}

fn main() {}
