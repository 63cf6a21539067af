//! The tests of the stores that need a server; what `bench issuer` and `kills` do, for some seconds.

use super::place::{Kind, Servers};
use crate::process::fresh;
use crate::step::{Outcome, available, command, succeed};
use crate::{bench, kills};

/// The tests that need such a server, and are left out without one.
const TESTS: &str =
    "binary(postgres) + binary(postgres_server) + binary(redis) + binary(redis_server) + test(on_a_server)";

/// The same without nextest. The whole workspace, so that the servers under test have every store.
const PLAIN: [&[&str]; 2] = [
    &["test", "-p", "mcp-auth-store", "--tests", "--", "--ignored"],
    &["test", "--workspace", "--test", "server", "--", "--ignored", "on_a_server"],
];

pub(crate) fn check() -> Result<Outcome, String> {
    let mut servers = Servers::new(&fresh("xtask-stores")?);
    let variables = [
        ("MCP_AUTH_TEST_REDIS", servers.redis()?.to_owned()),
        ("MCP_AUTH_TEST_POSTGRES", servers.postgres_url()?),
    ];
    if available("cargo", &["nextest", "--version"]) {
        let run = ["nextest", "run", "--workspace", "--no-fail-fast", "--run-ignored=only", "-E", TESTS];
        succeed(command("cargo").args(run).envs(variables))?;
    } else {
        for arguments in PLAIN {
            succeed(command("cargo").args(arguments).envs(variables.clone()))?;
        }
    }
    bench::issuer_smoke(&mut servers, Kind::Sqlite)?;
    kills::a_few(&mut servers, &Kind::DURABLE)?;
    Ok(Outcome::Passed)
}
