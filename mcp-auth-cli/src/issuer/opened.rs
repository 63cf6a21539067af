//! What a command on the people or clients of the issuer opens: the configuration, the log, and the store.

use std::process::ExitCode;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_issuer::Store;
use mcp_auth_runtime::config::Config;

use super::audit;
use crate::Failure;
use crate::configuration::Configuration;
use crate::store::configured;

/// A configuration, and the store that it names.
pub(super) struct Opened {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) ambient: Ambient,
}

/// Opens what `configuration` names, and does `what`. It is logged as the configuration says until it is done.
pub(super) fn opened(
    configuration: &Configuration,
    what: impl AsyncFnOnce(Opened) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let ambient = Ambient::system();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let config = configuration.load()?;
        let _log = audit::start(&config)?;
        let store = Store::new(configured(&config, &ambient).await?.durable);
        what(Opened { config, store, ambient }).await
    })
}
