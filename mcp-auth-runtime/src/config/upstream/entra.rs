//! Microsoft Entra ID.

use super::preset::{DomainFrom, UpstreamPreset};

/// A person of Entra ID is `tid` and `oid` together: `oid` is one object of one tenant, and `sub` is another one for each application. Its ID tokens
/// say the tenant's issuer also where the application is for several tenants, so there each tenant is listed. `email` is whatever an
/// administrator of any tenant writes, and never counts. Groups are in `groups` (ids; over 200 they are left out) and app roles in `roles`.
/// `offline_access` gives a refresh token.
///
/// - Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference, …/claims-validation.
pub(in crate::config) static ENTRA: UpstreamPreset = UpstreamPreset {
    title: Some("Microsoft"),
    is_openid: true,
    issuer: None,
    example: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
    misfit,
    scopes: &["openid", "profile", "email", "offline_access"],
    asks_by_access_type: false,
    organization_scope: None,
    subject_claims: &["tid", "oid"],
    tenant_claim: Some("tid"),
    domain: DomainFrom::Nothing(
        "Entra ID does not vouch for e-mail addresses, which any tenant writes as it likes: use tenants",
    ),
    organization_claim: None,
    groups_claim: Some("groups"),
};

/// What stands for the tenant.
fn misfit(issuer: &str) -> Option<&'static str> {
    let parts: Vec<&str> = issuer.strip_prefix("https://").unwrap_or_default().split('/').collect();
    match parts[..] {
        [_, "organizations", "v2.0"] => None,
        [_, "common" | "consumers", "v2.0"] => Some(
            "everyone can make a personal account: name your tenant by its id, or write \"organizations\" and list tenants in allow",
        ),
        [_, tenant, "v2.0"] if is_guid(tenant) => None,
        _ => Some(
            "an issuer of Entra ID is \"https://login.microsoftonline.com/\", the tenant's id in lower case, and \"/v2.0\"; for several tenants \
             \"https://login.microsoftonline.com/organizations/v2.0\"",
        ),
    }
}

/// Whether this is the id of a tenant, or of anything else at Microsoft, in lower case.
pub(in crate::config) fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_of_entra_names_a_tenant_or_all_organizations() {
        let tenant = "11111111-2222-3333-4444-555555555555";
        let at = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        for good in
            [at(tenant), at("organizations"), format!("https://login.microsoftonline.us/{tenant}/v2.0")]
        {
            assert_eq!(misfit(&good), None, "{good}");
        }
        for bad in [
            at("common"),
            at("consumers"),
            at("contoso.com"),
            at(&tenant.replace('1', "A")),
            at(&tenant[1..]),
            format!("{}/", at(tenant)),
            format!("https://sts.windows.net/{tenant}/"),
            format!("https://login.microsoftonline.com/{tenant}"),
            String::new(),
        ] {
            assert!(misfit(&bad).is_some(), "{bad}");
        }
    }
}
