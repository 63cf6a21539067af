//! An opaque token, in one of many looks, and what its issuer says of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth::serde_json::{Map, Value, json};

use super::seed::Seed;

/// A token that only its issuer can read, or something like one.
#[derive(Debug, Clone)]
pub struct OpaqueShape {
    pub looks: Looks,
    /// No two tokens of a run are the same.
    number: u64,
    pub said: Said,
}

/// How it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// It begins as the tokens of the issuer do.
    Ours,
    /// It begins as those of another one.
    Other,
    /// It begins as our API keys do.
    ApiKey,
    /// A JWT that lost its signature.
    Unsigned,
    /// A JWT that only its recipient can read.
    Encrypted,
}

/// What the issuer says of a credential.
#[derive(Debug, Clone)]
pub enum Said {
    Active(Map<String, Value>),
    Inactive,
    /// This status and body, which say nothing of it.
    Nothing(u16, &'static str),
}

/// What its tokens begin with.
pub const PREFIX: &str = "at_";

/// Answers that say nothing of a token, though some look as if it were active.
const NOTHING: [Said; 10] = [
    Said::Nothing(500, r#"{"active":true}"#),
    Said::Nothing(503, ""),
    Said::Nothing(429, r#"{"active":true}"#),
    Said::Nothing(401, r#"{"error":"invalid_client"}"#),
    Said::Nothing(302, r#"{"active":true}"#),
    Said::Nothing(201, r#"{"active":true}"#),
    Said::Nothing(200, "<html>active</html>"),
    Said::Nothing(200, r#"{"active":"true","sub":"alice"}"#),
    Said::Nothing(200, r#"[{"active":true,"sub":"alice"}]"#),
    Said::Nothing(200, r#"{"sub":"alice"}"#),
];

impl OpaqueShape {
    /// Mostly one that is active, with these claims.
    pub fn random(seed: &mut Seed, claims: Map<String, Value>) -> Self {
        let looks = match seed.once_in(4) {
            true => seed.one_of(&[Looks::Other, Looks::ApiKey, Looks::Unsigned, Looks::Encrypted]),
            false => Looks::Ours,
        };
        let said = match seed.below(12) {
            0 => Said::Inactive,
            1 => seed.one_of(&NOTHING),
            _ => Said::Active(claims),
        };
        Self { looks, number: seed.next(), said }
    }

    /// As it is presented.
    pub fn text(&self) -> String {
        let number = self.number;
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        match self.looks {
            Looks::Ours => format!("{PREFIX}{number}"),
            Looks::Other => format!("ot_{number}"),
            Looks::ApiKey => format!("mcpk_{number}"),
            Looks::Unsigned => {
                let claims = match &self.said {
                    Said::Active(claims) => Value::Object(claims.clone()),
                    Said::Inactive | Said::Nothing(..) => json!({}),
                };
                format!("{}.{}", part(json!({ "alg": "RS256", "n": number })), part(claims))
            }
            Looks::Encrypted => format!("{}.AA.AA.AA.AA", part(json!({ "alg": "dir", "n": number }))),
        }
    }
}

impl Said {
    /// Status and body of the answer.
    pub fn answer(&self) -> (u16, String) {
        match self {
            Self::Active(claims) => {
                let mut claims = claims.clone();
                claims.insert("active".to_owned(), true.into());
                (200, Value::Object(claims).to_string())
            }
            Self::Inactive => (200, json!({ "active": false }).to_string()),
            Self::Nothing(status, body) => (*status, (*body).to_owned()),
        }
    }
}
