//! Checks what a client needs from the authorization server: PKCE, a way to register, `iss` in the response.

use super::metadata::Document;
use super::strings;
use crate::doctor::checks::{PKCE, REGISTRATION, RESPONSE_ISSUER};
use crate::doctor::quote::quote_all;
use crate::doctor::step::Step;

pub(crate) fn pkce(document: &Document) -> Step {
    let fix = "turn PKCE with S256 on, and say \"code_challenge_methods_supported\": [\"S256\"] in the metadata; \
               providers that support it and do not say so need that line added, by a proxy if need be";
    match strings(document.get("code_challenge_methods_supported")) {
        None => PKCE.fail("code_challenge_methods_supported is missing: clients must refuse to go on", fix),
        Some(methods) if methods.iter().any(|method| method == "S256") => PKCE.ok(quote_all(&methods)),
        Some(methods) => PKCE.fail(
            format!(
                "code_challenge_methods_supported is [{}]: no S256, clients must refuse",
                quote_all(&methods)
            ),
            fix,
        ),
    }
}

pub(crate) fn registration(document: &Document) -> Step {
    let documents = document.get("client_id_metadata_document_supported").and_then(|value| value.as_bool());
    let dynamic = document.get("registration_endpoint").is_some_and(|value| value.is_string());
    match (documents.unwrap_or(false), dynamic) {
        (true, true) => REGISTRATION.ok("client ID metadata documents, and dynamic registration"),
        (true, false) => REGISTRATION.ok("client ID metadata documents; older clients need pre-registration"),
        (false, true) => REGISTRATION.ok("dynamic registration"),
        (false, false) => REGISTRATION.warn(
            "neither client ID metadata documents nor dynamic registration: only clients that were registered by hand can log in",
            "turn one of them on, or register each client by hand as a public client with the redirect URI it \
             names, and give it the id: Claude Code `claude mcp add --client-id ID --callback-port PORT …`; Claude \
             and ChatGPT in the connector's advanced settings; VS Code asks when it connects; MCP Inspector under \
             OAuth settings; `mcp-auth login --client-id ID`",
        ),
    }
}

pub(crate) fn response_issuer(document: &Document) -> Step {
    match document.get("authorization_response_iss_parameter_supported").and_then(|value| value.as_bool()) {
        Some(true) => RESPONSE_ISSUER.ok("`iss` in authorization responses"),
        _ => RESPONSE_ISSUER.ok("`iss` is not promised in authorization responses; MCP recommends it"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::step::Verdict;

    #[test]
    fn s256_is_needed_and_plain_does_not_do() {
        for (document, verdict) in [
            (json!({ "code_challenge_methods_supported": ["plain", "S256"] }), Verdict::Ok),
            (json!({ "code_challenge_methods_supported": ["plain"] }), Verdict::Fail),
            (json!({ "code_challenge_methods_supported": "S256" }), Verdict::Fail),
            (json!({}), Verdict::Fail),
        ] {
            assert_eq!(pkce(document.as_object().unwrap()).verdict, verdict, "{document}");
        }
    }

    #[test]
    fn without_any_way_to_register_each_client_has_to_be() {
        for (document, verdict) in [
            (json!({ "client_id_metadata_document_supported": true }), Verdict::Ok),
            (json!({ "registration_endpoint": "https://a.example/register" }), Verdict::Ok),
            (json!({ "client_id_metadata_document_supported": false }), Verdict::Warn),
        ] {
            assert_eq!(registration(document.as_object().unwrap()).verdict, verdict, "{document}");
        }
    }
}
