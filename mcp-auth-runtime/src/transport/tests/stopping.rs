//! The order in which a server stops, as its clients see it.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::support::*;

async fn ended(served: JoinHandle<Drained>) -> Drained {
    timeout(PATIENCE, served).await.expect("the server ends").unwrap()
}

#[tokio::test]
async fn on_shutdown_requests_in_flight_finish_streams_get_their_result_and_nothing_new_comes_in() {
    let server = start(defaults()).await;
    let (mut slow, mut listens, mut idle) =
        (server.connect().await, server.connect().await, server.connect().await);
    server.send(&mut idle, KEEP).await;
    read_until(&mut idle, "ping").await;
    server.send(&mut listens, "GET /until-stopping HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    read_until(&mut listens, "first").await;
    timeout(PATIENCE, server.entered.notified()).await.unwrap();
    server.send(&mut slow, "GET /slow HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    timeout(PATIENCE, server.entered.notified()).await.unwrap();
    let mut half_sent = server.connect().await;
    server.send(&mut half_sent, "POST /mcp HTTP/1.1\r\nHost: HOST\r\n").await;
    sleep(Duration::from_millis(100)).await;

    server.shutdown.trigger();
    assert_eq!(read_to_close(&mut idle).await, "", "an idle connection is closed at once");
    server.send(&mut half_sent, "Content-Length: 4\r\n\r\nping").await;
    assert!(
        read_to_close(&mut half_sent).await.ends_with("ping"),
        "a request whose head had begun is answered"
    );
    assert!(TcpStream::connect(server.address).await.is_err(), "refused");
    assert!(read_to_close(&mut listens).await.contains("result"));
    assert!(read_to_close(&mut slow).await.ends_with("finished"));
    assert_eq!(ended(server.served).await, Drained { cut_off: 0 });
    assert!(server.shutdown.cut().is_cancelled(), "nothing that the handler holds open outlives the server");
}

#[tokio::test]
async fn what_outlasts_the_drain_time_is_cut_and_what_ignores_that_is_closed() {
    let server = start(ConnectionLimits { drain_timeout: Duration::from_millis(300), ..defaults() }).await;
    let (mut legacy, mut stuck) = (server.connect().await, server.connect().await);
    server.send(&mut legacy, "GET /until-cut HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    read_until(&mut legacy, "first").await;
    server.send(&mut stuck, "GET /forever HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    read_until(&mut stuck, "first").await;
    server.shutdown.trigger();
    assert!(read_to_close(&mut legacy).await.contains("cut"));
    assert_eq!(ended(server.served).await, Drained { cut_off: 1 });
    read_to_close(&mut stuck).await;
}

#[tokio::test]
async fn a_server_without_connections_stops_at_once() {
    let server = start(defaults()).await;
    let mut silent = server.connect().await;
    sleep(Duration::from_millis(100)).await;
    server.shutdown.trigger();
    assert_eq!(read_to_close(&mut silent).await, "");
    assert_eq!(ended(server.served).await, Drained { cut_off: 0 });
}
