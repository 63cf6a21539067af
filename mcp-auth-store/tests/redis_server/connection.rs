//! How the server is reached, and that it is the right one.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp_auth_store::RedisRows;
use mcp_auth_store::durable::Rows as _;
use mcp_auth_store::suite::records::granted;
use tokio::time::Instant;

use crate::sample::{before, change};
use crate::server::{Server, address, ask, opened};

/// A server that says this, whatever it is asked.
fn that_says(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut asked) = (stream.expect("a client"), [0; 4096]);
            while stream.read(&mut asked).is_ok_and(|so_much| so_much > 0) {
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    format!("127.0.0.1:{port}")
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s08_a_password_stands_in_no_error_and_no_debug() {
    let server = Server::with(&["--requirepass", "hunter2"]);
    let with = |password: &str| format!("redis://:{password}@127.0.0.1:{}/", server.port);
    let rows = RedisRows::connect(&with("hunter2")).await.unwrap();
    assert_eq!(
        format!("{rows:?}"),
        format!("RedisRows(redis://127.0.0.1:{}, database 0, {{mcp-auth}})", server.port)
    );
    let repeats = that_says("-ERR unknown command 'AUTH', with args beginning with: 'hunter9'\r\n");
    for (url, why) in [
        (with("hunter9"), "Password authentication failed"),
        (format!("redis://127.0.0.1:{}", server.port), "NOAUTH"),
        (format!("redis://:hunter9@{repeats}"), "database 0 refuses"),
        ("redis://:hunter9@127.0.0.1:1".to_owned(), "redis://127.0.0.1:1, database 0 cannot be reached"),
        ("redis://:hunter9@127.0.0.1:1?a=b".to_owned(), "not a parameter"),
        ("redis://:hunter9@[::/".to_owned(), "does not parse"),
    ] {
        let refused = RedisRows::connect(&url).await.unwrap_err();
        let all = format!("{refused} {refused:?}");
        assert!(!all.contains("hunter9"), "{all}");
        assert!(all.contains(why), "{all}");
    }
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_server_that_is_too_old_or_not_one_is_refused_soon() {
    let old = that_says("$21\r\nredis_version:6.0.16\n\r\n");
    let refused = RedisRows::connect(&format!("redis://{old}")).await.unwrap_err().to_string();
    assert!(refused.contains("Redis 6.0 is too old: a store needs 6.2 or newer"), "{refused}");
    let web = that_says("HTTP/1.1 400 Bad Request\r\n\r\n");
    RedisRows::connect(&format!("redis://{web}")).await.unwrap_err();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let began = Instant::now();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let refused = RedisRows::connect(&url).await.unwrap_err().to_string();
    assert!(refused.contains("did not answer within 5 seconds"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s07_a_certificate_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    let certified = |name: &str, of: &[&str]| -> (PathBuf, PathBuf) {
        let of: Vec<String> = of.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(of).unwrap();
        let (certificate, key) =
            (directory.path().join(format!("{name}.pem")), directory.path().join(format!("{name}.key")));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    };
    let (ours, key) = certified("ours", &["localhost", "127.0.0.1"]);
    let (others, others_key) = certified("others", &["example.com"]);
    let with = |certificate: &Path, key: &Path| {
        let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
        Server::with(&[
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &certificate,
            "--tls-auth-clients",
            "no",
        ])
    };
    let server = with(&ours, &key);
    let url = |host: &str, file: &Path| format!("rediss://{host}:{}?ca_file={}", server.port, file.display());
    for host in ["localhost", "127.0.0.1"] {
        granted(&opened(&url(host, &ours)).await, host, "1").await;
    }
    let refused = async |url: &str| RedisRows::connect(url).await.unwrap_err().to_string();
    let unknown = refused(&format!("rediss://localhost:{}", server.port)).await;
    assert!(unknown.contains("certificate") || unknown.contains("trusts no authority"), "{unknown}");
    let unknown = refused(&url("localhost", &others)).await;
    assert!(unknown.contains("certificate"), "{unknown}");
    let unknown = refused(&url("localhost", &key)).await;
    assert!(unknown.contains("no certificate in PEM"), "{unknown}");
    let unknown = refused(&url("localhost", Path::new("/nowhere/at/all"))).await;
    assert!(unknown.contains("ca_file cannot be used"), "{unknown}");
    // Its own certificate, and the name of another host.
    let server = with(&others, &others_key);
    let unknown = refused(&format!("rediss://localhost:{}?ca_file={}", server.port, others.display())).await;
    assert!(unknown.contains("certificate not valid for name"), "{unknown}");
    // A server without TLS.
    let plain = refused(&format!("rediss://{}?ca_file={}", address(), ours.display())).await;
    assert!(plain.contains("cannot be reached") || plain.contains("did not answer"), "{plain}");
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_store_is_reached_by_a_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("redis.sock").display().to_string();
    let _server = Server::with(&["--unixsocket", &socket, "--requirepass", "secret"]);
    let store = opened(&format!("unix://{socket}?pass=secret&db=3")).await;
    granted(&store, "g", "1").await;
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_cluster_keeps_a_store_in_one_of_its_slots() {
    let server = Server::with(&["--cluster-enabled", "yes"]);
    let slots: Vec<String> = (0..16384).map(|slot| slot.to_string()).collect();
    let all: Vec<&str> =
        ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(|slot| &**slot)).collect();
    let () = ask(&server.url(), &all);
    for _ in 0..100 {
        let state: String = ask(&server.url(), &["CLUSTER", "INFO"]);
        if state.contains("cluster_state:ok") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let store = opened(&server.url()).await;
    granted(&store, "g", "1").await;
    let rows = RedisRows::connect(&server.url()).await.unwrap();
    before(&rows).await;
    assert!(rows.commit(change(2)).await.unwrap());
    assert_eq!(rows.first_of("h".into(), 10).await.unwrap().len(), 2);
    assert!(rows.sweep(100, 100).await.unwrap() >= 2);
    let mut slots = std::collections::BTreeSet::new();
    for key in ask::<Vec<String>>(&server.url(), &["KEYS", "*"]) {
        slots.insert(ask::<i64>(&server.url(), &["CLUSTER", "KEYSLOT", &key]));
    }
    assert_eq!(slots.len(), 1);
}
