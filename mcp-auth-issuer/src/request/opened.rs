//! Whether a person opens the page, or a program looks at it beforehand.

use http::{HeaderMap, Method};

/// Whether this request opens a page in front of a person. A program that asks for the headers alone does not, and neither does a browser that
/// looks ahead (Fetch, `Sec-Purpose`): the person may never follow the link, so nothing happens that counts once.
pub(crate) fn is_opened(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::GET && !headers.contains_key("sec-purpose")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_opened_by_get_and_not_by_head_or_by_a_browser_that_looks_ahead() {
        let ahead = |purpose: &str| {
            HeaderMap::from_iter([("sec-purpose".parse().unwrap(), purpose.parse().unwrap())])
        };
        assert!(is_opened(&Method::GET, &HeaderMap::new()));
        assert!(!is_opened(&Method::HEAD, &HeaderMap::new()));
        for purpose in ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"] {
            assert!(!is_opened(&Method::GET, &ahead(purpose)), "{purpose}");
        }
    }
}
