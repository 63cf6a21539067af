//! What the issuer asks the application's page, in the query.

use std::fmt;

use url::Url;

use crate::person::login::Asked;
use crate::request::Params;

/// A login that the issuer asks the application's page for. Anyone can open the page with any query, so all of it is to be shown or passed
/// back, never to be believed. It does not say where to go back to: [`Answer::location`](super::Answer::location) goes to the issuer that
/// the application was configured with, and an address from the query could be anybody's.
///
/// # Example
/// ```
/// use mcp_auth_issuer::own_login::Request;
/// let query = "transaction=0123456789abcdefghijABCDEFGHIJ0123456789-_A&client_name=Editor&max_age=300";
/// let request = Request::read(query).unwrap();
/// assert_eq!(request.client_name.as_deref(), Some("Editor"));
/// // A user who logged in four minutes ago need not again; one of an hour ago must.
/// assert!(request.takes(10_000 - 240, 10_000) && !request.takes(10_000 - 3_600, 10_000));
/// assert!(Request::read("client_name=Editor").is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The secret name of the login, which [`Answer::transaction`](super::Answer::transaction) repeats.
    pub transaction: String,
    /// The name that the MCP client gave itself. It proves nothing.
    pub client_name: Option<String>,
    /// Who may be about to log in.
    pub login_hint: Option<String>,
    /// How strong the login should be: some `acr` values, separated by spaces, the best first.
    pub acr_values: Option<String>,
    /// The languages of pages, separated by spaces, the best first.
    pub ui_locales: Option<String>,
    /// The user is to prove who they are now, whatever they did before (`prompt=login`).
    pub again: bool,
    /// How old their login may be, in seconds (`max_age`).
    pub max_age: Option<u64>,
}

/// Without the secret name and without the name of a person: applications write what they are asked into their logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("client_name", &self.client_name)
            .field("login_hint", &self.login_hint.as_ref().map(|_| "…"))
            .field("acr_values", &self.acr_values)
            .field("ui_locales", &self.ui_locales)
            .field("again", &self.again)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Reads the query of the page: what stands behind its `?`. `None` where it is not one of an issuer.
    pub fn read(query: &str) -> Option<Self> {
        let params = Params::parse(query).ok()?;
        if params.repeated().is_some() {
            return None;
        }
        let said = |name| params.get(name).map(str::to_owned);
        let max_age = match params.get("max_age") {
            None => None,
            Some(age) => Some(age.parse().ok()?),
        };
        Some(Self {
            transaction: said("transaction")?,
            client_name: said("client_name"),
            login_hint: said("login_hint"),
            acr_values: said("acr_values"),
            ui_locales: said("ui_locales"),
            again: params.get("prompt") == Some("login"),
            max_age,
        })
    }

    /// Whether a user who proved who they are at `auth_time` need not do so again `now`, both in Unix seconds.
    pub fn takes(&self, auth_time: u64, now: u64) -> bool {
        !self.again && self.max_age.is_none_or(|age| age > 0 && now.saturating_sub(auth_time) <= age)
    }

    /// The request for `asked`, of the client with this name. All that is asked for is passed on: how long it may be is decided once, where the
    /// authorization request is read.
    pub(super) fn of(transaction: &str, client_name: Option<&str>, asked: &Asked<'_>) -> Self {
        let hint = |hint: Option<&str>| hint.map(str::to_owned);
        Self {
            transaction: transaction.to_owned(),
            client_name: client_name.map(str::to_owned),
            login_hint: hint(asked.login_hint),
            acr_values: hint(asked.acr_values),
            ui_locales: hint(asked.ui_locales),
            again: asked.again,
            max_age: asked.max_age,
        }
    }

    /// The application's page with this request in the query.
    pub(super) fn at(&self, page: &Url) -> Url {
        let mut url = page.clone();
        let max_age = self.max_age.map(|age| age.to_string());
        let said = [
            ("transaction", Some(&*self.transaction)),
            ("client_name", self.client_name.as_deref()),
            ("login_hint", self.login_hint.as_deref()),
            ("acr_values", self.acr_values.as_deref()),
            ("ui_locales", self.ui_locales.as_deref()),
            ("prompt", self.again.then_some("login")),
            ("max_age", max_age.as_deref()),
        ];
        let said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(said);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_issuer_asks_is_what_the_page_reads() {
        let asked = Asked {
            login_hint: Some("ann@example.com"),
            acr_values: Some("gold silver"),
            ui_locales: Some("de"),
            again: true,
            max_age: Some(5),
        };
        for (asked, client_name) in [(asked, Some("An & \"editor\"")), (Asked::default(), None)] {
            let request = Request::of("t-1", client_name, &asked);
            let url = request.at(&Url::parse("https://app.example/login?for=mcp").unwrap());
            assert!(url.as_str().starts_with("https://app.example/login?for=mcp&transaction=t-1"), "{url}");
            assert_eq!(Request::read(url.query().unwrap()), Some(request));
        }
    }

    /// C19. Applications log `{request:?}`.
    #[test]
    fn c19_debug_of_a_request_shows_no_hint_of_a_person_and_no_transaction() {
        let query = "transaction=t-secret&login_hint=ann%40example.com&client_name=Editor&max_age=5";
        let shown = format!("{:?}", Request::read(query).unwrap());
        assert!(shown.contains("Editor") && shown.contains("max_age: Some(5)"), "{shown}");
        assert!(!shown.contains("t-secret") && !shown.contains("ann"), "{shown}");
    }

    #[test]
    fn the_longest_hints_are_passed_on_and_a_query_that_contradicts_itself_is_not_read() {
        let (long, longest) = ("x".repeat(256), "x".repeat(512));
        let (login_hint, acr_values, ui_locales) = (Some(&*long), Some(&*longest), Some(&*long));
        let asked = Asked { login_hint, acr_values, ui_locales, ..Asked::default() };
        let request = Request::of("t", None, &asked);
        let passed_on =
            [&request.login_hint, &request.acr_values, &request.ui_locales].map(|hint| hint.as_deref());
        assert_eq!(passed_on, [login_hint, acr_values, ui_locales]);
        for query in
            ["", "transaction=", "transaction=a&transaction=b", "transaction=a&max_age=-1", "transaction=%"]
        {
            assert_eq!(Request::read(query), None, "{query}");
        }
    }

    #[test]
    fn a_login_of_before_does_unless_a_new_one_or_a_younger_one_is_asked_for() {
        let request = |query: &str| Request::read(&format!("transaction=t{query}")).unwrap();
        for (query, takes) in [
            ("", true),
            ("&max_age=100", true),
            ("&max_age=99", false),
            ("&max_age=0", false),
            ("&prompt=login", false),
        ] {
            assert_eq!(request(query).takes(900, 1_000), takes, "{query}");
        }
    }
}
