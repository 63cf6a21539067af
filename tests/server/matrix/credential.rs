//! What is presented: nothing, a signed token in one of many shapes, an API key, or something else.

use mcp_auth::ambient::Random;
use mcp_auth::serde_json::{Map, Value, json};
use mcp_auth::testing::Token;
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;

use super::opaque::{OpaqueShape, Said};
use super::rules::Rules;
use super::seed::Seed;

/// What is presented, as the oracle knows it.
#[derive(Debug, Clone)]
pub enum Credential {
    None,
    Token(TokenShape),
    Opaque(OpaqueShape),
    /// A key of the server with these scopes.
    Key(&'static str),
    /// A key that no server has.
    ForeignKey,
    /// A text that is none of these.
    Garbage(&'static str),
}

/// A signed token.
#[derive(Debug, Clone)]
pub struct TokenShape {
    pub claims: Map<String, Value>,
    /// The `typ` of its header.
    pub typ: Option<&'static str>,
    /// Another member of its header.
    pub header: Option<(&'static str, Value)>,
    /// A key signed it that is not its issuer's.
    pub by_a_stranger: bool,
}

/// A change of the claims of a good token, at this time for this audience.
type Change = fn(&mut Map<String, Value>, u64, &str);

fn set(claims: &mut Map<String, Value>, name: &str, value: Value) {
    claims.insert(name.to_owned(), value);
}

/// Another name of the same issuer, or of nobody.
fn other_name(claims: &mut Map<String, Value>, path: &str) {
    let iss = claims.get("iss").and_then(Value::as_str).map(|iss| format!("{iss}{path}"));
    set(claims, "iss", json!(iss));
}

fn other_tenant(claims: &mut Map<String, Value>, tenant: &str) {
    let iss = claims.get("iss").and_then(Value::as_str).map(|iss| iss.replace("/t1", &format!("/{tenant}")));
    set(claims, "iss", json!(iss));
}

/// Each claim absent, of another shape, wrong, or right in another way.
const CHANGES: [Change; 77] = [
    |c, _, _| drop(c.remove("iss")),
    |c, _, _| set(c, "iss", json!("https://other.example")),
    |c, _, _| {
        let iss = c.get("iss").cloned();
        set(c, "iss", json!([iss]));
    },
    |c, _, _| {
        let iss = c.get("iss").and_then(Value::as_str).map(|iss| format!("{iss}/"));
        set(c, "iss", json!(iss));
    },
    |c, _, _| drop(c.remove("aud")),
    |c, _, _| set(c, "aud", json!([])),
    |c, _, _| set(c, "aud", json!(null)),
    |c, _, _| set(c, "aud", json!("https://other.example/mcp")),
    |c, _, us| set(c, "aud", json!([us])),
    |c, _, us| set(c, "aud", json!([us, "https://other.example/mcp"])),
    |c, _, us| set(c, "aud", json!([us, 5])),
    |c, _, us| set(c, "aud", json!(format!("{us}/"))),
    |c, _, _| drop(c.remove("sub")),
    |c, _, _| set(c, "sub", json!("")),
    |c, _, _| set(c, "sub", json!(5)),
    |c, _, _| set(c, "sub", json!("bob")),
    |c, _, _| set(c, "sub", json!("a\nb")),
    |c, _, _| set(c, "uid", json!("u-1")),
    |c, _, _| set(c, "uid", json!("")),
    |c, _, _| set(c, "uid", json!(["u-1"])),
    |c, _, _| drop(c.remove("exp")),
    |c, now, _| set(c, "exp", json!(now - 100)),
    |c, now, _| set(c, "exp", json!((now + 600).to_string())),
    |c, now, _| set(c, "exp", json!(now + 7_200)),
    |c, now, _| set(c, "exp", json!(now + 200_000)),
    |c, now, _| set(c, "nbf", json!(now + 500)),
    |c, now, _| set(c, "nbf", json!(now - 500)),
    |c, _, _| set(c, "nbf", json!("soon")),
    |c, now, _| set(c, "iat", json!(now + 500)),
    |c, _, _| drop(c.remove("iat")),
    |c, _, _| set(c, "client_id", json!("other")),
    |c, _, _| set(c, "client_id", json!("robot")),
    |c, _, _| drop(c.remove("client_id")),
    |c, _, _| set(c, "client_id", json!(7)),
    |c, _, _| set(c, "cid", json!("app")),
    |c, _, _| set(c, "cid", json!("other")),
    |c, _, _| {
        c.remove("client_id");
        set(c, "azp", json!("app"));
    },
    |c, _, _| set(c, "scope", json!("read")),
    |c, _, _| set(c, "scope", json!("admin")),
    |c, _, _| set(c, "scope", json!("export read")),
    |c, _, _| set(c, "scope", json!("audit  base")),
    |c, _, _| set(c, "scope", json!(["write", "base"])),
    |c, _, _| set(c, "scope", json!(["write", 5])),
    |c, _, _| set(c, "scope", json!(null)),
    |c, _, _| set(c, "scope", json!("a\tadmin")),
    |c, _, _| set(c, "scope", json!("api/admin")),
    |c, _, _| set(c, "scope", json!("api/export api/read read")),
    |c, _, _| set(c, "scp", json!("write")),
    |c, _, _| set(c, "scp", json!(["api/write", "base"])),
    |c, _, _| set(c, "scp", json!({})),
    |c, _, _| drop(c.remove("scope")),
    |c, _, _| set(c, "token_use", json!("access")),
    |c, _, _| set(c, "token_use", json!("id")),
    |c, _, _| set(c, "anonymous", json!(true)),
    |c, _, _| set(c, "anonymous", json!(false)),
    |c, _, _| set(c, "at_hash", json!("x")),
    |c, _, _| set(c, "cnf", json!({ "jkt": "x" })),
    |c, _, _| set(c, "act", json!({ "sub": "agent" })),
    |c, _, _| set(c, "act", json!("agent")),
    |c, _, _| set(c, "unknown", json!({ "deep": [1, 2, 3] })),
    |c, _, _| other_name(c, "/old"),
    |c, _, _| other_name(c, "/older"),
    |c, _, _| other_tenant(c, "t2"),
    |c, _, _| other_tenant(c, "t3"),
    |c, _, _| set(c, "tid", json!("t2")),
    |c, _, _| {
        other_tenant(c, "t2");
        set(c, "tid", json!("t2"));
    },
    |c, _, _| drop(c.remove("tid")),
    |c, _, _| {
        c.remove("iss");
        c.remove("tid");
    },
    |c, _, _| {
        c.remove("exp");
        c.remove("iat");
    },
    |c, now, _| {
        c.remove("exp");
        set(c, "iat", json!(now - 7_200));
    },
    |c, _, _| {
        c.remove("sub");
        set(c, "username", json!("alice"));
    },
    |c, _, _| set(c, "username", json!(5)),
    |c, _, _| set(c, "token_type", json!("Bearer")),
    |c, _, _| set(c, "token_type", json!("Refresh")),
    |c, _, _| set(c, "token_type", json!("DPoP")),
    |c, _, _| set(c, "token_use", json!("access_token")),
    |c, _, _| set(c, "typ", json!("Offline")),
];

impl Credential {
    /// One of these: mostly tokens, with up to three changes.
    pub fn random(seed: &mut Seed, rules: &Rules, issuer: &str, audience: &str, now: u64) -> Self {
        match seed.below(20) {
            0 => Self::None,
            1 => Self::Key(seed.one_of(&KEYS)),
            2 => Self::ForeignKey,
            3 => Self::Garbage(seed.one_of(&[
                "x",
                "a.b",
                "a.b.c",
                "a.b.c.d.e",
                "mcpk_",
                "mcpk_0000",
                "eyJhbGciOiJub25lIn0.e30.",
            ])),
            _ => {
                let mut claims = json!({
                    "iss": rules.names.first(issuer), "tid": "t1", "sub": "alice", "aud": audience, "client_id": "app", "cid": "app",
                    "iat": now, "exp": now + 600, "scope": "read base", "token_use": "access",
                });
                let claims = claims.as_object_mut().expect("an object");
                for _ in 0..seed.below(4) {
                    seed.one_of(&CHANGES)(claims, now, audience);
                }
                if seed.once_in(2) {
                    return Self::Opaque(OpaqueShape::random(seed, claims.clone()));
                }
                let typ = if seed.once_in(3) {
                    seed.one_of(&[
                        None,
                        Some("JWT"),
                        Some("jwt"),
                        Some("application/at+jwt"),
                        Some("dpop+jwt"),
                        Some(""),
                    ])
                } else {
                    Some("at+jwt")
                };
                let header = seed.once_in(12).then(|| {
                    seed.one_of(&[
                        ("crit", json!(["x"])),
                        ("zip", json!("DEF")),
                        ("kid", json!("unknown")),
                        ("alg", json!("none")),
                        ("alg", json!("HS256")),
                        ("jku", json!("https://other.example/keys")),
                    ])
                });
                Self::Token(TokenShape {
                    claims: claims.clone(),
                    typ,
                    header,
                    by_a_stranger: seed.once_in(15),
                })
            }
        }
    }

    /// What the endpoint says of it, should it be asked: of what it must not be asked about, that it is active.
    pub fn said(&self) -> Said {
        match self {
            Self::Opaque(shape) => shape.said.clone(),
            Self::Token(shape) if !shape.by_a_stranger => Said::Active(shape.claims.clone()),
            Self::None | Self::Key(_) | Self::ForeignKey | Self::Garbage(_) | Self::Token(_) => {
                Said::Inactive
            }
        }
    }

    /// As it is presented; `like` signs tokens.
    pub fn text(&self, like: &Token) -> Option<String> {
        match self {
            Self::None => None,
            Self::Key(scopes) => Some(key(scopes).expose().to_owned()),
            Self::ForeignKey => Some(ApiKey::make(&Repeating(255)).expose().to_owned()),
            Self::Garbage(text) => Some((*text).to_owned()),
            Self::Opaque(shape) => Some(shape.text()),
            Self::Token(shape) => {
                let mut token = like.clone();
                token = match shape.typ {
                    Some(typ) => token.header("typ", typ),
                    None => token.without_header("typ"),
                };
                if let Some((name, value)) = &shape.header {
                    token = token.header(name, value.clone());
                }
                if shape.by_a_stranger {
                    token = token.signed_by_a_stranger();
                }
                Some(token.mint_payload(Value::Object(shape.claims.clone()).to_string().as_bytes()))
            }
        }
    }
}

/// The keys of every server, by their scopes.
pub const KEYS: [&str; 3] = ["read", "admin", ""];

/// The key with these scopes.
fn key(scopes: &str) -> ApiKey {
    let index = KEYS.iter().position(|known| *known == scopes).expect("a key");
    ApiKey::make(&Repeating(u8::try_from(index).expect("few")))
}

/// The blocks of all keys.
pub fn keys_toml() -> String {
    let block = |(index, scopes): (usize, &&str)| {
        let scopes: Vec<&str> = scopes.split(' ').filter(|scope| !scope.is_empty()).collect();
        format!(
            "[[auth.api_keys]]\nname = \"key-{index}\"\ndigest = \"{}\"
scopes = {scopes:?}
",
            ApiKeyDigest::of(&key(KEYS[index]))
        )
    };
    KEYS.iter().enumerate().map(block).collect()
}

/// The same byte for ever, so that keys are the same in every run.
struct Repeating(u8);

impl Random for Repeating {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}
