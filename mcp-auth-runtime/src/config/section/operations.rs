//! `[tools.NAME]`, `[prompts.NAME]`, `[resources."uri"]`: what an operator adds to what the program declares. It only narrows.

use std::collections::BTreeMap;

use mcp_auth_core::{LoginTerms, ScopeSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{AcrValue, LoginAge, RoleName, ScopeToken};
use crate::declared::{Narrowing, WrittenConfirm};

/// What is added to operations of one kind, by their names on the wire.
pub type Narrowed = BTreeMap<String, OperationEntry>;

/// What an operator adds to one operation. Nothing here lets in a caller whom the program's own rule does not.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OperationEntry {
    /// Scopes that a caller needs besides: all of them, whichever alternative of the rule it meets.
    pub scopes: Vec<ScopeToken>,
    /// Roles of `[roles]` that a caller needs besides: all of them.
    pub roles: Vec<RoleName>,
    /// How old the login of the caller's person may be, such as `"5m"`: an older one is asked for again (RFC 9470). Of two times the
    /// shorter counts.
    pub login: Option<LoginAge>,
    /// By what the person may have logged in: one of these, in the words of the authorization server (`acr`). Where the program
    /// says some too, those count that are in both lists.
    pub acr: Vec<AcrValue>,
    /// Whether the person confirms each call of it, arguments shown: `true` in the client, `"login"` on a page of the built-in issuer
    /// after logging in there. Of tools alone.
    pub confirm: WrittenConfirm,
    /// Whether it is switched off: it is in no list, and a call of it is answered like one of an unknown name.
    pub disabled: bool,
    /// What lists and the model are told of it, instead of what the program says.
    pub description: Option<String>,
}

impl OperationEntry {
    /// How the person must have logged in besides.
    pub(in crate::config) fn login_terms(&self) -> LoginTerms {
        let ages = self.login.iter().map(|age| age.get());
        let terms = ages.fold(LoginTerms::NONE, LoginTerms::within);
        // One list has itself in common with none.
        terms.by_any(self.acr.iter().map(|acr| acr.acr().clone()).collect()).unwrap_or_default()
    }

    /// The same, as a declaration takes it.
    pub(in crate::config) fn narrowing(&self) -> Narrowing {
        let scopes: ScopeSet = self.scopes.iter().map(|scope| scope.scope().clone()).collect();
        Narrowing {
            scopes,
            roles: self.roles.iter().map(|role| role.role().clone()).collect(),
            login: self.login_terms(),
            confirm: self.confirm.how(),
            disabled: self.disabled,
            description: self.description.clone(),
        }
    }
}
