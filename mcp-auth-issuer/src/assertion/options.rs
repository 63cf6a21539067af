//! What the operator says of an issuer whose assertions stand for a grant.

use std::collections::BTreeSet;
use std::time::Duration;

use mcp_auth_core::{IssuerIdentifier, ScopeSet, bounds};
use mcp_auth_runtime::facade::{ClaimTests, KeySource};

use super::subject::is_of;

/// An issuer whose assertions stand for a grant (RFC 7523 §2.1).
///
/// # Example
/// ```
/// use mcp_auth_issuer::{AssertionKeys, AssertionOptions, AssertionProfile};
/// let options = AssertionOptions {
///     issuer: "https://idp.example.com".parse().unwrap(),
///     keys: AssertionKeys::Discovery,
///     profile: AssertionProfile::IdJag,
///     max_lifetime: std::time::Duration::from_secs(300),
/// };
/// assert!(options.check().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct AssertionOptions {
    /// What `iss` says, byte for byte.
    pub issuer: IssuerIdentifier,
    /// Where its keys are.
    pub keys: KeySource,
    /// What its assertions are.
    pub profile: AssertionProfile,
    /// How long one may be valid in all: [`bounds::ASSERTION_LIFETIME`].
    pub max_lifetime: Duration,
}

/// What the assertions of an issuer are.
#[derive(Debug, Clone)]
pub enum AssertionProfile {
    /// An identity provider's, each about a person and for one client (Identity Assertion JWT Authorization Grant).
    IdJag,
    /// A platform's, each about a program that it runs. Never none.
    Workload(Vec<Workload>),
}

/// A program that a platform runs, and what it gets. To this server it is a client.
#[derive(Debug, Clone)]
pub struct Workload {
    /// What its tokens call it: `client_id` and `sub`.
    pub client_id: String,
    /// What `sub` of its assertions says, exactly.
    pub subject: String,
    /// What their claims must say, all of it. Never nothing.
    pub require_claims: ClaimTests,
    /// The largest set of scopes it can get; it gets all of them if it asks for no scope.
    pub scopes: ScopeSet,
}

/// Why an issuer of assertions does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("assertions of {issuer}: {why}")]
pub struct InvalidAssertions {
    /// The issuer.
    pub issuer: String,
    /// What is wrong.
    pub why: &'static str,
}

impl AssertionOptions {
    /// Checks what the fields have to be.
    ///
    /// # Errors
    /// [`InvalidAssertions`]: a profile without rules would take assertions of anyone.
    pub fn check(&self) -> Result<(), InvalidAssertions> {
        let refused = |why| Err(InvalidAssertions { issuer: self.issuer.to_string(), why });
        if !bounds::ASSERTION_LIFETIME.contain(self.max_lifetime) {
            return refused("max_lifetime must be 10s to 1h");
        }
        let AssertionProfile::Workload(workloads) = &self.profile else { return Ok(()) };
        if workloads.is_empty() {
            return refused("the profile workload must name at least one workload");
        }
        for workload in workloads {
            if workload.subject.is_empty() {
                return refused("a workload must have an exact subject");
            }
            if workload.require_claims.is_empty() {
                return refused("a workload must have claim rules");
            }
        }
        Ok(())
    }

    /// The workloads.
    pub(crate) fn workloads(&self) -> &[Workload] {
        match &self.profile {
            AssertionProfile::IdJag => &[],
            AssertionProfile::Workload(workloads) => workloads,
        }
    }
}

/// Checks all issuers together: each is named once, and no two of all that tokens are for have one name.
pub(crate) fn check_all<'a>(
    all: &[AssertionOptions],
    names: impl Iterator<Item = &'a str>,
) -> Result<(), InvalidAssertions> {
    let mut issuers = BTreeSet::new();
    let mut names: BTreeSet<&str> = names.collect();
    for one in all {
        one.check()?;
        let refused = |why| Err(InvalidAssertions { issuer: one.issuer.to_string(), why });
        if !issuers.insert(one.issuer.as_str()) {
            return refused("the issuer is named twice");
        }
        for workload in one.workloads() {
            if !names.insert(&workload.client_id) {
                return refused("a workload has the name of a user, of a client or of another workload");
            }
        }
    }
    for one in all {
        if names.iter().any(|name| is_of(one.issuer.as_str(), name)) {
            return Err(InvalidAssertions {
                issuer: one.issuer.to_string(),
                why: "a user or a client has a name that one of its people would have",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mcp_auth_runtime::facade::{ClaimAt, ClaimTest};

    use super::*;

    fn options(issuer: &str, profile: AssertionProfile) -> AssertionOptions {
        let (issuer, max_lifetime) = (issuer.parse().unwrap(), bounds::ASSERTION_LIFETIME.default);
        AssertionOptions { issuer, keys: KeySource::Discovery, profile, max_lifetime }
    }

    fn workload(client_id: &str) -> Workload {
        let at = ClaimAt { written: "a".into(), names: vec!["a".into()] };
        Workload {
            client_id: client_id.into(),
            subject: "s".into(),
            require_claims: [(at, ClaimTest::Present(true))].into_iter().collect(),
            scopes: ScopeSet::new(),
        }
    }

    fn check(all: &[AssertionOptions]) -> Result<(), &'static str> {
        check_all(all, ["ann", "app"].into_iter()).map_err(|error| error.why)
    }

    #[test]
    fn a_workload_without_a_subject_or_claim_rules_does_not_start() {
        let with = |change: fn(&mut Workload)| {
            let mut one = workload("deploy");
            change(&mut one);
            check(&[options("https://ci.example", AssertionProfile::Workload(vec![one]))])
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert!(with(|workload| workload.subject.clear()).is_err());
        assert!(with(|workload| workload.require_claims = ClaimTests::default()).is_err());
        assert!(check(&[options("https://ci.example", AssertionProfile::Workload(vec![]))]).is_err());
    }

    #[test]
    fn every_issuer_and_every_name_is_one() {
        let id_jag = |issuer| options(issuer, AssertionProfile::IdJag);
        let of = |names: &[&str]| {
            let workloads = names.iter().map(|name| workload(name)).collect();
            options("https://ci.example", AssertionProfile::Workload(workloads))
        };
        assert_eq!(
            check(&[id_jag("https://a.example"), id_jag("https://b.example"), of(&["x", "y"])]),
            Ok(())
        );
        assert!(check(&[id_jag("https://a.example"), id_jag("https://a.example")]).is_err());
        for taken in ["ann", "app"] {
            assert!(check(&[of(&[taken])]).is_err(), "{taken}");
        }
        assert!(check(&[of(&["x", "x"])]).is_err());
        assert!(check(&[id_jag("https://a.example"), of(&["https://a.example#ann"])]).is_err());
        let one = [id_jag("https://a.example")];
        assert!(check_all(&one, ["https://a.example#ann"].into_iter()).is_err());
    }

    #[test]
    fn an_assertion_lives_ten_seconds_to_an_hour() {
        let with = |seconds| {
            let max_lifetime = Duration::from_secs(seconds);
            AssertionOptions { max_lifetime, ..options("https://a.example", AssertionProfile::IdJag) }.check()
        };
        assert!(with(10).is_ok() && with(3600).is_ok());
        assert!(with(9).is_err() && with(3601).is_err());
    }
}
