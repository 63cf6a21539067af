//! What is sent about a token: always in a body, where no log of a URL can keep it.

use http::HeaderMap;
use http::header::ACCEPT;
use mcp_auth_core::ambient::Ambient;
use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;

use super::error::IntrospectionError;
use super::rules::{IntrospectionKind, IntrospectionRules};
use crate::authn::fetch::FetchRequest;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Asks `endpoint` about `token`.
///
/// - Source: RFC 7662 §2.1; GitHub's "Check a token"; Google's tokeninfo, whose documented `access_token` it takes as a form too.
pub(super) fn about(
    token: &str,
    rules: &IntrospectionRules,
    endpoint: Url,
    ambient: &Ambient,
) -> Result<FetchRequest, IntrospectionError> {
    let mut headers = HeaderMap::new();
    let mut form = Serializer::new(String::new());
    match rules.kind {
        IntrospectionKind::Rfc7662 => {
            form.append_pair("token", token).append_pair("token_type_hint", "access_token");
        }
        IntrospectionKind::GoogleTokeninfo => {
            form.append_pair("access_token", token);
        }
        IntrospectionKind::GithubCheckToken => {}
    }
    rules.client.write(rules.issuer.as_str(), ambient, &mut headers, &mut form)?;
    let mut request = match rules.kind {
        IntrospectionKind::Rfc7662 | IntrospectionKind::GoogleTokeninfo => {
            FetchRequest::post(endpoint, FORM, form.finish())
        }
        IntrospectionKind::GithubCheckToken => {
            let mut request =
                FetchRequest::post(endpoint, JSON, json!({ "access_token": token }).to_string());
            let accept = http::HeaderValue::from_static("application/vnd.github+json");
            request.headers.insert(ACCEPT, accept);
            request
        }
    };
    request.headers.extend(headers);
    Ok(request)
}
