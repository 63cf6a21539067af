//! The keys and tokens of a run, in files: `jwks.json`, one list of tokens per algorithm, its public key and a token
//! that stays the same, one that holds too little, an opaque one and an API key.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use mcp_auth_bench::SCOPE;
use mcp_auth_bench::signing::{Signer, jwks};
use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::Algorithm;

use super::Error;

/// Algorithms of tokens that are verified anew for every request.
const FRESH: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];

/// Writes them into `directory`, `count` tokens per list.
pub(super) fn mint(directory: &Path, count: usize) -> Result<(), Error> {
    fs::create_dir_all(directory)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let signers = FRESH.map(Signer::new).into_iter().collect::<Result<Vec<_>, _>>()?;
    fs::write(directory.join("jwks.json"), jwks(&signers).to_string())?;
    for signer in &signers {
        let name = signer.algorithm().name().to_lowercase();
        fs::write(directory.join(format!("{name}.txt")), list(signer, now, count)?)?;
        fs::write(directory.join(format!("{name}.key")), signer.raw_public_key())?;
        fs::write(directory.join(format!("{name}-one.txt")), signer.token(now, usize::MAX, SCOPE)?)?;
    }
    fs::write(directory.join("narrow.txt"), signers[0].token(now, usize::MAX, "bench.other")?)?;
    fs::write(
        directory.join("opaque.txt"),
        "an_opaque_token_of_64_characters_as_many_issuers_make_them_-----",
    )?;
    fs::write(directory.join("api-key.txt"), ApiKey::make(&*Ambient::system().random).expose())?;
    Ok(())
}

/// `count` tokens, one per line, signed by as many threads as there are cores.
fn list(signer: &Signer, now: u64, count: usize) -> Result<String, Error> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads);
    let parts: Vec<Result<String, Error>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let numbers = worker * share..count.min((worker + 1) * share);
                scope.spawn(move || {
                    numbers.map(|number| Ok(signer.token(now, number, SCOPE)? + "\n")).collect()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_panic| Err("a signing thread panicked".into())))
            .collect()
    });
    parts.into_iter().collect()
}
