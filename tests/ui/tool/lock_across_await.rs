use std::sync::Mutex;

use mcp_auth::prelude::*;

struct Todos {
    list: Mutex<Vec<String>>,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self) {
        let mut list = self.list.lock().unwrap();
        std::future::ready(()).await;
        list.push("plants".to_owned());
    }
}

fn main() {}
