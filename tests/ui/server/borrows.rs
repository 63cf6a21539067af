use mcp_auth::prelude::*;

struct Todos<'a> {
    list: &'a [String],
}

#[server]
impl<'a> Todos<'a> {
    #[tool(public)]
    async fn count(&self) -> String {
        self.list.len().to_string()
    }
}

fn main() {}
