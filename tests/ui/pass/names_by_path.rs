struct Todos;

#[mcp_auth::server(crate = ::mcp_auth)]
impl Todos {
    #[mcp_auth::tool(authenticated)]
    async fn list(&self, _caller: mcp_auth::Caller) -> Result<(), mcp_auth::ToolError> {
        Err(std::fmt::Error)?
    }
}

fn main() {}
