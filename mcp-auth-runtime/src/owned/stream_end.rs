//! When what a caller holds open has to end: with the credential that opened it, with the key that signed it, or with
//! the server.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::Clock;
use tokio_util::sync::CancellationToken;

use crate::authn::Identity;

/// The end of a stream that belongs to a caller.
pub(crate) struct StreamEnd {
    identity: Identity,
    clock: Arc<dyn Clock>,
    server_ends: CancellationToken,
}

impl StreamEnd {
    /// When the credential of `identity` expires or is not believed any more, or `server_ends` is cancelled.
    pub(crate) fn new(identity: &Identity, clock: &Arc<dyn Clock>, server_ends: &CancellationToken) -> Self {
        Self { identity: identity.clone(), clock: Arc::clone(clock), server_ends: server_ends.clone() }
    }

    /// Waits for the end.
    pub(crate) async fn reached(self) {
        let expired = async {
            let Some(at) = self.identity.expires_at() else { return std::future::pending().await };
            let left = at.saturating_sub(self.clock.unix_now());
            tokio::time::sleep(Duration::from_secs(left)).await;
        };
        tokio::select! {
            () = self.server_ends.cancelled() => {}
            () = self.identity.withdrawn() => {}
            () = expired => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::authn::holder_until;

    struct At(u64);

    impl Clock for At {
        fn unix_now(&self) -> u64 {
            self.0
        }
    }

    /// A caller whose token expires then, and what withdraws it.
    fn caller(expires_at: Option<u64>) -> (Identity, CancellationToken) {
        let withdrawn = CancellationToken::new();
        (holder_until(expires_at, withdrawn.clone()), withdrawn)
    }

    fn end_at(expires_at: Option<u64>, server_ends: &CancellationToken) -> StreamEnd {
        StreamEnd {
            identity: caller(expires_at).0,
            clock: Arc::new(At(1000)),
            server_ends: server_ends.clone(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn j37_a_stream_ends_when_its_token_does() {
        let (start, running) = (Instant::now(), CancellationToken::new());
        end_at(Some(1060), &running).reached().await;
        assert_eq!(start.elapsed().as_secs(), 60);
        end_at(Some(999), &running).reached().await;
        assert_eq!(start.elapsed().as_secs(), 60, "one that has expired ends at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_without_an_expiry_ends_with_the_server() {
        let server_ends = CancellationToken::new();
        let day = Duration::from_secs(86_400);
        assert!(timeout(day, end_at(None, &server_ends).reached()).await.is_err());
        server_ends.cancel();
        let (start, expires_at) = (Instant::now(), Some(2000));
        end_at(expires_at, &server_ends).reached().await;
        end_at(None, &server_ends).reached().await;
        assert_eq!(start.elapsed().as_secs(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_the_key_that_signed_its_token_is_withdrawn() {
        let (running, day) = (CancellationToken::new(), Duration::from_secs(86_400));
        let (identity, withdrawn) = caller(Some(1_000_000));
        let clock: Arc<dyn Clock> = Arc::new(At(1000));
        let end = || StreamEnd::new(&identity, &clock, &running);
        assert!(timeout(day, end().reached()).await.is_err());
        withdrawn.cancel();
        let start = Instant::now();
        end().reached().await;
        assert_eq!(start.elapsed().as_secs(), 0);
        let anonymous = StreamEnd::new(&Identity::Anonymous, &clock, &running);
        assert!(
            timeout(day, anonymous.reached()).await.is_err(),
            "nothing of an anonymous caller is withdrawn"
        );
    }
}
