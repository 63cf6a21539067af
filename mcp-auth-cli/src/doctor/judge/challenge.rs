//! Judges the challenge of the 401: it tells a client where to log in, and for which scopes.

use mcp_auth_core::challenge::{Reading, ReceivedChallenge};
use url::Url;

use crate::doctor::address;
use crate::doctor::checks::CHALLENGE;
use crate::doctor::fetch::Answer;
use crate::doctor::quote::quote;
use crate::doctor::step::Step;

const EXAMPLE: &str = "send `WWW-Authenticate: Bearer resource_metadata=\"";

/// The `Bearer` challenge that clients use, if there is one.
pub(crate) fn bearer(answer: &Answer) -> Option<ReceivedChallenge> {
    Reading::of(&answer.headers).strictly().ok()?.into_iter().find(ReceivedChallenge::is_bearer)
}

/// Whether this is the challenge of a server that offers no login: Bearer, without a word of where metadata is.
pub(crate) fn names_no_metadata(answer: &Answer) -> bool {
    bearer(answer).is_some_and(|bearer| bearer.get("resource_metadata").is_none())
}

/// What is said of a server that asks for a bearer token, and has no metadata anywhere.
pub(crate) fn no_login() -> Step {
    CHALLENGE.warn(
        "no login is offered: only callers that have a key get in (right for a server with API keys alone)",
        "nothing, if API keys are all that the server is to accept; else let it serve protected resource metadata and name \
         it in the challenge (mcp-auth: add [[auth.issuers]], or let the proxy forward /.well-known/ to the server)",
    )
}

/// `metadata` is the URL where the protected resource metadata should be; `is_found` says whether it is there.
pub(crate) fn challenge(url: &Url, answer: &Answer, metadata: &Url, is_found: bool) -> Step {
    let example = format!("{EXAMPLE}{metadata}\"`");
    let all = match Reading::of(&answer.headers).strictly() {
        Ok(all) => all,
        Err(malformed) => {
            return CHALLENGE.fail(format!("WWW-Authenticate is malformed: {malformed}"), example);
        }
    };
    let Some(bearer) = all.iter().find(|challenge| challenge.is_bearer()) else {
        if all.is_empty() {
            return CHALLENGE
                .fail("401 without WWW-Authenticate: clients do not learn where to log in", example);
        }
        let schemes: Vec<&str> = all.iter().map(|challenge| challenge.scheme()).collect();
        let fix = format!(
            "{example}: a proxy or another middleware answers before the MCP server, or OAuth is off"
        );
        return CHALLENGE.fail(format!("no Bearer challenge, only {}", quote(&schemes.join(", "))), fix);
    };
    let Some(named) = bearer.get("resource_metadata") else {
        let seen = "the Bearer challenge has no resource_metadata";
        return if is_found {
            CHALLENGE.warn(
                format!("{seen}; clients that do not guess the well-known URL find no login"),
                format!("name the metadata in the challenge: {example}"),
            )
        } else {
            CHALLENGE.fail(
                format!("{seen}, and nothing is at {metadata}: clients find no login"),
                format!("serve protected resource metadata there, and {example}"),
            )
        };
    };
    let Ok(target) = Url::parse(named) else {
        return CHALLENGE
            .fail(format!("resource_metadata is not an absolute URL: {}", quote(named)), example);
    };
    if let Some(step) = misplaced(url, &target, named, metadata) {
        return step;
    }
    if let Some(error) = bearer.get("error") {
        return CHALLENGE.warn(
            format!("error={} to a request that had no token (RFC 6750 §3.1: no error then)", quote(error)),
            "leave `error` out when no token came: some clients take it for a refused login",
        );
    }
    let bearers = all.iter().filter(|challenge| challenge.is_bearer()).count();
    if bearers > 1 {
        return CHALLENGE.warn(
            format!("{bearers} Bearer challenges; clients use the first, or none"),
            "send one: server and proxy may each add theirs",
        );
    }
    let scope = bearer.get("scope").map_or_else(String::new, |scope| format!(", scope {}", quote(scope)));
    CHALLENGE.ok(format!("Bearer with resource_metadata{scope}"))
}

/// Reports a `resource_metadata` whose scheme or host clients of this URL cannot use.
fn misplaced(url: &Url, target: &Url, named: &str, metadata: &Url) -> Option<Step> {
    let seen = format!("resource_metadata is {}", quote(named));
    if url.scheme() == "https" && target.scheme() == "http" {
        return Some(CHALLENGE.fail(
            format!("{seen}: http, where clients use https; TLS ends at a proxy and the server does not know"),
            format!(
                "tell the server its public URL (mcp-auth: server.public_url = \"{url}\"; elsewhere the base URL \
                 setting, or trust the proxy's X-Forwarded-Proto): the challenge has to name {metadata}"
            ),
        ));
    }
    if target.host_str() != url.host_str() && address::is_internal(target) && !address::is_internal(url) {
        return Some(CHALLENGE.fail(
            format!("{seen}: a host that only the inside of its network reaches"),
            format!(
                "tell the server its public URL (mcp-auth: server.public_url = \"{url}\"), or let the proxy hand \
                 on Host (nginx: proxy_set_header Host $host)"
            ),
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::doctor::step::Verdict;

    const METADATA: &str = "https://a.example/.well-known/oauth-protected-resource/mcp";

    fn judged(header: Option<&'static str>, is_found: bool) -> Step {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert("www-authenticate", HeaderValue::from_static(header));
        }
        let answer = Answer {
            status: StatusCode::UNAUTHORIZED,
            headers,
            body: String::new(),
            is_cut: false,
            received: 0,
        };
        let url = Url::parse("https://a.example/mcp").unwrap();
        challenge(&url, &answer, &Url::parse(METADATA).unwrap(), is_found)
    }

    #[test]
    fn a_challenge_that_leads_to_the_metadata_is_ok() {
        let good = "Bearer resource_metadata=\"https://a.example/.well-known/oauth-protected-resource/mcp\", scope=\"r\"";
        assert_eq!(judged(Some(good), true).verdict, Verdict::Ok);
    }

    #[test]
    fn what_leads_nowhere_is_named_with_the_header_to_send() {
        for (header, verdict, seen) in [
            (None, Verdict::Fail, "without WWW-Authenticate"),
            (Some("Basic realm=\"x\""), Verdict::Fail, "only \"Basic\""),
            (Some("Bearer resource_metadata=https://x"), Verdict::Fail, "malformed"),
            (Some("Bearer resource_metadata=\"/x\""), Verdict::Fail, "not an absolute URL"),
            (Some("Bearer resource_metadata=\"http://a.example/x\""), Verdict::Fail, "TLS ends at a proxy"),
            (Some("Bearer resource_metadata=\"https://app:80/x\""), Verdict::Fail, "only the inside"),
            (Some("Bearer"), Verdict::Warn, "no resource_metadata"),
        ] {
            let step = judged(header, true);
            assert_eq!(step.verdict, verdict, "{header:?}");
            assert!(step.seen.contains(seen), "{header:?}: {}", step.seen);
            assert!(
                step.fix.is_some_and(|fix| fix.contains(METADATA) || fix.contains("public_url")),
                "{header:?}"
            );
        }
        assert_eq!(judged(Some("Bearer"), false).verdict, Verdict::Fail);
    }
}
