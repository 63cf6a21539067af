//! Tokens that are bound to a key (DPoP, RFC 9449), by software of others from end to end: oidc-provider binds them, and the
//! TypeScript SDK makes the proofs.

use super::check::{
    Bench, By, FLOW, FOREIGN_LIFETIME, Group, Issuer, Sdk, Target, every, flows_against, with_arguments,
};
use crate::step::root;

/// Both ways in which a server takes bound tokens.
const MODES: [&str; 2] = ["required", "allowed"];

/// The TypeScript client through the complete flow. The Python SDK makes no proofs.
pub(super) fn flows(bench: &Bench) -> Result<Group, String> {
    let by = Issuer::OidcProvider;
    let (process, issuer, _) = bench.foreign_issuer(by, "bound-flows", FOREIGN_LIFETIME)?;
    let flows = every(&[Sdk::TypeScript], &[By::Dcr]);
    let (mut rows, mut logs) = (Vec::new(), String::new());
    for dpop in MODES {
        let name = format!("bound-flows-{dpop}");
        let server = bench.bound_server(&name, &issuer, dpop)?;
        let url = server.url();
        let target = Target { url: &url, skew: "0", group: &name, bound: Some(dpop), columns: &FLOW };
        let (mut of_mode, log) = flows_against(bench, &target, &flows)?;
        rows.append(&mut of_mode);
        logs += &format!("{log}\n{}\n", server.end());
    }
    let title = format!("`examples/todos` with {}, tokens bound to a key of the client", by.label()?);
    logs += &process.end();
    Ok(Group { title, first: "client", columns: &FLOW, rows, logs })
}

/// What a server takes with bound tokens, one by one, and what it refuses to a thief.
pub(super) fn tokens(bench: &Bench) -> Result<Group, String> {
    let by = Issuer::OidcProvider;
    let (process, issuer, _) = bench.foreign_issuer(by, "bound", "300")?;
    let [required, allowed] = MODES.map(|dpop| bench.bound_server(&format!("bound-{dpop}"), &issuer, dpop));
    let (required, allowed) = (required?, allowed?);
    let mut command = with_arguments(bench.node.command(&root().join("interop")), "bound.mjs");
    command.args(["--url", &required.url(), "--allowed-url", &allowed.url(), "--issuer", &issuer]);
    let (row, log) = bench.drive("bound-driver", "bound".to_owned(), &mut command, &[])?;
    let title = format!("Access tokens of {} that are bound to a key, on both eras", by.label()?);
    let logs = format!("{log}\n{}\n{}\n{}", required.end(), allowed.end(), process.end());
    Ok(Group { title, first: "token", columns: &[], rows: vec![row], logs })
}
