//! Who acts for the subject of a token (`act`, RFC 8693 §4.1).

use serde_json::{Map, Value};

use super::error::TokenError;
use super::verifier::claims::{MAX_CLIENT_BYTES, identifier};

/// The longest chain of actors.
const MOST: usize = 8;

/// Who acts for the subject of a token: an agent that was given the token for somebody else's account.
///
/// - Shape: the `act` claim of the token, an object that names its subject, its client, or both.
/// - Source: RFC 8693 §4.1. Rules and scopes are about the token; only the current actor, never one before it, may count in a
///   decision of your own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actor {
    /// Its `sub`: unique only within the issuer.
    pub subject: Option<String>,
    /// Its `client_id`.
    pub client_id: Option<String>,
    /// Its `iss`, where it is not of the token's own issuer.
    pub issuer: Option<String>,
    /// Who acted before it, and handed on.
    pub before: Option<Box<Actor>>,
}

impl Actor {
    /// The actor that the claims of a token name, with those before it.
    ///
    /// # Errors
    /// [`TokenError::Claim`]: an `act` of another shape would say something else to each reader.
    pub(crate) fn of(claims: &Map<String, Value>) -> Result<Option<Self>, TokenError> {
        read(claims, MOST).map_err(|fault| TokenError::Claim { claim: "act", fault })
    }

    /// The actor and those before it, the current one first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |actor| actor.before.as_deref())
    }

    /// What it is known by: its subject, else its client.
    pub(crate) fn name(&self) -> &str {
        self.subject.as_deref().or(self.client_id.as_deref()).unwrap_or_default()
    }
}

fn read(claims: &Map<String, Value>, left: usize) -> Result<Option<Actor>, &'static str> {
    let actor = match claims.get("act") {
        None => return Ok(None),
        Some(Value::Object(_)) if left == 0 => return Err("names too many actors"),
        Some(Value::Object(actor)) => actor,
        Some(_) => return Err("is not an object"),
    };
    let text = |name: &str| actor.get(name).map(|value| identifier(value, MAX_CLIENT_BYTES)).transpose();
    let (subject, client_id, issuer) = (text("sub")?, text("client_id")?, text("iss")?);
    if subject.is_none() && client_id.is_none() {
        return Err("names neither a subject nor a client");
    }
    Ok(Some(Actor {
        subject: subject.map(str::to_owned),
        client_id: client_id.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
        before: read(actor, left - 1)?.map(Box::new),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(act: Value) -> Result<Option<Actor>, TokenError> {
        Actor::of(json!({ "sub": "ann", "act": act }).as_object().unwrap())
    }

    #[test]
    fn the_current_actor_comes_first_and_those_before_it_after() {
        assert_eq!(Actor::of(&Map::new()).unwrap(), None);
        let act = json!({ "sub": "agent", "act": { "client_id": "planner", "iss": "https://b.example" } });
        let actor = read(act).unwrap().unwrap();
        assert_eq!(actor.chain().map(Actor::name).collect::<Vec<_>>(), ["agent", "planner"]);
        assert_eq!(actor.before.unwrap().issuer.as_deref(), Some("https://b.example"));
    }

    #[test]
    fn an_act_of_another_shape_is_refused() {
        let deep = |levels: usize| {
            (0..levels).fold(json!({ "sub": "x" }), |act, _| json!({ "sub": "x", "act": act }))
        };
        assert!(read(deep(MOST - 1)).is_ok());
        for bad in [
            json!(null),
            json!("agent"),
            json!(["agent"]),
            json!({}),
            json!({ "iss": "https://a.example" }),
            json!({ "sub": 5 }),
            json!({ "sub": "" }),
            json!({ "sub": "a\nb" }),
            json!({ "sub": "x".repeat(MAX_CLIENT_BYTES + 1) }),
            json!({ "sub": "x", "client_id": [] }),
            json!({ "sub": "x", "act": "y" }),
            deep(MOST),
        ] {
            assert!(matches!(read(bad.clone()), Err(TokenError::Claim { claim: "act", .. })), "{bad}");
        }
    }
}
