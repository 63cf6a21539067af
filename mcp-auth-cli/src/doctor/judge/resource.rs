//! Checks `resource`: it must be identical to the URL, byte for byte, or clients must not use the document (RFC 9728
//! §3.3).

use url::Url;

use super::metadata::Document;
use crate::doctor::address::{Difference, difference};
use crate::doctor::checks::RESOURCE;
use crate::doctor::quote::quote;
use crate::doctor::step::Step;

/// `url` is the text the person typed; `at` is where the document was read.
pub(crate) fn resource(url: &str, at: &Url, document: &Document) -> Step {
    let Some(resource) = document.get("resource").and_then(|value| value.as_str()) else {
        return RESOURCE.fail(
            format!("{at} has no `resource`"),
            format!("say \"resource\": \"{url}\" (mcp-auth: server.public_url)"),
        );
    };
    let Some(difference) = difference(url, resource) else {
        return RESOURCE.ok(format!("{url}, as given"));
    };
    let seen =
        format!("`resource` is {}, clients use {}: {}", quote(resource), quote(url), difference.cause());
    if difference.is_mild() {
        RESOURCE
            .warn(seen, format!("write both alike: give clients {}, or {}", quote(resource), setting(url)))
    } else {
        RESOURCE.fail(seen, fix(difference, url, resource))
    }
}

fn setting(url: &str) -> String {
    format!("set mcp-auth's server.public_url = \"{url}\" (elsewhere the resource or base URL setting)")
}

fn fix(difference: Difference, url: &str, resource: &str) -> String {
    let set = setting(url);
    match difference {
        Difference::HttpForHttps => format!("{set}, or let the server trust the proxy's X-Forwarded-Proto"),
        Difference::InternalHost | Difference::Host => {
            format!(
                "{set}, or let the proxy hand on the Host clients used (nginx: proxy_set_header Host $host)"
            )
        }
        Difference::HttpsForHttp => {
            format!("give clients {}; for a server without TLS, {set}", quote(resource))
        }
        Difference::LoopbackName => {
            format!("give clients {}, the name the server uses for itself, or {set}", quote(resource))
        }
        Difference::SlashMore => {
            format!("{set}, or give clients {}: the slash is part of the identifier", quote(resource))
        }
        Difference::SlashLess => {
            format!("give clients {}: the slash is part of the identifier; or {set}", quote(resource))
        }
        _ => format!("give clients {} if that is the endpoint, or {set}", quote(resource)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::step::Verdict;

    fn judged(url: &str, resource: serde_json::Value) -> Step {
        let at = Url::parse("https://a.example/.well-known/oauth-protected-resource/mcp").unwrap();
        let document = json!({ "resource": resource });
        super::resource(url, &at, document.as_object().unwrap())
    }

    #[test]
    fn a_resource_equal_byte_for_byte_is_ok() {
        assert_eq!(judged("https://a.example/mcp", json!("https://a.example/mcp")).verdict, Verdict::Ok);
    }

    #[test]
    fn http_behind_a_proxy_names_the_proxy_and_the_key() {
        let step = judged("https://a.example/mcp", json!("http://a.example/mcp"));
        assert_eq!(step.verdict, Verdict::Fail);
        assert!(step.seen.contains("TLS ends at a proxy"), "{}", step.seen);
        let fix = step.fix.unwrap();
        assert!(
            fix.contains("server.public_url = \"https://a.example/mcp\"")
                && fix.contains("X-Forwarded-Proto")
        );
    }

    #[test]
    fn what_a_person_may_have_mistyped_is_put_right_at_the_person_first() {
        for mistyped in ["https://a.example/mcp/", "https://a.example/mpc"] {
            let fix = judged(mistyped, json!("https://a.example/mcp")).fix.unwrap();
            assert!(fix.starts_with("give clients \"https://a.example/mcp\""), "{fix}");
            assert!(fix.contains("server.public_url"), "{fix}");
        }
    }

    #[test]
    fn a_trailing_slash_is_a_failure_and_a_bare_host_is_not() {
        assert_eq!(judged("https://a.example/mcp", json!("https://a.example/mcp/")).verdict, Verdict::Fail);
        assert_eq!(judged("https://a.example", json!("https://a.example/")).verdict, Verdict::Warn);
        assert_eq!(judged("https://a.example/mcp", json!(5)).verdict, Verdict::Fail);
    }
}
