use mcp_auth::prelude::*;

struct Todos;

struct Database;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self, database: Database) {
        let _ = database;
    }
}

fn main() {}
