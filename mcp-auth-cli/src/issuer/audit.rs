//! The audit events of what an operator does here, on standard error: the same lines as those of the server.

use mcp_auth_runtime::config::Config;
use mcp_auth_runtime::config::log::Level;
use mcp_auth_runtime::facade::{Log, start_log};

use crate::Failure;

/// Audit events and nothing else: the rest of what happens is said by the command itself.
const EVENTS: &str = "off,mcp_auth::audit=info";

/// Writes them until the answer is dropped, in the format of `[log]`; none where that is turned off.
///
/// # Errors
/// The log cannot be started.
pub(super) fn start(config: &Config) -> Result<Log, Failure> {
    let is_off = config.log.filter.is_none() && config.log.level == Some(Level::Off);
    Ok(start_log(if is_off { "off" } else { EVENTS }, config.log.format)?)
}
