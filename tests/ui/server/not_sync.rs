use std::cell::RefCell;

use mcp_auth::prelude::*;

struct Todos {
    list: RefCell<Vec<String>>,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self) {
        self.list.borrow_mut().push("plants".to_owned());
    }
}

fn main() {}
