//! What a tool sees of whom it serves.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::actor::Actor;
use super::principal::Principal;
use mcp_auth_core::{Hierarchy, RoleSet, ScopeSet};

/// The verified caller of an operation. Cheap to clone; it does not give access to the token itself.
#[derive(Debug, Clone)]
pub struct Caller(Arc<Principal>, Arc<Hierarchy>);

impl Caller {
    /// The caller that a principal is to a tool; `hierarchy` says which scopes count for which.
    pub(super) fn new(principal: Arc<Principal>, hierarchy: Arc<Hierarchy>) -> Self {
        Self(principal, hierarchy)
    }

    /// An opaque, stable key for this caller: the one to store rows under. The same for every token of one
    /// user (or, for client credentials, one client) of one issuer; different between issuers, and between
    /// a user and a client of the same name. The same for every key that one block of `[[auth.api_keys]]` has, and for
    /// every credential of one subject that one [verifier of the program's own](crate::facade::CredentialVerifier) accepts.
    /// 43 characters of base64url.
    pub fn id(&self) -> String {
        self.0.id()
    }

    /// The `sub` claim, the one that `subject_claims` names instead, the name of an API key, or what a verifier of the program's
    /// own says. **Not a key**: two issuers may use the same subject for two people, and a user's subject may equal a client's
    /// name. Store rows under [`Caller::id`].
    pub fn subject(&self) -> &str {
        self.0.subject()
    }

    /// Who vouches for the subject:
    ///
    /// - of a token, the `iss` claim, or with `shared_subjects` the first name of its issuer; where its issuer was asked about
    ///   it, that issuer;
    /// - of an API key, `urn:mcp-auth:api-key`;
    /// - of a credential that a verifier of the program's own accepts, `urn:mcp-auth:verifier:` and the name under which the
    ///   [builder](crate::facade::ServerBuilder::verifier) was given it: `urn:mcp-auth:verifier:sessions` by
    ///   `.verifier("sessions", …)`. Two verifiers are two issuers;
    /// - of the local caller, `local`.
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// The tenant that the caller is of, where `[[auth.issuers]]` names the `tenants` of its issuer.
    pub fn tenant(&self) -> Option<&str> {
        self.0.tenant()
    }

    /// The OAuth client that acts for the caller, if the token says.
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id()
    }

    /// Whether the caller is a program that acts for no person: the bearer of an API key, or of a token of client
    /// credentials.
    pub fn is_client(&self) -> bool {
        self.0.is_client()
    }

    /// Who acts for the caller, if the token says (`act`, RFC 8693 §4.1): an agent with a token for somebody's account.
    /// [`Actor::chain`] goes on to those before it.
    pub fn actor(&self) -> Option<&Actor> {
        self.0.actor()
    }

    /// Whether the caller has this scope: its token holds it, or a scope that implies it by `[scopes]` in `mcp.toml`. This
    /// is what a rule such as `scope = "todos.write"` asks.
    pub fn has(&self, scope: &str) -> bool {
        self.1.satisfies(self.0.scopes(), scope)
    }

    /// The scopes that stand in the caller's token, without what they imply: to show them. Whether the caller has one says
    /// [`Caller::has`].
    pub fn scopes(&self) -> &ScopeSet {
        self.0.scopes()
    }

    /// Whether the caller holds this role of `[roles]` in `mcp.toml`, itself or by a role that implies it. False for a
    /// role that is not configured, and for the local caller.
    ///
    /// Use a role to allow, never to forbid: a claim that is absent or malformed gives no role. [The book][b] shows it, with
    /// a server.
    ///
    /// [b]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/declare-rules.md#roles
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().contains(role)
    }

    /// The roles the caller holds, with what they imply.
    pub fn roles(&self) -> &RoleSet {
        self.0.roles()
    }

    /// When the caller's credential expires, in Unix seconds; `None` for an API key without an end and for the local caller.
    pub fn expires_at(&self) -> Option<u64> {
        self.0.expires_at()
    }

    /// One claim of the token as your own type; `None` when it is absent.
    ///
    /// # Errors
    /// When the claim is there and is not a `T`.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.claims().get(name).map(T::deserialize).transpose()
    }

    /// Every claim of the token.
    pub fn claims(&self) -> &Map<String, Value> {
        self.0.claims()
    }

    /// Whether this is the local caller of a stdio server without a credential.
    pub fn is_local(&self) -> bool {
        self.0.is_local()
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::Scope;

    use super::*;
    use crate::authn::{holder, principal_by};

    #[test]
    fn t64_the_id_of_a_caller_by_one_claim_is_not_the_id_of_one_that_another_claim_calls_alike() {
        let id = |claim| principal_by(claim, "alice").caller(&Arc::default()).unwrap().id();
        assert_eq!(id(Some("email")), id(Some("email")));
        assert_ne!(id(None), id(Some("email")));
        assert_ne!(id(Some("uid")), id(Some("email")));
    }

    #[test]
    fn has_answers_with_what_is_implied_and_scopes_with_what_the_token_says() {
        let scope = |name: &'static str| Scope::new(name).unwrap();
        let implies = [(scope("admin"), vec![scope("write")]), (scope("write"), vec![scope("read")])];
        let hierarchy = Arc::new(Hierarchy::new(implies).unwrap());
        let caller = |scopes: &str| holder(scopes).caller(&hierarchy).unwrap();
        for implied in ["admin", "write", "read"] {
            assert!(caller("admin").has(implied), "{implied}");
        }
        assert_eq!(caller("admin").scopes().to_string(), "admin");
        assert!(!caller("read").has("write") && !caller("read").has("admin"));
        assert!(!caller("").has("read") && !caller("admin").has("other") && !caller("admin").has(""));
    }
}
