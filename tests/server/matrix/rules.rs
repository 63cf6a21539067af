//! What an issuer is set to.

use super::seed::Seed;

/// The rules of the one issuer of a server. Each is a key of `[[auth.issuers]]`.
#[derive(Debug, Clone)]
pub struct Rules {
    pub require_at_jwt: bool,
    pub single_audience: bool,
    pub audience_optional: bool,
    pub allowed_clients: Option<Vec<&'static str>>,
    pub scope_claims: Vec<&'static str>,
    pub client_claims: Vec<&'static str>,
    pub subject_claims: Vec<&'static str>,
    /// `token_use` must be `access`.
    pub require_use: bool,
    /// `anonymous` must not be true.
    pub refuse_anonymous: bool,
    pub scope_prefix: Option<&'static str>,
    /// An hour, not a day.
    pub short_lives: bool,
}

impl Rules {
    pub fn random(seed: &mut Seed) -> Self {
        let audience_optional = seed.once_in(3);
        let clients = seed.once_in(3) || audience_optional;
        Self {
            require_at_jwt: seed.once_in(4),
            single_audience: seed.once_in(4),
            audience_optional,
            allowed_clients: clients.then(|| vec!["app", "robot"]),
            scope_claims: seed.one_of(&[vec!["scope"], vec!["scp"], vec!["scp", "scope"]]),
            client_claims: seed.one_of(&[vec!["client_id", "azp"], vec!["cid"]]),
            subject_claims: seed.one_of(&[vec!["sub"], vec!["uid", "sub"]]),
            require_use: seed.once_in(3),
            refuse_anonymous: seed.once_in(3),
            scope_prefix: seed.once_in(3).then_some("api/"),
            short_lives: seed.once_in(3),
        }
    }

    /// As keys of `mcp.toml`.
    pub fn toml(&self) -> String {
        let mut keys = vec![
            format!("require_at_jwt = {}", self.require_at_jwt),
            format!("single_audience = {}", self.single_audience),
            format!("audience_optional = {}", self.audience_optional),
            format!("scope_claims = {:?}", self.scope_claims),
            format!("client_claims = {:?}", self.client_claims),
            format!("subject_claims = {:?}", self.subject_claims),
            "clock_skew = \"0s\"".to_owned(),
            format!("max_token_lifetime = {:?}", if self.short_lives { "1h" } else { "1d" }),
        ];
        keys.extend(self.allowed_clients.as_ref().map(|clients| format!("allowed_clients = {clients:?}")));
        keys.extend(self.require_use.then(|| "require_claims = { token_use = \"access\" }".to_owned()));
        keys.extend(self.refuse_anonymous.then(|| "refuse_claims = { anonymous = true }".to_owned()));
        keys.extend(
            self.scope_prefix.map(|prefix| format!("scope_prefix = {prefix:?}\nscope_prefix_in = \"token\"")),
        );
        keys.join("\n")
    }
}
