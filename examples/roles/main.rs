//! Roles, guards and scopes: who may approve which expense. `cargo run --example roles`; `README.md` beside this file says what
//! to try.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcp_auth::Config;
use mcp_auth::prelude::*;

/// An expense that waits for its approval.
struct Expense {
    by: String,
    amount: u32,
}

/// Expenses of a team.
#[derive(Clone, Default)]
pub(crate) struct Expenses {
    open: Arc<Mutex<BTreeMap<u32, Expense>>>,
}

/// What `file_expense` takes.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct NewExpense {
    /// How much, in whole euros.
    amount: u32,
}

/// What `approve_expense` takes.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Approval {
    /// The number of the expense.
    number: u32,
}

#[server(name = "expenses", scope = "expenses.file")]
impl Expenses {
    /// File an expense of your own.
    #[tool]
    fn file_expense(&self, caller: Caller, Parameters(new): Parameters<NewExpense>) -> String {
        let mut open = self.open();
        let number = open.keys().last().map_or(1, |last| last + 1);
        open.insert(number, Expense { by: caller.id().to_owned(), amount: new.amount });
        format!("filed as {number}")
    }

    /// Every open expense. For auditors, and for managers, who are auditors too.
    #[tool(role = "auditor", read_only)]
    fn list_expenses(&self) -> String {
        let line = |(number, expense): (&u32, &Expense)| format!("{number}: {} euros", expense.amount);
        self.open().iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Approve an expense. For managers; not one of their own, and a large one only with a scope of its own.
    #[tool(scope = "expenses.approve", role = "manager", guard = may_approve)]
    fn approve_expense(&self, Parameters(which): Parameters<Approval>) -> &'static str {
        self.open().remove(&which.number);
        "approved"
    }

    /// Close the books of the month.
    #[tool(scope = "expenses.large", role = "manager")]
    fn close_month(&self) -> &'static str {
        self.open().clear();
        "closed"
    }

    /// Asked before each approval: what no scope and no role can say.
    fn may_approve(&self, caller: &Caller, which: &Approval) -> Decision {
        match self.open().get(&which.number) {
            None => Decision::deny("there is no such expense"),
            Some(expense) if expense.by == caller.id() => Decision::deny("another manager approves yours"),
            Some(expense) if expense.amount > 1000 && !caller.has("expenses.large") => {
                Decision::need("expenses.large")
            }
            Some(_) => Decision::Allow,
        }
    }
}

impl Expenses {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u32, Expense>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/roles");
    let config = Config::from_args_or(here.join("mcp.toml"))?;
    mcp_auth::serve_with(Expenses::default(), config).await
}
