//! `mcp-auth doctor` against servers with one mistake each, and against the same servers without it.

#[cfg(target_os = "linux")] // where SSL_CERT_FILE says whom to trust
mod behind_proxy;
mod broken;
mod healthy;
mod hostile;
mod site;
mod tokens;
