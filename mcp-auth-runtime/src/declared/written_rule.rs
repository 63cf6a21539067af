//! A rule in words and lists of names, as files write it and read it back.

use mcp_auth_core::{Role, Scope};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Rule, Who};

/// A [`Rule`] as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WrittenRule {
    rule: Word,
    scopes: Vec<Scope>,
    /// With [`Word::AnyOf`]: the groups of which the whole of one is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Vec<Scope>>,
    /// Of each list one role is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Vec<String>>,
}

/// The word for a [`Rule`], its scopes beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Public,
    Authenticated,
    All,
    Any,
    AnyOf,
    /// Written of what is switched off, and never read: a program declares no such thing.
    Nobody,
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        match word.as_str() {
            "public" => Ok(Self::Public),
            "authenticated" => Ok(Self::Authenticated),
            "all" => Ok(Self::All),
            "any" => Ok(Self::Any),
            "any_of" => Ok(Self::AnyOf),
            _ => Err(serde::de::Error::custom(format_args!(
                "its rule is {word:?}, which this version does not know"
            ))),
        }
    }
}

impl WrittenRule {
    /// `rule`, written.
    pub(super) fn of(rule: &Rule) -> Self {
        let (word, groups) = match rule.who() {
            Who::Public => (Word::Public, Vec::new()),
            Who::Authenticated => (Word::Authenticated, Vec::new()),
            Who::Nobody => (Word::Nobody, Vec::new()),
            Who::Scopes(groups) if groups.len() == 1 => (Word::All, Vec::new()),
            Who::Scopes(groups) if groups.iter().all(|group| group.len() == 1) => (Word::Any, Vec::new()),
            Who::Scopes(groups) => (Word::AnyOf, groups.clone()),
        };
        let names = |any: &Vec<Role>| any.iter().map(Role::to_string).collect();
        Self {
            rule: word,
            scopes: rule.scopes().into_iter().cloned().collect(),
            groups,
            roles: rule.roles().iter().map(names).collect(),
        }
    }

    /// The rule that is written here.
    ///
    /// # Errors
    /// Says what makes no rule. Nothing is ever read as more open than it is written.
    pub(super) fn read(&self) -> Result<Rule, String> {
        let Self { rule: word, scopes, groups, roles } = self;
        let group = |scopes: &[Scope]| scopes.iter().cloned().collect();
        let rule = match (word, scopes.is_empty(), groups.is_empty()) {
            (Word::Public, true, true) => Rule::PUBLIC,
            (Word::Authenticated, true, true) => Rule::AUTHENTICATED,
            (Word::All, false, true) => Rule::any_of([group(scopes)]),
            (Word::Any, false, true) => {
                Rule::any_of(scopes.iter().map(|scope| group(std::slice::from_ref(scope))))
            }
            (Word::AnyOf, false, false) if groups.iter().all(|group| !group.is_empty()) => {
                Rule::any_of(groups.iter().map(|scopes| group(scopes)))
            }
            (Word::Nobody, ..) => return Err("nobody may call it".to_owned()),
            (Word::Public | Word::Authenticated, ..) => {
                return Err("its rule names no scopes, and scopes stand beside it".to_owned());
            }
            (Word::All | Word::Any | Word::AnyOf, ..) => {
                return Err("its rule needs scopes, and it names no scope".to_owned());
            }
        };
        if !roles.is_empty() && rule.is_public() {
            return Err("its rule is public, and roles stand beside it".to_owned());
        }
        roles.iter().try_fold(rule, |rule, any| {
            let any = any.iter().map(|name| name.parse::<Role>()).collect::<Result<Vec<_>, _>>();
            let any = any.map_err(|wrong| wrong.to_string())?;
            if any.is_empty() {
                return Err("its rule needs a role, and it names no role".to_owned());
            }
            Ok(rule.with_any_role(any))
        })
    }
}
