//! What a person does at the built-in issuer: opens a URL, submits the forms on its pages, keeps the cookie.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;

/// A browser with a cookie jar for one site. It follows redirects within the site and stops where the next one
/// leaves it.
pub struct Browser {
    http: reqwest::Client,
    cookies: Cookies,
}

/// A page as a person sees it.
pub struct Page {
    url: url::Url,
    pub status: u16,
    pub html: String,
}

/// Where an answer of the site leads.
pub enum Led {
    /// To one of its pages.
    To(Page),
    /// Out of the site: to a client's redirect URI, or to a provider.
    Out(String),
}

impl Default for Browser {
    /// A new browser, without cookies.
    fn default() -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { http, cookies: Cookies::default() }
    }
}

impl Browser {
    /// A new browser, without cookies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an authorization URL, logs in as `user` if that is asked, and shows the consent page.
    pub async fn consent(&mut self, url: &str, user: &str) -> Page {
        let page = self.open(url).await;
        assert_eq!(page.status, 200, "{}", page.html);
        if !page.has_field("user") {
            return page;
        }
        match self.submit(&page, &[("decision", "login"), ("user", user)]).await {
            Led::To(page) => page,
            Led::Out(location) => panic!("no consent yet, and the client was told: {location}"),
        }
    }

    /// Opens an authorization URL as `user` and decides; where the client is sent back to.
    pub async fn decide(&mut self, url: &str, user: &str, decision: &str) -> String {
        let page = self.consent(url, user).await;
        self.answer(&page, decision).await
    }

    /// Presses a button of the consent page; where the client is sent back to.
    pub async fn answer(&mut self, consent: &Page, decision: &str) -> String {
        match self.submit(consent, &[("decision", decision)]).await {
            Led::Out(location) => location,
            Led::To(page) => {
                panic!("expected the way back to the client; got {}: {}", page.status, page.html)
            }
        }
    }

    /// Presses a button of the first form of a page; where that leads.
    pub async fn press(&mut self, page: &Page, decision: &str) -> Led {
        self.submit(page, &[("decision", decision)]).await
    }

    /// Opens the page on which a call is confirmed, logs in as `user` and decides; the page at the end.
    pub async fn confirm(&mut self, url: &str, user: &str, decision: &str) -> String {
        let page = self.consent(url, user).await;
        // Another person than the caller is asked nothing.
        if !page.has_field("decision") {
            return page.html;
        }
        match self.submit(&page, &[("decision", decision)]).await {
            Led::To(page) => page.html,
            Led::Out(location) => panic!("a call is confirmed here, and the browser was sent to {location}"),
        }
    }

    /// Follows the link that a device shows, logs in as `user`, goes on with the code that came with the link, and decides; the page at the
    /// end.
    pub async fn connect_device(&mut self, url: &str, user: &str, decision: &str) -> String {
        let entered = self.consent(url, user).await;
        assert!(entered.has_field("user_code"), "{}", entered.html);
        let code = attribute(&entered.html, "name=\"user_code\"", "value");
        let Led::To(asked) = self.submit(&entered, &[("decision", "code"), ("user_code", &code)]).await
        else {
            panic!("a device has no redirect URI")
        };
        match self.submit(&asked, &[("decision", decision)]).await {
            Led::To(page) => page.html,
            Led::Out(location) => {
                panic!("a device has no redirect URI, and the browser was sent to {location}")
            }
        }
    }

    /// Opens a URL; the page that it leads to, which is one of the site.
    pub async fn open(&mut self, url: &str) -> Page {
        match self.visit(url).await {
            Led::To(page) => page,
            Led::Out(location) => panic!("expected a page; was sent to {location}"),
        }
    }

    /// Opens a URL; where that leads.
    pub async fn visit(&mut self, url: &str) -> Led {
        self.follow(self.http.get(url), url.parse().unwrap()).await
    }

    /// Opens a URL of a provider that asks nothing and sends the person back at once; where that leads.
    pub async fn through(&mut self, provider: &str) -> Led {
        let answer = self.http.get(provider).send().await.expect("the provider answers");
        let back = answer.headers().get(LOCATION).expect("a way back").to_str().unwrap().to_owned();
        self.visit(&back).await
    }

    /// Submits the first form of the page, with what is hidden in it.
    async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Led {
        let action = page.url.join(&form_action(&page.html)).unwrap();
        let hidden = hidden(&page.html);
        let is_sent = |name: &str| fields.iter().any(|(sent, _)| *sent == name);
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let hidden = hidden.filter(|(name, _)| !is_sent(name));
        let ticked = ticked(&page.html);
        let ticked = ticked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = hidden.chain(ticked).chain(fields.iter().copied()).collect();
        self.follow(self.http.post(action.clone()).form(&fields), action).await
    }

    async fn follow(&mut self, request: reqwest::RequestBuilder, mut url: url::Url) -> Led {
        let mut request = Some(request);
        loop {
            let mut next = request.take().unwrap_or_else(|| self.http.get(url.clone()));
            if let Some(cookies) = self.cookies.header() {
                next = next.header(COOKIE, cookies);
            }
            let answer = next.send().await.expect("the issuer answers");
            self.cookies.keep(answer.headers());
            if let Some(location) = answer.headers().get(LOCATION) {
                assert_eq!(answer.status(), 303, "a redirect must not repeat the post");
                let to = url.join(location.to_str().unwrap()).unwrap();
                if to.origin() != url.origin() {
                    return Led::Out(to.into());
                }
                url = to;
                continue;
            }
            let status = answer.status().as_u16();
            return Led::To(Page { url, status, html: answer.text().await.unwrap() });
        }
    }
}

impl Page {
    fn has_field(&self, name: &str) -> bool {
        self.html.contains(&format!("name=\"{name}\""))
    }
}

/// The cookies of one site.
#[derive(Debug, Clone, Default)]
pub struct Cookies(pub BTreeMap<String, String>);

impl Cookies {
    /// Keeps those that an answer sets.
    pub fn keep(&mut self, answer: &HeaderMap) {
        for cookie in answer.get_all(SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name and a value");
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// What `Cookie` says; nothing without any.
    pub fn header(&self) -> Option<String> {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }
}

/// Where the first form of a page goes.
pub fn form_action(html: &str) -> String {
    attribute(html, "<form", "action")
}

/// What is hidden in the first form of a page, by name and value.
fn hidden(html: &str) -> Vec<(String, String)> {
    let form = html.split_once("<form").unwrap_or_default().1.split_once("</form>").unwrap_or_default().0;
    let inputs = form.split("<input type=\"hidden\"").skip(1);
    inputs.map(|input| (attribute(input, "", "name"), attribute(input, "", "value"))).collect()
}

/// The hidden token of the first form of a page.
pub fn csrf(html: &str) -> String {
    attribute(html, "name=\"csrf\"", "value")
}

/// The boxes of a page that are ticked and can be unticked, by name and value: a browser sends them with the form.
pub fn ticked(html: &str) -> Vec<(String, String)> {
    let boxes = html.split("<input type=\"checkbox\"").skip(1).filter_map(|rest| rest.split_once('>'));
    let ticked = boxes.map(|(attributes, _)| attributes).filter(|attributes| {
        attributes.split(' ').any(|attribute| attribute == "checked") && !attributes.contains(" disabled")
    });
    ticked.map(|attributes| (attribute(attributes, "", "name"), attribute(attributes, "", "value"))).collect()
}

/// The value of the first `name="…"` behind `marker`.
fn attribute(html: &str, marker: &str, name: &str) -> String {
    let after = html.split_once(marker).unwrap_or_else(|| panic!("no {marker} in {html}")).1;
    let value = after.split_once(&format!("{name}=\"")).unwrap().1.split_once('"').unwrap().0;
    value.replace("&amp;", "&")
}
