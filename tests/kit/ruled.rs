//! A server with a tool for each kind of rule: scopes, alternatives, values, roles, claims, logins, guards and confirmations; and with
//! prompts and resources of some kinds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;

/// One tool for each kind of rule.
#[derive(Clone, Default)]
pub struct Ruled {
    /// How often a method ran.
    pub ran: Arc<AtomicUsize>,
}

/// What every tool is called with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
pub struct With {
    /// Fills scopes.
    bucket: String,
    /// What the guard decides by.
    word: String,
}

/// A claim that some methods take.
#[derive(Debug, Deserialize)]
#[serde(crate = "mcp_auth::serde")]
#[expect(dead_code, reason = "that it is there is what counts")]
pub struct Unit {
    unit: String,
}

#[server]
impl Ruled {
    fn asked(&self, with: &With) -> Decision {
        match with.word.as_str() {
            "deny" => Decision::deny("no"),
            "need" => Decision::need("g"),
            "odd" => Decision::need("nowhere"),
            _ => Decision::Allow,
        }
    }

    #[tool(scopes = ["a", "b"])]
    fn all(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(any_of = [["a", "b"], ["c"]], role = "r")]
    fn either(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scope = "f:{bucket}:x")]
    fn filled(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(any_of = [["a", "f:{bucket}:x"], ["admin"]], any_role = ["r", "s"])]
    fn mixed(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scope = "f:{bucket}:x", guard = asked)]
    fn filled_and_guarded(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(authenticated, role = "s", guard = asked)]
    fn guarded(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scope = "c", confirm)]
    fn confirmed(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scopes = ["a", "f:{bucket}:x"], role = "r", guard = asked, confirm)]
    fn everything(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scope = "c", role = "s", confirm = "login")]
    fn confirmed_by_login(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scope = "c", login = "5m")]
    fn fresh(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(any_scope = ["a", "f:{bucket}:x"], role = "s", login = "1h", any_acr = ["x", "y"], guard = asked)]
    fn strong(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scope = "c")]
    fn claimed(&self, Claims(_unit): Claims<Unit>, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(scopes = ["a", "f:{bucket}:x"], role = "r", guard = asked)]
    fn claimed_and_guarded(&self, Claims(_unit): Claims<Unit>, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[tool(public)]
    fn claimed_or_anonymous(
        &self,
        _unit: Option<Claims<Unit>>,
        Parameters(with): Parameters<With>,
    ) -> String {
        self.runs(with)
    }

    #[prompt(any_of = [["a", "f:{bucket}:x"], ["admin"]], role = "s", login = "1h", any_acr = ["x", "y"], guard = asked)]
    fn planned(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[prompt(scope = "c", role = "r")]
    fn claimed_plan(&self, Claims(_unit): Claims<Unit>, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    #[resource(uri = "kept://{bucket}/{word}", scope = "f:{bucket}:x", role = "s", guard = asked_of)]
    fn kept(&self, bucket: String, word: String) -> String {
        self.runs(With { bucket, word })
    }

    #[resource(uri = "claimed://{bucket}/{word}", any_scope = ["a", "c"])]
    fn claimed_one(&self, bucket: String, word: String, Claims(_unit): Claims<Unit>) -> String {
        self.runs(With { bucket, word })
    }

    fn asked_of(&self, bucket: String, word: String) -> Decision {
        self.asked(&With { bucket, word })
    }

    #[tool(public, guard = asked)]
    fn open(&self, Parameters(with): Parameters<With>) -> String {
        self.runs(with)
    }

    /// Declares what the guard may want, and what the operator adds.
    #[tool(scopes = ["g", "o"])]
    fn declares(&self) {}
}

impl Ruled {
    fn runs(&self, with: With) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        with.bucket
    }
}
