//! `mcp-auth doctor` against servers with one mistake each, and against their healthy twins.

#[cfg(target_os = "linux")] // where SSL_CERT_FILE says whom to trust
mod behind_proxy;
mod broken;
mod healthy;
mod hostile;
mod site;
mod tokens;
