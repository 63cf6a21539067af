//! Where a request comes from.

use std::net::IpAddr;

use axum::Extension;
use http::Extensions;
use mcp_auth_runtime::facade::ClientAddress;

/// The address of the client, if the server knows it.
pub(crate) fn client_address(extensions: &Extensions) -> Option<IpAddr> {
    ClientAddress::of(extensions.get::<ClientAddress>().copied().map(Extension))
        .map(|address| address.to_canonical())
}
