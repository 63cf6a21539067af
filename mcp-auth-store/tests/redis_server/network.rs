//! A way to a server that a test can cut.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use crate::server::prefix;

/// What a proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way {
    Open,
    /// Every connection is cut.
    Cut,
    /// What is asked arrives, and no answer comes back.
    Deaf,
}

/// A way to a server that a test can cut.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    pub(crate) way: watch::Sender<Way>,
}

impl Proxy {
    pub(crate) async fn to(server: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let (way, seen) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let way = seen.clone();
                if *way.borrow() == Way::Cut {
                    continue;
                }
                let server = tokio::net::TcpStream::connect(&server).await.expect("a server");
                tokio::spawn(passed(client, server, way));
            }
        });
        Self { port, way }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}?prefix={}", self.port, prefix())
    }
}

async fn passed(
    mut client: tokio::net::TcpStream,
    mut server: tokio::net::TcpStream,
    mut way: watch::Receiver<Way>,
) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.split(), server.split());
    let (mut asked, mut answered) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => match read {
                Ok(so_much) if so_much > 0 => { let _ = to_server.write_all(&asked[..so_much]).await; }
                _ => return,
            },
            read = from_server.read(&mut answered) => match read {
                Ok(so_much) if so_much > 0 => {
                    if *way.borrow() == Way::Open {
                        let _ = to_client.write_all(&answered[..so_much]).await;
                    }
                }
                _ => return,
            },
            _ = way.changed() => {
                if *way.borrow() == Way::Cut {
                    return;
                }
            }
        }
    }
}
