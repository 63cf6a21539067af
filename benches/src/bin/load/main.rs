//! The load: `bench-load mint DIRECTORY COUNT` makes the keys and tokens of a run, `bench-load run …` sends requests
//! over kept connections for a while and prints one JSON object on what came back and what it cost the server.
//! In reading order: `arguments`, `mint`, `run` (the connections and the clock), `connection` (HTTP/1.1, as little of
//! it as checks every answer), `process` (what the server used).

mod arguments;
mod connection;
mod mint;
mod process;
mod run;

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["mint", directory, count] => mint::mint(directory.as_ref(), count.parse()?),
        ["run", ..] => run::run(&arguments::Run::parse(&arguments[1..])?),
        _ => Err("usage: bench-load mint DIRECTORY COUNT | run OPTION=VALUE…".into()),
    }
}
