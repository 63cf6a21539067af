//! The loopback redirect (RFC 8252 §7.3): waits for one answer at `http://127.0.0.1:PORT/callback`.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_issuer::PAGE_STYLE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::callback::{Answer, Asked, CallbackError, read};

/// A port on this machine that the browser will be redirected to.
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    port: u16,
}

const HEAD_LIMIT: usize = 16 * 1024;
const HEAD_TIME: Duration = Duration::from_secs(10);

impl Listener {
    /// Binds `port`; 0 is any free one.
    pub(super) async fn bind(port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    pub(super) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Answers browsers until it is dropped; each callback's verdict is sent to `told` after its page is written.
    pub(super) async fn serve(self, asked: Asked, told: mpsc::Sender<Result<Answer, CallbackError>>) {
        let asked = Arc::new(asked);
        loop {
            // If accepting a connection fails, the browser tries again.
            let Ok((stream, _)) = self.socket.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (asked, told) = (Arc::clone(&asked), told.clone());
            // Each connection has its own task, because browsers open connections early and send nothing.
            tokio::spawn(async move {
                if let Ok(Some(verdict)) = answer(stream, &asked).await {
                    let _ = told.send(verdict).await;
                }
            });
        }
    }
}

/// Reads one request and answers it; gives the verdict if it was a callback.
async fn answer(mut stream: TcpStream, asked: &Asked) -> io::Result<Option<Result<Answer, CallbackError>>> {
    let head = match tokio::time::timeout(HEAD_TIME, head(&mut stream)).await {
        Ok(head) => head?,
        Err(_) => return Ok(None),
    };
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (status, page, verdict) = match (method, path) {
        ("GET", "/callback") => match read(query, asked) {
            Ok(answer) => (
                "200 OK",
                page("You are logged in", "You can close this page and go back to the terminal."),
                Some(Ok(answer)),
            ),
            Err(error) => {
                let title =
                    if error.ends_the_login() { "Not logged in" } else { "Not the answer to this login" };
                (
                    "400 Bad Request",
                    page(title, "You can close this page. The terminal says why."),
                    Some(Err(error)),
                )
            }
        },
        _ => ("404 Not Found", page("Nothing here", "This port waits for the answer to one login."), None),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
         Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{page}",
        length = page.len(),
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(verdict)
}

/// The request line. The rest of the head is read and ignored, so that closing does not reset the connection.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 2048]);
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await?;
        if read == 0 || bytes.len() + read > HEAD_LIMIT {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    let line = bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
    String::from_utf8(line.to_vec()).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// A page with fixed text, in the looks of the login's pages: it contains nothing from the request.
fn page(title: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><meta name=robots content=noindex><title>{title}</title>\
         <style>{PAGE_STYLE}</style></head><body><main><h1>{title}</h1><p>{text}</p></main>\
         <footer>mcp-auth, on this computer</footer></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_of_a_login_looks_like_the_others() {
        let page = page("You are logged in", "You can close this page.");
        assert!(page.contains(PAGE_STYLE) && page.contains("<main><h1>You are logged in</h1>"));
        assert!(page.contains("lang=en") && page.contains("<footer>") && !page.contains("<script"));
    }
}
