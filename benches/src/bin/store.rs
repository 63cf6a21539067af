//! `bench-store COUNT [URL]`: puts so many clients, and then so many grants, into a store, in memory or at a URL, and says as JSON how long
//! each took and how much memory of this process they hold.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_store::suite::records::{client, code, lasting_grant};
use mcp_auth_store::{
    Caps, Code, Durable, Grant, PostgresRows, RedisRows, SecretHash, SqliteRows, Store, StoreKey, StoreKeys,
};
use serde_json::{Value, json};

/// How many steps are under way at once.
const AT_ONCE: usize = 16;
/// How many of each there are before.
const FIRST: usize = 200;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (count, url) = match &arguments[..] {
        [count] => (count.parse()?, None),
        [count, url] => (count.parse()?, Some(url.as_str())),
        _ => return Err("usage: bench-store COUNT [URL]".into()),
    };
    let store = match url {
        None => {
            let all = count + FIRST;
            Store::memory(Caps { clients: all, codes: all, grants: all, ..Caps::default() })
        }
        Some(url) => opened(url).await?,
    };
    let register = |store: Store, name: String| async move {
        store.clients().register(client(&name), None, 1).await.map(drop)
    };
    // Each of a person of its own: what one person lets one client do is one entry.
    let grant = |store: Store, name: String| async move {
        let (hash, subject) = (SecretHash::of(&name), format!("person of {name}"));
        store.codes().issue(hash, Code { subject: subject.clone(), ..code("app", "read write") }, 1).await?;
        let grant = Grant { subject, ..lasting_grant(&name, "a secret") };
        store.codes().redeem(hash, &name, Some(grant), 1).await.map(drop)
    };
    // What a process takes once, whatever is in its store, is taken before.
    filled(&store, "a client before", FIRST, register).await?;
    filled(&store, "a grant before", FIRST, grant).await?;
    let clients = filled(&store, "a client", count, register).await?;
    let grants = filled(&store, "a grant", count, grant).await?;
    println!("{}", json!({ "clients": clients, "grants": grants }));
    Ok(())
}

async fn opened(url: &str) -> Result<Store, Error> {
    let keys = StoreKeys::of(StoreKey::new([7; 32])?);
    let random = Arc::new(SystemRandom);
    Ok(Store::new(match url.split_once(':') {
        Some(("sqlite", file)) => {
            Durable::open(Arc::new(SqliteRows::open(Path::new(file))?), keys, random, 1).await?
        }
        Some(("postgres", _)) => {
            Durable::open(Arc::new(PostgresRows::connect(url).await?), keys, random, 1).await?
        }
        Some(("redis", _)) => {
            Durable::open(Arc::new(RedisRows::connect(url).await?), keys, random, 1).await?
        }
        _ => return Err(format!("no store at {url}").into()),
    }))
}

/// Does `step` with so many names, and says what it took.
async fn filled<F, S>(store: &Store, name: &'static str, count: usize, step: F) -> Result<Value, Error>
where
    F: Fn(Store, String) -> S + Copy + Send + 'static,
    S: Future<Output = Result<(), mcp_auth_store::StoreError>> + Send,
{
    let (before, begun) = (resident(), Instant::now());
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|first| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (first..count).step_by(AT_ONCE) {
                    step(store.clone(), format!("{name} {number}")).await?;
                }
                Ok::<_, mcp_auth_store::StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await?.map_err(|error| format!("{:?}", error.cause()))?;
    }
    let grown = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    Ok(json!({ "seconds": begun.elapsed().as_secs_f64(), "rss_kib": grown }))
}

/// Resident memory of this process in KiB, as Linux tells it (proc(5)).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
