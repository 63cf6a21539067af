//! What an issuer is set to.

use super::opaque::PREFIX;
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
    /// A token without a subject is its client's.
    pub programs: bool,
    pub names: Names,
    /// Whether and how its issuer is asked about tokens.
    pub asked: Option<Asked>,
}

/// What the issuer is called.
#[derive(Debug, Clone, Copy)]
pub enum Names {
    One,
    /// Two names, each of its own.
    Several,
    /// Two names that are one.
    Shared,
    /// One for each of two tenants; whether `tid` says it too.
    Tenants {
        claim: bool,
    },
}

/// About which tokens an issuer is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// About JWTs too.
    pub all: bool,
    /// Whether its tokens begin with [`PREFIX`], or with anything.
    pub prefix: bool,
    /// `username` stands for a subject.
    pub username: bool,
}

impl Names {
    /// What a good token says in `iss`.
    pub fn first(self, issuer: &str) -> String {
        match self {
            Self::One | Self::Several | Self::Shared => issuer.to_owned(),
            Self::Tenants { .. } => format!("{issuer}/t1"),
        }
    }

    fn toml(self, issuer: &str) -> String {
        let two = format!("issuer = [{issuer:?}, \"{issuer}/old\"]");
        match self {
            Self::One => format!("issuer = {issuer:?}"),
            Self::Several => two,
            Self::Shared => two + "\nshared_subjects = true",
            Self::Tenants { claim } => {
                let claim = if claim { "\ntenant_claim = \"tid\"" } else { "" };
                format!(
                    "issuer = \"{issuer}/{{tenant}}\"\ntenants = [\"t1\", \"t2\"]\nauthorization_server = {issuer:?}{claim}"
                )
            }
        }
    }
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
            programs: seed.once_in(3),
            names: seed.one_of(&[
                Names::One,
                Names::One,
                Names::Several,
                Names::Shared,
                Names::Tenants { claim: true },
                Names::Tenants { claim: false },
            ]),
            asked: (!seed.once_in(4)).then(|| Asked {
                all: seed.once_in(3),
                prefix: seed.once_in(2),
                username: seed.once_in(3),
            }),
        }
    }

    /// As `mcp.toml` says it, of an issuer with its keys and its endpoint there.
    pub fn toml(&self, issuer: &str, jwks_uri: &str, endpoint: &str) -> String {
        let mut keys = vec![
            "[[auth.issuers]]".to_owned(),
            self.names.toml(issuer),
            format!("single_audience = {}", self.single_audience),
            format!("audience_optional = {}", self.audience_optional),
            format!("scope_claims = {:?}", self.scope_claims),
            format!("client_claims = {:?}", self.client_claims),
            format!("subject_claims = {:?}", self.subject_claims),
            "clock_skew = \"0s\"".to_owned(),
            format!("max_token_lifetime = {:?}", if self.short_lives { "1h" } else { "1d" }),
        ];
        keys.extend(self.allowed_clients.as_ref().map(|clients| format!("allowed_clients = {clients:?}")));
        if !self.asked.is_some_and(|asked| asked.all) {
            keys.push(format!("jwks_uri = {jwks_uri:?}\nrequire_at_jwt = {}", self.require_at_jwt));
        }
        keys.extend(self.programs.then(|| "client_when = { sub = { present = false } }".to_owned()));
        keys.extend(self.require_use.then(|| "require_claims = { token_use = \"access\" }".to_owned()));
        keys.extend(self.refuse_anonymous.then(|| "refuse_claims = { anonymous = true }".to_owned()));
        keys.extend(
            self.scope_prefix.map(|prefix| format!("scope_prefix = {prefix:?}\nscope_prefix_in = \"token\"")),
        );
        keys.extend(self.asked.map(|asked| {
            format!(
                "[auth.issuers.introspection]\nendpoint = {endpoint:?}\nauth = \"none\"\ntokens = {:?}\n\
                 username_as_subject = {}\n{}\n",
                if asked.all { "all" } else { "opaque" },
                asked.username,
                if asked.prefix { format!("prefixes = [{PREFIX:?}]") } else { String::new() },
            )
        }));
        keys.join("\n")
    }
}
