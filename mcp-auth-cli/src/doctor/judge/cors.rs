//! CORS, which only clients in a browser need. If it is missing, that is a warning; if it is incomplete, that is a
//! failure, because the operator meant it to work.

use http::header;

use crate::doctor::checks::CORS;
use crate::doctor::fetch::{Answer, Trouble};
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;

/// The origin of MCP Inspector.
pub(crate) const ORIGIN: &str = "http://localhost:6274";
/// The headers that a client in a web page sets on a request of 2026-07-28.
pub(crate) const ASKED: &str = "authorization,content-type,mcp-method,mcp-protocol-version";

/// `preflight` is the answer to OPTIONS, `refused` the answer to a POST without a token from the same origin.
pub(crate) fn cors(preflight: &Result<Answer, Trouble>, refused: &Result<Answer, Trouble>) -> Step {
    let preflight = match preflight {
        Ok(preflight) => preflight,
        Err(trouble) => {
            return CORS.warn(format!("no answer to a preflight: {trouble}"), "answer OPTIONS requests");
        }
    };
    let allowed = preflight.header(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    let is_allowed = matches!(allowed, Some("*" | ORIGIN));
    if preflight.status == 401 {
        return CORS.warn(
            "the preflight is answered 401: no browser client can connect, others can",
            "answer OPTIONS before the check for a token: browsers never send one in a preflight (Fetch standard)",
        );
    }
    if !is_allowed || !preflight.status.is_success() {
        return CORS.warn(
            format!(
                "{} to a preflight from {ORIGIN}, {}: browser clients of that origin cannot connect, others can",
                preflight.status,
                allowed.map_or("without Access-Control-Allow-Origin".to_owned(), |origin| format!(
                    "which allows {}",
                    quote(origin)
                ))
            ),
            "allow the origins of the browser clients you want (mcp-auth: cors.allowed_origins)",
        );
    }
    let headers = preflight.list(header::ACCESS_CONTROL_ALLOW_HEADERS);
    // `*` does not include `Authorization` (Fetch standard §4.9).
    let missing: Vec<&str> = ASKED
        .split(',')
        .filter(|name| {
            !headers.iter().any(|allowed| allowed == name || (allowed == "*" && *name != "authorization"))
        })
        .collect();
    if !missing.is_empty() {
        return CORS.fail(
            format!("the preflight does not allow {}: browsers block the request", quote_all(&missing)),
            format!("add them to Access-Control-Allow-Headers{}", star_hint(&headers)),
        );
    }
    let Ok(refused) = refused else {
        return CORS.ok(format!("{ORIGIN} may connect"));
    };
    if refused.header(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none() {
        return CORS.fail(
            format!("the preflight allows {ORIGIN}, the {} after it does not: browsers hide it", refused.status),
            "add the CORS headers to every answer, refusals included: put CORS in front of the check for a token",
        );
    }
    let exposed = refused.list(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    let is_exposed = exposed.iter().any(|name| name == "www-authenticate" || name == "*");
    if refused.status == 401 && !is_exposed {
        return CORS.fail(
            "WWW-Authenticate is not exposed: clients in a browser cannot read the challenge",
            "send `Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id` with every answer",
        );
    }
    CORS.ok(format!("{ORIGIN} may connect, and read WWW-Authenticate"))
}

fn star_hint(headers: &[String]) -> &'static str {
    if headers.iter().any(|name| name == "*") { "; `*` does not cover authorization" } else { "" }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    use super::*;
    use crate::doctor::step::Verdict;

    fn answer(status: u16, fields: &[(&'static str, &'static str)]) -> Result<Answer, Trouble> {
        let headers: HeaderMap = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        Ok(Answer { status, headers, body: String::new(), is_cut: false, received: 0 })
    }

    #[test]
    fn a_page_may_connect_when_it_may_ask_and_read() {
        let preflight =
            answer(204, &[("access-control-allow-origin", ORIGIN), ("access-control-allow-headers", ASKED)]);
        let refused = answer(
            401,
            &[("access-control-allow-origin", "*"), ("access-control-expose-headers", "X, WWW-Authenticate")],
        );
        assert_eq!(cors(&preflight, &refused).verdict, Verdict::Ok);
    }

    #[test]
    fn a_half_is_a_failure_and_nothing_a_warning() {
        let allowing = [("access-control-allow-origin", "*"), ("access-control-allow-headers", ASKED)];
        let star = [("access-control-allow-origin", "*"), ("access-control-allow-headers", "*")];
        let readable = [("access-control-allow-origin", "*")];
        for (preflight, refused, verdict, seen) in [
            (answer(405, &[]), answer(401, &[]), Verdict::Warn, "without Access-Control-Allow-Origin"),
            (answer(401, &[]), answer(401, &[]), Verdict::Warn, "answered 401"),
            (answer(200, &star), answer(401, &readable), Verdict::Fail, "\"authorization\""),
            (answer(200, &allowing), answer(401, &[]), Verdict::Fail, "browsers hide it"),
            (answer(200, &allowing), answer(401, &readable), Verdict::Fail, "not exposed"),
        ] {
            let step = cors(&preflight, &refused);
            assert_eq!(step.verdict, verdict, "{}", step.seen);
            assert!(step.seen.contains(seen), "{}", step.seen);
        }
    }
}
