//! `mcp-auth providers`: what is known of an identity provider, and what to do there.

use std::process::ExitCode;

use mcp_auth_runtime::config::provider::ProviderName;

use crate::{Failure, terminal::Terminal};

/// Lists the identity providers that mcp.toml can name, or tells all about one.
///
/// Of one it prints a whole mcp.toml, what to do at the provider, what `provider = "NAME"` sets and why, and what MCP
/// clients can and cannot do with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The provider, as the list names it
    #[arg(value_parser = read)]
    name: Option<ProviderName>,
}

pub(crate) fn read(name: &str) -> Result<ProviderName, String> {
    name.parse::<ProviderName>().map_err(|error| error.to_string())
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    match arguments.name {
        Some(name) => terminal.line(told(&name.provider().page())),
        None => {
            let widest = ProviderName::all().map(|name| name.provider().name.len()).max().unwrap_or_default();
            for provider in ProviderName::all().map(ProviderName::provider) {
                terminal.line(format_args!("{:<widest$}  {}", provider.name, provider.about));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The page without what is for the checks of the book.
fn told(page: &str) -> String {
    let lines = page.trim_end().lines().filter(|line| !line.starts_with("<!--"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_told_of_with_its_configuration_and_a_name_that_is_none_with_the_nearest() {
        for name in ProviderName::all() {
            let told = told(&name.provider().page());
            assert!(told.contains(&format!("provider = {:?}", name.to_string())), "{told}");
            assert!(!told.contains("<!--"), "{told}");
        }
        assert!(read("autho").unwrap_err().contains("did you mean \"auth0\"?"));
        assert!(read("Azure").unwrap_err().contains("did you mean \"azure-b2c\" or \"entra\"?"));
        assert!(read("Amazon").unwrap_err().contains("did you mean \"cognito\"?"));
    }
}
