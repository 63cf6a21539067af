use std::rc::Rc;

use mcp_auth::prelude::*;

struct Todos {
    list: Rc<Vec<String>>,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn count(&self) -> String {
        self.list.len().to_string()
    }
}

fn main() {}
