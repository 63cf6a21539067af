//! What an operator sees from outside: `health` (is the process up, is it ready for traffic).

#[cfg(feature = "http")]
pub mod health;
