use mcp_auth::prelude::*;

struct Calendar;

#[server]
impl Calendar {
    #[tool(authenticated)]
    fn of_no_provider(&self, _google: Upstream) {}

    #[tool(authenticated, upstream = "google")]
    fn taken_by_nothing(&self) {}

    #[tool(public, upstream = "google")]
    fn of_anyone(&self, _google: Upstream) {}

    #[tool(authenticated, upstream = "go ogle")]
    fn of_no_table(&self, _google: Upstream) {}

    #[prompt(authenticated)]
    fn of_a_prompt(&self, _google: Upstream) -> &'static str {
        ""
    }
}

fn main() {}
