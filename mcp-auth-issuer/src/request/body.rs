//! Request bodies: of one content type, of limited size, read completely.

use axum::body::{Body, to_bytes};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::request::{InvalidParams, Params};

/// The longest form, in bytes; typical OAuth forms have a few hundred.
const MAX_FORM: usize = 16 * 1024;
/// The longest form of one of our own pages, in bytes: all scopes of the longest request, each as a field.
const MAX_PAGE_FORM: usize = 32 * 1024;
/// The most fields of one.
const MAX_PAGE_FIELDS: usize = 320;

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidBody {
    #[error("the body is not {0}")]
    ContentType(&'static str),
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error(transparent)]
    Params(#[from] InvalidParams),
    #[error("parameter {0:?} is repeated")]
    Repeated(String),
}

/// Reads a form (OAuth 2.1 §3.2.2: parameters come in the body, as `application/x-www-form-urlencoded`). No parameter may come twice (§3.2),
/// but for `resource`, which has a rule of its own.
pub(crate) async fn form(headers: &HeaderMap, body: Body) -> Result<Params, InvalidBody> {
    let bytes = bounded(headers, body, "application/x-www-form-urlencoded", MAX_FORM).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| InvalidBody::NotUtf8)?;
    each_once(Params::parse(text)?, "resource")
}

/// Reads a form of one of our own pages, which may have a field for each of many scopes: these alone have one name.
pub(crate) async fn long_form(headers: &HeaderMap, body: Body) -> Result<Params, InvalidBody> {
    let bytes = bounded(headers, body, "application/x-www-form-urlencoded", MAX_PAGE_FORM).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| InvalidBody::NotUtf8)?;
    each_once(Params::parse_at_most(text, MAX_PAGE_FIELDS)?, "scope")
}

/// The same parameters, if none but `besides` comes twice.
fn each_once(params: Params, besides: &str) -> Result<Params, InvalidBody> {
    match params.repeated_besides(besides) {
        Some(name) => Err(InvalidBody::Repeated(name.to_owned())),
        None => Ok(params),
    }
}

/// Reads a body of `content_type` of at most `max` bytes. A body that breaks off counts as too long; the client has
/// gone, so the answer does not matter.
pub(crate) async fn bounded(
    headers: &HeaderMap,
    body: Body,
    content_type: &'static str,
    max: usize,
) -> Result<axum::body::Bytes, InvalidBody> {
    if !has_content_type(headers, content_type) {
        return Err(InvalidBody::ContentType(content_type));
    }
    to_bytes(body, max).await.map_err(|_| InvalidBody::TooLong(max))
}

fn has_content_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let media_type = value.to_str().ok().and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(wanted)
}
