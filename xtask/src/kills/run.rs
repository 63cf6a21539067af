//! The kills, and what came of them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use super::ledger::Counts;
use super::load::{Life, People, Stop, Worker};
use super::options::{HELP, Options};
use super::random::Random;
use crate::issuer::{self, Client, Connection, Issuer, Setting};
use crate::process::{fixed_port, fresh};
use crate::stores::{Kind, Place, Servers};

/// How many clients there are.
const CLIENTS: u64 = 4;
/// A server is killed after so many answers at the most, however fast the machine is, and so many microseconds later at the most.
const AFTER: (u64, u64) = (80, 4000);
/// The longest it lives if it does not answer.
const LONGEST: Duration = Duration::from_secs(10);
/// One of so many is killed while it starts: so many milliseconds after at the latest.
const AT_THE_START: (u64, u64) = (8, 60);
/// How often a run within the tests kills each.
const A_FEW: u64 = 6;

/// Runs it, or says how.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h" | "help")) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let done = Options::parse(arguments).and_then(|options| {
        let names: Vec<_> = options.stores.iter().map(|kind| kind.name()).collect();
        let mut servers = Servers::new(&fresh(&format!("kills-on-{}", names.join("-")))?);
        all(&mut servers, &options)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// A few kills on each of these stores, for a run of the tests.
pub(crate) fn a_few(servers: &mut Servers, stores: &[Kind]) -> Result<(), String> {
    all(servers, &Options::of(stores.to_vec(), A_FEW))
}

fn all(servers: &mut Servers, options: &Options) -> Result<(), String> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => issuer::build(options.release, &[])?,
    };
    for &kind in &options.stores {
        println!("{}: {} kills, seed {}", kind.name(), options.times, options.seed);
        let place = servers.place(kind)?;
        let told = on(&place, options, &program)
            .map_err(|failure| format!("{}, seed {}: {failure}", kind.name(), options.seed))?;
        println!("{told}");
    }
    Ok(())
}

fn on(place: &Place, options: &Options, program: &Path) -> Result<String, String> {
    let directory = fresh(&format!("kills-{}", place.kind.name()))?;
    let mut setting =
        Setting { program, directory: &directory, store: &place.url, port: fixed_port()?, grace: "0s" };
    let mut first = setting.start("first")?;
    first.ready()?;
    let client = Client::register(&mut Connection::open(setting.address())?, None)?;
    drop(first);

    let mut workers: Vec<Worker> = (0..CLIENTS).map(|_| Worker::default()).collect();
    let people = People::new();
    let (begun, mut at_the_start) = (Instant::now(), 0);
    for number in 0..options.times {
        let mut random = Random::of(options.seed, number);
        // Half of them with a grace: then what was cut off has to work again.
        setting.grace = if number < options.times / 2 { "0s" } else { "30s" };
        if number > 0 && number % 50 == 0 {
            let (seconds, counts) = (begun.elapsed().as_secs_f64(), all_of(&workers));
            println!("  {number} kills, {seconds:.0} s, {} acknowledged", counts.acknowledged);
        }
        // The log of the life before is still there.
        let mut issuer = setting.start(["even", "odd"][number as usize % 2])?;
        if random.one_in(AT_THE_START.0) {
            at_the_start += 1;
            thread::sleep(Duration::from_millis(random.below(AT_THE_START.1)));
            continue;
        }
        issuer.ready()?;
        let lives = (random.below(AFTER.0), Duration::from_micros(random.below(AFTER.1)));
        live(&setting, (&client, &people), &mut workers, (options.seed, number), Some((issuer, lives)))
            .map_err(|failure| format!("kill {number}: {failure}"))?;
    }
    let mut last = setting.start("last")?;
    last.ready()?;
    live(&setting, (&client, &people), &mut workers, (options.seed, options.times), None)?;
    drop(last);

    let counts = all_of(&workers);
    if options.times > 0 && counts.found == 0 {
        return Err("nothing was acknowledged before a kill, so this shows nothing".to_owned());
    }
    Ok(report(options.times, at_the_start, begun.elapsed(), counts))
}

/// One life of the server: it is killed after a while, or lives until all has been looked for.
fn live(
    setting: &Setting<'_>,
    known: (&Client, &People),
    workers: &mut [Worker],
    (seed, number): (u64, u64),
    killed: Option<(Issuer, (u64, Duration))>,
) -> Result<(), String> {
    let before = known.1.answers();
    let (address, grace, ends) = (setting.address(), setting.grace != "0s", killed.is_some());
    thread::scope(|scope| {
        let clients: Vec<_> = workers
            .iter_mut()
            .zip(1..)
            .map(|(worker, at)| {
                let random = Random::of(seed, number * (CLIENTS + 1) + at + (1 << 32));
                scope.spawn(move || {
                    let mut life = Life::new(address, known, random, grace);
                    let mut lived = worker.settle(&mut life);
                    while lived.is_ok() && ends {
                        lived = worker.step(&mut life);
                    }
                    match lived {
                        Ok(()) => Ok(()),
                        Err(Stop::Cut) if ends => Ok(()),
                        Err(Stop::Cut) => Err("the server ended by itself".to_owned()),
                        Err(Stop::Wrong(what)) => Err(what),
                    }
                })
            })
            .collect();
        let killed = killed.map_or(Ok(()), |(mut issuer, lives)| {
            let (answers, more) = lives;
            let (begun, last) = (Instant::now(), before + answers);
            while known.1.answers() < last && begun.elapsed() < LONGEST {
                thread::sleep(Duration::from_micros(200));
            }
            thread::sleep(more);
            let runs = issuer.runs()?;
            let end = if runs { String::new() } else { issuer.end() };
            drop(issuer);
            if runs { Ok(()) } else { Err(format!("it ended by itself\n{end}")) }
        });
        let joined =
            clients.into_iter().map(|client| client.join().unwrap_or_else(|_| Err("panicked".to_owned())));
        joined.collect::<Result<Vec<()>, String>>().and(killed)
    })
}

fn all_of(workers: &[Worker]) -> Counts {
    let mut counts = Counts::default();
    workers.iter().for_each(|worker| counts += worker.ledger.counts);
    counts
}

fn report(times: u64, at_the_start: u64, took: Duration, counts: Counts) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "  {times} kills ({at_the_start} while it started) in {:.0} s, {} acknowledged codes, tokens and revocations:\n\
         \x20 0 lost ({} looked for after a kill, all found)\n\
         \x20 0 spent twice, 0 revived ({} uses of what was used up or had ended, all refused; {} at once with another)\n\
         \x20 {} requests cut off by a kill; of those without a grace {} had been done and {} had not",
        took.as_secs_f64(),
        counts.acknowledged,
        counts.found,
        counts.refused,
        counts.races,
        counts.cut,
        counts.cut_done,
        counts.cut_not_done,
    );
    text
}
