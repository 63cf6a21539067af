//! Whom a provider names, and what it says of the login.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::seen::{deceives, plain};
use mcp_auth_store::Linked;
use serde_json::{Map, Value};

use super::options::UpstreamOptions;
use super::passed_on::passed_on;
use super::said::{Said, verified_email};
use crate::given::LOGIN;
use crate::observe::Event as _;
use crate::observe::login::PersonNotAdmitted;
use crate::person::User;
use crate::person::login::CLOCK_SKEW;

/// What our names of such people begin with; no other login gives it.
pub(in crate::person) const PREFIX: &str = "oidc_";
/// The most characters of a name that are kept.
const MOST_OF_NAME: usize = 200;
/// The most bytes of what tells a person from others.
const MOST_OF_SUBJECT: usize = 512;
/// The most characters of `acr`, and of each of `amr`, of which 16 are kept.
const MOST_OF_WORD: usize = 255;
const MOST_METHODS: usize = 16;

/// Why what a provider says lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotIn {
    #[error("its {0} is not what it should be")]
    Claim(String),
    #[error("the person is not among those who are let in")]
    NotAdmitted,
}

/// Our stable name of the person who is `stable` at `issuer`: of both, so that two providers never share one, and of no email address,
/// which may come to belong to another person.
pub(super) fn subject(issuer: &str, stable: &str) -> String {
    // No issuer identifier holds a line feed.
    let hash = digest::digest(&digest::SHA256, format!("{issuer}\n{stable}").as_bytes());
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

impl UpstreamOptions {
    /// Our name of the person who is `stable` there.
    pub(super) fn name_of(&self, stable: &str) -> String {
        subject(&self.iss_of(stable), stable)
    }

    /// Our names of the people whom the configuration names.
    pub(crate) fn listed(&self) -> Vec<String> {
        self.admitted.named(|stable| self.name_of(stable))
    }

    /// What else lets people in, or gives them something, a word for each. A person who loses one has to log in again.
    pub(crate) fn rules(&self) -> Vec<String> {
        let rules = self.admitted.rules().unwrap_or_else(|| vec![LOGIN.to_owned()]);
        let passed_on = self.claims.iter().map(|path| format!("claim {} of the provider", path.join(" ")));
        rules.into_iter().chain(passed_on).collect()
    }

    /// Whether somebody is let in still who was by these entries of `allow`, as far as that can be told without the provider.
    pub(super) fn lets_in_still(&self, by: &BTreeSet<String>) -> bool {
        self.admitted.admits_still(by, &self.said_in)
    }

    /// Whether the person of our name `subject` may be let in still, as far as that can be told without the provider.
    pub(super) fn may_let_in(&self, subject: &str) -> bool {
        match self.admitted.is_by_name() {
            true => self.listed().iter().any(|listed| listed == subject),
            false => subject.starts_with(PREFIX),
        }
    }
}

/// What tells the person of these claims from all others there, for ever: the values of the claims that say it. Only the last may have a
/// slash, so no two people have the same.
fn stable(claims: &Map<String, Value>, names: &[String]) -> Result<String, NotIn> {
    let mut parts = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let is_last = place + 1 == names.len();
        let value = claims.get(name).and_then(Value::as_str);
        let value = value.filter(|value| !value.is_empty() && (is_last || !value.contains('/')));
        parts.push(value.ok_or_else(|| NotIn::Claim(name.clone()))?);
    }
    let stable = parts.join("/");
    match stable.is_empty() || stable.len() > MOST_OF_SUBJECT {
        true => Err(NotIn::Claim(names.join(" and "))),
        false => Ok(stable),
    }
}

/// A person who is let in.
pub(super) struct LetIn {
    pub(super) user: User,
    /// By which entries of `allow`.
    pub(super) by: BTreeSet<String>,
}

/// The person whom the provider names.
///
/// # Errors
/// [`NotIn`].
pub(super) fn person(
    Said { iss, claims }: &Said,
    options: &UpstreamOptions,
    now: u64,
) -> Result<LetIn, NotIn> {
    let stable = stable(claims, &options.said_in.subject)?;
    let by = options.admitted.admits(&stable, claims, &options.said_in).map_err(|missing| {
        // The operator finds here what to write into allow.
        PersonNotAdmitted { assertion_issuer: iss, assertion_subject: &stable, missing: &missing }.happened();
        NotIn::NotAdmitted
    })?;
    let name = ["name", "preferred_username", "login"].iter().find_map(|claim| claims.get(*claim)?.as_str());
    let subject = subject(iss, &stable);
    let user = User {
        name: name.map(|name| plain(name, MOST_OF_NAME)).filter(|name| !name.is_empty()),
        known_as: Some(known_as(claims, &stable)),
        linked: Some(Linked { issuer: iss.clone(), subject: stable }),
        acr: claims.get("acr").and_then(word),
        amr: methods(claims),
        auth_time: Some(auth_time(claims, now)?),
        claims: passed_on(claims, &options.claims),
        ..User::new(subject)
    };
    Ok(LetIn { user, by })
}

/// By what the provider tells this person from others, as people read it: an address that it verified, else the name that they log in by there,
/// else what never changes. `name` is free text at most providers.
fn known_as(claims: &Map<String, Value>, stable: &str) -> String {
    let login = || ["preferred_username", "login"].iter().find_map(|claim| claims.get(*claim)?.as_str());
    let said = verified_email(claims).or_else(login).map(|said| plain(said, MOST_OF_NAME));
    said.filter(|said| !said.is_empty()).unwrap_or_else(|| plain(stable, MOST_OF_NAME))
}

/// When they logged in. One who is not said when did long ago: a rule that asks how old the login is must not take it.
fn auth_time(claims: &Map<String, Value>, now: u64) -> Result<u64, NotIn> {
    let wrong = || NotIn::Claim("auth_time".to_owned());
    match claims.get("auth_time") {
        None => Ok(0),
        Some(at) => at.as_u64().filter(|at| *at <= now.saturating_add(CLOCK_SKEW)).ok_or_else(wrong),
    }
}

/// What a token of ours may repeat.
fn word(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty() && !deceives(text))?;
    (text.chars().count() <= MOST_OF_WORD).then(|| text.to_owned())
}

fn methods(claims: &Map<String, Value>) -> Vec<String> {
    let all = claims.get("amr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(word).take(MOST_METHODS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::person::upstream::options::{UpstreamProvider, UpstreamTenants};
    use crate::person::upstream::{Admitted, AdmittedLists};

    fn options(admitted: Admitted) -> UpstreamOptions {
        let issuer = "https://a.example".parse().unwrap();
        UpstreamOptions { admitted, ..UpstreamOptions::openid("a", issuer, "us") }
    }

    #[test]
    fn a_person_has_one_name_by_issuer_and_subject() {
        let names = [
            subject("https://a.example", "17"),
            subject("https://b.example", "17"),
            subject("https://a.example", "18"),
            subject("https://a.example/1", "7"),
        ];
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), 4);
        assert_eq!(names[0], subject("https://a.example", "17"));
        assert!(names.iter().all(|name| name.starts_with("oidc_") && name.len() == 48));
        // As releases before this one named them: tokens, grants and rows of an application hold it.
        assert_eq!(names[0], "oidc_jw6Dtx84OiNJjaZtl5zFNLwTlBAqZo5kajhA4kJXKHA");
    }

    #[test]
    fn a_person_is_known_as_what_the_provider_verified_and_not_as_what_they_write_themselves() {
        let of = |claims: Value| known_as(claims.as_object().unwrap(), "17");
        for (claims, shown) in [
            (
                json!({ "email": "ann@example.com", "email_verified": true, "login": "ann" }),
                "ann@example.com",
            ),
            (json!({ "email": "ann@example.com", "email_verified": "true" }), "ann@example.com"),
            (json!({ "email": "ann@example.com", "email_verified": false }), "17"),
            (json!({ "email": "ann@example.com", "name": "Ann", "nickname": "a" }), "17"),
            (json!({ "email": 1, "email_verified": true, "preferred_username": "ann" }), "ann"),
            (json!({ "email": "", "email_verified": true }), "17"),
            (json!({ "login": "octocat" }), "octocat"),
            (json!({ "preferred_username": "\u{202e}" }), "17"),
            (json!({}), "17"),
        ] {
            assert_eq!(of(claims.clone()), shown, "{claims}");
        }
        assert_eq!(of(json!({ "login": "x".repeat(900) })).chars().count(), MOST_OF_NAME);
    }

    #[test]
    fn several_claims_name_a_person_and_no_two_people_share_a_name() {
        let of =
            |claims: Value| stable(claims.as_object().unwrap(), &["tid".to_owned(), "oid".to_owned()]).ok();
        assert_eq!(of(json!({ "tid": "t", "oid": "o" })).as_deref(), Some("t/o"));
        assert_eq!(of(json!({ "tid": "t", "oid": "o/p" })).as_deref(), Some("t/o/p"));
        for bad in [
            json!({ "tid": "t/o", "oid": "p" }),
            json!({ "tid": "", "oid": "o" }),
            json!({ "tid": "t", "oid": "" }),
            json!({ "tid": "t" }),
            json!({ "oid": "o" }),
            json!({ "tid": 1, "oid": "o" }),
            json!({ "tid": "t", "oid": "x".repeat(600) }),
        ] {
            assert_eq!(of(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn who_is_taken_out_of_the_list_is_let_in_no_more() {
        let listed = options(Admitted::subjects(["17"]));
        assert!(listed.may_let_in(&listed.name_of("17")));
        assert!(!listed.may_let_in(&listed.name_of("18")));
        assert!(!listed.may_let_in("17"), "its name there is not its name here");
        let anyone = options(Admitted::Anyone);
        assert!(anyone.may_let_in(&anyone.name_of("18")));
        assert!(!anyone.may_let_in("developer"));
        let domains = ["example.com".to_owned()].into();
        let by_rule = options(Admitted::Listed(AdmittedLists { domains, ..AdmittedLists::default() }));
        assert!(by_rule.may_let_in(&by_rule.name_of("18")) && !by_rule.may_let_in("developer"));
        assert_eq!(by_rule.rules(), ["login of domain example.com"]);
        assert_eq!((anyone.rules(), listed.rules().len()), (vec!["login".to_owned()], 0));
    }

    #[test]
    fn a_person_of_a_tenant_has_the_tenants_issuer_in_their_name() {
        let mut options = options(Admitted::subjects(["t1/o"]));
        options.provider = UpstreamProvider::OpenId {
            issuer: "https://as.example/organizations/v2.0".parse().unwrap(),
            tenants: Some(UpstreamTenants {
                template: "https://as.example/{tenantid}/v2.0".to_owned(),
                claim: "tid".to_owned(),
                names: vec!["t1".to_owned()],
            }),
        };
        assert_eq!(options.listed(), [subject("https://as.example/t1/v2.0", "t1/o")]);
    }
}
