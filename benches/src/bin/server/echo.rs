//! axum, answering the body it got: what HTTP alone costs here.

use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http::header::CONTENT_TYPE;

use super::{Error, announce, listen};

/// Serves until it is killed.
pub(super) async fn serve() -> Result<(), Error> {
    let echo = |body: Bytes| async { ([(CONTENT_TYPE, "application/json")], body) };
    let router = Router::new().route("/mcp", post(echo));
    let listener = listen().await?;
    announce(listener.local_addr()?)?;
    let listener = listener.tap_io(|stream| {
        let _slower_without = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}
