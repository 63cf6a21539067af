//! What the tests of several crates share, for integration tests only. In reading order: `clock` (a clock that tests
//! move), `site` (a server or a router on a free port), `everything`, `open` and `ruled` (servers to put there), `person`
//! (drives login and consent pages), `wire` (raw sockets, HTTP as text), `process` (a program: started, awaited,
//! stopped).

pub mod clock;
pub mod everything;
pub mod open;
pub mod person;
pub mod process;
pub mod ruled;
pub mod site;
pub mod wire;
