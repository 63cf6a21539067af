//! The built-in issuer for others, as the comments of `mcp.production.toml` have people turn it on: it starts, and answers what its proxy sends.

use std::fs;
use std::process::Command;

use super::variant::Variant;
use super::workspace::Workspace;
use crate::http::{call, get, send};
use crate::process::{Server, fresh};
use crate::step::expect;

/// The profile in which the lines are turned on, beside the one that is checked.
const PROFILE: &str = "others";

/// Builds the variant with the feature that its `Cargo.toml` has for this, and starts it.
pub(super) fn check(workspace: &Workspace, variant: &Variant) -> Result<(), String> {
    let project = workspace.project(variant);
    let production = project.join("mcp.production.toml");
    let text = fs::read_to_string(&production).map_err(|error| format!("mcp.production.toml: {error}"))?;
    let profile = project.join(format!("mcp.{PROFILE}.toml"));
    fs::write(&profile, turned_on(&text)?).map_err(|error| format!("{}: {error}", profile.display()))?;
    workspace.build_for_others(variant)?;

    // What a container gives: its volume, the key, the URL. Its proxy is this process.
    let store = fresh("template/others")?.join("issuer.sqlite");
    let mut program = Command::new(workspace.executable(variant));
    program.current_dir(&project).env("MCP_PROFILE", PROFILE).env("NOTES_DB", ":memory:");
    program.env("MCP_STORE__URL", format!("sqlite:{}", store.display())).env("STORE_KEY", "5a".repeat(32));
    program.env("MCP_SERVER__PUBLIC_URL", "https://notes.example.com/mcp");
    program.env("MCP_SERVER__TRUSTED_PROXIES", r#"["127.0.0.1"]"#);
    let name = format!("{}-for-others", variant.name());
    let server = Server::start(&name, workspace.directory(), &mut program)?;
    let answered = answers(&server);
    answered.map_err(|error| format!("{name}: {error}\n{}", server.end()))
}

fn answers(server: &Server) -> Result<(), String> {
    let refused = send(server.address(), &call("list_notes"))?;
    expect(refused.status == 401, "401 without a token", &refused)?;
    let metadata = send(server.address(), &get("/.well-known/oauth-authorization-server"))?;
    let is_ours = metadata.status == 200 && metadata.body.contains("https://notes.example.com/token");
    expect(is_ours, "the metadata of the built-in issuer", &metadata)
}

/// The file with the lines of the built-in issuer turned on: those that are a key or a table behind `#`, up to the other choice.
fn turned_on(production: &str) -> Result<String, String> {
    let (ours, rest) =
        production.split_once("\n# With 1. instead:").ok_or("mcp.production.toml has no two choices")?;
    let (_, log) = rest.split_once("\n[log]").ok_or("mcp.production.toml has no [log]")?;
    let lines = ours.lines().filter(|line| !line.starts_with("enabled = false"));
    let lines = lines.map(|line| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => key,
        _ => line,
    });
    Ok(format!("{}\n\n[log]{log}", lines.collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tables_are_turned_on_and_words_and_the_other_choice_are_not() {
        let text = "# Words.\n[issuer]\nenabled = false  # why\n#login = \"accounts\"\n\n#[store]\n#key = 1\n\n\
                    # With 1. instead:\n#[[auth.issuers]]\n\n[log]\nformat = \"json\"\n";
        let on = "# Words.\n[issuer]\nlogin = \"accounts\"\n\n[store]\nkey = 1\n\n[log]\nformat = \"json\"\n";
        assert_eq!(turned_on(text), Ok(on.to_owned()));
        assert!(turned_on("[log]\n").is_err());
    }
}
