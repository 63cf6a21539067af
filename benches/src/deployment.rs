//! A deployment as large as any: 200 tools, 100 scopes that imply each other, roles, and what an operator adds to every tool.

use std::sync::Arc;

use mcp_auth::model::Tool;
use mcp_auth_core::ambient::{Ambient, SystemRandom};
use mcp_auth_core::{ApiKey, Hierarchy, Role, Scope, ScopeSet};
use mcp_auth_runtime::facade::{
    ApiKeyDigest, ApiKeyRules, ApiKeyVerifier, Authenticator, CacheBounds, Credential, Held, Identity,
    Message, Policy, Registry, Settings, build,
};

/// How many tools there are.
pub const TOOLS: usize = 200;
/// How many scopes there are.
pub const SCOPES: usize = 100;

/// Its operations and its policy.
pub struct Deployment {
    /// The operations.
    pub registry: Registry,
    /// Who may do what.
    pub policy: Policy,
}

/// The scope of this number.
///
/// # Panics
/// Never: it is a scope.
#[expect(clippy::expect_used, reason = "a number makes a scope")]
fn scope(number: usize) -> Scope {
    Scope::new(format!("area{}.do{number:03}", number / 10)).expect("a scope")
}

#[expect(clippy::expect_used, reason = "a word makes a role")]
fn role(name: &str) -> Role {
    name.parse().expect("a role")
}

impl Deployment {
    /// Each tool needs two scopes, or a third one; a role; and of the operator one more scope and one more role. Of ten scopes the
    /// first implies the others, and the first of all implies those.
    ///
    /// # Panics
    /// Never: the names are well-formed and no circle is in it.
    #[expect(clippy::expect_used, reason = "the names are made here")]
    pub fn new() -> Self {
        let added: ScopeSet = std::iter::once(scope(SCOPES - 1)).collect();
        let tools = (0..TOOLS).map(|number| {
            let of = |step: usize| scope((number + step) % SCOPES);
            let groups: [ScopeSet; 2] =
                [[of(0), of(1)].into_iter().collect(), std::iter::once(of(50)).collect()];
            let rule = mcp_auth::Rule::any_of(groups).with_any_role(vec![role("editor"), role("owner")]);
            let rule = rule.needing(&added).with_any_role(vec![role("staff")]);
            build::tool(rule, Tool::new_with_raw(format!("tool_{number:03}"), None, build::no_input()))
        });
        let registry = Registry::new(tools.collect()).expect("a registry");
        let areas = (0..SCOPES / 10)
            .map(|area| (scope(area * 10), (area * 10 + 1..area * 10 + 10).map(scope).collect::<Vec<_>>()));
        let all = (scope(0), (1..SCOPES / 10).map(|area| scope(area * 10)).collect());
        let mut implies: Vec<(Scope, Vec<Scope>)> = areas.collect();
        implies[0].1.extend::<Vec<Scope>>(all.1);
        let hierarchy = Hierarchy::new(implies).expect("no circle");
        let settings = Settings { base_scopes: ScopeSet::parse_lossy("area0.do000"), ..Settings::default() };
        let policy = Policy::compile(registry.rules(), &hierarchy, settings);
        Self { registry, policy }
    }

    /// A call of the last tool, whose caller is compared with both of its groups.
    pub fn call() -> Arc<Message> {
        Arc::new(Message::Tool { name: format!("tool_{:03}", TOOLS - 1), arguments: None })
    }

    /// A caller with these scopes and roles, verified as every other.
    ///
    /// # Panics
    /// When the operating system has no randomness.
    #[expect(clippy::expect_used, reason = "nothing is measured without a caller")]
    pub fn caller(scopes: &[usize], roles: &[&str]) -> Identity {
        let key = ApiKey::make(&SystemRandom);
        let mut rules = ApiKeyRules::new("bench".to_owned(), vec![ApiKeyDigest::of(&key)]);
        let mut held = Held::of(scopes.iter().map(|number| scope(*number)).collect());
        held.roles = roles.iter().map(|name| role(name)).collect();
        rules.held = held;
        let clock = Ambient::system().clock;
        let verifier = ApiKeyVerifier::new(vec![rules], Arc::clone(&clock));
        let authenticator = Authenticator::new(vec![Arc::new(verifier)], clock, CacheBounds::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(authenticator.authenticate(Credential::ApiKey(key.expose()))).expect("a caller")
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self::new()
    }
}
