//! From a URL to the client that the document there describes.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use mcp_auth_core::net::Host;
use mcp_auth_runtime::facade::PublicKeys;
use mcp_auth_store::{Client, Rate, Store};

use super::error::DocumentError;
use super::fetch::{DocumentFetch, Fetched, MAX_DOCUMENT};
use super::flight::Flights;
use super::kept::Kept;
use super::options::ClientDocuments;
use super::room::Room;
use super::rules;
use super::url::ClientIdUrl;
use crate::client::redirect_uri::admits;
use crate::observe::Event as _;
use crate::observe::client::ClientDescribed;
use crate::rate_limit::{AddressRate, RateLimit, TooSoon};

/// What the store counts fetches under, all of them together, and those of one host behind it.
const COUNTER: &str = "issuer-client-documents";
/// So many fetches in a minute, and so many at once: strangers cause them, and this server is not to ask others for them.
const MOST_A_MINUTE: u32 = 60;
/// So many of them from one host. A login takes five where the document may not be kept.
const MOST_OF_A_HOST_A_MINUTE: u32 = 20;
/// So many of them in a minute, and so many at once, that are asked for from one address: it does not use up what all strangers have.
const MOST_OF_AN_ADDRESS_A_MINUTE: u32 = 10;
const MOST_OF_AN_ADDRESS_AT_ONCE: u32 = 20;
/// So many of one client that is known, its document and its keys, whatever addresses it gives for them; and so many from one host for all such
/// clients, of which some could give the address of another's host.
const MOST_OF_A_CLIENT_A_MINUTE: u32 = 40;
const MOST_OF_A_HOST_FOR_CLIENTS_A_MINUTE: u32 = 120;

/// The clients that describe themselves.
pub(crate) struct Documents {
    enabled: bool,
    /// Hosts that the operator named, inside a network of their own.
    private: BTreeSet<String>,
    fetch: Arc<dyn DocumentFetch>,
    kept: Kept<Client>,
    flights: Flights<Client>,
    pub(super) kept_keys: Kept<Arc<PublicKeys>>,
    pub(super) key_flights: Flights<Arc<PublicKeys>>,
    room: Room,
}

impl Documents {
    /// As `options` say; `fetch` knows the hosts of [`ClientDocuments::private`] too.
    pub(crate) fn new(options: &ClientDocuments, fetch: Arc<dyn DocumentFetch>) -> Self {
        Self {
            enabled: options.enabled,
            private: options.private.keys().cloned().collect(),
            fetch,
            kept: Kept::default(),
            flights: Flights::default(),
            kept_keys: Kept::default(),
            key_flights: Flights::default(),
            room: Room::default(),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The client at the URL `client_id`, if somebody ever allowed it something: only such a client has a code or a grant. Of another one
    /// nothing is fetched.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub(crate) async fn known_client(
        &self,
        client_id: &str,
        store: &Store,
        now: u64,
    ) -> Result<Option<Client>, DocumentError> {
        match is_known(client_id, store).await? {
            true => {
                // It may have been fetched when it was a stranger still.
                self.kept.is_of_known(client_id, client_id, now);
                self.client(client_id, store, now).await.map(Some)
            }
            false => Ok(None),
        }
    }

    /// The client at the URL `client_id`; fetches are counted in `store`.
    ///
    /// # Errors
    /// [`DocumentError`]. Nothing is fetched for a URL that breaks a rule, for one inside a private network, or too often.
    pub(crate) async fn client(
        &self,
        client_id: &str,
        store: &Store,
        now: u64,
    ) -> Result<Client, DocumentError> {
        self.client_from(None, client_id, store, now).await
    }

    /// The same, for a request that comes from `address` and proves nothing: a fetch for a client that nobody ever allowed anything is counted
    /// for the address too. Where the address is not known, it is counted for all strangers alone.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub(crate) async fn client_from(
        &self,
        address: Option<IpAddr>,
        client_id: &str,
        store: &Store,
        now: u64,
    ) -> Result<Client, DocumentError> {
        let found = self.find(address, client_id, store, now).await;
        if let Err(error) = &found {
            error.log(client_id);
        }
        found
    }

    async fn find(
        &self,
        address: Option<IpAddr>,
        client_id: &str,
        store: &Store,
        now: u64,
    ) -> Result<Client, DocumentError> {
        if !self.enabled {
            return Err(DocumentError::Off);
        }
        let url: ClientIdUrl = client_id.parse()?;
        self.may_be_asked(&url)?;
        if let Some(client) = self.kept.find(url.as_str(), now) {
            return Ok(client);
        }
        if let Some(address) = address
            && !is_known(client_id, store).await?
        {
            count_for_address(address, store, now).await?;
        }
        let flight = self.flights.join(url.as_str());
        flight.get_or_init(|| self.fetched(&url, store, now)).await.clone()
    }

    /// What can be told without asking DNS. Where the name leads is looked at when it is connected to.
    pub(super) fn may_be_asked(&self, url: &ClientIdUrl) -> Result<(), DocumentError> {
        if self.private.contains(url.host()) {
            return Ok(());
        }
        let host = Host::Name(url.host().to_owned());
        let is_inside = host.is_private() || host.is_loopback() || host.has_credentials_of_machines();
        if is_inside || url.host().ends_with(".localhost") {
            return Err(DocumentError::PrivateHost);
        }
        url.port().map_or(Ok(()), |port| Err(DocumentError::Port(port)))
    }

    async fn fetched(&self, url: &ClientIdUrl, store: &Store, now: u64) -> Result<Client, DocumentError> {
        // It may have come while this request was on its way here.
        if let Some(client) = self.kept.find(url.as_str(), now) {
            return Ok(client);
        }
        let known = is_known(url.as_str(), store).await?.then_some(url.as_str());
        let fetched = self.guarded(url, MAX_DOCUMENT, known, store, now).await?;
        let client = rules::client(url, fetched.document()?)?;
        ClientDescribed {
            client_id: &client.id,
            client_name: client.name.as_deref(),
            redirect_uris: &client.redirect_uris,
        }
        .happened();
        self.kept.keep(url.as_str(), &client, &fetched.headers, known, now);
        Ok(client)
    }

    /// Fetches `url`, if there is room for it and it is not too often. What is for the client `known`, because somebody allowed it something or
    /// the operator registered it, is counted by itself: strangers do not use up what it has.
    pub(super) async fn guarded(
        &self,
        url: &ClientIdUrl,
        most: usize,
        known: Option<&str>,
        store: &Store,
        now: u64,
    ) -> Result<Fetched, DocumentError> {
        let _place = self.room.take(url.host(), known.is_some()).ok_or(DocumentError::Busy)?;
        match known {
            Some(client_id) => {
                let (own, host) =
                    (format!("{COUNTER} known {client_id}"), format!("{COUNTER} at {}", url.host()));
                count(store, &own, MOST_OF_A_CLIENT_A_MINUTE, now).await?;
                count(store, &host, MOST_OF_A_HOST_FOR_CLIENTS_A_MINUTE, now).await?;
            }
            None => {
                count(store, COUNTER, MOST_A_MINUTE, now).await?;
                count(store, &format!("{COUNTER} {}", url.host()), MOST_OF_A_HOST_A_MINUTE, now).await?;
            }
        }
        Ok(self.fetch.fetch(url, most).await?)
    }
}

/// Whether somebody ever allowed the client at this URL something. The operator registered none that describes itself.
async fn is_known(client_id: &str, store: &Store) -> Result<bool, DocumentError> {
    store.consents().any(client_id).await.map_err(|error| DocumentError::Store(Arc::new(error)))
}

/// Counts one fetch that was asked for from `address`.
pub(super) async fn count_for_address(address: IpAddr, store: &Store, now: u64) -> Result<(), DocumentError> {
    let rate = AddressRate::per_minute(MOST_OF_AN_ADDRESS_A_MINUTE, MOST_OF_AN_ADDRESS_AT_ONCE);
    let limit =
        RateLimit::of_address(Some(address), rate, |network| format!("{COUNTER} asked for from {network}"));
    counted(limit, store, now).await
}

/// Counts one fetch under `key`, whatever becomes of it.
pub(super) async fn count(store: &Store, key: &str, most: u32, now: u64) -> Result<(), DocumentError> {
    let Some(rate) = Rate::per_minute(most, most) else { return Ok(()) };
    counted(RateLimit::of(key, rate), store, now).await
}

async fn counted(limit: RateLimit, store: &Store, now: u64) -> Result<(), DocumentError> {
    let counted = limit.count(store, now).await;
    counted
        .map_err(|error| DocumentError::Store(Arc::new(error)))?
        .map_err(|TooSoon { retry_after }| DocumentError::TooOften { retry_after })
}

/// Whether `client`, as it describes itself now, still returns to `redirect_uri`: what was granted for an address that it has
/// given up may reach whoever has the address today (draft-02 §8.4).
pub(crate) fn lists_redirect_uri(client: &Client, redirect_uri: &str) -> bool {
    client.redirect_uris.iter().any(|uri| admits(uri, redirect_uri))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::header::{CACHE_CONTROL, CONTENT_TYPE};
    use http::{HeaderMap, StatusCode};
    use mcp_auth_store::{Caps, Outage};
    use serde_json::json;
    use tokio::sync::Semaphore;

    use super::super::fetch::{FetchError, FetchFuture};
    use super::super::keys::KeysAt;
    use super::*;

    const URL: &str = "https://client.example/c.json";
    const NOW: u64 = 1_800_000_000;

    /// A web without a network: every URL has a document, unless something else was put there.
    struct Web {
        asked: AtomicUsize,
        faults: Mutex<HashMap<String, FetchError>>,
        cache_control: &'static str,
        /// Every fetch waits for one of these.
        open: Semaphore,
    }

    impl Web {
        fn new() -> Self {
            let open = Semaphore::new(Semaphore::MAX_PERMITS);
            Self { asked: AtomicUsize::new(0), faults: Mutex::default(), cache_control: "max-age=60", open }
        }
    }

    impl DocumentFetch for Arc<Web> {
        fn fetch<'a>(&'a self, url: &'a ClientIdUrl, _: usize) -> FetchFuture<'a> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let fault = self.faults.lock().unwrap().get(url.as_str()).cloned();
            let document = json!({ "client_id": url.as_str(), "client_name": "x", "redirect_uris": ["https://a.example/cb"] });
            Box::pin(async move {
                self.open.acquire().await.unwrap().forget();
                let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, self.cache_control)];
                let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
                let headers = HeaderMap::from_iter(headers);
                let found =
                    Fetched { status: StatusCode::OK, headers, body: document.to_string().into_bytes() };
                fault.map_or(Ok(found), Err)
            })
        }
    }

    fn documents(web: &Arc<Web>) -> Arc<Documents> {
        let private = [("client.test".to_owned(), "127.0.0.1:8443".parse().unwrap())].into();
        let options = ClientDocuments { private, ..ClientDocuments::default() };
        Arc::new(Documents::new(&options, Arc::new(web.clone())))
    }

    fn store() -> Store {
        Store::memory(Caps::default())
    }

    #[tokio::test]
    async fn a_document_is_asked_for_once_while_it_is_fresh() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        for now in [NOW, NOW + 59] {
            assert_eq!(documents.client(URL, &store, now).await.unwrap().id, URL);
        }
        assert_eq!(web.asked.load(Ordering::SeqCst), 1);
        assert!(documents.client(URL, &store, NOW + 60).await.is_ok());
        assert_eq!(web.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn errors_are_not_remembered() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        web.faults.lock().unwrap().insert(URL.to_owned(), FetchError::Timeout);
        let failed = documents.client(URL, &store, NOW).await.unwrap_err();
        assert!(matches!(failed, DocumentError::Fetch(FetchError::Timeout)));
        web.faults.lock().unwrap().clear();
        assert!(documents.client(URL, &store, NOW).await.is_ok());
    }

    #[tokio::test]
    async fn nothing_is_fetched_for_a_url_that_may_not_be_asked() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        for url in [
            "http://client.example/c.json",
            "https://client.example",
            "https://client.example/../c.json",
            "https://127.0.0.1/c.json",
            "https://client.example:22/c.json",
            "https://client.example:8443/c.json",
            "https://localhost/c.json",
            "https://a.localhost/c.json",
            "https://intranet/c.json",
            "https://other.test/c.json",
            "https://a.client.test/c.json",
            "https://metadata.google.internal/c.json",
        ] {
            let refused = documents.client(url, &store, NOW).await.unwrap_err();
            assert!(!refused.is_passing() && refused.retry_after().is_none(), "{url}: {refused}");
        }
        assert_eq!(web.asked.load(Ordering::SeqCst), 0);
        for url in ["https://client.test/c.json", "https://client.test:9443/c.json"] {
            assert!(documents.client(url, &store, NOW).await.is_ok(), "{url}: the operator named its host");
        }
    }

    #[tokio::test]
    async fn who_asks_at_once_for_one_url_shares_one_fetch_and_a_host_has_two_at_once() {
        let web = Arc::new(Web { open: Semaphore::new(0), ..Web::new() });
        let (documents, store) = (documents(&web), store());
        let ask = |url: &str| {
            let (documents, store, url) = (documents.clone(), store.clone(), url.to_owned());
            tokio::spawn(async move { documents.client(&url, &store, NOW).await })
        };
        let same: Vec<_> = (0..20).map(|_| ask(URL)).collect();
        let second = ask("https://client.example/2.json");
        while web.asked.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        let third = ask("https://client.example/3.json").await.unwrap();
        assert!(matches!(third, Err(DocumentError::Busy)));
        web.open.add_permits(2);
        for one in same {
            assert!(one.await.unwrap().is_ok());
        }
        assert!(second.await.unwrap().is_ok());
        assert_eq!(web.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_request_that_goes_away_leaves_its_fetch_to_those_who_wait() {
        let web = Arc::new(Web { open: Semaphore::new(0), ..Web::new() });
        let (documents, store) = (documents(&web), store());
        let ask = || {
            let (documents, store) = (documents.clone(), store.clone());
            tokio::spawn(async move { documents.client(URL, &store, NOW).await })
        };
        let (first, second) = (ask(), ask());
        while web.asked.load(Ordering::SeqCst) < 1 {
            tokio::task::yield_now().await;
        }
        first.abort();
        web.open.add_permits(1);
        assert!(first.await.is_err());
        assert!(second.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn strangers_cause_so_many_fetches_a_minute_and_so_many_of_one_host() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        let refused = async |url: String, now| match documents.client(&url, &store, now).await {
            Ok(_) => None,
            Err(DocumentError::TooOften { retry_after }) => Some(retry_after),
            Err(other) => panic!("{other}"),
        };
        for n in 0..20 {
            assert_eq!(refused(format!("https://client.example/{n}"), NOW).await, None);
        }
        assert_eq!(refused("https://client.example/more".to_owned(), NOW).await, Some(3));
        for n in 0..39 {
            assert_eq!(refused(format!("https://host{n}.example/c"), NOW).await, None);
        }
        assert_eq!(refused("https://one.more.example/c".to_owned(), NOW).await, Some(1));
        assert_eq!(
            refused("https://client.example/0".to_owned(), NOW).await,
            None,
            "what is kept is not fetched"
        );
        assert_eq!(refused("https://one.more.example/c".to_owned(), NOW + 1).await, None);
    }

    /// One stranger who asked for many addresses kept every new client from everybody.
    #[tokio::test]
    async fn one_address_causes_so_many_fetches_for_strangers_and_leaves_the_rest_to_others() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        let asks = async |address: &str, url: &str, now| {
            let found = documents.client_from(address.parse().ok(), url, &store, now).await;
            match found {
                Ok(_) => None,
                Err(DocumentError::TooOften { retry_after }) => Some(retry_after),
                Err(other) => panic!("{other}"),
            }
        };
        for n in 0..30 {
            let refused = asks("192.0.2.1", &format!("https://host{n}.example/c"), NOW).await;
            assert_eq!(refused, (n >= 20).then_some(6), "{n}");
        }
        assert_eq!(web.asked.load(Ordering::SeqCst), 20);
        assert_eq!(
            asks("192.0.2.1", "https://host0.example/c", NOW).await,
            None,
            "what is kept is not fetched"
        );
        assert_eq!(asks("192.0.2.2", "https://new.example/c", NOW).await, None, "from another address");
        assert_eq!(asks("192.0.2.1", "https://newer.example/c", NOW + 6).await, None);
        // A network of 48 bits has four times as much, which is more than all strangers have.
        for n in 0..40 {
            let refused = asks("2001:db8::1", &format!("https://six{n}.example/c"), NOW + 600).await;
            assert_eq!(refused.is_some(), n >= 20, "{n}");
        }
        assert_eq!(asks("2001:db8:0:1::1", "https://six.example/c", NOW + 600).await, None);
        // Where no address is known, the limit of all strangers is the only one.
        for n in 0..39 {
            assert_eq!(
                asks("nobody knows", &format!("https://un{n}.example/c"), NOW + 600).await,
                None,
                "{n}"
            );
        }
        assert!(asks("nobody knows", "https://un.example/c", NOW + 600).await.is_some());
    }

    /// Keys of strangers are fetched for assertions of theirs, which an address can send as many of.
    #[tokio::test]
    async fn one_address_causes_so_many_fetches_of_keys_for_strangers_too_and_any_number_for_known_clients() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        let fetched = async |from: &str, is_known, hosts: std::ops::Range<usize>| {
            let before = web.asked.load(Ordering::SeqCst);
            for n in hosts {
                let (client_id, url) = (format!("client {n}"), format!("https://host{n}.example/keys"));
                let asked =
                    KeysAt { client_id: &client_id, url: &url, kid: None, is_known, from: from.parse().ok() };
                assert!(
                    documents.keys(&asked, &store, NOW).await.is_err(),
                    "what is there is not a set of keys"
                );
            }
            web.asked.load(Ordering::SeqCst) - before
        };
        assert_eq!(fetched("192.0.2.1", false, 0..30).await, 20);
        assert_eq!(fetched("192.0.2.1", true, 0..30).await, 30);
        assert_eq!(fetched("192.0.2.2", false, 0..10).await, 10);
        let found = documents.client_from("192.0.2.1".parse().ok(), URL, &store, NOW).await;
        assert!(
            matches!(found, Err(DocumentError::TooOften { .. })),
            "documents and keys are counted together"
        );
    }

    /// A client that registered itself changes its `jwks_uri` as often as it likes.
    #[tokio::test]
    async fn a_known_client_causes_so_many_fetches_a_minute_whatever_urls_it_gives() {
        let (web, store) = (Arc::new(Web::new()), store());
        let documents = documents(&web);
        // How many of these are fetched at once; what is there is not a set of keys.
        let fetched = async |all: Vec<(String, String)>| {
            let before = web.asked.load(Ordering::SeqCst);
            for (client_id, url) in all {
                let asked =
                    KeysAt { client_id: &client_id, url: &url, kid: None, is_known: true, from: None };
                assert!(documents.keys(&asked, &store, NOW).await.is_err());
            }
            web.asked.load(Ordering::SeqCst) - before
        };
        let one_client = |host: &str| {
            (0..100).map(|n| ("a".to_owned(), format!("https://{host}{n}.example/keys"))).collect()
        };
        assert_eq!(fetched(one_client("h")).await, 40);
        assert_eq!(fetched(one_client("i")).await, 0);
        let one_host =
            (0..200).map(|n| (format!("client {n}"), format!("https://one.example/keys{n}"))).collect();
        assert_eq!(fetched(one_host).await, 120);
        assert_eq!(fetched(vec![("b".to_owned(), "https://other.example/keys".to_owned())]).await, 1);
        assert!(documents.client(URL, &store, NOW).await.is_ok(), "a stranger is counted by itself");
    }

    /// The document that a person looked at is there when the client redeems its code, whatever strangers ask for meanwhile.
    #[tokio::test]
    async fn strangers_push_no_document_out_that_a_person_let_in() {
        let (web, store) = (Arc::new(Web { cache_control: "max-age=7200", ..Web::new() }), store());
        let documents = documents(&web);
        assert!(documents.client(URL, &store, NOW).await.is_ok());
        let code = mcp_auth_store::Code {
            client_id: URL.into(),
            subject: "ann".into(),
            redirect_uri: "https://a.example/cb".into(),
            code_challenge: "x".into(),
            resource: "http://localhost/mcp".into(),
            scopes: mcp_auth_core::ScopeSet::parse_lossy("a"),
            refresh: true,
            authentication: mcp_auth_store::Authentication::at(NOW),
            dpop_jkt: None,
            expires_at: NOW + 60,
        };
        store.codes().issue(mcp_auth_store::SecretHash::of("code"), code, NOW).await.unwrap();
        assert!(documents.known_client(URL, &store, NOW).await.unwrap().is_some());
        let before = web.asked.load(Ordering::SeqCst);
        for n in 0..1_500 {
            // So slowly that they are let in; each is kept longer than the one of the client that is known.
            let url = format!("https://host{n}.example/c");
            assert!(documents.client(&url, &store, NOW + n * 2).await.is_ok(), "{n}");
        }
        assert!(documents.known_client(URL, &store, NOW + 3_100).await.unwrap().is_some());
        assert_eq!(web.asked.load(Ordering::SeqCst), before + 1_500, "it is still kept");
    }

    #[tokio::test]
    async fn nothing_is_fetched_that_cannot_be_counted() {
        let (web, outage) = (Arc::new(Web::new()), Outage::new());
        outage.begin();
        let failed = documents(&web).client(URL, &outage.store(), NOW).await.unwrap_err();
        assert!(matches!(failed, DocumentError::Store(_)) && failed.is_passing());
        assert_eq!(web.asked.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn documents_that_are_off_are_not_fetched() {
        let web = Arc::new(Web::new());
        let off = ClientDocuments { enabled: false, ..ClientDocuments::default() };
        let documents = Documents::new(&off, Arc::new(web.clone()));
        assert!(matches!(documents.client(URL, &store(), NOW).await, Err(DocumentError::Off)));
        assert_eq!(web.asked.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_client_may_return_to_what_its_document_lists() {
        let document =
            json!({ "client_id": URL, "client_name": "x", "redirect_uris": ["http://127.0.0.1/cb"] });
        let client = rules::client(&URL.parse().unwrap(), document.to_string().as_bytes()).unwrap();
        assert!(lists_redirect_uri(&client, "http://127.0.0.1:33418/cb"));
        assert!(!lists_redirect_uri(&client, "http://127.0.0.1:33418/other"));
    }
}
