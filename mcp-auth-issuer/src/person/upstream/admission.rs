//! Who is let in of those who have an account at the provider.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::options::{DomainIn, SaidIn};
use super::said::{at, texts};

/// Who is let in of those who have an account at the provider. **(default: nobody)**
///
/// # Example
/// ```
/// use mcp_auth_issuer::upstream::Admitted;
/// let both = Admitted::Listed(mcp_auth_issuer::upstream::AdmittedLists {
///     domains: ["example.com".to_owned()].into(),
///     subjects: ["17".to_owned()].into(),
///     ..Default::default()
/// });
/// assert_ne!(both, Admitted::subjects(["17"]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// Those whom one of the lists names.
    Listed(AdmittedLists),
    /// Anyone who can log in there.
    Anyone,
}

/// Who is let in, by what the provider says of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdmittedLists {
    /// These people, by what tells them from all others there.
    pub subjects: BTreeSet<String>,
    /// People of these domains, in lower case.
    pub domains: BTreeSet<String>,
    /// People of these organizations.
    pub organizations: BTreeSet<String>,
    /// People of these tenants.
    pub tenants: BTreeSet<String>,
    /// People in these groups.
    pub groups: BTreeSet<String>,
}

/// Nobody.
impl Default for Admitted {
    fn default() -> Self {
        Self::Listed(AdmittedLists::default())
    }
}

impl Admitted {
    /// These people alone.
    pub fn subjects<'a>(subjects: impl IntoIterator<Item = &'a str>) -> Self {
        let subjects = subjects.into_iter().map(str::to_owned).collect();
        Self::Listed(AdmittedLists { subjects, ..AdmittedLists::default() })
    }

    /// Whether the person who is `stable` there and of whom these claims are said is let in.
    ///
    /// # Errors
    /// For each list what the person lacks to be in it. No text of it is the person's.
    pub(super) fn admits(
        &self,
        stable: &str,
        claims: &Map<String, Value>,
        said_in: &SaidIn,
    ) -> Result<(), Vec<String>> {
        let Self::Listed(lists) = self else { return Ok(()) };
        let found = [
            ("subjects", &lists.subjects, Found::Said(vec![stable.to_owned()])),
            ("domains", &lists.domains, domain(claims, &said_in.domain)),
            ("organizations", &lists.organizations, one(claims, said_in.organization.as_deref())),
            ("tenants", &lists.tenants, one(claims, said_in.tenant.as_deref())),
            ("groups", &lists.groups, groups(claims, said_in.groups.as_deref())),
        ];
        let mut missing = Vec::new();
        for (list, allowed, found) in found.into_iter().filter(|(_, allowed, _)| !allowed.is_empty()) {
            match found {
                Found::Said(said) if said.iter().any(|one| allowed.contains(one)) => return Ok(()),
                Found::Said(_) => missing.push(format!("{list} (none of the person's is listed)")),
                Found::Not(why) => missing.push(format!("{list} ({why})")),
            }
        }
        Err(missing)
    }

    /// Our names of the people in the lists, by `name` of what they are there.
    pub(super) fn named(&self, name: impl Fn(&str) -> String) -> Vec<String> {
        match self {
            Self::Anyone => Vec::new(),
            Self::Listed(lists) => lists.subjects.iter().map(|subject| name(subject)).collect(),
        }
    }

    /// Whether it has to be known of which organizations a person is.
    pub(super) fn asks_for_organizations(&self) -> bool {
        matches!(self, Self::Listed(lists) if !lists.organizations.is_empty())
    }

    /// Whether the configuration says by name who is let in, each one.
    pub(super) fn is_by_name(&self) -> bool {
        let Self::Listed(lists) = self else { return false };
        let others = [&lists.domains, &lists.organizations, &lists.tenants, &lists.groups];
        others.into_iter().all(BTreeSet::is_empty)
    }

    /// What lets in people whom the configuration does not name, a word for each rule; `None`: anyone is let in.
    pub(super) fn rules(&self) -> Option<Vec<String>> {
        let Self::Listed(lists) = self else { return None };
        let each = [
            ("domain", &lists.domains),
            ("organization", &lists.organizations),
            ("tenant", &lists.tenants),
            ("group", &lists.groups),
        ];
        let word = |(of, list): (&str, &BTreeSet<String>)| {
            list.iter().map(|one| format!("login of {of} {one}")).collect::<Vec<_>>()
        };
        Some(each.into_iter().flat_map(word).collect())
    }
}

/// What the provider says of a person.
enum Found {
    Said(Vec<String>),
    Not(&'static str),
}

fn domain(claims: &Map<String, Value>, said_in: &DomainIn) -> Found {
    match said_in {
        DomainIn::Nowhere => Found::Not("the provider says none"),
        DomainIn::Claim(claim) => match claims.get(claim).and_then(Value::as_str) {
            Some(domain) => Found::Said(vec![domain.to_ascii_lowercase()]),
            None => Found::Not("the account is of no organization"),
        },
        DomainIn::VerifiedEmail => {
            // Cognito says it as a text, and so do others.
            let is_verified =
                claims.get("email_verified").is_some_and(|said| *said == true || *said == "true");
            let email = claims.get("email").and_then(Value::as_str);
            match email.and_then(|email| email.rsplit_once('@')) {
                Some((local, domain)) if is_verified && !local.is_empty() => {
                    Found::Said(vec![domain.to_ascii_lowercase()])
                }
                Some(_) if is_verified => Found::Not("the e-mail address is not one"),
                Some(_) => Found::Not("the e-mail address is not verified"),
                None => Found::Not("no e-mail address is said"),
            }
        }
    }
}

/// A claim that says one text or several.
fn one(claims: &Map<String, Value>, claim: Option<&str>) -> Found {
    match claim.and_then(|claim| claims.get(claim)) {
        Some(said) => Found::Said(texts(said)),
        None => Found::Not("the provider says none"),
    }
}

fn groups(claims: &Map<String, Value>, path: Option<&[String]>) -> Found {
    match path.and_then(|path| at(claims, path)) {
        Some(said) => Found::Said(texts(said)),
        // Entra ID says more than 200 elsewhere (OpenID Connect Core 1.0 §5.6.2).
        None if claims.contains_key("_claim_names") => Found::Not("they are too many to be said"),
        None => Found::Not("the provider says none"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lists(lists: AdmittedLists) -> Admitted {
        Admitted::Listed(lists)
    }

    fn set(one: &str) -> BTreeSet<String> {
        [one.to_owned()].into()
    }

    fn admits(admitted: &Admitted, claims: Value, said_in: &SaidIn) -> Result<(), Vec<String>> {
        admitted.admits("17", claims.as_object().unwrap(), said_in)
    }

    #[test]
    fn a_domain_is_that_of_a_verified_address_byte_by_byte_but_for_capital_letters() {
        let admitted = lists(AdmittedLists { domains: set("example.com"), ..AdmittedLists::default() });
        let said = |email: Value, verified: Value| {
            admits(&admitted, json!({ "email": email, "email_verified": verified }), &SaidIn::default())
        };
        for (email, verified) in [
            ("ann@example.com", json!(true)),
            ("ann@Example.COM", json!(true)),
            ("ann@example.com", json!("true")),
            ("\"a@b\"@example.com", json!(true)),
        ] {
            assert_eq!(said(json!(email), verified.clone()), Ok(()), "{email} {verified}");
        }
        for (email, verified) in [
            (json!("ann@example.com"), json!(false)),
            (json!("ann@example.com"), json!("false")),
            (json!("ann@example.com"), json!("TRUE")),
            (json!("ann@example.com"), json!(1)),
            (json!("ann@example.com"), Value::Null),
            (json!("ann@sub.example.com"), json!(true)),
            (json!("ann@example.com.evil"), json!(true)),
            (json!("ann@notexample.com"), json!(true)),
            (json!("ann@example.com@evil"), json!(true)),
            (json!("ann@ example.com"), json!(true)),
            (json!("example.com"), json!(true)),
            (json!("@example.com"), json!(true)),
            (json!(["ann@example.com"]), json!(true)),
            (Value::Null, json!(true)),
        ] {
            let missing = said(email.clone(), verified.clone()).unwrap_err();
            assert!(missing.len() == 1 && missing[0].starts_with("domains ("), "{email} {verified}");
            assert!(!missing[0].contains("ann"), "no address is told: {missing:?}");
        }
    }

    #[test]
    fn a_domain_that_the_provider_vouches_for_is_not_that_of_an_address() {
        let admitted = lists(AdmittedLists { domains: set("example.com"), ..AdmittedLists::default() });
        let said_in = SaidIn { domain: DomainIn::Claim("hd".to_owned()), ..SaidIn::default() };
        assert_eq!(admits(&admitted, json!({ "hd": "Example.com" }), &said_in), Ok(()));
        for claims in [
            json!({ "email": "ann@example.com", "email_verified": true }),
            json!({ "hd": "other.example", "email": "ann@example.com", "email_verified": true }),
            json!({ "hd": ["example.com"] }),
        ] {
            assert!(admits(&admitted, claims.clone(), &said_in).is_err(), "{claims}");
        }
        let nowhere = SaidIn { domain: DomainIn::Nowhere, ..SaidIn::default() };
        assert!(admits(&admitted, json!({ "hd": "example.com" }), &nowhere).is_err());
    }

    #[test]
    fn one_list_suffices_and_what_is_missing_of_each_is_told() {
        let admitted = lists(AdmittedLists {
            subjects: set("18"),
            organizations: set("org_1"),
            tenants: set("t"),
            groups: set("admins"),
            ..AdmittedLists::default()
        });
        let said_in = SaidIn {
            tenant: Some("tid".to_owned()),
            groups: Some(vec!["realm".to_owned(), "groups".to_owned()]),
            ..SaidIn::default()
        };
        for claims in [
            json!({ "org_id": "org_1" }),
            json!({ "tid": "t" }),
            json!({ "realm": { "groups": ["users", "admins"] } }),
            json!({ "realm": { "groups": "admins" } }),
        ] {
            assert_eq!(admits(&admitted, claims.clone(), &said_in), Ok(()), "{claims}");
        }
        for claims in [
            json!({}),
            json!({ "org_id": "ORG_1", "tid": "T" }),
            json!({ "groups": ["admins"], "realm": { "groups": ["admin"] } }),
            json!({ "realm": ["admins"], "realm.groups": ["admins"] }),
            json!({ "realm": { "groups": { "admins": true } } }),
        ] {
            let missing = admits(&admitted, claims.clone(), &said_in).unwrap_err();
            assert_eq!(missing.len(), 4, "{claims}: {missing:?}");
        }
        let many = json!({ "_claim_names": { "groups": "src1" } });
        let missing = admits(&admitted, many, &said_in).unwrap_err();
        assert!(missing[3].contains("too many"), "{missing:?}");
        assert_eq!(admits(&Admitted::Anyone, json!({}), &said_in), Ok(()));
        assert_eq!(admits(&Admitted::subjects(["17"]), json!({}), &said_in), Ok(()));
        assert!(admits(&Admitted::default(), json!({}), &said_in).is_err(), "nobody by default");
    }
}
