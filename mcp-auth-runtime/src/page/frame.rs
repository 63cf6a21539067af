//! What is around every page, and the headers that protect it.

use ::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use ::http::{HeaderValue, Response, StatusCode};
use axum::body::Body;
use bytes::Bytes;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::brand::{Brand, source_of};
use super::language::Language;
use super::texts::Texts;

/// A whole page.
#[derive(Debug)]
pub struct Frame<'a> {
    /// How it looks.
    pub brand: &'a Brand,
    /// The language of its text.
    pub language: Language,
    /// The text of the browser tab.
    pub title: &'a str,
    /// What it says.
    pub body: &'a Markup,
    /// What stands below it.
    pub footer: &'a Markup,
    /// What it runs.
    pub script: Script<'a>,
}

/// A page that is written.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    document: Bytes,
    policy: HeaderValue,
    language: Language,
}

/// The one script of a page.
#[derive(Debug, Clone, Copy)]
pub enum Script<'a> {
    /// None.
    None,
    /// This one, in the page.
    Inside(&'static str),
    /// The one at this URL, which the page names itself. A hash would name it more narrowly, but not every browser takes one for a
    /// script that has a URL.
    At(&'a str),
}

impl Frame<'_> {
    /// An answer that is this page.
    pub fn response(&self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        self.page().put_into(&mut response);
        response
    }

    /// The page, written once for all who ask for it.
    pub(crate) fn page(&self) -> Page {
        let document = self.document().into_string().into();
        Page { document, policy: self.policy(), language: self.language }
    }

    /// The page loads nothing and cannot be framed; its style sheet and a script in it are allowed by their hashes.
    ///
    /// `form-action` is missing on purpose where there are forms. It could only say `'self'`, but Chromium applies it to every redirect that
    /// follows a form, so it would block the redirect to the client. Even a list with the redirect URI would block
    /// clients whose callback redirects again (`https://vscode.dev/redirect` does, to `vscode:`). It protects against
    /// injected forms, which are not possible here: every value is escaped, and the only secret in a page is a CSRF token
    /// that is valid for one browser and one request.
    fn policy(&self) -> HeaderValue {
        let scripts = match self.script {
            Script::None => String::new(),
            Script::Inside(text) => format!("script-src {}; ", source_of(text)),
            Script::At(url) => format!("script-src {url}; "),
        };
        // What is written into a page is escaped, so this is a form of ours.
        let has_forms = self.body.0.contains("<form");
        let forms = if has_forms { "" } else { "; form-action 'none'" };
        let (pictures, style) = (self.brand.picture_source(), self.brand.style_source());
        let policy = format!(
            "default-src 'none'; {scripts}{pictures}style-src {style}; frame-ancestors 'none'; base-uri 'none'{forms}"
        );
        // The fallback is a constant: where the URL of a script does not fit into a header, the page loses its style but not its
        // protection.
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        ))
    }

    fn document(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (self.title) }
                    style { (PreEscaped(self.brand.style())) }
                }
                body {
                    @if let Some(header) = self.brand.header() { (header) }
                    main { (self.body) }
                    footer {
                        (self.footer)
                        @if let Some(url) = self.brand.support() {
                            p { a href=(url) rel="noreferrer" { (Texts::of(self.language).help) } }
                        }
                    }
                    @if let Script::Inside(text) = self.script { script { (PreEscaped(text)) } }
                }
            }
        }
    }
}

impl Page {
    /// Makes this page the body of an answer, which keeps its status and every other header.
    pub(crate) fn put_into(&self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        headers.append(VARY, HeaderValue::from_static("Accept-Language"));
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // Other sites get no referrer. It is not `no-referrer`, because browsers then send `Origin: null` with our
        // own forms too, and these could not be told from another site's.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        *response.body_mut() = Body::from(self.document.clone());
    }

    /// Its HTML.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.document).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::super::logo::Logo;
    use super::*;

    async fn shown(brand: &Brand, script: Script<'_>, body: Markup) -> (Response<()>, String) {
        let footer = html! {};
        let frame =
            Frame { brand, language: Language::German, title: "<t>", body: &body, footer: &footer, script };
        let (parts, body) = frame.response(StatusCode::OK).into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn policy(response: &Response<()>) -> &str {
        response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap()
    }

    #[tokio::test]
    async fn a_page_allows_its_own_style_and_nothing_else() {
        let brand = Brand::named("Todos");
        let (response, page) = shown(&brand, Script::None, html! { form {} }).await;
        assert!(page.contains("<html lang=\"de\">") && page.contains("<title>&lt;t&gt;</title>"), "{page}");
        assert_eq!(response.headers()[CONTENT_LANGUAGE], "de");
        let said = policy(&response);
        assert!(said.starts_with("default-src 'none'; style-src 'sha256-"), "{said}");
        assert!(said.ends_with("'; frame-ancestors 'none'; base-uri 'none'"), "{said}");
        assert!(!said.contains("script") && !said.contains("img") && !page.contains("<header>"), "{said}");
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert!(said.contains(&source_of(style)), "{said}");
    }

    #[tokio::test]
    async fn what_an_operator_sets_is_shown_and_allowed() {
        let logo = Logo::read(b"<svg xmlns='http://www.w3.org/2000/svg'>").unwrap();
        let support = Some("mailto:help@example.com?subject=\"><script>".to_owned());
        let brand = Brand::new("A \"B\"", Some("#ffdd00".parse().unwrap()), Some(logo), support);
        let (response, page) = shown(&brand, Script::Inside("a < b"), html! { p { "<form>" } }).await;
        let said = policy(&response);
        assert!(said.ends_with("; base-uri 'none'; form-action 'none'"), "{said}");
        assert!(said.contains("; img-src data:; style-src 'sha256-"), "{said}");
        assert!(said.contains(&format!("; script-src {}; ", source_of("a < b"))), "{said}");
        assert!(page.contains(
            "<img class=\"logo\" src=\"data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnPg==\" alt=\"A &quot;B&quot;\">"
        ));
        assert!(page.contains("href=\"mailto:help@example.com?subject=&quot;&gt;&lt;script&gt;\""), "{page}");
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert!(said.contains(&source_of(style)) && style.contains("--button: #ffdd00"), "{said}");
    }
}
