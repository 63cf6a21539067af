//! A rule in words and lists of names, as files write it and read it back.

use std::time::Duration;

use mcp_auth_core::{Acr, LoginTerms, Role};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::confirm::WrittenConfirm;
use super::{Rule, ScopeTerm, Who};

/// A [`Rule`] as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WrittenRule {
    pub(super) rule: Word,
    pub(super) scopes: Vec<ScopeTerm>,
    /// With [`Word::AnyOf`]: the groups of which the whole of one is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<Vec<ScopeTerm>>,
    /// Of each list one role is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<Vec<String>>,
    /// Whether the method takes claims as a type of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) claims: bool,
    /// The oldest login that will do, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<u64>,
    /// By which of these the login may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) acr_values: Vec<String>,
    /// The method of the server that is asked besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) guard: Option<String>,
    /// How the person confirms each call.
    #[serde(default, skip_serializing_if = "WrittenConfirm::is_none")]
    pub(super) confirmed: WrittenConfirm,
}

/// The word for a [`Rule`], its scopes beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Public,
    Authenticated,
    All,
    Any,
    AnyOf,
    /// Written of what is switched off, and never read: a program declares no such thing.
    Nobody,
}

impl Word {
    const READ: [Self; 5] = [Self::Public, Self::Authenticated, Self::All, Self::Any, Self::AnyOf];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Authenticated => "authenticated",
            Self::All => "all",
            Self::Any => "any",
            Self::AnyOf => "any_of",
            Self::Nobody => "nobody",
        }
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        Self::READ.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
            serde::de::Error::custom(format_args!("its rule is {word:?}, which this version does not know"))
        })
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
            scopes: rule.terms().into_iter().cloned().collect(),
            groups,
            roles: rule.roles().iter().map(names).collect(),
            claims: rule.wants_claims(),
            max_age: rule.login().max_age().map(|most| most.as_secs()),
            acr_values: rule.login().acr_values().iter().map(Acr::to_string).collect(),
            guard: rule.guard().map(str::to_owned),
            confirmed: WrittenConfirm::of(rule.confirm()),
        }
    }

    /// The rule that is written here.
    ///
    /// # Errors
    /// Says what makes no rule. Nothing is ever read as more open than it is written.
    pub(super) fn read(&self) -> Result<Rule, String> {
        let Self { rule: word, scopes, groups, roles, claims, max_age, acr_values, guard, confirmed } = self;
        let rule = match (word, scopes.is_empty(), groups.is_empty()) {
            (Word::Public, true, true) => Rule::PUBLIC,
            (Word::Authenticated, true, true) => Rule::AUTHENTICATED,
            (Word::All, false, true) => Rule::any_group_of([scopes.clone()]),
            (Word::Any, false, true) => Rule::any_group_of(scopes.iter().map(|scope| vec![scope.clone()])),
            (Word::AnyOf, false, false) if groups.iter().all(|group| !group.is_empty()) => {
                Rule::any_group_of(groups.clone())
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
        let login = login(*max_age, acr_values)?;
        if !login.is_empty() && rule.is_public() {
            return Err("its rule is public, and a login stands beside it".to_owned());
        }
        let rule = rule.with_login(login);
        let rule = if *claims { rule.with_unknown_claims() } else { rule };
        let rule = match guard.as_deref() {
            Some("") => return Err("its rule names a guard without a name".to_owned()),
            Some(guard) => rule.with_guard(guard.to_owned()),
            None => rule,
        };
        if !confirmed.is_none() && rule.is_public() {
            return Err("its rule is public, and a confirmation stands beside it".to_owned());
        }
        let rule = confirmed.how().into_iter().fold(rule, Rule::confirmed);
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

fn login(max_age: Option<u64>, acr_values: &[String]) -> Result<LoginTerms, String> {
    let terms = match max_age {
        Some(0) => return Err("its rule needs a login of no age".to_owned()),
        Some(seconds) => LoginTerms::NONE.within(Duration::from_secs(seconds)),
        None => LoginTerms::NONE,
    };
    let acr_values = acr_values.iter().map(|acr| acr.parse::<Acr>()).collect::<Result<Vec<_>, _>>();
    let acr_values = acr_values.map_err(|wrong| wrong.to_string())?;
    terms.by_any(acr_values).map_err(|wrong| wrong.to_string())
}
