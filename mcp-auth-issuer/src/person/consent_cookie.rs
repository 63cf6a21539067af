//! The cookie by which a browser says what its person need not be asked again.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::{HeaderMap, HeaderValue};
use mcp_auth_core::ScopeSet;
use mcp_auth_core::ambient::Random;
use mcp_auth_store::{Browser, RememberedConsent, SecretHash, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::cookie::IssuerCookie;
use crate::mac::StoreMac;
use crate::request::origin::IssuerOrigin;

/// What the store keeps the key for.
const PURPOSE: &str = "issuer-consents";
/// How long an answer is remembered, in seconds: 400 days, which is also as long as browsers keep a cookie.
const MEMORY: u64 = 400 * 24 * 60 * 60;
/// The longest value, in bytes: browsers keep 4096 with the name and the attributes (RFC 6265 §6.1).
const LONGEST: usize = 3800;
/// The most answers, the latest last.
const MOST: usize = 16;

/// The cookie: answers, and a MAC over them by a key that the store keeps, so that every process of the issuer reads it and nobody else writes it.
///
/// - Source: MCP security best practices, confused deputy: `__Host-`, signed, and bound to the client.
pub(crate) struct ConsentCookie {
    cookie: IssuerCookie,
    mac: StoreMac,
}

/// What one person need not be asked again at one browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownConsent {
    /// Stands for the client as its page was shown, with its redirect URI, and for the login.
    pub(crate) shown: SecretHash,
    /// The person, as the `sub` of their tokens.
    pub(crate) subject: String,
    /// What pages call them.
    pub(crate) name: Option<String>,
    /// By what the provider tells them from others.
    pub(crate) known_as: Option<String>,
    /// What they allowed.
    pub(crate) scopes: ScopeSet,
    /// The mark of the same in the store: another one there means that this was taken back.
    mark: String,
    /// Until when, in Unix seconds.
    until: u64,
}

impl KnownConsent {
    /// An answer that the person who is logged in at this browser gave `now`.
    pub(crate) fn given(
        RememberedConsent { shown, scopes, mark }: RememberedConsent,
        Browser { subject, name, known_as, .. }: &Browser,
        now: u64,
    ) -> Self {
        let (subject, name, known_as) = (subject.clone(), name.clone(), known_as.clone());
        Self { shown, subject, name, known_as, scopes, mark, until: now.saturating_add(MEMORY) }
    }

    /// Those of the scopes that the store remembers which count at this browser too; `None` if this is of something that was taken back.
    pub(crate) fn narrows(&self, stored: &RememberedConsent) -> Option<ScopeSet> {
        let is_the_same = !self.mark.is_empty() && self.mark == stored.mark && self.shown == stored.shown;
        let here = stored.scopes.iter().filter(|scope| self.scopes.contains(scope.as_str()));
        is_the_same.then(|| here.cloned().collect())
    }

    /// Whether this is of the same client, shown so, and of the same person.
    pub(crate) fn is_of(&self, shown: SecretHash, subject: &str) -> bool {
        self.shown == shown && self.subject == subject
    }
}

impl ConsentCookie {
    /// With the key that `store` keeps, or a new one of `random` that it keeps then.
    pub(crate) fn new(origin: &IssuerOrigin, store: Store, random: &dyn Random) -> Self {
        let cookie = IssuerCookie::new(origin, ("consents", "consents"));
        Self { cookie, mac: StoreMac::new(store, PURPOSE, random) }
    }

    /// The answers that the browser sent and that count `now`, the latest last. What cannot be read counts as if it were not there.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now.
    pub(crate) async fn read(&self, headers: &HeaderMap, now: u64) -> Result<Vec<KnownConsent>, StoreError> {
        let Some(value) = self.cookie.values(headers).next().filter(|value| value.len() <= LONGEST) else {
            return Ok(Vec::new());
        };
        let key = self.mac.key().await?;
        let mut known = read(key, value).unwrap_or_default();
        known.retain(|known| known.until > now);
        Ok(known)
    }

    /// The `Set-Cookie` header for these answers. The oldest are left out where there are too many.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) async fn set(&self, known: &[KnownConsent]) -> Result<Option<HeaderValue>, StoreError> {
        let mut kept = &known[known.len().saturating_sub(MOST)..];
        let key = self.mac.key().await?;
        while let Some((_, later)) = kept.split_first() {
            let value = written(key, kept)?;
            if value.len() <= LONGEST {
                return Ok(self.cookie.set(&value, Some(MEMORY)));
            }
            kept = later;
        }
        Ok(self.forget())
    }

    /// The `Set-Cookie` header that takes all answers back.
    pub(crate) fn forget(&self) -> Option<HeaderValue> {
        self.cookie.set("", Some(0))
    }
}

/// The value for these answers.
fn written(key: &hmac::Key, known: &[KnownConsent]) -> Result<String, StoreError> {
    let text = serde_json::to_string(known).map_err(StoreError::new)?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(text);
    let tag = hmac::sign(key, text.as_bytes());
    Ok(format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag)))
}

/// The answers of a value that one of our processes made. The MAC is compared before anything is read.
fn read(key: &hmac::Key, value: &str) -> Option<Vec<KnownConsent>> {
    let (text, tag) = value.split_once('.')?;
    let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?;
    hmac::verify(key, text.as_bytes(), &tag).ok()?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use mcp_auth_core::ambient::SystemRandom;
    use mcp_auth_runtime::config::IssuerReach;
    use mcp_auth_store::{Caps, Outage};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn cookie(origin: &str, store: &Store) -> ConsentCookie {
        let origin = IssuerOrigin::new(origin.parse().unwrap(), IssuerReach::ThisComputer).unwrap();
        ConsentCookie::new(&origin, store.clone(), &SystemRandom)
    }

    fn known(subject: &str, scopes: &str) -> KnownConsent {
        let (shown, scopes) = (SecretHash::of("client"), ScopeSet::parse_lossy(scopes));
        let (mark, until) = ("mark".to_owned(), NOW + MEMORY);
        KnownConsent { shown, subject: subject.to_owned(), name: None, known_as: None, scopes, mark, until }
    }

    /// What a browser sends that was told this.
    fn sent(set: &HeaderValue) -> HeaderMap {
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(pair).unwrap())])
    }

    #[tokio::test]
    async fn b13_the_cookie_is_host_bound_over_https_lasts_400_days_and_is_read_by_another_process() {
        let store = Store::memory(Caps::default());
        let all = [known("ann", "a b"), known("bob", "")];
        let set = cookie("https://localhost:8443", &store).set(&all).await.unwrap().unwrap();
        let text = set.to_str().unwrap();
        assert!(text.starts_with("__Host-mcp-auth-consents="), "{text}");
        assert!(text.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000"), "{text}");
        let other = cookie("https://localhost:8443", &store);
        assert_eq!(other.read(&sent(&set), NOW).await.unwrap(), all);
        let plain = cookie("http://localhost:8080", &store);
        assert!(plain.read(&sent(&set), NOW).await.unwrap().is_empty(), "another name");
        let gone = other.forget().unwrap();
        assert!(gone.to_str().unwrap().ends_with("Max-Age=0"));
        assert!(other.read(&sent(&gone), NOW).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn b13_a_value_that_was_changed_cut_or_made_elsewhere_counts_as_none() {
        let store = Store::memory(Caps::default());
        let ours = cookie("http://localhost:8080", &store);
        let set = ours.set(&[known("ann", "a")]).await.unwrap().unwrap();
        let headers = sent(&set);
        assert_eq!(ours.read(&headers, NOW).await.unwrap().len(), 1);
        let value = headers[COOKIE].to_str().unwrap().split_once('=').unwrap().1.to_owned();
        let (text, tag) = value.split_once('.').unwrap();
        let forged = serde_json::to_string(&[known("bob", "a")]).unwrap();
        let forged = BASE64_URL_SAFE_NO_PAD.encode(forged);
        for bad in [
            String::new(),
            ".".to_owned(),
            text.to_owned(),
            format!("{text}."),
            format!(".{tag}"),
            format!("{forged}.{tag}"),
            format!("{text}.{}", &tag[1..]),
            format!("{}.{tag}", &text[1..]),
            format!("\"{value}\""),
            format!("{value}.{tag}"),
            "x".repeat(LONGEST + 1),
        ] {
            let pair = format!("mcp-auth-consents-8080={bad}");
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&pair).unwrap())]);
            assert!(ours.read(&headers, NOW).await.unwrap().is_empty(), "{bad}");
        }
        let elsewhere = cookie("http://localhost:8080", &Store::memory(Caps::default()));
        assert!(elsewhere.read(&headers, NOW).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_answer_counts_for_400_days_and_no_longer() {
        let ours = cookie("http://localhost:8080", &Store::memory(Caps::default()));
        let set = ours.set(&[known("ann", "a")]).await.unwrap().unwrap();
        assert_eq!(ours.read(&sent(&set), NOW + MEMORY - 1).await.unwrap().len(), 1);
        assert!(ours.read(&sent(&set), NOW + MEMORY).await.unwrap().is_empty());
    }

    #[test]
    fn an_answer_counts_for_what_has_its_mark_and_for_the_scopes_of_both() {
        let ours = known("ann", "a b");
        let stored = |mark: &str, scopes| RememberedConsent {
            shown: SecretHash::of("client"),
            scopes: ScopeSet::parse_lossy(scopes),
            mark: mark.to_owned(),
        };
        assert_eq!(
            ours.narrows(&stored("mark", "b c")).map(|scopes| scopes.to_string()).as_deref(),
            Some("b")
        );
        for (ours, other) in
            [(&ours, "another"), (&ours, ""), (&KnownConsent { mark: String::new(), ..ours.clone() }, "")]
        {
            assert_eq!(ours.narrows(&stored(other, "a b")), None, "{other:?}");
        }
    }

    #[tokio::test]
    async fn the_oldest_answers_are_left_out_and_one_that_is_too_long_is_not_kept() {
        let ours = cookie("http://localhost:8080", &Store::memory(Caps::default()));
        let many: Vec<_> = (0..40).map(|n| known(&format!("p{n}"), "a")).collect();
        let kept = ours.read(&sent(&ours.set(&many).await.unwrap().unwrap()), NOW).await.unwrap();
        assert!(!kept.is_empty() && many.ends_with(&kept), "{}", kept.len());
        let long = known("ann", &"x".repeat(LONGEST));
        let set = ours.set(&[known("bob", "a"), long]).await.unwrap().unwrap();
        assert!(set.to_str().unwrap().ends_with("Max-Age=0"));
    }

    #[tokio::test]
    async fn nothing_counts_while_the_store_cannot_tell_the_key() {
        let outage = Outage::new();
        let set = cookie("http://localhost:8080", &outage.store()).set(&[known("ann", "a")]).await.unwrap();
        let set = set.unwrap();
        let ours = cookie("http://localhost:8080", &outage.store());
        outage.begin();
        assert!(ours.read(&sent(&set), NOW).await.is_err());
        assert!(
            ours.read(&HeaderMap::new(), NOW).await.unwrap().is_empty(),
            "nothing is asked without a cookie"
        );
        outage.end();
        assert_eq!(ours.read(&sent(&set), NOW).await.unwrap().len(), 1);
    }
}
