//! The media type of a request's body, and those of the answer that its client accepts (RFC 9110 §8.3 and §12.5.1).
//!
//! rmcp takes a client that accepts everything for one that accepts neither form, reads the first of two `Content-Type`
//! and looks at no charset. So this is settled here, and rmcp is told of the forms that every client it sees accepts.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use mcp_auth_core::weight::{WHOLE_WEIGHT, weight};

use crate::answer::Rejection;

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
const HTML: &str = "text/html";
/// What a message's client accepts: its answer is one of the two, and the server chooses.
const BOTH: &str = "application/json, text/event-stream";

/// Checks the headers of a message.
///
/// # Errors
/// [`Rejection::ContentType`], [`Rejection::NotAcceptable`].
pub(super) fn check_message(headers: &HeaderMap) -> Result<(), Rejection> {
    if !is_json(headers) {
        return Err(Rejection::ContentType);
    }
    match accepts_both_plainly(headers) || accepts(headers, JSON) && accepts(headers, EVENT_STREAM) {
        true => Ok(()),
        false => Err(Rejection::NotAcceptable { send: BOTH }),
    }
}

/// Checks the headers of a request for a session's stream.
///
/// # Errors
/// [`Rejection::NotAcceptable`].
pub(super) fn check_stream(headers: &HeaderMap) -> Result<(), Rejection> {
    match accepts(headers, EVENT_STREAM) {
        true => Ok(()),
        false => Err(Rejection::NotAcceptable { send: EVENT_STREAM }),
    }
}

/// Names both forms to rmcp, which wants them by name.
pub(super) fn name_both(headers: &mut HeaderMap) {
    headers.insert(ACCEPT, HeaderValue::from_static(BOTH));
}

/// Whether every form is accepted without a weight, in the words that nearly all clients use.
pub(super) fn accepts_both_plainly(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(ACCEPT).iter();
    let Some(value) = values.next() else { return true };
    let (None, Ok(text)) = (values.next(), value.to_str()) else { return false };
    if text == BOTH {
        return true; // nearly always
    }
    let names =
        |wanted: &str| text.split(',').any(|name| name.trim_matches(' ').eq_ignore_ascii_case(wanted));
    text == "*/*" || (!text.contains([';', '"']) && names(JSON) && names(EVENT_STREAM))
}

/// Whether pages are accepted by their name, as browsers do, and not by a range that covers everything; and at least as gladly as JSON. A
/// program that names both and weighs JSON more gets JSON (RFC 9110 §12.5.1).
pub(crate) fn asks_for_html(headers: &HeaderMap) -> bool {
    names(headers, HTML) && weight_of(headers, HTML) >= weight_of(headers, JSON)
}

/// Whether a page may be sent where there is something else too: to who asks for one, or takes anything and does not name JSON.
pub(crate) fn takes_html(headers: &HeaderMap) -> bool {
    asks_for_html(headers) || (!names(headers, JSON) && accepts(headers, HTML))
}

/// Whether event streams are accepted by their name, and not by a range that covers everything: who writes `*/*` has
/// often thought of JSON alone.
pub(super) fn names_event_stream(headers: &HeaderMap) -> bool {
    names(headers, EVENT_STREAM)
}

fn names(headers: &HeaderMap, wanted: &str) -> bool {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| split(line, ',')).any(|range| {
        if range.trim() == wanted {
            return true; // nearly always
        }
        let mut parts = split(range, ';');
        parts.next().is_some_and(|name| name.trim().eq_ignore_ascii_case(wanted))
            && !parts.any(is_weight_of_nothing)
    })
}

/// The weight of this media type, in thousandths, by the most specific ranges that cover it; nothing where none does.
fn weight_of(headers: &HeaderMap, wanted: &str) -> u16 {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = lines.flat_map(|line| split(line, ',')).filter_map(|range| {
        let mut parts = split(range, ';');
        let closeness = closeness(parts.next()?.trim(), wanted)?;
        Some((closeness, parts.find_map(weight).unwrap_or(WHOLE_WEIGHT)))
    });
    ranges.max().map_or(0, |(_, weight)| weight)
}

/// Whether there is one content type, and it is JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    if value == JSON {
        return true; // nearly always
    }
    let Ok(text) = value.to_str() else { return false };
    let mut parts = split(text, ';');
    let is_json = parts.next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON));
    is_json
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            let quoted = value.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let charset = quoted.unwrap_or(value.trim());
            !name.trim().eq_ignore_ascii_case("charset")
                || ["utf-8", "utf8"].iter().any(|utf8| charset.eq_ignore_ascii_case(utf8))
        })
}

/// Whether an answer of this media type is accepted: by the most specific ranges that cover it, one of which must not
/// weigh nothing. No range at all: everything is.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut best: Option<(usize, bool)> = None;
    let lines = headers.get_all(ACCEPT).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut any = false;
    for line in lines {
        for range in split(&line, ',').filter(|range| !range.trim().is_empty()) {
            any = true;
            let mut parts = split(range, ';');
            let name = parts.next().unwrap_or_default().trim();
            let Some(closeness) = closeness(name, wanted) else { continue };
            let weighs = !parts.any(is_weight_of_nothing);
            best = match best {
                Some((before, _)) if before > closeness => best,
                Some((before, accepted)) if before == closeness => Some((before, accepted || weighs)),
                _ => Some((closeness, weighs)),
            };
        }
    }
    !any || best.is_some_and(|(_, accepted)| accepted)
}

/// How closely a range names a type: by itself, by its family, or as anything.
fn closeness(range: &str, wanted: &str) -> Option<usize> {
    let family = wanted.split_once('/').map_or(wanted, |(family, _)| family);
    match range {
        "*/*" => Some(0),
        _ if range.strip_suffix("/*").is_some_and(|named| named.eq_ignore_ascii_case(family)) => Some(1),
        _ if range.eq_ignore_ascii_case(wanted) => Some(2),
        _ => None,
    }
}

/// `q=0`, `q=0.000` (RFC 9110 §12.4.2). A weight that cannot be read excludes nothing.
fn is_weight_of_nothing(parameter: &str) -> bool {
    weight(parameter) == Some(0)
}

/// Splits at `delimiter` outside of quoted strings (RFC 9110 §5.6.4).
fn split(text: &str, delimiter: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match character {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return !quoted && character == delimiter,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: http::HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().fold(HeaderMap::new(), |mut headers, value| {
            headers.append(name.clone(), HeaderValue::from_static(value));
            headers
        })
    }

    #[test]
    fn an_answer_is_acceptable_where_the_closest_range_says_so() {
        for accepted in [
            &[][..],
            &[""],
            &["*/*"],
            &["*/*;q=0.1"],
            &["application/json, text/event-stream"],
            &["Application/JSON", "text/Event-Stream"],
            &["application/*, text/*"],
            &["application/*", "text/event-stream;q=0.001"],
            &["text/html, */*;q=0.8"],
            &["application/json;q=abc, text/event-stream"],
            &["application/json;a=\"x,y;q=0\", text/event-stream"],
            &["application/json;q=0, application/json, text/event-stream"],
            &["text/*;q=0, text/event-stream, application/json"],
        ] {
            let headers = headers(ACCEPT, accepted);
            assert!(accepts(&headers, JSON) && accepts(&headers, EVENT_STREAM), "{accepted:?}");
        }
        for refused in [
            &["application/json"][..],
            &["text/event-stream"],
            &["application/*"],
            &["text/html"],
            &["*/*;q=0"],
            &["*/*, text/event-stream;q=0"],
            &["*/*", "application/json;q=0.000"],
            &["*/*, text/*;q=0.0"],
            &["application/jsonp, text/event-stream"],
            &["application/json text/event-stream"],
            &["\"application/json, text/event-stream\""],
        ] {
            let headers = headers(ACCEPT, refused);
            assert!(!(accepts(&headers, JSON) && accepts(&headers, EVENT_STREAM)), "{refused:?}");
        }
    }

    #[test]
    fn a_page_is_for_who_names_it_and_does_not_weigh_json_more() {
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "text/html",
            "application/json, text/html",
            "text/html;q=0.5, */*;q=0.1",
        ] {
            let headers = headers(ACCEPT, &[browser]);
            assert!(asks_for_html(&headers) && takes_html(&headers), "{browser}");
        }
        for (program, takes) in [
            ("application/json, text/html;q=0.1", false),
            ("application/json, text/plain, */*", false),
            ("application/json, text/event-stream", false),
            ("text/html;q=0, */*", false),
            ("*/*", true),
            ("text/*", true),
            ("*/*;q=0.1", true),
        ] {
            let headers = headers(ACCEPT, &[program]);
            assert_eq!((asks_for_html(&headers), takes_html(&headers)), (false, takes), "{program}");
        }
        assert!(!asks_for_html(&HeaderMap::new()) && takes_html(&HeaderMap::new()));
    }

    #[test]
    fn a_body_is_json_in_utf_8_by_one_content_type() {
        for taken in [
            "application/json",
            "Application/JSON ; Charset=UTF-8",
            "application/json; charset=\"utf-8\"",
            "application/json;charset=utf8",
            "application/json; a=\";charset=latin1\"",
            "application/json;",
        ] {
            assert!(is_json(&headers(CONTENT_TYPE, &[taken])), "{taken}");
        }
        for refused in [
            &[][..],
            &[""],
            &["application/json", "application/json"],
            &["application/json", "text/plain"],
            &["application/json, text/plain"],
            &["application/json; charset=utf-16"],
            &["application/json; charset=iso-8859-1"],
            &["application/json; charset=\"utf-8"],
            &["application/json; charset="],
            &["application/json; charset=utf-8; charset=latin1"],
            &["application/jsonp"],
            &["text/json"],
            &["\"application/json\""],
        ] {
            assert!(!is_json(&headers(CONTENT_TYPE, refused)), "{refused:?}");
        }
    }

    #[test]
    fn what_is_named_plainly_is_told_apart_from_what_has_weights() {
        for plain in [
            &[][..],
            &["*/*"],
            &["application/json, text/event-stream"],
            &["text/event-stream,Application/JSON"],
            &["application/json, text/event-stream, */*"],
        ] {
            assert!(accepts_both_plainly(&headers(ACCEPT, plain)), "{plain:?}");
        }
        for other in [
            &["application/json"][..],
            &["application/json;q=0, text/event-stream"],
            &["application/json", "text/event-stream"],
            &["\"application/json, text/event-stream\""],
        ] {
            assert!(!accepts_both_plainly(&headers(ACCEPT, other)), "{other:?}");
        }
    }

    #[test]
    fn only_a_client_that_names_event_streams_is_sent_one_instead_of_json() {
        for yes in
            ["text/event-stream", "application/json, Text/Event-Stream", "text/event-stream;q=0.5, a/b"]
        {
            assert!(names_event_stream(&headers(ACCEPT, &[yes])), "{yes}");
        }
        for no in
            ["*/*", "text/*", "application/json", "text/event-stream;q=0", "text/event-stream; Q=0.0", ""]
        {
            assert!(!names_event_stream(&headers(ACCEPT, &[no])), "{no}");
        }
        assert!(!names_event_stream(&HeaderMap::new()));
    }
}
