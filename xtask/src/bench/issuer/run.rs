//! The run: a new server on a new store for each row.

use std::process::ExitCode;

use super::clock::measure;
use super::options::{HELP, Options};
use super::rows::{Row, Shared};
use super::table::{self, Cell};
use super::weight::weigh;
use crate::bench::machine;
use crate::issuer::{self, Client, Connection, Setting};
use crate::process::{fixed_port, fresh};
use crate::stores::{Kind, Servers};

/// How many connections, each with one request under way.
const CONNECTIONS: [usize; 2] = [1, 16];

/// The program that fills a store.
const FILLER: &str = "bench-store";

/// Runs it, or says how.
pub(in crate::bench) fn run(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h" | "help")) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let measured = Options::parse(arguments)
        .and_then(|options| all(&mut Servers::new(&fresh("bench-issuer-stores")?), &options));
    match measured {
        Ok(tables) => {
            println!("\n{tables}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Asks for everything once on this store, so that a run of the tests notices what no longer works.
pub(crate) fn smoke(servers: &mut Servers, kind: Kind) -> Result<(), String> {
    all(servers, &Options::smoke(kind)).map(drop)
}

fn all(servers: &mut Servers, options: &Options) -> Result<String, String> {
    let directory = fresh("bench-issuer")?;
    let program = issuer::build(options.release, &[FILLER])?;
    let (mut cells, mut weights) = (Vec::new(), Vec::new());
    for &kind in &options.stores {
        for row in Row::ALL {
            println!("{}: {}", kind.name(), row.name());
            let place = servers.place(kind)?;
            let (directory, store) = (&*directory, &*place.url);
            let setting = Setting { program: &program, directory, store, port: fixed_port()?, grace: "0s" };
            let mut issuer = setting.start("issuer")?;
            issuer.ready()?;
            let client = Client::register(&mut Connection::open(setting.address())?, None)?;
            let shared = Shared::new(client);
            for connections in CONNECTIONS {
                let sample = measure(&setting, issuer.id(), (row, &shared), connections, options.seconds)
                    .map_err(|failure| format!("{failure}\n{}", issuer.end()))?;
                cells.push(Cell { row, kind, connections, sample });
            }
        }
        println!("{}: clients and grants", kind.name());
        let filler = program.with_file_name(FILLER);
        weights.push((kind, weigh(&filler, &servers.place(kind)?, options.count(kind))?));
    }
    cells.sort_by_key(|cell| Row::ALL.iter().position(|row| *row == cell.row));
    Ok(format!("{}{}\n{}", table::asked(&cells, &CONNECTIONS), table::weighed(&weights), machine()))
}
