//! What there is to know of a provider that people log in at.

/// What is known of one provider that people log in at. Claims are those of its ID tokens; of GitHub, the members of `GET /user`.
#[derive(Debug)]
#[non_exhaustive]
pub struct UpstreamPreset {
    /// As its makers write it. Pages call it so; one without a name is called by its host.
    pub title: Option<&'static str>,
    /// Whether it is an OpenID Connect provider. If not, it is GitHub, or one that answers as GitHub does.
    pub is_openid: bool,
    /// Its issuer identifier, where it has one for everybody.
    pub issuer: Option<&'static str>,
    /// An issuer identifier of its kind.
    pub example: &'static str,
    /// What is wrong with an issuer identifier that cannot be this provider's, and what to write.
    pub misfit: fn(&str) -> Option<&'static str>,
    /// What is asked for where the operator does not say it.
    pub(super) scopes: &'static [&'static str],
    /// Whether `access_type=offline` asks it for a refresh token. Others give one anyway, or where `offline_access` is among the scopes.
    pub asks_by_access_type: bool,
    /// What has to be asked for, beside that, to know of which organizations a person is.
    pub organization_scope: Option<&'static str>,
    /// The claims that tell a person from all others, for ever.
    pub subject_claims: &'static [&'static str],
    /// The claim that says the tenant, where it serves several.
    pub tenant_claim: Option<&'static str>,
    /// The domain of a person.
    pub domain: DomainFrom,
    /// The claim that says the organizations.
    pub organization_claim: Option<&'static str>,
    /// The claim that says the groups, where it is the same for everybody.
    pub groups_claim: Option<&'static str>,
}

/// What a provider says of the domain that a person is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DomainFrom {
    /// This claim, which the provider vouches for.
    Claim(&'static str),
    /// The part of `email` behind the `@`, where `email_verified` says so.
    VerifiedEmail,
    /// Nothing that could be relied on; why, and what to write instead.
    Nothing(&'static str),
}

impl UpstreamPreset {
    /// What is asked for where the operator does not say it.
    pub fn scopes(&self, asks_for_organizations: bool) -> Vec<&'static str> {
        let of_organizations = self.organization_scope.filter(|_| asks_for_organizations);
        self.scopes.iter().copied().chain(of_organizations).collect()
    }
}

/// Any issuer may be this provider's.
pub(super) fn any(_: &str) -> Option<&'static str> {
    None
}
