//! Documents and keys over the network.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderValue;
use http::header::{ACCEPT, HOST};
use mcp_auth_core::net::is_global;
use reqwest::Certificate;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::fetch::{DocumentFetch, FetchError, FetchFuture, Fetched, LONGEST_FETCH};
use super::guard::{Guard, NotAllowed, SystemLookup};
use super::url::ClientIdUrl;

/// [`DocumentFetch`] over https: certificates verified by the machine's authorities and the operator's, addresses of the internet
/// only, no redirects, no proxy from the environment (it would resolve the name itself), no cookies, no retries, nothing
/// inflated. No connection is kept for a later fetch.
pub(crate) struct HttpsFetch {
    guard: Arc<Guard>,
    authorities: Vec<Certificate>,
    /// Made once, before it is first needed. A machine on which it cannot be made can still serve every other client.
    client: OnceCell<Result<reqwest::Client, FetchError>>,
}

impl HttpsFetch {
    /// `private` says where hosts are that are not on the internet; `authorities` are trusted beside the machine's own. Opens
    /// nothing.
    pub(crate) fn new(private: BTreeMap<String, SocketAddr>, authorities: Vec<Certificate>) -> Self {
        Self::guarded(
            Guard { lookup: Arc::new(SystemLookup), allows: is_global, private: Arc::new(private) },
            authorities,
        )
    }

    fn guarded(guard: Guard, authorities: Vec<Certificate>) -> Self {
        Self { guard: Arc::new(guard), authorities, client: OnceCell::new() }
    }

    /// Makes the client, and warns where that is not possible.
    pub(crate) async fn prepare(&self) {
        if let Err(error) = self.client().await {
            let cause = error.cause().unwrap_or_default();
            tracing::warn!(
                %error, cause, "no client metadata document and no jwks_uri of a client can be fetched until the next start"
            );
        }
    }

    /// Reads the machine's authorities from its disk, so it is not done where requests are answered; and what became of it stays, or each request
    /// of a stranger would have it done again.
    async fn client(&self) -> Result<&reqwest::Client, FetchError> {
        let make = async || {
            let (guard, authorities) = (Arc::clone(&self.guard), self.authorities.clone());
            let made = tokio::task::spawn_blocking(move || client(guard, authorities)).await;
            made.unwrap_or_else(|error| Err(FetchError::Unreachable(error.to_string())))
        };
        self.client.get_or_init(make).await.as_ref().map_err(FetchError::clone)
    }

    async fn ask(&self, asked: &ClientIdUrl, most: usize) -> Result<Fetched, FetchError> {
        let mut url = asked.url().clone();
        // A name is resolved, and an address would not be: the guard would not see it.
        if url.domain().is_none() {
            return Err(FetchError::NotPublic);
        }
        let mut request = self.client().await?.get(url.clone()).header(ACCEPT, "application/json");
        if asked.port().is_some() && self.guard.private.contains_key(asked.host()) {
            // The operator says the port too, so the connection goes to it, whichever the URL names.
            let authority = HeaderValue::try_from(url.authority()).map_err(|_| FetchError::NotPublic)?;
            url.set_port(None).map_err(|()| FetchError::NotPublic)?;
            request =
                self.client().await?.get(url).header(ACCEPT, "application/json").header(HOST, authority);
        }
        let mut response = request.send().await.map_err(failed)?;
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err(FetchError::TooLong(most));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > most {
                return Err(FetchError::TooLong(most));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Fetched { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }
}

impl DocumentFetch for HttpsFetch {
    fn fetch<'a>(&'a self, url: &'a ClientIdUrl, most: usize) -> FetchFuture<'a> {
        Box::pin(async move {
            // Around everything: what resolves names may take longer than the client's own timeout counts.
            timeout(LONGEST_FETCH, self.ask(url, most)).await.unwrap_or(Err(FetchError::Timeout))
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the client that is passed in")]
fn client(guard: Arc<Guard>, authorities: Vec<Certificate>) -> Result<reqwest::Client, FetchError> {
    // Verified here, and not by the system: that one could ask for what a stranger's certificate names, wherever it is.
    let machines = rustls_native_certs::load_native_certs().certs.into_iter();
    let machines = machines.filter_map(|authority| Certificate::from_der(&authority).ok());
    reqwest::Client::builder()
        .user_agent("mcp-auth")
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .pool_max_idle_per_host(0)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .timeout(LONGEST_FETCH)
        .dns_resolver(guard)
        .tls_certs_only(machines.chain(authorities))
        .build()
        .map_err(failed)
}

/// What became of a request that got no answer.
fn failed(error: reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Timeout;
    }
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if deeper.is::<NotAllowed>() {
            return FetchError::NotPublic;
        }
        causes.push(deeper.to_string());
        cause = deeper.source();
    }
    FetchError::Unreachable(causes.join(": "))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::super::guard::{Lookup, LookupFuture};
    use super::*;

    /// DNS that answers these in turn, and then the last one again and again.
    struct Answers {
        answers: Mutex<Vec<Vec<IpAddr>>>,
        asked: AtomicUsize,
    }

    impl Answers {
        fn new(answers: &[&[&str]]) -> Arc<Self> {
            let read = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
            let answers = answers.iter().rev().map(read).collect();
            Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
        }
    }

    impl Lookup for Answers {
        fn addresses(&self, _: String) -> LookupFuture {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
            Box::pin(async move { Ok(answer.unwrap_or_default()) })
        }
    }

    /// Counts who connects at `address`, and closes at once.
    async fn listener(address: &str) -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind(address).await.unwrap();
        let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = count.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        (port, count)
    }

    fn fetch(lookup: Arc<Answers>, allows: fn(IpAddr) -> bool) -> HttpsFetch {
        HttpsFetch::guarded(Guard { lookup, allows, private: Arc::default() }, Vec::new())
    }

    fn url(port: u16) -> ClientIdUrl {
        format!("https://client.example:{port}/c.json").parse().unwrap()
    }

    #[tokio::test]
    async fn a_name_that_leads_off_the_internet_is_not_connected_to() {
        let (port, reached) = listener("127.0.0.1:0").await;
        for addresses in [
            &["127.0.0.1"][..],
            &["::1"],
            &["::ffff:127.0.0.1"],
            &["10.0.0.7"],
            &["192.168.1.1"],
            &["169.254.169.254"],
            &["fe80::1"],
            &["fd00::1"],
            &["64:ff9b::7f00:1"],
            &["0.0.0.0"],
            &["1.1.1.1", "127.0.0.1"],
            &["127.0.0.1", "1.1.1.1"],
            &["2606:4700:4700::1111", "::ffff:10.0.0.7"],
            &[],
        ] {
            let lookup = Answers::new(&[addresses]);
            let refused = fetch(lookup, is_global).fetch(&url(port), 5 * 1024).await.unwrap_err();
            assert_eq!(refused, FetchError::NotPublic, "{addresses:?}");
        }
        assert_eq!(reached.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn the_address_that_was_looked_at_is_the_one_that_is_connected_to() {
        // 127.0.0.1 stands for the internet here, and 127.0.0.2 for the network inside.
        let (port, public) = listener("127.0.0.1:0").await;
        let (_, inside) = listener(&format!("127.0.0.2:{port}")).await;
        let lookup = Answers::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
        let fetch = fetch(lookup.clone(), |address| address == IpAddr::from([127, 0, 0, 1]));
        assert!(matches!(fetch.fetch(&url(port), 5 * 1024).await, Err(FetchError::Unreachable(_))));
        assert_eq!(lookup.asked.load(Ordering::SeqCst), 1, "one answer decides, and is connected to");
        assert!(public.load(Ordering::SeqCst) >= 1);
        assert_eq!(
            fetch.fetch(&url(port), 5 * 1024).await.unwrap_err(),
            FetchError::NotPublic,
            "each fetch looks again"
        );
        assert_eq!(inside.load(Ordering::SeqCst), 0);
    }

    /// The certificates of the machine were read again by each request of a stranger, on a thread that answers requests.
    #[tokio::test]
    async fn a_client_that_cannot_be_made_is_not_made_again_by_each_fetch_and_one_that_can_is_made_once() {
        let (port, _) = listener("127.0.0.1:0").await;
        let answers = || Answers::new(&[&["127.0.0.1"]]);
        let broken = HttpsFetch {
            authorities: vec![Certificate::from_der(b"not a certificate").unwrap()],
            ..fetch(answers(), |_| true)
        };
        assert!(broken.client.get().is_none(), "nothing is read until it is needed");
        broken.prepare().await;
        assert!(matches!(broken.client.get(), Some(Err(FetchError::Unreachable(_)))));
        for _ in 0..2 {
            let refused = broken.fetch(&url(port), 5 * 1024).await.unwrap_err();
            assert!(matches!(refused, FetchError::Unreachable(_)) && refused.is_passing());
        }
        let good = fetch(answers(), |_| true);
        good.prepare().await;
        let made = std::ptr::from_ref(good.client().await.unwrap());
        let _ = good.fetch(&url(port), 5 * 1024).await;
        assert_eq!(made, std::ptr::from_ref(good.client().await.unwrap()));
    }

    #[tokio::test]
    async fn a_host_that_never_answers_is_cut_after_five_seconds() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = held.local_addr().unwrap().port();
        let fetch = fetch(Answers::new(&[&["127.0.0.1"]]), |_| true);
        let began = tokio::time::Instant::now();
        assert_eq!(fetch.fetch(&url(port), 5 * 1024).await.unwrap_err(), FetchError::Timeout);
        assert!(began.elapsed() < LONGEST_FETCH * 2);
    }

    #[tokio::test]
    async fn a_proxy_of_the_environment_is_not_used() {
        let (port, reached) = listener("127.0.0.1:0").await;
        // The environment of this process is shared by every test, so another test runs again in one of its own.
        let inner =
            "client::document::https::tests::the_address_that_was_looked_at_is_the_one_that_is_connected_to";
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", inner]);
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            child.env(name, format!("http://127.0.0.1:{port}"));
        }
        let output = child.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        assert_eq!(reached.load(Ordering::SeqCst), 0, "a proxy would resolve the name itself");
    }
}
