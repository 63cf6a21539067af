//! The revisions we know, beside those that rmcp knows.

use mcp_auth_core::{Era, revision};
use rmcp::model::ProtocolVersion;

#[test]
fn revisions_and_eras_are_those_of_rmcp() {
    let of_rmcp: Vec<&str> = ProtocolVersion::KNOWN_VERSIONS.iter().map(ProtocolVersion::as_str).collect();
    assert_eq!(revision::KNOWN, *of_rmcp);
    for version in ProtocolVersion::KNOWN_VERSIONS {
        let has_sessions = Era::of(Some(version.as_str())) == Era::Sessions;
        assert_eq!(has_sessions, version.has_initialize(), "{version}");
    }
    assert_eq!(Era::Stateless.latest(), ProtocolVersion::LATEST.as_str());
    assert_eq!(Era::Sessions.latest(), ProtocolVersion::LATEST_WITH_INITIALIZE.as_str());
}
