//! A rejection as the result of a tool (`auth.denial = "tool-error"`): words for the model and, where a login helps, challenges for
//! a client that shows its login by them (OpenAI Apps SDK, authentication, "Triggering authentication UI").

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ::http::{HeaderValue, Response};
use axum::body::Body;
use mcp_auth_core::Era;
use mcp_auth_core::challenge::{BearerError, Challenge};
use serde_json::{Map, Value, json};

use super::Rejection;
use super::data::Facts;
use super::row::{Row, Says};
use super::schemes::Schemes;

/// Where such clients look for the challenges: each as a `WWW-Authenticate` header has it.
const CHALLENGES: &str = "mcp/www_authenticate";

/// Where the facts of the refusal are, those that an error has in its `data`. `structuredContent` has what the tool promises.
const FACTS: &str = "mcp-auth/refusal";

/// The answer holds a challenge in its body, and not in its head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChallengedInBody;

impl Rejection {
    /// The result of the call that is refused, with the result type where `era` requires one. Without `resource_metadata` there is
    /// nobody to log in at, and it holds no challenge.
    pub(crate) fn tool_error(&self, era: Era, resource_metadata: Option<&str>, schemes: &Schemes) -> Value {
        let row = self.row();
        let challenge = challenge(&row);
        let mut meta = Map::new();
        if let Some(facts) = Facts::of(&row, challenge.as_ref(), resource_metadata).to_value() {
            meta.insert(FACTS.to_owned(), facts);
        }
        // No login brings what an operator gives.
        let asks = challenge.filter(|_| !matches!(row.says, Says::Lacks { .. }));
        if let (Some(challenge), Some(metadata)) = (asks, resource_metadata) {
            let headers = schemes.challenges(challenge).map(|challenge| challenge.header(Some(metadata)));
            let texts = headers.filter_map(|header| header.to_str().ok().map(Value::from));
            meta.insert(CHALLENGES.to_owned(), texts.collect());
        }
        let mut result = json!({ "content": [{ "type": "text", "text": row.text }], "isError": true });
        if !meta.is_empty() {
            result["_meta"] = meta.into();
        }
        if era == Era::Stateless {
            result["resultType"] = "complete".into();
        }
        result
    }

    /// The same as the whole HTTP answer to the message `id`.
    pub(crate) fn respond_as_tool_error(
        &self,
        id: &Value,
        era: Era,
        resource_metadata: Option<&str>,
        schemes: &Schemes,
    ) -> Response<Body> {
        let result = self.tool_error(era, resource_metadata, schemes);
        let is_challenged = result["_meta"].get(CHALLENGES).is_some();
        let body = json!({ "jsonrpc": "2.0", "id": id, "result": result });
        let mut response = Response::new(Body::from(body.to_string()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if is_challenged {
            response.extensions_mut().insert(ChallengedInBody);
        }
        response
    }
}

/// The challenge of the header, which says an error here also where nothing was presented: without one such a client shows no login.
fn challenge(row: &Row<'_>) -> Option<Challenge> {
    let mut challenge = row.challenge()?;
    challenge.error.get_or_insert_with(|| (BearerError::InsufficientScope, row.text.clone().into_owned()));
    Some(challenge)
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;

    use super::*;

    const METADATA: &str = "https://x.example/.well-known/oauth-protected-resource/mcp";

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse_lossy(text)
    }

    fn lacks_write() -> Rejection {
        Rejection::InsufficientScope { required: scopes("write"), held: scopes("read") }
    }

    fn result(rejection: &Rejection, metadata: Option<&str>, schemes: &Schemes) -> Value {
        rejection.tool_error(Era::Sessions, metadata, schemes)
    }

    /// The headers of the same refusal by HTTP status.
    fn headers(rejection: &Rejection, schemes: &Schemes) -> Vec<String> {
        let response = rejection.respond_by(&Value::Null, Some(METADATA), schemes);
        let headers = response.headers().get_all("www-authenticate").iter();
        headers.map(|header| header.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_missing_scope_is_the_result_that_openai_documents() {
        assert_eq!(
            result(&lacks_write(), Some(METADATA), &Schemes::bearer_alone()),
            json!({
                "content": [{ "type": "text", "text": "this needs the scope write" }],
                "isError": true,
                "_meta": {
                    "mcp/www_authenticate": [format!(
                        "Bearer error=\"insufficient_scope\", error_description=\"this needs the scope write\", \
                         scope=\"read write\", resource_metadata=\"{METADATA}\""
                    )],
                    "mcp-auth/refusal": {
                        "error": "insufficient_scope", "scope": "read write", "resource_metadata": METADATA,
                        "required": ["write"], "held": ["read"],
                    },
                },
            })
        );
    }

    #[test]
    fn the_challenges_are_those_of_the_headers_in_every_scheme() {
        for schemes in [Schemes::bearer_alone(), Schemes::both(), Schemes::dpop_alone()] {
            let said = result(&lacks_write(), Some(METADATA), &schemes);
            assert_eq!(said["_meta"][CHALLENGES], json!(headers(&lacks_write(), &schemes)), "{schemes:?}");
        }
        assert_eq!(headers(&lacks_write(), &Schemes::both()).len(), 2);
    }

    #[test]
    fn a_missing_token_is_said_with_an_error_or_no_login_would_be_shown() {
        let rejection = Rejection::Unauthenticated { scopes: scopes("base write") };
        let said = result(&rejection, Some(METADATA), &Schemes::bearer_alone());
        assert_eq!(
            said["_meta"][CHALLENGES],
            json!([format!(
                "Bearer error=\"insufficient_scope\", error_description=\"authentication required\", \
                 scope=\"base write\", resource_metadata=\"{METADATA}\""
            )])
        );
        assert!(!headers(&rejection, &Schemes::bearer_alone())[0].contains("error"), "RFC 6750 section 3.1");
    }

    #[test]
    fn no_login_is_shown_that_would_bring_nothing() {
        let bearer = Schemes::bearer_alone();
        for rejection in [
            Rejection::MissingScope { required: scopes("write"), held: scopes("") },
            Rejection::MissingRole { any_of: vec!["manager".parse().unwrap()] },
            Rejection::Refused { reason: "not yours".to_owned() },
        ] {
            let said = result(&rejection, Some(METADATA), &bearer);
            assert_eq!(said["_meta"].get(CHALLENGES), None, "{rejection:?}");
            assert_eq!(said["content"][0]["text"], *rejection.message(), "{rejection:?}");
            assert_eq!(said["isError"], true);
        }
        let nobody_to_log_in_at = result(&lacks_write(), None, &bearer);
        assert_eq!(nobody_to_log_in_at["_meta"].get(CHALLENGES), None);
        assert_eq!(nobody_to_log_in_at["_meta"][FACTS]["required"], json!(["write"]));
    }

    #[test]
    fn a_tool_with_an_output_schema_is_refused_without_structured_content() {
        // Clients hold structured content against that schema, of errors too.
        let said = result(&lacks_write(), Some(METADATA), &Schemes::bearer_alone());
        assert_eq!(said.get("structuredContent"), None);
    }

    #[test]
    fn nothing_that_a_guard_says_leaves_its_place() {
        let reason = "a\" , scope=\"admin\r\nX: y".to_owned();
        let said = result(&Rejection::Refused { reason: reason.clone() }, Some(METADATA), &Schemes::both());
        assert_eq!(said["content"][0]["text"], reason);
        assert_eq!(said.get("_meta"), None);
    }
}
