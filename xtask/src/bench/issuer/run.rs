//! The run: a new server on a new store for each row and number of connections.

use std::fs;
use std::process::ExitCode;

use super::clock::{CONNECTIONS, measure};
use super::options::{HELP, Options};
use super::page;
use super::rows::{Row, Shared};
use super::table::Cell;
use super::weight::weigh;
use crate::issuer::{self, Client, Connection, Setting};
use crate::process::{fixed_port, fresh};
use crate::step;
use crate::stores::{Kind, Servers};

/// The program that fills a store.
const FILLER: &str = "bench-store";

/// Runs it, or says how.
pub(in crate::bench) fn run(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h" | "help")) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let measured = Options::parse(arguments).and_then(|options| {
        let page = all(&mut Servers::new(&fresh("bench-issuer-stores")?), &options)?;
        options.output.as_deref().map_or(Ok(()), |output| write(output, &page))?;
        Ok(page)
    });
    match measured {
        Ok(page) => {
            println!("\n{page}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn write(output: &str, page: &str) -> Result<(), String> {
    fs::write(step::root().join(output), page).map_err(|error| format!("{output}: {error}"))
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
            for connections in CONNECTIONS {
                println!("{}: {}, {connections} at once", kind.name(), row.name());
                // A new server each time: people have to wait once they were given many codes.
                let place = servers.place(kind)?;
                let (directory, store) = (&*directory, &*place.url);
                let setting =
                    Setting { program: &program, directory, store, port: fixed_port()?, grace: "0s" };
                let mut issuer = setting.start("issuer")?;
                issuer.ready()?;
                let client = Client::register(&mut Connection::open(setting.address())?, None)?;
                let shared = Shared::new(client);
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
    Ok(page::render(options, &cells, &weights))
}
