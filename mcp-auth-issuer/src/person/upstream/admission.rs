//! Who is let in of those who have an account at the provider.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::options::{DomainIn, SaidIn};
use super::said::{at, texts, verified_email};

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

    /// Whether the person who is `stable` there and of whom these claims are said is let in: by which entries, a word for each. Another
    /// configuration [reads](Self::admits_still) the words later.
    ///
    /// # Errors
    /// For each list what the person lacks to be in it. No text of it is the person's.
    pub(super) fn admits(
        &self,
        stable: &str,
        claims: &Map<String, Value>,
        said_in: &SaidIn,
    ) -> Result<BTreeSet<String>, Vec<String>> {
        let Self::Listed(lists) = self else { return Ok([ANYONE.to_owned()].into()) };
        let (mut by, mut missing) = (BTreeSet::new(), Vec::new());
        for list in lists.each(said_in).into_iter().filter(|list| !list.entries.is_empty()) {
            let found = match list.kind {
                ListKind::Subjects => Found::Said(vec![stable.to_owned()]),
                ListKind::Domains => domain(claims, &said_in.domain),
                ListKind::Organizations => one(claims, said_in.organization.as_deref()),
                ListKind::Tenants => one(claims, said_in.tenant.as_deref()),
                ListKind::Groups => groups(claims, said_in.groups.as_deref()),
            };
            match found {
                Found::Said(said) => {
                    let named: Vec<_> = said.iter().filter(|one| list.entries.contains(*one)).collect();
                    if named.is_empty() {
                        missing.push(format!("{} (none of the person's is listed)", list.kind));
                    }
                    by.extend(named.into_iter().map(|one| list.word(one)));
                }
                Found::Not(why) => missing.push(format!("{} ({why})", list.kind)),
            }
        }
        if by.is_empty() { Err(missing) } else { Ok(by) }
    }

    /// Whether somebody is let in still who was by these entries, as far as that can be told without asking what is said of them now.
    pub(super) fn admits_still(&self, by: &BTreeSet<String>, said_in: &SaidIn) -> bool {
        match self {
            Self::Anyone => true,
            Self::Listed(lists) => {
                lists.each(said_in).iter().any(|list| list.words().any(|word| by.contains(&word)))
            }
        }
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

/// The word of [`Admitted::Anyone`].
const ANYONE: &str = "anyone";

/// By what a list names people.
#[derive(Debug, Clone, Copy)]
enum ListKind {
    Subjects,
    Domains,
    Organizations,
    Tenants,
    Groups,
}

/// As the configuration calls it.
impl fmt::Display for ListKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subjects => "subjects",
            Self::Domains => "domains",
            Self::Organizations => "organizations",
            Self::Tenants => "tenants",
            Self::Groups => "groups",
        })
    }
}

/// One of the lists.
struct List<'a> {
    kind: ListKind,
    entries: &'a BTreeSet<String>,
    /// The claims that say it.
    said_in: String,
}

impl List<'_> {
    /// Another claim may be one that people write themselves, so it is part of the word.
    fn word(&self, entry: &str) -> String {
        format!("{} by {}: {entry}", self.kind, self.said_in)
    }

    fn words(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(|entry| self.word(entry))
    }
}

impl AdmittedLists {
    fn each(&self, said_in: &SaidIn) -> [List<'_>; 5] {
        let domain = match &said_in.domain {
            DomainIn::Claim(claim) => claim,
            DomainIn::VerifiedEmail => "email",
            DomainIn::Nowhere => "",
        };
        let (organization, tenant) = (said_in.organization.clone(), said_in.tenant.clone());
        let groups = said_in.groups.as_deref().unwrap_or_default().join(" ");
        [
            (ListKind::Subjects, &self.subjects, said_in.subject.join(" ")),
            (ListKind::Domains, &self.domains, domain.to_owned()),
            (ListKind::Organizations, &self.organizations, organization.unwrap_or_default()),
            (ListKind::Tenants, &self.tenants, tenant.unwrap_or_default()),
            (ListKind::Groups, &self.groups, groups),
        ]
        .map(|(kind, entries, said_in)| List { kind, entries, said_in })
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
            match (verified_email(claims).map(|email| email.rsplit_once('@')), claims.get("email")) {
                (Some(Some((local, domain))), _) if !local.is_empty() => {
                    Found::Said(vec![domain.to_ascii_lowercase()])
                }
                (Some(_), _) => Found::Not("the e-mail address is not one"),
                (None, Some(_)) => Found::Not("the e-mail address is not verified"),
                (None, None) => Found::Not("no e-mail address is said"),
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
        admitted.admits("17", claims.as_object().unwrap(), said_in).map(|by| {
            assert!(admitted.admits_still(&by, said_in), "{by:?}");
        })
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

    #[test]
    fn who_came_by_an_entry_is_let_in_for_as_long_as_it_stands_and_is_read_in_the_same_claim() {
        let of = |domain: &str, group: &str| {
            lists(AdmittedLists { domains: set(domain), groups: set(group), ..AdmittedLists::default() })
        };
        let said_in = SaidIn { groups: Some(vec!["groups".to_owned()]), ..SaidIn::default() };
        let claims = json!({ "email": "ann@a.example", "email_verified": true, "groups": ["g", "h"] });
        let by = of("a.example", "g").admits("17", claims.as_object().unwrap(), &said_in).unwrap();
        assert_eq!(by.len(), 2, "{by:?}");
        for still in [of("a.example", "g"), of("a.example", "x"), of("x.example", "g"), Admitted::Anyone] {
            assert!(still.admits_still(&by, &said_in), "{still:?}");
        }
        for out in
            [of("x.example", "x"), of("g", "a.example"), Admitted::subjects(["17"]), Admitted::default()]
        {
            assert!(!out.admits_still(&by, &said_in), "{out:?}");
        }
        // Group h was not listed then: only the provider can say that they are in it.
        assert!(!of("x.example", "h").admits_still(&by, &said_in));
        let elsewhere = SaidIn { groups: Some(vec!["roles".to_owned()]), ..SaidIn::default() };
        assert!(!of("x.example", "g").admits_still(&by, &elsewhere));
        let by_nothing = Admitted::Anyone.admits("17", &Map::new(), &said_in).unwrap();
        assert!(Admitted::Anyone.admits_still(&by_nothing, &said_in));
        assert!(!of("a.example", "anyone").admits_still(&by_nothing, &said_in));
    }
}
