//! The authorization server's metadata: which of the places named by MCP has it, and whether its `issuer` and
//! endpoints are valid.

use mcp_auth_core::net::{Host, is_secure};
use url::Url;

use super::metadata::{Document, Fetched, read};
use super::strings;
use crate::doctor::address::{difference, is_internal};
use crate::doctor::checks::{ISSUER, ISSUER_ENDPOINTS, ISSUER_METADATA};
use crate::doctor::fetch::Trouble;
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;

/// The URLs where clients look, in the order that MCP gives.
pub(crate) fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    let mut places = vec![
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("/.well-known/openid-configuration{path}")),
    ];
    if !path.is_empty() {
        places.push(at(format!("{path}/.well-known/openid-configuration")));
    }
    places
}

/// The first document that could be read.
pub(crate) fn document(fetched: &[(Url, Fetched)]) -> Option<(Url, Document)> {
    fetched.iter().find_map(|(url, fetched)| Some((url.clone(), read(fetched).ok()?)))
}

pub(crate) fn metadata(issuer: &str, fetched: &[(Url, Fetched)]) -> Step {
    let tried: Vec<String> = fetched
        .iter()
        .map(|(url, fetched)| match read(fetched) {
            Ok(_) => format!("{url}: found"),
            Err(problem) => format!("{url}: {}", problem.seen()),
        })
        .collect();
    if fetched.iter().all(|(_, fetched)| matches!(fetched, Err(Trouble::NotAsked))) {
        return ISSUER_METADATA.warn(
            format!("{}: {}", quote(issuer), Trouble::NotAsked),
            "name the issuer by an address that clients reach, or run doctor with --private-addresses inside that network",
        );
    }
    let Some(first) = fetched.iter().position(|(_, fetched)| read(fetched).is_ok()) else {
        let is_away = fetched.iter().all(|(_, fetched)| fetched.is_err());
        let fix = if is_away {
            format!("start the authorization server, or correct {} in authorization_servers", quote(issuer))
        } else {
            format!(
                "serve the metadata of {} at one of these, as application/json; with an issuer that has a path, a \
                 proxy must forward /.well-known/ of the host too. Or correct authorization_servers: the issuer \
                 identifier is what the provider's own metadata calls `issuer`",
                quote(issuer)
            )
        };
        return ISSUER_METADATA.fail(format!("found nowhere: {}", tried.join("; ")), fix);
    };
    let confusing = fetched[..first].iter().find(|(_, fetched)| {
        fetched.as_ref().is_ok_and(|answer| answer.status.is_success() || answer.status.is_redirection())
    });
    if let Some((url, _)) = confusing {
        return ISSUER_METADATA.warn(
            format!("a place before the right one answers with something else: {}", tried.join("; ")),
            format!("answer 404 at {url}, or the metadata: clients that look there first may give up"),
        );
    }
    ISSUER_METADATA.ok(tried[first].clone())
}

/// Compares the document's `issuer` with the identifier by which it was found.
pub(crate) fn issuer(listed: &str, document: &Document) -> Step {
    let Some(stated) = document.get("issuer").and_then(|value| value.as_str()) else {
        return ISSUER.fail("the metadata has no `issuer`", format!("say \"issuer\": {}", quote(listed)));
    };
    match difference(listed, stated) {
        None => ISSUER.ok(format!("{}, as listed", quote(stated))),
        Some(difference) => ISSUER.fail(
            format!(
                "the metadata says `issuer` is {}, authorization_servers says {}: {}; clients must not use it",
                quote(stated),
                quote(listed),
                difference.cause()
            ),
            format!(
                "write {} in the server's authorization_servers (mcp-auth: [[auth.issuers]] issuer), if that is \
                 the right authorization server; else correct the authorization server's own public URL",
                quote(stated)
            ),
        ),
    }
}

pub(crate) fn endpoints(document: &Document) -> Step {
    let mut missing = Vec::new();
    for name in ["authorization_endpoint", "token_endpoint"] {
        if document.get(name).and_then(|value| value.as_str()).is_none() {
            missing.push(name);
        }
    }
    if !missing.is_empty() {
        return ISSUER_ENDPOINTS.fail(
            format!("the metadata has no {}", missing.join(" and no ")),
            "clients log in with the authorization code flow: turn it on, or list another authorization server",
        );
    }
    // An issuer inside a network may speak plain http there; that it does is said of `authorization_servers`.
    let own = document.get("issuer").and_then(|issuer| Url::parse(issuer.as_str()?).ok());
    let inside = own.filter(|own| own.scheme() == "http" && is_internal(own)).as_ref().and_then(Host::of);
    let is_inside = |url: &Url| url.scheme() == "http" && inside.is_some() && Host::of(url) == inside;
    let names = ["authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri"];
    for name in names {
        let Some(text) = document.get(name).and_then(|value| value.as_str()) else { continue };
        if !Url::parse(text).is_ok_and(|url| is_secure(&url) || is_inside(&url)) {
            return ISSUER_ENDPOINTS.fail(
                format!("{name} is {}: not https", quote(text)),
                "serve every endpoint over https; behind a proxy, tell the authorization server its public URL, or \
                 let it trust X-Forwarded-Proto",
            );
        }
    }
    let flows = [("response_types_supported", "code"), ("grant_types_supported", "authorization_code")];
    for (name, needed) in flows {
        let Some(offered) = strings(document.get(name)) else { continue };
        if !offered.iter().any(|offer| offer == needed) {
            return ISSUER_ENDPOINTS.fail(
                format!("{name} is {}, without {needed}", quote_all(&offered)),
                "turn the authorization code flow on",
            );
        }
    }
    ISSUER_ENDPOINTS.ok(match inside {
        None => "authorization and token endpoint, secure",
        Some(_) => "authorization and token endpoint, over plain http inside a network",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::step::Verdict;

    #[test]
    fn places_stand_in_the_order_of_the_specification() {
        let list = |issuer: &str| -> Vec<String> {
            places(&Url::parse(issuer).unwrap()).iter().map(|url| url.as_str().to_owned()).collect()
        };
        assert_eq!(
            list("https://auth.example.com/tenant1"),
            [
                "https://auth.example.com/.well-known/oauth-authorization-server/tenant1",
                "https://auth.example.com/.well-known/openid-configuration/tenant1",
                "https://auth.example.com/tenant1/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            list("https://auth.example.com/"),
            [
                "https://auth.example.com/.well-known/oauth-authorization-server",
                "https://auth.example.com/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn an_issuer_with_a_slash_more_is_another_issuer() {
        let document = json!({ "issuer": "https://a.example/" });
        let step = issuer("https://a.example/", document.as_object().unwrap());
        assert_eq!(step.verdict, Verdict::Ok);
        let step = issuer("https://a.example", document.as_object().unwrap());
        assert_eq!(step.verdict, Verdict::Fail);
        assert!(step.fix.unwrap().contains("\"https://a.example/\""));
    }

    #[test]
    fn endpoints_over_plain_http_are_those_of_an_issuer_on_the_same_host_inside_a_network() {
        for (issuer, token, verdict) in [
            ("http://keycloak:8080/r", "http://keycloak:8080/t", Verdict::Ok),
            ("http://keycloak:8080/r", "https://a.example/t", Verdict::Ok),
            ("http://keycloak:8080/r", "http://other/t", Verdict::Fail),
            ("http://a.example", "http://a.example/t", Verdict::Fail),
            ("https://keycloak", "http://keycloak/t", Verdict::Fail),
        ] {
            let document =
                json!({ "issuer": issuer, "authorization_endpoint": token, "token_endpoint": token });
            assert_eq!(endpoints(document.as_object().unwrap()).verdict, verdict, "{issuer} {token}");
        }
    }

    #[test]
    fn endpoints_are_there_and_secure() {
        let judged = |document: serde_json::Value| endpoints(document.as_object().unwrap());
        let good = json!({ "authorization_endpoint": "https://a.example/a", "token_endpoint": "http://127.0.0.1:1/t" });
        assert_eq!(judged(good).verdict, Verdict::Ok);
        for (broken, seen) in [
            (json!({ "token_endpoint": "https://a.example/t" }), "no authorization_endpoint"),
            (
                json!({ "authorization_endpoint": "http://a.example/a", "token_endpoint": "https://a.example/t" }),
                "not https",
            ),
            (
                json!({ "authorization_endpoint": "https://a.example/a", "token_endpoint": "https://a.example/t",
                        "response_types_supported": ["token"] }),
                "without code",
            ),
        ] {
            let step = judged(broken);
            assert_eq!(step.verdict, Verdict::Fail);
            assert!(step.seen.contains(seen), "{}", step.seen);
        }
    }
}
