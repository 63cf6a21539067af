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
use crate::step::{command, succeed};
use crate::stores::Servers;

/// How many connections, each with one request under way.
const CONNECTIONS: [usize; 2] = [1, 16];

/// Runs it, or says how.
pub(in crate::bench) fn run(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h" | "help")) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match Options::parse(arguments).and_then(|options| all(&options)) {
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

fn all(options: &Options) -> Result<String, String> {
    let directory = fresh("bench-issuer")?;
    let build = ["build", "--release", "--package", "mcp-auth-bench", "--bins"];
    succeed(command(env!("CARGO")).args(build))?;
    let program = issuer::build(true)?;
    let mut servers = Servers::new(&directory);
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
        let filler = program.with_file_name("bench-store");
        weights.push((kind, weigh(&filler, &servers.place(kind)?, options.count(kind))?));
    }
    cells.sort_by_key(|cell| Row::ALL.iter().position(|row| *row == cell.row));
    Ok(format!("{}{}\n{}", table::asked(&cells, &CONNECTIONS), table::weighed(&weights), machine()))
}
